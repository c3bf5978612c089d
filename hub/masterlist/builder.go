package masterlist

import (
	"fmt"
	"slices"

	"plait/shared/item"
)

// builder gathers the fields of one item.
type builder struct {
	key   string
	plain []item.Field
	rows  []rowsField
}

type rowsField struct {
	name string
	rows []item.Row
}

func newBuilder() *builder { return &builder{} }

func (b *builder) empty() bool { return b.key == "" && len(b.plain)+len(b.rows) == 0 }

// element makes sure that a rows field has an element, and returns it.
func (b *builder) element(field string, key item.Value) *item.Row {
	i := slices.IndexFunc(b.rows, func(f rowsField) bool { return f.name == field })
	if i < 0 {
		b.rows = append(b.rows, rowsField{name: field})
		i = len(b.rows) - 1
	}
	f := &b.rows[i]
	j := slices.IndexFunc(f.rows, func(r item.Row) bool { return r.Key.Equal(key) })
	if j < 0 {
		f.rows = append(f.rows, item.Row{Key: key})
		j = len(f.rows) - 1
	}
	return &f.rows[j]
}

// without says that a rows field has no element, or no value at all.
func (b *builder) without(field string, c cell) error {
	switch c.text {
	case null:
		b.plain = append(b.plain, item.Field{Name: field, Value: item.Null()})
	case none:
		b.rows = append(b.rows, rowsField{name: field})
	default:
		return fmt.Errorf("the field has rows: write %s, or its elements as %s[KEY].column", none, field)
	}
	return nil
}

func (b *builder) set(field string, key item.Value, col item.Field) {
	r := b.element(field, key)
	r.Cols = r.Cols.With(col.Name, col.Value)
}

func (b *builder) fields() ([]item.Field, error) {
	out := b.plain
	for _, f := range b.rows {
		v, err := item.Rows(f.rows)
		if err != nil {
			return nil, err
		}
		out = append(out, item.Field{Name: f.name, Value: v})
	}
	return out, nil
}
