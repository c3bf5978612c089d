package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// run is one job being applied.
type run struct {
	*Applier
	job      wire.Job
	payload  wire.Payload
	own      wire.Own
	profile  wire.Profile
	index    *merge.Index
	recv     *receiver
	planner  *merge.Planner
	dead     graves
	receipt  pos.Receipt // as committed
	revision int64       // of the record, up to which the index is level
	meta     pos.Meta
	alone    bool    // the last slice failed as a whole: go on item by item
	told     bool    // Writing was called
	sum      outcome // of the slices that are committed
	room     []byte  // for the before-images of the next one
	ahead    ahead
	behind   behind
	tempo    tempo
	untold   []planned // what was created and the planner does not know yet
	// at is the newest change row whose effect the index has; zero if that is not known.
	at     wire.Mark
	size   int             // how many items go together
	unlike map[string]bool // kinds of which none do: they come back other than they were written
	// patience bounds how long a transaction waits for capture, which may itself wait
	// for the transaction: it tidies up in the POS while it holds still. 0: without end,
	// for nobody tidies up during a conversation's jobs.
	patience time.Duration
}

// slice is one transaction on its way: what it will have changed if it commits.
type slice struct {
	*run
	tx      pos.Tx
	next    int
	outcome outcome
	waiting []waiting
}

// nextSlice applies the next items in one transaction. It returns an error only
// if the job cannot go on now.
func (r *run) nextSlice(ctx context.Context) error {
	if err := r.planAhead(ctx); err != nil {
		return err
	}
	tx, err := r.begin(ctx)
	if err != nil {
		return err
	}
	s := r.slice(tx)
	r.recv.tx = tx
	if err := s.apply(ctx); err != nil {
		return r.failed(ctx, tx, err)
	}
	if err := s.weaken(ctx); err != nil {
		return r.failed(ctx, s.tx, err)
	}
	receipt, err := s.putReceipt(ctx)
	if err != nil {
		return r.failed(ctx, s.tx, err)
	}
	if err := s.commit(ctx, receipt); err != nil {
		return err
	}
	r.alone = false
	r.tell()
	if r.ahead.stand != (pos.Stand{}) {
		r.behind.start(func() error { return r.Capture.Drain(ctx) })
	}
	return nil
}

func (r *run) slice(tx pos.Tx) *slice {
	return &slice{run: r, tx: tx, next: r.receipt.NextItem, outcome: outcome{had: len(r.sum.Before), Before: r.room[:0]}}
}

// begin opens a transaction in which everything that the POS changed is in the
// record already: what the merge decides, it decides on what is there.
func (r *run) begin(ctx context.Context) (pos.Tx, error) {
	for try := 0; ; try++ {
		tx, err := r.level(ctx)
		if err == nil {
			return tx, nil
		}
		if errors.Is(err, errBehind) {
			continue // not twice: the drain that follows waits for it
		}
		if !errors.Is(err, pos.ErrBusy) {
			return nil, err
		}
		if try >= busyTries {
			return nil, fmt.Errorf("%w: %w", ErrWaits, err)
		}
		if err := r.Sleep(ctx, busyPause); err != nil {
			return nil, err
		}
	}
}

func (r *run) level(ctx context.Context) (pos.Tx, error) {
	if err := r.drain(ctx); err != nil {
		return nil, err
	}
	tx, err := r.POS.Begin(ctx)
	if err != nil {
		return nil, err
	}
	err = r.settle(ctx, tx)
	if err == nil {
		err = r.holdAhead(ctx, tx)
	}
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// holdAhead holds what was planned ahead against what is there now.
func (r *run) holdAhead(ctx context.Context, tx pos.Tx) error {
	stand, err := tx.Stand(ctx)
	if err == nil && stand != r.ahead.stand {
		if r.ahead.stand != (pos.Stand{}) {
			r.tempo.met()
		}
		r.dropAhead()
		r.ahead.stand = stand
	}
	return err
}

// sameHistory holds the history of the POS database against that of the job's
// beginning: by the newest change row, or where that does not tell it, by its tables.
func (r *run) sameHistory(ctx context.Context, newest wire.Mark) error {
	if newest.POSEpoch == r.meta.Epoch {
		return nil
	}
	if newest.POSEpoch == "" {
		if meta, err := r.POS.Meta(ctx); err == nil && meta == r.meta {
			return nil
		}
	}
	return pos.ErrRestored
}

// drain captures before the POS is locked. What this job wrote in its last slice the
// index has already, and is captured meanwhile; only what the POS changed since must
// be taken in.
func (r *run) drain(ctx context.Context) error {
	newest, err := r.POS.Newest(ctx)
	if err != nil {
		return err
	}
	same := newest == r.at && r.at.Seq != 0
	if same && r.behind.running() {
		return nil
	}
	r.behind.join()
	if err := r.Capture.Drain(ctx); err != nil || same {
		return err
	}
	r.met(newest)
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	r.at = newest
	return nil
}

// met notes that the POS has written, if it has: its newest change row is another one.
func (r *run) met(newest wire.Mark) {
	if newest != r.at {
		r.tempo.met()
	}
}

// settle captures, inside the transaction, what the POS changed since the drain
// before it, and brings the index level with the record. Where there is nothing, the
// newest change row says so, of this history and no other. Else capture finds the
// mark, or the POS was restored. What waits to be captured of the last slice is not
// read while the POS waits: then errBehind says to begin anew.
func (r *run) settle(ctx context.Context, tx pos.Tx) error {
	newest, err := tx.Newest(ctx)
	if err == nil {
		err = r.sameHistory(ctx, newest)
	}
	if err != nil || (newest == r.at && r.at.Seq != 0) {
		return err
	}
	if r.behind.running() {
		return errBehind
	}
	if err := r.drainFrom(ctx, tx); err != nil {
		return err
	}
	r.met(newest)
	return r.catchUp(ctx)
}

func (r *run) drainFrom(ctx context.Context, tx pos.Tx) error {
	if r.patience == 0 {
		return r.Capture.DrainFrom(ctx, tx)
	}
	short, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	err := r.Capture.DrainFrom(short, tx)
	if err != nil && short.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: capture is at work: %w", pos.ErrBusy, err)
	}
	return err
}

// catchUp brings the index level with the record.
func (r *run) catchUp(ctx context.Context) (err error) {
	r.dropAhead()
	r.revision, err = r.Record.Changed(ctx, r.revision, func(it item.Item) error {
		r.index.Put(it)
		if it.Deleted {
			r.dead.put(it.ID)
		}
		return nil
	})
	return err
}

// apply plans and writes items until the slice's time is up or the job ends.
func (s *slice) apply(ctx context.Context) error {
	end := s.Now().Add(s.tempo.work(orDefault(s.Slice)))
	for s.next < s.planner.Len() {
		if err := s.some(ctx, end); err != nil {
			return err
		}
		if s.alone || !s.Now().Before(end) {
			break
		}
	}
	return s.settleWaiting(ctx)
}

// some applies the next items: several together, or one by one.
func (s *slice) some(ctx context.Context, end time.Time) error {
	n, done, err := s.together(ctx)
	if done || err != nil {
		return err
	}
	s.tell()
	for range n {
		if err := s.item(ctx); err != nil {
			return err
		}
		s.next++
		if !s.Now().Before(end) {
			break
		}
	}
	return nil
}

func orDefault(d time.Duration) time.Duration {
	if d == 0 {
		return defaultSlice
	}
	return d
}

func (s *slice) putReceipt(ctx context.Context) (pos.Receipt, error) {
	done := s.next >= s.planner.Len()
	if done {
		for _, e := range s.planner.Unmapped() {
			s.outcome.except(e)
		}
	}
	receipt := pos.Receipt{
		Job: s.job.ID, HubEpoch: s.job.HubEpoch, Number: s.job.Number,
		NextItem: s.next, Done: done, Body: s.outcome.body(), At: s.Now(),
	}
	return receipt, s.tx.PutReceipt(ctx, receipt)
}

// commit makes the slice durable. A commit that failed in an unknown way is
// settled by reading the receipt again (P2).
func (s *slice) commit(ctx context.Context, receipt pos.Receipt) error {
	newest, err := s.tx.Newest(ctx)
	if err != nil {
		return s.failed(ctx, s.tx, err)
	}
	start := s.Now()
	err = s.tx.Commit()
	s.tempo.committed(s.Now().Sub(start))
	if errors.Is(err, pos.ErrUnknown) {
		held, found, readErr := s.POS.Receipt(ctx, receipt.Job)
		if readErr != nil {
			return errors.Join(err, readErr)
		}
		if found && held.NextItem == receipt.NextItem && held.Done == receipt.Done {
			err = nil
		}
	}
	if err != nil {
		return s.failed(ctx, nil, err)
	}
	s.ahead.slice = receipt.NextItem - s.run.receipt.NextItem
	s.run.receipt, s.run.at = receipt, newest
	s.sum.join(s.outcome)
	s.run.room = s.outcome.Before
	return nil
}

// failed rolls a slice back. A slice that the POS ended or that a fault broke is
// tried again item by item, so that the item at fault is found and parked.
func (r *run) failed(ctx context.Context, tx pos.Tx, cause error) error {
	if tx != nil {
		if err := tx.Rollback(); err != nil {
			cause = errors.Join(cause, err)
		}
	}
	r.at = wire.Mark{}
	if err := r.reset(ctx); err != nil {
		return errors.Join(cause, err)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(cause, pos.ErrBusy):
		return r.Sleep(ctx, busyPause)
	case errors.Is(cause, pos.ErrAborted) && !r.alone:
		r.alone = true
		return nil
	case errors.Is(cause, pos.ErrAborted):
		return r.parkAborted(ctx, cause)
	default:
		return cause
	}
}

// parkAborted parks the one item at which the POS ended our transaction, in a
// transaction of its own that writes the receipt alone.
func (r *run) parkAborted(ctx context.Context, cause error) error {
	tx, err := r.begin(ctx)
	if err != nil {
		return err
	}
	s := r.slice(tx)
	r.recv.tx = tx
	plan, err := s.planner.Plan(s.next)
	if err != nil && !isDataError(err) {
		return errors.Join(err, tx.Rollback())
	}
	s.outcome.add(plan.Refused(cause), plan.Local)
	s.next++
	receipt, err := s.putReceipt(ctx)
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return s.commit(ctx, receipt)
}

func (r *run) store() string { return r.meta.Store }
