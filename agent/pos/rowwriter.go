package pos

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"plait/shared/item"
)

// rowWriter writes rows of one kind within a transaction.
type rowWriter struct{ *reader }

// assignment is a column and what it is given.
type assignment struct {
	column string
	value  any
}

// assignments is a list of them, each column once: the last one given stands.
type assignments []assignment

func (a *assignments) set(column string, value any) {
	for i := range *a {
		if (*a)[i].column == column {
			(*a)[i].value = value
			return
		}
	}
	*a = append(*a, assignment{column, value})
}

func (a *assignments) constants(list []Constant) {
	for _, c := range list {
		a.set(c.Column, c.Value)
	}
}

func (a *assignments) values(plans []*valuePlan, fields item.Fields) error {
	for _, p := range plans {
		v := fields.Get(p.name)
		if p.readOnly || v.IsAbsent() {
			continue
		}
		args, err := p.bind(v)
		if err != nil {
			return err
		}
		for i, c := range p.columns {
			a.set(c.name, args[i])
		}
	}
	return nil
}

func (a assignments) args() []any {
	out := make([]any, len(a))
	for i, x := range a {
		out[i] = x.value
	}
	return out
}

// known refuses a field that is not mapped: it must not be lost without a word.
func (w *rowWriter) known(fields item.Fields) error {
	for _, f := range fields {
		if !slices.Contains(w.p.order, f.Name) {
			return fmt.Errorf("%w: field %q of kind %q is not mapped", ErrType, f.Name, w.p.m.Kind)
		}
	}
	return nil
}

// insert fills in, from the weakest to the strongest: defaults, fields, the
// filter that makes the row one of this kind, the key.
func (w *rowWriter) insert(ctx context.Context, fields item.Fields) (string, error) {
	set, err := w.newRow(fields)
	if err != nil {
		return "", err
	}
	rows := []assignments{set}
	if err := w.newKeys(ctx, rows); err != nil {
		return "", err
	}
	return w.insertWhole(ctx, rows[0], fields)
}

func (w *rowWriter) newRow(fields item.Fields) (set assignments, err error) {
	if err := w.known(fields); err != nil {
		return nil, err
	}
	set = make(assignments, 0, len(w.p.m.Defaults)+len(w.p.values)+len(w.p.m.Filter)+2)
	set.constants(w.p.m.Defaults)
	if d := w.p.m.SoftDelete; d != nil {
		set.set(d.Column, d.Live)
	}
	if err := set.values(w.p.values, fields); err != nil {
		return nil, err
	}
	set.constants(w.p.m.Filter)
	return set, nil
}

// insertWhole inserts a row with its child rows and returns its key.
func (w *rowWriter) insertWhole(ctx context.Context, set assignments, fields item.Fields) (string, error) {
	key, at, err := w.insertRow(ctx, set)
	if err != nil {
		return "", err
	}
	return key, w.allRows(ctx, key, at, fields)
}

// insertRow returns the key that the row got, as the POS stored it.
func (w *rowWriter) insertRow(ctx context.Context, set assignments) (string, []any, error) {
	text, args := w.insertion(w.p.table, set)
	row, made := make([]cell, len(w.p.key)), false
	err := w.s.cells(ctx, text+" RETURNING "+w.names(w.p.key), args, row, true, func() { made = true })
	if err == nil && !made {
		err = fmt.Errorf("%w: the POS ignored the new row in table %q", ErrConstraint, w.p.table.name)
	}
	if err != nil {
		return "", nil, err
	}
	key, ok := keyOf(row)
	if !ok {
		return "", nil, fmt.Errorf("%w: the new row in table %q got no usable key", ErrConstraint, w.p.table.name)
	}
	at := make([]any, len(row))
	for i := range at {
		at[i] = row[i].arg()
	}
	return key, at, nil
}

// insertion inserts rows that give the same columns a value.
func (w *rowWriter) insertion(into *table, rows ...assignments) (text string, args []any) {
	if len(rows[0]) == 0 {
		return "INSERT INTO " + w.d.quote(into.name) + " DEFAULT VALUES", nil
	}
	names := make([]string, len(rows[0]))
	for i, a := range rows[0] {
		names[i] = w.d.quote(a.column)
	}
	args = make([]any, 0, len(rows)*len(names))
	for _, row := range rows {
		for _, a := range row {
			args = append(args, a.value)
		}
	}
	values := repeat("("+repeat("?", len(names))+")", len(rows))
	return "INSERT INTO " + w.d.quote(into.name) + " (" + strings.Join(names, ",") + ") VALUES " + values, args
}

func (w *rowWriter) names(columns []*column) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = w.d.quote(c.name)
	}
	return strings.Join(out, ",")
}

// update writes fields; row is true if the item's own row was written, not only child
// rows.
func (w *rowWriter) update(ctx context.Context, key string, at []any, fields item.Fields) (row bool, err error) {
	set, err := w.changed(fields)
	if err != nil {
		return false, err
	}
	if row = len(set) > 0; row {
		if err := w.updateRow(ctx, at, set); err != nil {
			return false, err
		}
	}
	return row, w.allRows(ctx, key, at, fields)
}

// changed is what fields give the columns of an item's own row.
func (w *rowWriter) changed(fields item.Fields) (set assignments, err error) {
	if err := w.known(fields); err != nil {
		return nil, err
	}
	err = set.values(w.p.values, fields)
	return set, err
}

// at is a key as the table's key columns hold it.
func (w *rowWriter) at(key string) ([]any, error) {
	at, ok := bindKey(key, w.p.key)
	if !ok {
		return nil, fmt.Errorf("%w: %q is no key of table %q", ErrConstraint, key, w.p.table.name)
	}
	return at, nil
}

func (w *rowWriter) updateRow(ctx context.Context, at []any, set assignments) error {
	text := "UPDATE " + w.d.quote(w.p.table.name) + " SET " + w.setList(set) + " WHERE " + w.equal(w.p.key) + w.filter()
	return w.one(ctx, text, slices.Concat(set.args(), at, w.filterArgs()))
}

func (w *rowWriter) setList(set assignments) string {
	out := make([]string, len(set))
	for i, a := range set {
		out[i] = w.d.quote(a.column) + " = ?"
	}
	return strings.Join(out, ", ")
}

func (w *rowWriter) equal(columns []*column) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = w.d.quote(c.name) + " = ?"
	}
	return strings.Join(out, " AND ")
}

// one runs a statement that must change a row: where it does not, a trigger of
// the POS's ignored it, or the row is gone.
func (w *rowWriter) one(ctx context.Context, text string, args []any) error {
	n, err := w.s.exec(ctx, text, args...)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: no row of table %q was changed: it is gone, or the POS ignored the change", ErrConstraint, w.p.table.name)
	}
	return err
}

func (w *rowWriter) delete(ctx context.Context, at []any) error {
	if d := w.p.m.SoftDelete; d != nil {
		return w.updateRow(ctx, at, assignments{{d.Column, d.Deleted}})
	}
	for _, ch := range w.p.children {
		text := "DELETE FROM " + w.d.quote(ch.table.name) + " WHERE " + w.equal(ch.parent)
		if _, err := w.s.exec(ctx, text, at...); err != nil {
			return err
		}
	}
	text := "DELETE FROM " + w.d.quote(w.p.table.name) + " WHERE " + w.equal(w.p.key) + w.filter()
	return w.one(ctx, text, slices.Concat(at, w.filterArgs()))
}
