package masterlist

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plait/shared/catalog"
	"plait/shared/item"
)

// words that a cell may hold for a bool.
var yes, no = []string{"yes", "true", "1", "on"}, []string{"no", "false", "0", "off"}

// value reads one cell of a field.
func (r *reader) value(f catalog.Field, c cell) (item.Value, error) {
	if c.text == null && !c.literal {
		return item.Null(), nil
	}
	return r.plain(f, c.text)
}

// plain reads the text of a value that is one.
func (r *reader) plain(f catalog.Field, cell string) (item.Value, error) {
	switch f.Type {
	case "text":
		return item.Text(cell)
	case "integer":
		n, err := strconv.ParseInt(cell, 10, 64)
		if err != nil {
			return item.Value{}, fmt.Errorf("%.40q is not a whole number", cell)
		}
		return item.Integer(n), nil
	case "decimal":
		v, err := item.Decimal(cell)
		if err != nil {
			return v, fmt.Errorf("%.40q is not a number; write it as 1234.50", cell)
		}
		return v, nil
	case "time":
		v, err := item.Time(cell)
		if err != nil {
			return v, fmt.Errorf("%.40q is not a time; write it as 2026-03-01 09:00:00", cell)
		}
		return v, nil
	case "bool":
		return boolOf(cell)
	case "reference":
		return r.reference(f.Ref, cell)
	}
	return item.Value{}, fmt.Errorf("a sheet cannot hold a field of type %s", f.Type)
}

func boolOf(cell string) (item.Value, error) {
	word := strings.ToLower(cell)
	switch {
	case slices.Contains(yes, word):
		return item.Bool(true), nil
	case slices.Contains(no, word):
		return item.Bool(false), nil
	}
	return item.Value{}, fmt.Errorf("%.40q is neither yes nor no", cell)
}

// reference finds the item that a cell names.
func (r *reader) reference(kind, name string) (item.Value, error) {
	key, found := r.names.KeyOf(kind, name)
	switch found {
	case 1:
		return item.Ref(kind, key), nil
	case 0:
		return item.Value{}, fmt.Errorf("the list has no %s called %.80q: import %s first", kind, name, kind)
	}
	return item.Value{}, fmt.Errorf("the list has %d of %s called %.80q: give them names that differ", found, kind, name)
}

// rowKey reads an element's key of a rows field.
func (r *reader) rowKey(f catalog.Field, text string) (item.Value, error) {
	return r.plain(catalog.Field{Name: f.Name, Type: f.Key, Ref: f.Ref}, text)
}

// text writes a value as plain reads it; ok is false for what no sheet can hold.
func (w *writer) text(v item.Value) (text string, ok bool) {
	switch v.Type() {
	case item.TypeBool:
		if v.True() {
			return yes[0], true
		}
		return no[0], true
	case item.TypeRef:
		name := w.names.NameOf(v.RefKind(), v.Str())
		return name, name != ""
	case item.TypeText, item.TypeInteger, item.TypeDecimal, item.TypeTime:
		return v.Display(), true
	}
	return "", false
}
