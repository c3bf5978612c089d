package scenario

import (
	"fmt"
	"slices"
	"strings"

	"plait/agent/pos"
)

// set is one field=value of a script: a plain field, or an element of rows.
type set struct {
	field  string
	value  string
	rows   bool
	key    string // of the element, as the script names it
	column string // "" where the element alone is meant
	gone   bool   // the element is taken away, or must not be there
}

// parse reads field=value, field[KEY]=, field[KEY].column=value and -field[KEY].
func parse(list []string) (out []set, err error) {
	for _, text := range list {
		x := set{gone: strings.HasPrefix(text, "-")}
		left, value, found := strings.Cut(strings.TrimPrefix(text, "-"), "=")
		if x.gone {
			left = strings.TrimPrefix(text, "-")
		}
		x.field, x.value = left, value
		if i := strings.IndexByte(left, '['); i >= 0 {
			end := strings.IndexByte(left, ']')
			if end < i {
				return nil, fmt.Errorf("%q has no ]", text)
			}
			x.rows, x.field, x.key = true, left[:i], left[i+1:end]
			x.column = strings.TrimPrefix(left[end+1:], ".")
		}
		if x.field == "" || (!found && !x.gone) || (x.gone && !x.rows) {
			return nil, fmt.Errorf("%q is none of field=value, field[KEY]=, field[KEY].column=value and -field[KEY]", text)
		}
		out = append(out, x)
	}
	return out, nil
}

// table is the child table of a rows field.
func (s shelf) rowsOf(field string) (*pos.RowsMapping, error) {
	f := s.field(field)
	if f == nil || f.Rows == nil {
		return nil, fmt.Errorf("the POS of %s has no rows for %s.%s", s.store, s.kind.Name, field)
	}
	if len(f.Rows.Parent) != 1 || len(f.Rows.Key.Columns) != 1 {
		return nil, fmt.Errorf("%s.%s has a key of several columns; use sql", s.kind.Name, field)
	}
	return f.Rows, nil
}

func (s shelf) putRows(key string, sets []set) error {
	for _, x := range sets {
		if !x.rows {
			continue
		}
		if err := s.putElement(key, x); err != nil {
			return err
		}
	}
	return nil
}

func (s shelf) putElement(parent string, x set) error {
	rows, err := s.rowsOf(x.field)
	if err != nil {
		return err
	}
	element, err := s.stored(&rows.Key, x.key)
	if err != nil {
		return err
	}
	at := []any{parent, element}
	where := fmt.Sprintf("%s = ? AND %s = ?", quote(rows.Parent[0]), quote(rows.Key.Columns[0]))
	if x.gone {
		return s.pos.Exec(fmt.Sprintf("DELETE FROM %s WHERE %s", quote(rows.Table), where), at...)
	}
	names, values := []string{quote(rows.Parent[0]), quote(rows.Key.Columns[0])}, at
	if x.column != "" {
		c, err := columnOf(rows, x)
		if err != nil {
			return err
		}
		v, err := s.stored(c, x.value)
		if err != nil {
			return err
		}
		there, err := s.pos.Value(fmt.Sprintf("SELECT count(*) FROM %s WHERE %s", quote(rows.Table), where), at...)
		if err != nil {
			return err
		}
		if there != "0" {
			return s.pos.Exec(fmt.Sprintf("UPDATE %s SET %s = ? WHERE %s", quote(rows.Table), quote(c.Columns[0]), where), append([]any{v}, at...)...)
		}
		names, values = append(names, quote(c.Columns[0])), append(slices.Clip(values), v)
	}
	for _, d := range rows.Defaults {
		names, values = append(names, quote(d.Column)), append(values, d.Value)
	}
	return s.pos.Exec(fmt.Sprintf("INSERT OR IGNORE INTO %s (%s) VALUES (%s)", quote(rows.Table), strings.Join(names, ", "),
		strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ")), values...)
}

func columnOf(rows *pos.RowsMapping, x set) (*pos.ColumnMapping, error) {
	i := slices.IndexFunc(rows.Columns, func(f pos.FieldMapping) bool { return f.Name == x.column })
	if i < 0 || rows.Columns[i].Column == nil {
		return nil, fmt.Errorf("the POS has no column for %s[…].%s", x.field, x.column)
	}
	return rows.Columns[i].Column, nil
}
