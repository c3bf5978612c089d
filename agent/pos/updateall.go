package pos

import (
	"context"
	"fmt"
	"strings"

	"plait/shared/item"
)

// UpdateAll writes the given fields alone of several items of one kind with few
// statements, and returns them, in their order, as Read would but for what plait_links
// says of them.
func (t *sqlTx) UpdateAll(ctx context.Context, kind string, keys []string, list []item.Fields) (out []Record, err error) {
	r, err := newReader(t.w.c.dialect, t.w.s, t.w.st, kind)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	err = t.statement(ctx, "change items of kind "+kind+" in", func() error {
		changes, err := (&rowWriter{r}).changes(keys, list)
		if err != nil {
			return err
		}
		leaves := make([]*leftKey, len(keys))
		for i, key := range keys {
			if leaves[i] = t.writes(r.p, key); leaves[i] != nil {
				leaves[i].named = t.w.sound && len(changes[i].set) > 0
			}
		}
		if out, err = (&rowWriter{r}).updateAll(ctx, changes, list); err != nil {
			return err
		}
		for i, left := range leaves {
			if left != nil {
				left.back(out[i])
			}
		}
		return nil
	})
	return out, err
}

// rowChange is what is written to an item's own row.
type rowChange struct {
	key string
	at  []any
	set assignments
}

func (w *rowWriter) changes(keys []string, list []item.Fields) ([]rowChange, error) {
	out := make([]rowChange, len(keys))
	for i, key := range keys {
		at, err := w.at(key)
		if err != nil {
			return nil, err
		}
		set, err := w.changed(list[i])
		if err != nil {
			return nil, err
		}
		out[i] = rowChange{key: key, at: at, set: set}
	}
	return out, nil
}

func (w *rowWriter) updateAll(ctx context.Context, changes []rowChange, list []item.Fields) ([]Record, error) {
	found := make([]Record, 0, len(changes))
	var others []string // of which no column of their own row is written
	for rest := changes; len(rest) > 0; {
		n := w.alike(rest)
		if len(rest[0].set) == 0 {
			others = append(others, rest[0].key)
		} else {
			records, err := w.updateRows(ctx, rest[:n])
			if err != nil {
				return nil, err
			}
			found = append(found, records...)
		}
		rest = rest[n:]
	}
	records, err := w.rows(ctx, others)
	if err != nil {
		return nil, err
	}
	found = append(found, records...)
	for i, c := range changes {
		if err := w.allRows(ctx, c.key, c.at, list[i]); err != nil {
			return nil, err
		}
	}
	if err := w.elementsOf(ctx, found); err != nil {
		return nil, err
	}
	return w.inOrderOf(changes, found)
}

// alike is how many of the next rows go into one statement: those that give the same
// columns a value.
func (w *rowWriter) alike(rows []rowChange) int {
	n := 1
	for n < min(len(rows), mostAtOnce) && len(rows[0].set) > 0 && sameColumns(rows[n].set, rows[0].set) {
		n++
	}
	return fewSizes(n)
}

// updateRows changes rows with one statement, which returns what they became.
func (w *rowWriter) updateRows(ctx context.Context, rows []rowChange) ([]Record, error) {
	text, args := w.updating(rows)
	records, last, err := w.records(ctx, text+" RETURNING "+w.columnList(w.selected()), args, len(rows))
	if err == nil && last.n != len(rows) {
		err = fmt.Errorf("%w: of %d rows of table %q only %d were changed: the others are gone, or the POS ignored the change",
			ErrConstraint, len(rows), w.p.table.name, last.n)
	}
	return records, err
}

// updating is the statement that changes rows which give the same columns a value. The
// new values are a table of their own, whose columns are numbered, the key's first.
func (w *rowWriter) updating(rows []rowChange) (text string, args []any) {
	width := len(w.p.key) + len(rows[0].set)
	args = make([]any, 0, len(rows)*width+len(w.p.m.Filter)+1)
	for _, row := range rows {
		args = append(args, row.at...)
		for _, a := range row.set {
			args = append(args, a.value)
		}
	}
	numbered := make([]string, width)
	for i := range numbered {
		numbered[i] = fmt.Sprint("plait_", i)
	}
	equal, set := make([]string, len(w.p.key)), make([]string, len(rows[0].set))
	for i, c := range w.p.key {
		equal[i] = w.d.quote(c.name) + " = " + numbered[i]
	}
	for i, a := range rows[0].set {
		set[i] = w.d.quote(a.column) + " = " + numbered[len(equal)+i]
	}
	text = "WITH plait_new (" + strings.Join(numbered, ",") + ") AS (VALUES " + repeat("("+repeat("?", width)+")", len(rows)) + ") " +
		"UPDATE " + w.d.quote(w.p.table.name) + " SET " + strings.Join(set, ", ") + " FROM plait_new WHERE " + strings.Join(equal, " AND ") + w.filter()
	return text, append(args, w.filterArgs()...)
}

// inOrderOf brings records into the order of the changes that made them.
func (w *rowWriter) inOrderOf(changes []rowChange, found []Record) ([]Record, error) {
	out, places := make([]Record, len(changes)), places(found)
	for i, c := range changes {
		at, ok := places[c.key]
		if !ok {
			return nil, fmt.Errorf("%w: the row %q of table %q is gone, or has another key", ErrConstraint, c.key, w.p.table.name)
		}
		out[i] = found[at]
	}
	return out, nil
}
