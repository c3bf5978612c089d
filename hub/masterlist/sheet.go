package masterlist

import (
	"fmt"
	"strings"

	"plait/shared/catalog"
	"plait/shared/item"
)

// Limits of a sheet.
const (
	MaxRows     = 20_000 // taken in one transaction of the hub
	maxColumns  = 500
	maxProblems = 100 // more are counted, and not listed
)

// Formats of a sheet.
const (
	CSV  = "csv"
	JSON = "json"
)

// Names looks up items of the list by name, for references; a kind's names are
// compared as matching compares them.
type Names interface {
	// KeyOf returns the key of the one item of that name; found is how many there are.
	KeyOf(kind, name string) (key string, found int)
	// NameOf returns what the item under a key is called; "" if there is none.
	NameOf(kind, key string) string
}

// Problem is one thing that is wrong with a sheet.
type Problem struct {
	Line   int    `json:"line"`             // of the file, from 1; in JSON the number of the object
	Column string `json:"column,omitempty"` // as the sheet names it; "" for the row as a whole
	Text   string `json:"text"`             // a sentence
}

// Error says that a sheet was refused whole.
type Error struct {
	Problems []Problem
	More     int // that are not listed
}

func (e *Error) Error() string {
	p := e.Problems[0]
	at := fmt.Sprintf("line %d", p.Line)
	if p.Column != "" {
		at += ", column " + p.Column
	}
	more := len(e.Problems) - 1 + e.More
	if more == 0 {
		return fmt.Sprintf("cannot read the sheet: %s: %s", at, p.Text)
	}
	return fmt.Sprintf("cannot read the sheet: %s: %s; and %d more", at, p.Text, more)
}

// reader reads one sheet.
type reader struct {
	kind  catalog.Kind
	names Names
	items []item.Item
	seen  map[string]int // key to line
	wrong Error
}

func (r *reader) problem(line int, column, format string, args ...any) {
	if len(r.wrong.Problems) >= maxProblems {
		r.wrong.More++
		return
	}
	r.wrong.Problems = append(r.wrong.Problems, Problem{line, column, fmt.Sprintf(format, args...)})
}

// Read returns the items of a sheet of a kind, in the order of their rows. A sheet
// with anything wrong in it gives an *Error that lists what.
func Read(format string, sheet []byte, kind catalog.Kind, names Names) ([]item.Item, error) {
	r := &reader{kind: kind, names: names, seen: map[string]int{}}
	switch format {
	case CSV:
		r.readCSV(sheet)
	case JSON:
		r.readJSON(sheet)
	default:
		return nil, fmt.Errorf("cannot read a sheet as %.20q: it is csv or json", format)
	}
	if len(r.wrong.Problems) > 0 {
		return nil, &r.wrong
	}
	return r.items, nil
}

// add makes an item of what a row says.
func (r *reader) add(line int, key string, fields []item.Field) {
	made, err := item.MakeFields(fields...)
	if err != nil {
		r.problem(line, "", "%v", err)
		return
	}
	if key == "" {
		key = r.keyOf(made)
	}
	switch before, twice := r.seen[key]; {
	case key == "":
		r.problem(line, "", "nothing tells which item it is: fill %s", strings.Join(r.keyFields(), " and "))
	case len(key) > item.MaxKeyBytes:
		r.problem(line, keyColumn, "it has %d bytes, more than %d", len(key), item.MaxKeyBytes)
	case twice:
		r.problem(line, "", "line %d has the key %q already", before, key)
	case len(r.items) >= MaxRows:
		r.problem(line, "", "a sheet has at most %d rows; take it in parts, adding to the list", MaxRows)
	default:
		r.seen[key] = line
		r.items = append(r.items, item.Item{ID: item.ID{Kind: r.kind.Name, Key: key, Gen: 1}, Fields: made})
	}
}

const keyColumn = "key"

// keyFields are the columns that an item is told by where there is no key.
func (r *reader) keyFields() []string {
	if len(r.kind.Match.Code) > 0 {
		return r.kind.Match.Code
	}
	if called := r.kind.Called(); called != "" {
		return []string{called}
	}
	return []string{keyColumn}
}

// keyOf makes a key of an item's identity code, else of its name.
func (r *reader) keyOf(f item.Fields) string {
	parts := make([]string, 0, 2)
	for _, name := range r.keyFields() {
		text := f.Get(name).Display()
		if f.Get(name).IsEmpty() {
			return ""
		}
		parts = append(parts, item.NormalName(text))
	}
	return item.JoinKey(parts...)
}
