package scenario

import (
	"fmt"
	"slices"
	"strings"

	"plait/agent/pos"
	"plait/shared/catalog"
	"plait/shared/e2e/salon"
)

// shelf is one kind in one store's POS: its table, as the mapping says, and its
// fields, as the catalogue does.
type shelf struct {
	w     *world
	store string
	pos   *salon.POS
	table *pos.KindMapping
	kind  catalog.Kind
}

func (w *world) shelf(store, kind string) (shelf, error) {
	s, err := w.store(store)
	if err != nil {
		return shelf{}, err
	}
	table := s.Mapping().Kind(kind)
	if table == nil {
		return shelf{}, fmt.Errorf("the POS of %s has no %s", store, kind)
	}
	k, ok := w.kinds.Kind(kind)
	if !ok {
		return shelf{}, fmt.Errorf("the catalogue has no %s", kind)
	}
	return shelf{w, store, w.pos[store], table, k}, nil
}

// where is the condition for the item of that name, with its arguments.
func (s shelf) where(name string) (text string, args []any, err error) {
	text = "1 = 1"
	if name != "-" {
		column, v, err := s.called(name)
		if err != nil {
			return "", nil, err
		}
		text, args = quote(column)+" = ?", []any{v}
	}
	for _, f := range s.table.Filter {
		text, args = text+" AND "+quote(f.Column)+" = ?", append(args, f.Value)
	}
	if d := s.table.SoftDelete; d != nil {
		text, args = text+" AND "+quote(d.Column)+" = ?", append(args, d.Live)
	}
	return text, args, nil
}

// called is the column that holds what an item is called, and that name in it.
func (s shelf) called(name string) (column string, v any, err error) {
	c, err := s.column(s.kind.Called())
	if err != nil {
		return "", nil, err
	}
	v, err = s.stored(c, name)
	return c.Columns[0], v, err
}

// column is where a plain field stands.
func (s shelf) column(field string) (*pos.ColumnMapping, error) {
	f := s.field(field)
	if f == nil || f.Column == nil {
		return nil, fmt.Errorf("the POS of %s has no column for %s.%s", s.store, s.kind.Name, field)
	}
	if len(f.Column.Columns) != 1 {
		return nil, fmt.Errorf("%s.%s stands in several columns of the POS; use sql", s.kind.Name, field)
	}
	return f.Column, nil
}

func (s shelf) field(name string) *pos.FieldMapping {
	i := slices.IndexFunc(s.table.Fields, func(f pos.FieldMapping) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &s.table.Fields[i]
}

// key returns the key of the item of that name; "" if there is none.
func (s shelf) key(name string) (string, error) {
	if len(s.table.Key) != 1 {
		return "", fmt.Errorf("%s has a key of several columns; use sql", s.kind.Name)
	}
	where, args, err := s.where(name)
	if err != nil {
		return "", err
	}
	query := fmt.Sprintf("SELECT coalesce((SELECT %s FROM %s WHERE %s), '')", quote(s.table.Key[0]), quote(s.table.Table), where)
	return s.pos.Value(query, args...)
}

// stored is a script's value as the POS stores it in a column.
func (s shelf) stored(c *pos.ColumnMapping, v string) (any, error) {
	switch {
	case v == "null":
		return nil, nil
	case c.Ref != "":
		of, err := s.w.shelf(s.store, c.Ref)
		if err != nil {
			return nil, err
		}
		key, err := of.key(v)
		if err == nil && key == "" {
			err = fmt.Errorf("the POS of %s has no %s %q to refer to", s.store, c.Ref, v)
		}
		return key, err
	case v == "yes":
		return or(c.True, 1), nil
	case v == "no":
		return or(c.False, 0), nil
	}
	return v, nil
}

func or(v, otherwise any) any {
	if v == nil {
		return otherwise
	}
	return v
}

// put makes an item, or edits the one of that name.
func (w *world) put(store, kind, name string, sets []string) error {
	s, err := w.shelf(store, kind)
	if err != nil {
		return err
	}
	parsed, err := parse(sets)
	if err != nil {
		return err
	}
	key, err := s.key(name)
	if err != nil {
		return err
	}
	columns, values, err := s.columns(parsed)
	if err != nil {
		return err
	}
	switch {
	case key == "":
		err = s.insert(name, columns, values)
	case len(columns) > 0:
		text := fmt.Sprintf("UPDATE %s SET %s = ? WHERE %s = ?", quote(s.table.Table), strings.Join(columns, " = ?, "), quote(s.table.Key[0]))
		err = s.pos.Exec(text, append(values, key)...)
	}
	if err != nil {
		return err
	}
	if key == "" {
		if key, err = s.key(newName(parsed, s.kind.Called(), name)); err != nil {
			return err
		}
	}
	return s.putRows(key, parsed)
}

// columns are those of the plain fields that are set.
func (s shelf) columns(sets []set) (names []string, values []any, err error) {
	for _, x := range sets {
		if x.rows {
			continue
		}
		c, err := s.column(x.field)
		if err != nil {
			return nil, nil, err
		}
		v, err := s.stored(c, x.value)
		if err != nil {
			return nil, nil, err
		}
		names, values = append(names, quote(c.Columns[0])), append(values, v)
	}
	return names, values, nil
}

func (s shelf) insert(name string, columns []string, values []any) error {
	add := func(column string, v any) {
		if q := quote(column); !slices.Contains(columns, q) {
			columns, values = append(columns, q), append(values, v)
		}
	}
	if name != "-" {
		column, v, err := s.called(name)
		if err != nil {
			return err
		}
		add(column, v)
	}
	for _, f := range slices.Concat(s.table.Filter, s.table.Defaults) {
		add(f.Column, f.Value)
	}
	text := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", quote(s.table.Table), strings.Join(columns, ", "),
		strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", "))
	return s.pos.Exec(text, values...)
}

// newName is what an item that was just made is called.
func newName(sets []set, field, name string) string {
	for _, x := range sets {
		if x.field == field && !x.rows {
			return x.value
		}
	}
	return name
}

// drop deletes an item as the POS does.
func (w *world) drop(store, kind, name string) error {
	s, err := w.shelf(store, kind)
	if err != nil {
		return err
	}
	key, err := s.key(name)
	if err != nil {
		return err
	}
	if key == "" {
		return fmt.Errorf("the POS of %s has no %s %q to delete", store, kind, name)
	}
	if d := s.table.SoftDelete; d != nil {
		return s.pos.Exec(fmt.Sprintf("UPDATE %s SET %s = ? WHERE %s = ?", quote(s.table.Table), quote(d.Column), quote(s.table.Key[0])), d.Deleted, key)
	}
	return s.pos.Exec(fmt.Sprintf("DELETE FROM %s WHERE %s = ?", quote(s.table.Table), quote(s.table.Key[0])), key)
}

func (w *world) sql(store, statement string) error {
	if _, err := w.store(store); err != nil {
		return err
	}
	return w.pos[store].Exec(statement)
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
