package scenario

import (
	"fmt"

	"plait/agent/pos"
	"plait/shared/item"
)

// nothing is what a query gives for NULL, told from an empty text.
const nothing = "\x00"

// has checks that the POS holds an item with these values.
func (w *world) has(store, kind, name string, sets []string) error {
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
	if key == "" {
		return fmt.Errorf("the POS of %s has no %s %q", store, kind, name)
	}
	for _, x := range parsed {
		if err := s.holds(key, x); err != nil {
			return fmt.Errorf("%s %q at %s: %w", kind, name, store, err)
		}
	}
	return nil
}

func (s shelf) holds(key string, x set) error {
	if x.rows {
		return s.holdsElement(key, x)
	}
	c, err := s.column(x.field)
	if err != nil {
		return err
	}
	return s.holdsValue(x.field, c, x.value, fmt.Sprintf("FROM %s WHERE %s = ?", quote(s.table.Table), quote(s.table.Key[0])), key)
}

// holdsValue compares one column of one row.
func (s shelf) holdsValue(what string, c *pos.ColumnMapping, value, from string, args ...any) error {
	wanted, err := s.stored(c, value)
	if err != nil {
		return err
	}
	want := nothing
	if wanted != nil {
		want = fmt.Sprint(wanted)
	}
	got, err := s.pos.Value(fmt.Sprintf("SELECT coalesce(CAST(%s AS TEXT), char(0)) %s", quote(c.Columns[0]), from), args...)
	if err != nil {
		return err
	}
	if !alike(got, want) {
		return fmt.Errorf("%s is %q, want %q", what, got, want)
	}
	return nil
}

func (s shelf) holdsElement(key string, x set) error {
	rows, err := s.rowsOf(x.field)
	if err != nil {
		return err
	}
	element, err := s.stored(&rows.Key, x.key)
	if err != nil {
		return err
	}
	from := fmt.Sprintf("FROM %s WHERE %s = ? AND %s = ?", quote(rows.Table), quote(rows.Parent[0]), quote(rows.Key.Columns[0]))
	n, err := s.pos.Value("SELECT count(*) "+from, key, element)
	switch {
	case err != nil:
		return err
	case x.gone != (n == "0"):
		return fmt.Errorf("%s has %s elements %q", x.field, n, x.key)
	case x.gone || x.column == "":
		return nil
	}
	c, err := columnOf(rows, x)
	if err != nil {
		return err
	}
	return s.holdsValue(x.field+"["+x.key+"]."+x.column, c, x.value, from, key, element)
}

// alike: what a POS stores of a number is a matter of its column's type.
func alike(a, b string) bool {
	if a == b {
		return true
	}
	x, errA := item.Decimal(a)
	y, errB := item.Decimal(b)
	return errA == nil && errB == nil && x.Equal(y)
}

func (w *world) lacks(store, kind, name string) error {
	s, err := w.shelf(store, kind)
	if err != nil {
		return err
	}
	key, err := s.key(name)
	if err == nil && key != "" {
		err = fmt.Errorf("the POS of %s has %s %q, under %s", store, kind, name, key)
	}
	return err
}
