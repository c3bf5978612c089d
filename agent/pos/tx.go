package pos

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"plait/shared/item"
	"plait/shared/wire"
)

// sqlTx is one write transaction for applying jobs. It is not safe for use by
// several goroutines.
type sqlTx struct {
	w        *writer
	done     []Change // to be noted once it is committed
	dead     error    // why only Rollback is left
	together bool     // statements stand or fall together
}

// Begin takes the POS's write lock, so that nothing the transaction reads can
// change before it writes.
func (c *sqlConnector) Begin(ctx context.Context) (Tx, error) {
	w, err := c.begin(ctx, c.opts.BusyLimit)
	if err != nil {
		return nil, err
	}
	if _, err := readMeta(ctx, w.s); err != nil {
		err = c.absent(ctx, w.s, c.explain("apply to", err))
		w.rollback()
		return nil, err
	}
	w.leaves = &leaving{}
	return &sqlTx{w: w}, nil
}

var errOver = errors.New("cannot use the transaction on the POS database: it is over")

func (t *sqlTx) usable() error {
	if t.w.over {
		return errOver
	}
	if t.dead != nil {
		return fmt.Errorf("cannot go on: %w: %w", ErrAborted, t.dead)
	}
	return nil
}

// plain runs fn, after whose failure only Rollback is left.
func (t *sqlTx) plain(verb string, fn func() error) error {
	if err := t.usable(); err != nil {
		return err
	}
	err := t.w.c.explain(verb, fn())
	if err != nil {
		t.dead = err
	}
	return err
}

// statement runs fn inside a savepoint. A data error undoes fn alone. The
// savepoint is also the proof that the transaction is alive: an ON CONFLICT
// ROLLBACK or RAISE(ROLLBACK) in the POS's schema ends it, and the savepoint
// with it (decision 28).
func (t *sqlTx) statement(ctx context.Context, verb string, fn func() error) error {
	if err := t.usable(); err != nil {
		return err
	}
	if t.together {
		return t.fatal(t.w.c.explain(verb, fn()))
	}
	s := t.w.s
	if _, err := s.exec(ctx, "SAVEPOINT plait_statement"); err != nil {
		return t.fatal(t.w.c.explain(verb, err))
	}
	err := t.fatal(t.w.c.explain(verb, fn()))
	if t.dead != nil {
		return err
	}
	if err != nil {
		if _, undo := s.exec(ctx, "ROLLBACK TO plait_statement"); undo != nil {
			t.dead = err
			return fmt.Errorf("%w: %w", ErrAborted, err)
		}
	}
	if _, end := s.exec(ctx, "RELEASE plait_statement"); end != nil {
		t.dead = errors.Join(err, end)
		return fmt.Errorf("%w: %w", ErrAborted, t.dead)
	}
	return err
}

// fatal notes an error after which only Rollback is left.
func (t *sqlTx) fatal(err error) error {
	if err != nil && !isDataError(err) {
		t.dead = err
	}
	return err
}

// Together is one statement made of several: whichever ends the transaction gives an
// error, and none is run after that.
func (t *sqlTx) Together(ctx context.Context, fn func() error) error {
	err := t.statement(ctx, "write to", func() error {
		t.together = true
		defer func() { t.together = false }()
		return fn()
	})
	if err != nil {
		t.w.leaves.anything()
	}
	return err
}

// writes notes that an item is written. It returns nil where it is not known what else
// that changes: of one on its own in its savepoint, and of one that shares a row.
func (t *sqlTx) writes(p *kindPlan, key string) *leftKey {
	if !t.together || p.shares {
		t.w.leaves.anything()
		return nil
	}
	return t.w.leaves.one(touchedKey{p.m.Kind, key})
}

func isDataError(err error) bool {
	return errors.Is(err, ErrUnique) || errors.Is(err, ErrReference) || errors.Is(err, ErrConstraint) || errors.Is(err, ErrType)
}

// Snapshot reads the oldest changes that are not done, as of now. The POS waits
// for the transaction anyway, so it is never cut short.
func (t *sqlTx) Snapshot(ctx context.Context, ask Ask) (out Snapshot, err error) {
	err = t.plain("read", func() error {
		d, err := t.doneBefore()
		if err != nil {
			return err
		}
		ask.Taken = slices.Concat(t.done, ask.Taken)
		r := &snapshotReader{c: t.w.c, s: t.w.s, st: t.w.st}
		if out, err = r.changes(ctx, d, ask, maxChangeRows); err != nil {
			return err
		}
		return r.items(ctx, &out)
	})
	return out, err
}

func (t *sqlTx) doneBefore() (*doneSet, error) {
	t.w.c.mu.Lock()
	defer t.w.c.mu.Unlock()
	if t.w.c.h != t.w.h {
		return nil, ErrRestored // another file took this one's place
	}
	return t.w.c.done.aside(), nil
}

// Read returns one Record for each key.
func (t *sqlTx) Read(ctx context.Context, kind string, keys []string) ([]Record, error) {
	r, err := newReader(t.w.c.dialect, t.w.s, t.w.st, kind)
	if err != nil {
		return nil, err
	}
	out := make([]Record, 0, len(keys))
	err = t.plain("read", func() error {
		for len(out) < len(keys) {
			rest := keys[len(out):]
			got, err := r.read(ctx, rest[:min(len(rest), maxReadRows)])
			if err != nil {
				return err
			}
			out = append(out, got...)
		}
		return nil
	})
	return out, err
}

// Newest reads the newest change row.
func (t *sqlTx) Newest(ctx context.Context) (mark wire.Mark, err error) {
	err = t.plain("read", func() error {
		meta, err := readMeta(ctx, t.w.s)
		if err != nil {
			return err
		}
		mark.POSEpoch = meta.Epoch
		return t.w.s.each(ctx, `SELECT seq, nonce FROM plait_changes ORDER BY seq DESC LIMIT 1`, nil,
			func(scan func(...any) error) error { return scan(&mark.Seq, &mark.Nonce) })
	})
	if err == nil {
		t.w.leaves.newest(mark)
	}
	return mark, err
}

// PutLink writes rows of plait_links, and a change row with op L for each key that no
// change row of this transaction names yet: no trigger fires for it, and capture must
// see it.
func (t *sqlTx) PutLink(ctx context.Context, rows ...LinkRow) error {
	return t.plain("write a link to", func() error {
		unnamed := make([]LinkRow, 0, len(rows))
		for some := range slices.Chunk(rows, linkChunk) {
			if err := putLinks(ctx, t.w.s, some); err != nil {
				return err
			}
			for _, row := range some {
				if !t.w.leaves.linked(row) {
					unnamed = append(unnamed, row)
				}
			}
		}
		return nameLinks(ctx, t.w.s, unnamed)
	})
}

// Done removes the change rows with the commit, save those that a mark may name.
func (t *sqlTx) Done(ctx context.Context, changes []Change, settle []LinkRow) error {
	return t.plain("settle changes in", func() error {
		if len(settle) > 0 {
			t.w.leaves.anything()
		}
		for _, row := range settle {
			if err := settleLink(ctx, t.w.s, row); err != nil {
				return err
			}
		}
		var top int64
		for _, ch := range changes {
			top = max(top, ch.Seq)
		}
		t.w.c.mu.Lock()
		spare := append(t.w.c.done.spared(), top)
		t.w.c.mu.Unlock()
		var removed int64
		for _, ch := range changes {
			if slices.Contains(spare, any(ch.Seq)) {
				continue
			}
			removed = max(removed, ch.Seq)
			if _, err := t.w.s.exec(ctx, sqlSettle, ch.Seq, ch.Nonce); err != nil {
				return err
			}
		}
		t.done = append(t.done, changes...)
		return noteRemoved(ctx, t.w.s, removed)
	})
}

const sqlSettle = `DELETE FROM plait_changes WHERE seq = ? AND nonce = ? AND seq < (SELECT max(seq) FROM plait_changes)`

// Commit makes the transaction durable.
func (t *sqlTx) Commit() error {
	if err := t.usable(); err != nil {
		t.w.rollback()
		return err
	}
	c, h := t.w.c, t.w.h
	if err := t.w.commit(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.h == h {
		c.done.add(t.done)
	}
	return nil
}

// Rollback undoes everything; after Commit it does nothing.
func (t *sqlTx) Rollback() error {
	t.w.rollback()
	return nil
}

// Insert makes an item and returns the key that it got.
func (t *sqlTx) Insert(ctx context.Context, kind string, fields item.Fields) (key string, err error) {
	r, err := newReader(t.w.c.dialect, t.w.s, t.w.st, kind)
	if err != nil {
		return "", err
	}
	err = t.statement(ctx, "create a "+kind+" in", func() error {
		t.w.leaves.anything()
		key, err = (&rowWriter{r}).insert(ctx, fields)
		return err
	})
	return key, err
}

// Update writes the given fields alone.
func (t *sqlTx) Update(ctx context.Context, kind, key string, fields item.Fields) error {
	return t.change(ctx, "change", kind, key, func(w *rowWriter, at []any) error {
		k := t.writes(w.p, key)
		row, err := w.update(ctx, key, at, fields)
		if k != nil && row {
			k.named = t.w.sound
		}
		return err
	})
}

// Delete removes an item with its child rows, or marks it as deleted.
func (t *sqlTx) Delete(ctx context.Context, kind, key string) error {
	return t.change(ctx, "delete", kind, key, func(w *rowWriter, at []any) error {
		t.w.leaves.anything()
		return w.delete(ctx, at)
	})
}

func (t *sqlTx) change(ctx context.Context, verb, kind, key string, fn func(w *rowWriter, at []any) error) error {
	r, err := newReader(t.w.c.dialect, t.w.s, t.w.st, kind)
	if err != nil {
		return err
	}
	return t.statement(ctx, fmt.Sprintf("%s %s %q in", verb, kind, key), func() error {
		w := &rowWriter{r}
		at, err := w.at(key)
		if err != nil {
			return err
		}
		return fn(w, at)
	})
}
