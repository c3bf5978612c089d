package pos

import (
	"context"
	"fmt"
	"slices"

	"plait/shared/item"
)

// Restore makes an item again under the key that it had. What other tables of the
// POS still know it by leads to it again.
func (t *sqlTx) Restore(ctx context.Context, kind, key string, fields item.Fields) error {
	return t.change(ctx, "bring back", kind, key, func(w *rowWriter, at []any) error {
		t.w.leaves.anything()
		return w.restore(ctx, key, at, fields)
	})
}

func (w *rowWriter) restore(ctx context.Context, key string, at []any, fields item.Fields) error {
	var n int
	text := "SELECT count(*) FROM " + w.d.quote(w.p.table.name) + " WHERE " + w.equal(w.p.key)
	if err := w.s.row(ctx, text, at, &n); err != nil {
		return err
	}
	if n > 0 {
		shown, err := w.unhide(ctx, key, at, fields)
		if err == nil && !shown {
			err = fmt.Errorf("%w: a row of table %q has the key %q", ErrUnique, w.p.table.name, key)
		}
		return err
	}
	set, err := w.newRow(fields)
	if err != nil {
		return err
	}
	for i, c := range w.p.key {
		set.set(c.name, at[i])
	}
	_, err = w.insertWhole(ctx, set, fields)
	return err
}

// unhide takes the mark of deletion away from a row. It reports whether that was
// what hid it.
func (w *rowWriter) unhide(ctx context.Context, key string, at []any, fields item.Fields) (bool, error) {
	d := w.p.m.SoftDelete
	if d == nil {
		return false, nil
	}
	if err := w.known(fields); err != nil {
		return false, err
	}
	set := assignments{{d.Column, d.Live}}
	if err := set.values(w.p.values, fields); err != nil {
		return false, err
	}
	where := w.equal(w.p.key) + " AND " + w.d.quote(d.Column) + " IS ?"
	args := slices.Concat(set.args(), at, []any{d.Deleted})
	for _, f := range w.p.m.Filter {
		where += " AND " + w.d.quote(f.Column) + " IS ?"
		args = append(args, f.Value)
	}
	n, err := w.s.exec(ctx, "UPDATE "+w.d.quote(w.p.table.name)+" SET "+w.setList(set)+" WHERE "+where, args...)
	if err != nil || n == 0 {
		return false, err
	}
	return true, w.allRows(ctx, key, at, fields)
}
