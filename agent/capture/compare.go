package capture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plait/agent/pos"
)

// Budget bounds one call of Compare; a zero part does not bound.
type Budget struct {
	Rows int
	Time time.Duration
}

// Comparison is what one call of Compare did.
type Comparison struct {
	Rows     int64 // rows of the POS that were compared
	Finished bool  // the round came to its end
	// Began is when the round began: a finished one proves the record as of then.
	Began time.Time
	// Skipped are kinds that could not be read, with the reason.
	Skipped map[string]string
}

// Compare goes on with the round of comparison under way, or begins one, until
// the budget is spent or the round has ended. With full it begins a new round and
// goes to its end, whatever the budget.
func (c *Capturer) Compare(ctx context.Context, budget Budget, full bool) (Comparison, error) {
	return c.compare(ctx, budget, full, nil)
}

// CompareAll compares the whole POS with the record, from the beginning to the
// end. progress, if not nil, is told how many rows of a kind were compared so far.
func (c *Capturer) CompareAll(ctx context.Context, progress func(kind string, rows int64)) error {
	_, err := c.compare(ctx, Budget{}, true, progress)
	return err
}

func (c *Capturer) compare(ctx context.Context, budget Budget, full bool, progress func(string, int64)) (done Comparison, err error) {
	r := round{Capturer: c, progress: progress, budget: budget}
	if full {
		r.budget = Budget{}
		if err := c.locked(ctx, func() error { return c.keepPlace(ctx, place{}) }); err != nil {
			return done, fmt.Errorf("cannot begin a comparison: %w", err)
		}
	}
	start := c.now()
	for !r.done.Finished {
		// Each step takes its turn, so that a drain never waits for a whole round.
		if err := c.locked(ctx, func() error { return r.turn(ctx) }); err != nil {
			return r.done, fmt.Errorf("cannot compare the POS with the record: %w", err)
		}
		if r.spent(start) {
			break
		}
	}
	if err := c.locked(ctx, func() error { return c.keepLast(ctx) }); err != nil {
		return r.done, fmt.Errorf("cannot compare the POS with the record: %w", err)
	}
	return r.done, nil
}

// round is one call of Compare on its way through a round.
type round struct {
	*Capturer
	place
	kinds    []pos.MappedKind
	budget   Budget
	done     Comparison
	walked   int64 // rows of the present kind in this call
	ahead    formPage
	trail    int64 // where the record probably goes on; see outbox.Box.Holds
	restores int   // that were met in this call
	progress func(kind string, rows int64)
}

func (r *round) spent(start time.Time) bool {
	b := r.budget
	return b.Rows > 0 && r.done.Rows >= int64(b.Rows) || b.Time > 0 && r.now().Sub(start) >= b.Time
}

// turn is a step, or finds out where the comparison stands in a history that began
// meanwhile: what read the POS may know of a restore before, or after, it was recognised.
func (r *round) turn(ctx context.Context) error {
	begun, err := r.recognise(ctx)
	if err == nil {
		err = r.step(ctx)
	}
	restored := errors.Is(err, pos.ErrRestored)
	if restored {
		err = nil // the next turn recognises it
	}
	if begun || restored {
		if r.restores++; r.restores > maxRestores {
			return fmt.Errorf("the POS database was restored or replaced %d times meanwhile: %w", r.restores, pos.ErrRestored)
		}
	}
	return err
}

// step compares one page and moves the place behind it.
func (r *round) step(ctx context.Context) error {
	if err := r.resume(ctx); err != nil {
		return err
	}
	var err error
	switch {
	case r.Kind >= len(r.kinds):
		return r.finish(ctx)
	case r.kinds[r.Kind].Paused != "":
		err = r.skip(ctx, r.kinds[r.Kind].Paused)
	case r.Vanish:
		err = r.vanish(ctx)
	default:
		err = r.scan(ctx)
	}
	if err != nil && !pos.Stops(err) && !errors.As(err, new(recordError)) {
		err = r.skip(ctx, err.Error())
	}
	if err != nil {
		return err
	}
	return r.movePlace(ctx, r.place)
}

// recordError tells the record's own trouble from that of a kind in the POS.
type recordError struct{ error }

func (e recordError) Unwrap() error { return e.error }

// resume reads the place before every step: a new POS epoch may have begun since.
func (r *round) resume(ctx context.Context) error {
	p, err := r.lastPlace(ctx)
	if err != nil {
		return err
	}
	r.place, r.kinds = p, r.pos.Kinds()
	if r.Began == 0 {
		r.place = place{Began: r.now().Unix()}
		if err := r.begin(ctx); err != nil {
			return err
		}
	}
	r.done.Began = time.Unix(r.Began, 0)
	return nil
}

// begin notes where the record stands as a kind is begun.
func (r *round) begin(ctx context.Context) error {
	revision, err := r.box.Revision(ctx)
	if err != nil {
		return recordError{err}
	}
	r.walked, r.trail = 0, 0
	r.After, r.Vanish, r.Matched, r.Since = "", false, 0, revision
	return nil
}

func (r *round) nextKind(ctx context.Context) error {
	r.Kind++
	return r.begin(ctx)
}

// skip leaves a kind out of this round and says why.
func (r *round) skip(ctx context.Context, why string) error {
	if r.Skipped == nil {
		r.Skipped = map[string]string{}
	}
	r.Skipped[r.kinds[r.Kind].Kind] = why
	return r.nextKind(ctx)
}

// finish ends a round in which every kind was walked. What it drained on its way may
// have been too early to decide.
func (r *round) finish(ctx context.Context) error {
	if err := r.readAgain(ctx, source{r.pos, r.pos.Done}); err != nil {
		return err
	}
	if err := r.box.VerifyIndexes(ctx); err != nil {
		return err
	}
	if err := r.box.Compared(ctx, time.Unix(r.Began, 0), len(r.Skipped) == 0); err != nil {
		return err
	}
	r.done.Finished, r.done.Skipped = true, r.Skipped
	return r.keepPlace(ctx, place{})
}
