package pos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// commitLimit bounds how long a COMMIT waits for readers of a rollback journal:
// while it waits, the POS cannot begin to read.
const commitLimit = 20 * time.Millisecond

// writer is one write transaction from BEGIN to its end. It holds the token of
// c.writing.
type writer struct {
	c  *sqlConnector
	h  *handle
	s  *session
	st *state
	// sound: every trigger of ours was found to be there, under this schema.
	sound  bool
	leaves *leaving  // nil: what it wrote is not known
	from   time.Time // when the lock was taken
	over   bool
}

// Rest is how long begin would wait for the POS's sake alone.
func (c *sqlConnector) Rest() time.Duration { return c.pace.rest(true) }

// begin takes the token, then the POS's write lock. It tries again for limit
// while the POS holds the lock.
func (c *sqlConnector) begin(ctx context.Context, limit time.Duration) (*writer, error) {
	select {
	case c.writing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	w := &writer{c: c}
	err := c.retryFor(ctx, limit, func() error { return w.tryBegin(ctx) })
	if err != nil {
		<-c.writing
		return nil, err
	}
	return w, nil
}

func (w *writer) tryBegin(ctx context.Context) error {
	c := w.c
	if err := c.pace.wait(ctx, true); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.attach(true); err != nil {
		return err
	}
	if c.h.write == nil {
		s, err := c.dialect.writing(c.path, c.mapping)
		if err != nil {
			return c.explain("open", err)
		}
		c.h.write = s
	}
	w.h, w.s = c.h, c.h.write
	if _, err := w.s.exec(ctx, c.dialect.begin(true)); err != nil {
		return c.explain("write to", err)
	}
	w.from = c.opts.Now()
	if err := c.refresh(ctx, w.s); err != nil {
		_, undo := w.s.exec(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(c.explain("read", err), undo)
	}
	w.st, w.sound = c.state, c.state.healthy != ""
	return nil
}

// commit makes the transaction durable. ErrBusy, ErrReference and ErrConstraint
// mean that nothing happened; every other failure is ErrUnknown (P2).
func (w *writer) commit() error {
	ctx := context.Background()
	start := time.Now()
	_, err := w.s.exec(ctx, "COMMIT")
	for pause := time.Millisecond; err != nil && w.c.dialect.classify(err) == ErrBusy && time.Since(start) < commitLimit; pause *= 2 {
		<-time.After(pause)
		_, err = w.s.exec(ctx, "COMMIT")
	}
	switch {
	case err == nil:
		err = w.sameFile()
	case w.c.dialect.refused(err):
		err = w.c.explain("commit to", err)
		if _, undo := w.s.exec(ctx, "ROLLBACK"); undo != nil {
			err = fmt.Errorf("%w: %w", ErrUnknown, errors.Join(err, undo))
		}
	default:
		err = fmt.Errorf("%w: %w", ErrUnknown, w.c.explain("commit to", err))
	}
	switch {
	case err == nil:
		w.c.left.commit(w.leaves, w.st)
	case errors.Is(err, ErrUnknown):
		w.c.left.commit(nil, nil)
	}
	if err == nil {
		w.free()
		w.fold()
		return nil
	}
	w.end(errors.Is(err, ErrUnknown))
	return err
}

// sameFile: a commit into a file that was replaced meanwhile went nowhere.
func (w *writer) sameFile() error {
	info, err := os.Stat(w.c.path)
	if err != nil || !os.SameFile(info, w.h.file) {
		return fmt.Errorf("%w: another file took the place of %s during the transaction", ErrUnknown, w.c.path)
	}
	return nil
}

// rollback undoes everything. An error from it is of no use: the connection is
// closed then, and SQLite undoes what it left.
func (w *writer) rollback() {
	if !w.over {
		_, err := w.s.exec(context.Background(), "ROLLBACK")
		w.end(err != nil)
	}
}

// end ends what was not committed, or may not have been.
func (w *writer) end(doubt bool) {
	if !w.over {
		w.free()
		w.release(doubt)
	}
}

// free notes that the POS's lock is free again.
func (w *writer) free() {
	w.over = true
	w.c.pace.held(w.from, true)
}

// release gives the token back; a session in doubt, or of a file that was replaced,
// is closed.
func (w *writer) release(doubt bool) {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	current := w.c.h == w.h && w.h.write == w.s
	if doubt || !current {
		// Its error says nothing that the outcome does not.
		_ = w.s.close()
		if current {
			w.h.write = nil
		}
	}
	<-w.c.writing
}

// write runs fn in one write transaction of Plait's own housekeeping.
func (c *sqlConnector) write(ctx context.Context, limit time.Duration, fn func(*session, *state) error) error {
	w, err := c.begin(ctx, limit)
	if err != nil {
		return err
	}
	if err := fn(w.s, w.st); err != nil {
		w.rollback()
		return c.explain("write to", err)
	}
	return w.commit()
}
