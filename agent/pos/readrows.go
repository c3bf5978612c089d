package pos

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"plait/shared/item"
)

// elementsOf adds the child rows of records that were found.
func (r *reader) elementsOf(ctx context.Context, found []Record) error {
	for _, ch := range r.p.children {
		if err := r.childRows(ctx, ch, found); err != nil {
			return err
		}
	}
	return nil
}

// childRows reads one field of rows for the records that were found, and adds
// it to their fields.
func (r *reader) childRows(ctx context.Context, ch *childPlan, found []Record) error {
	keys := make([]string, len(found))
	for i := range found {
		keys[i] = found[i].Item.Key
	}
	at := places(found)
	elements := make([][]item.Row, len(found))
	err := r.eachChild(ctx, ch, keys, func(parent string, row []cell) {
		i, ok := at[parent]
		if !ok {
			return // equal only under the column's collation
		}
		element, err := ch.element(parent, row)
		if err != nil {
			found[i].Trouble = errors.Join(found[i].Trouble, err)
			return
		}
		elements[i] = append(elements[i], element)
	})
	if err != nil {
		return err
	}
	for i := range found {
		addRows(&found[i], ch, elements[i])
	}
	return nil
}

// addRows inserts the field in its place; fields are sorted by name.
func addRows(rec *Record, ch *childPlan, elements []item.Row) {
	value, err := item.Rows(elements)
	if err == nil && len(elements) > item.MaxRows {
		err = fmt.Errorf("it has %d rows, more than %d", len(elements), item.MaxRows)
	}
	if err != nil {
		rec.Trouble = errors.Join(rec.Trouble, fmt.Errorf("cannot read field %q from table %q, parent key %q: %w", ch.field, ch.table.name, rec.Item.Key, err))
		return
	}
	at, _ := slices.BinarySearchFunc(rec.Item.Fields, ch.field, func(f item.Field, name string) int { return compareText(f.Name, name) })
	rec.Item.Fields = slices.Insert(rec.Item.Fields, at, item.Field{Name: ch.field, Value: value})
}

// eachChild visits the child rows of the parents with the given keys.
func (r *reader) eachChild(ctx context.Context, ch *childPlan, keys []string, visit func(parent string, row []cell)) error {
	args, n := r.bindKeys(keys, ch.parent)
	if n == 0 {
		return nil
	}
	text := r.selectColumns(ch.columns(), ch.table) + " WHERE " + r.among(ch.parent, padded(n))
	row := make([]cell, len(ch.parent)+len(ch.key.columns)+columnsOf(ch.values))
	return r.s.cells(ctx, text, r.pad(args, n, len(ch.parent)), row, true, func() {
		if parent, ok := keyOf(row[:len(ch.parent)]); ok {
			visit(parent, row)
		}
	})
}

// columns are those of a SELECT: parent, element key, values.
func (ch *childPlan) columns() []*column {
	out := slices.Concat(ch.parent, ch.key.columns)
	for _, v := range ch.values {
		out = append(out, v.columns...)
	}
	return out
}

// element converts one child row.
func (ch *childPlan) element(parent string, row []cell) (item.Row, error) {
	key, err := ch.key.read(row)
	if err == nil && key.IsNull() {
		err = errors.New("it holds NULL, which cannot tell rows apart")
	}
	if err != nil {
		return item.Row{}, fmt.Errorf("cannot read field %q: %w", ch.field, trouble(ch.table, ch.key, parent, err))
	}
	out := item.Row{Key: key, Cols: make(item.Fields, 0, len(ch.values))}
	for _, v := range ch.values {
		value, err := v.read(row)
		if err != nil {
			return item.Row{}, fmt.Errorf("cannot read field %q: %w", ch.field, trouble(ch.table, v, parent, err))
		}
		out.Cols = append(out.Cols, item.Field{Name: v.name, Value: value})
	}
	return out, nil
}
