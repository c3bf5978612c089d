package pos

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"plait/shared/item"

	"github.com/google/uuid"
)

// mostAtOnce is how many rows one INSERT holds: past it the engine gains no more.
const mostAtOnce = 16

// InsertAll makes items of one kind with few statements, and returns them as Read
// would, in their order.
func (t *sqlTx) InsertAll(ctx context.Context, kind string, list []item.Fields) (out []Record, err error) {
	r, err := newReader(t.w.c.dialect, t.w.s, t.w.st, kind)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	err = t.statement(ctx, "create items of kind "+kind+" in", func() error {
		if out, err = (&rowWriter{r}).insertAll(ctx, list); err != nil {
			return err
		}
		for _, rec := range out {
			if k := t.writes(r.p, rec.Item.Key); k != nil {
				k.named = t.w.sound
				k.back(rec)
			}
		}
		return nil
	})
	return out, err
}

func (w *rowWriter) insertAll(ctx context.Context, list []item.Fields) ([]Record, error) {
	rows, err := w.newRows(ctx, list)
	if err != nil {
		return nil, err
	}
	out := make([]Record, 0, len(list))
	for len(out) < len(rows) {
		rest := rows[len(out):]
		got, err := w.insertRows(ctx, rest[:w.atOnce(rest)])
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	if err := w.newElements(ctx, out, list); err != nil {
		return nil, err
	}
	return out, w.links(ctx, out)
}

// newElements writes the child rows of new items, and reads all of them back: a POS
// that does not enforce its references may still have rows of one that had a key before.
func (w *rowWriter) newElements(ctx context.Context, out []Record, list []item.Fields) error {
	for _, ch := range w.p.children {
		for i := range out {
			want, _, err := ch.given(list[i])
			if err != nil {
				return err
			}
			if len(want) == 0 {
				continue
			}
			at, _ := bindKey(out[i].Item.Key, w.p.key) // it was read from these columns
			if err := w.childRows(ctx, ch, out[i].Item.Key, at, want); err != nil {
				return err
			}
		}
		if err := w.reader.childRows(ctx, ch, out); err != nil {
			return err
		}
	}
	return nil
}

func (w *rowWriter) newRows(ctx context.Context, list []item.Fields) ([]assignments, error) {
	rows := make([]assignments, len(list))
	for i, fields := range list {
		set, err := w.newRow(fields)
		if err != nil {
			return nil, err
		}
		rows[i] = set
	}
	return rows, w.newKeys(ctx, rows)
}

// newKeys gives rows the keys that the mapping says Plait chooses.
func (w *rowWriter) newKeys(ctx context.Context, rows []assignments) error {
	switch w.p.m.NewKey {
	case KeyUUID:
		for i := range rows {
			rows[i].set(w.p.key[0].name, uuid.NewString())
		}
	case KeyNext:
		name := w.d.quote(w.p.key[0].name)
		var next int64
		if err := w.s.row(ctx, "SELECT coalesce(max("+name+"), 0) + 1 FROM "+w.d.quote(w.p.table.name), nil, &next); err != nil {
			return err
		}
		for i := range rows {
			rows[i].set(w.p.key[0].name, next+int64(i))
		}
	}
	return nil
}

// atOnce is how many of the next rows go into one statement: rows that give the
// same columns a value, and whose keys tell which is which.
func (w *rowWriter) atOnce(rows []assignments) int {
	n := 1
	if len(rows[0]) == 0 || (w.chosenKey(rows[0]) == "" && !w.countsUp()) {
		return n
	}
	for n < min(len(rows), mostAtOnce) && sameColumns(rows[n], rows[0]) {
		n++
	}
	return fewSizes(n)
}

// fewSizes rounds a number of rows down to a power of two, so that few statements are
// ever prepared. Of mostAtOnce it makes no less.
func fewSizes(n int) int { return padded(n+1) / 2 }

// countsUp: SQLite gives rows without a key the next numbers, in their order.
func (w *rowWriter) countsUp() bool {
	return w.p.m.NewKey == KeyAuto && len(w.p.key) == 1 && w.p.key[0].assigned
}

// chosenKey is the key that a row was given by [rowWriter.newKeys]; "" if the POS
// chooses it, or the fields do.
func (w *rowWriter) chosenKey(row assignments) string {
	if w.p.m.NewKey != KeyUUID && w.p.m.NewKey != KeyNext {
		return ""
	}
	i := slices.IndexFunc(row, func(a assignment) bool { return a.column == w.p.key[0].name })
	switch v := row[i].value.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return ""
}

func sameColumns(a, b assignments) bool {
	return slices.EqualFunc(a, b, func(x, y assignment) bool { return x.column == y.column })
}

// insertRows inserts rows with one statement. SQL leaves the order of what is
// returned open, so that the keys must say it.
func (w *rowWriter) insertRows(ctx context.Context, rows []assignments) ([]Record, error) {
	text, args := w.insertion(w.p.table, rows...)
	records, last, err := w.records(ctx, text+" RETURNING "+w.columnList(w.selected()), args, len(rows))
	switch {
	case err != nil:
		return nil, err
	case last.n != len(rows):
		return nil, fmt.Errorf("%w: the POS ignored a new row in table %q", ErrConstraint, w.p.table.name)
	case len(records) != len(rows):
		return nil, fmt.Errorf("%w: a new row in table %q got no usable key", ErrConstraint, w.p.table.name)
	case !w.inOrder(rows, records):
		return nil, fmt.Errorf("%w: which of the new rows in table %q got which key cannot be told", ErrConstraint, w.p.table.name)
	}
	return records, nil
}

func (w *rowWriter) inOrder(rows []assignments, records []Record) bool {
	last := int64(0)
	for i, rec := range records {
		if len(records) == 1 {
			return true
		}
		if key := w.chosenKey(rows[i]); key != "" {
			if key != rec.Item.Key {
				return false
			}
			continue
		}
		n, err := strconv.ParseInt(rec.Item.Key, 10, 64)
		if err != nil || (i > 0 && n <= last) {
			return false
		}
		last = n
	}
	return true
}
