package pos

import (
	"context"
	"fmt"
	"slices"

	"plait/shared/item"
)

// allRows writes every field of rows that is given.
func (w *rowWriter) allRows(ctx context.Context, key string, at []any, fields item.Fields) error {
	for _, ch := range w.p.children {
		want, given, err := ch.given(fields)
		if err == nil && given {
			err = w.childRows(ctx, ch, key, at, want)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// given returns the elements that fields give, if they do.
func (ch *childPlan) given(fields item.Fields) (want []item.Row, ok bool, err error) {
	v := fields.Get(ch.field)
	if v.IsAbsent() || ch.readOnly {
		return nil, false, nil
	}
	if v.Type() != item.TypeRows && !v.IsNull() {
		return nil, false, fmt.Errorf("%w: field %q holds rows, the value is a %s", ErrType, ch.field, v.Type())
	}
	return v.Rows(), true, nil
}

// childRows makes the child table hold exactly the wanted elements. What stays
// is changed in place, so that columns that are not mapped keep their values.
func (w *rowWriter) childRows(ctx context.Context, ch *childPlan, key string, at []any, want []item.Row) error {
	have, err := w.elements(ctx, ch, key)
	if err != nil {
		return err
	}
	for _, row := range have {
		if find(want, row.Key) == nil {
			if err := w.deleteChild(ctx, ch, at, row.Key); err != nil {
				return err
			}
		}
	}
	for _, row := range want {
		old := find(have, row.Key)
		if old == nil {
			err = w.insertChild(ctx, ch, at, row)
		} else {
			err = w.updateChild(ctx, ch, at, *old, row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func find(rows []item.Row, key item.Value) *item.Row {
	i := slices.IndexFunc(rows, func(r item.Row) bool { return r.Key.Equal(key) })
	if i < 0 {
		return nil
	}
	return &rows[i]
}

func (w *rowWriter) elements(ctx context.Context, ch *childPlan, key string) ([]item.Row, error) {
	var out []item.Row
	var trouble error
	err := w.eachChild(ctx, ch, []string{key}, func(parent string, row []cell) {
		if parent != key {
			return
		}
		e, err := ch.element(parent, row)
		if err != nil {
			trouble = fmt.Errorf("%w: %w", ErrType, err)
			return
		}
		out = append(out, e)
	})
	if err == nil {
		err = trouble
	}
	return out, err
}

func (w *rowWriter) insertChild(ctx context.Context, ch *childPlan, at []any, row item.Row) error {
	var set assignments
	set.constants(ch.m.Defaults)
	if err := set.values(ch.values, row.Cols); err != nil {
		return err
	}
	for i, c := range ch.parent {
		set.set(c.name, at[i])
	}
	args, err := ch.key.bind(row.Key)
	if err != nil {
		return err
	}
	for i, c := range ch.key.columns {
		set.set(c.name, args[i])
	}
	text, args := w.insertion(ch.table, set)
	_, err = w.s.exec(ctx, text, args...)
	return err
}

func (w *rowWriter) updateChild(ctx context.Context, ch *childPlan, at []any, old, row item.Row) error {
	var changed item.Fields
	for _, f := range row.Cols {
		if !f.Value.Equal(old.Cols.Get(f.Name)) {
			changed = append(changed, f)
		}
	}
	var set assignments
	if err := set.values(ch.values, changed); err != nil || len(set) == 0 {
		return err
	}
	where, args, err := w.atChild(ch, at, row.Key)
	if err != nil {
		return err
	}
	_, err = w.s.exec(ctx, "UPDATE "+w.d.quote(ch.table.name)+" SET "+w.setList(set)+where, append(set.args(), args...)...)
	return err
}

func (w *rowWriter) deleteChild(ctx context.Context, ch *childPlan, at []any, key item.Value) error {
	where, args, err := w.atChild(ch, at, key)
	if err != nil {
		return err
	}
	_, err = w.s.exec(ctx, "DELETE FROM "+w.d.quote(ch.table.name)+where, args...)
	return err
}

func (w *rowWriter) atChild(ch *childPlan, at []any, key item.Value) (where string, args []any, err error) {
	keyArgs, err := ch.key.bind(key)
	if err != nil {
		return "", nil, err
	}
	return " WHERE " + w.equal(slices.Concat(ch.parent, ch.key.columns)), slices.Concat(at, keyArgs), nil
}
