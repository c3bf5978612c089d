package queue

import (
	"errors"
	"fmt"
	"time"

	"plait/hub/store"
	"plait/shared/wire"
)

// Cancel is a named operator's act. A job that was begun becomes
// cancel_requested, and the store's next conversation settles it; any other open
// job is cancelled at once. Repeating it changes nothing. It fails with
// store.ErrConflict if the job has ended otherwise. It returns the job as it
// stands then.
func Cancel(tx *store.StoreTx, who, job string) (store.Job, error) {
	j, err := tx.Job(job)
	if err != nil {
		return j, err
	}
	switch j.State {
	case store.Cancelled, store.CancelRequested:
		return j, nil
	case store.Applied, store.Lost:
		return j, fmt.Errorf("cannot cancel job %d of store %s: %w: it is %s", j.Number, tx.Store.Name, store.ErrConflict, j.State)
	case store.Begun:
		j.State, j.EndedBy = store.CancelRequested, who
		if err = tx.SetJob(j); err == nil {
			err = tx.Audit(who, "job.cancel", jobDetail(j))
		}
		return j, err
	}
	if err := cancelled(tx, j, who, ""); err != nil {
		return j, err
	}
	if err := drained(tx); err != nil {
		return j, err
	}
	return tx.Job(job)
}

// cancelled ends a job that did not arrive, and holds what rests upon it.
func cancelled(tx *store.StoreTx, j store.Job, who, why string) error {
	var err error
	if j.State == store.Pending {
		err = holdPending(tx, j)
	} else {
		err = tx.HoldReach(j, store.HeldCancelled)
	}
	if err != nil {
		return err
	}
	return ended(tx, j, who, why)
}

func ended(tx *store.StoreTx, j store.Job, who, why string) error {
	j.State, j.Ended, j.EndedBy, j.Why = store.Cancelled, tx.Now(), who, why
	if j.EndedBy == "" {
		j.EndedBy = "an operator, before the hub was restored"
	}
	if err := tx.SetJob(j); err != nil {
		return err
	}
	return tx.Audit(j.EndedBy, "job.cancel", jobDetail(j))
}

// Result takes in what a branch's receipt says of a job. It may come twice, late
// or for a job that this hub has forgotten: each is kept, and none is refused.
func Result(tx *store.StoreTx, r wire.Result) error {
	again, err := tx.AddResult(r)
	if err != nil {
		return err
	}
	j, err := tx.Job(r.Job)
	if errors.Is(err, store.ErrNotFound) {
		return tx.Audit("store "+tx.Store.Name, "job.result_unknown", map[string]any{"job": r.Job, "number": r.Number})
	}
	if err != nil {
		return err
	}
	if err := settleResult(tx, j, r, again); err != nil {
		return err
	}
	return drained(tx)
}

// settleResult ends a job by its result. The log says so where the results alone
// would not show it: again, the job was rolled back and applied once more.
func settleResult(tx *store.StoreTx, j store.Job, r wire.Result, again bool) error {
	// A result that was on its way when the POS database was restored tells of a
	// history that is gone: it decides nothing.
	if current, err := currentPOSEpoch(tx); err != nil || (current != "" && current != r.POSEpoch) {
		return err
	}
	if r.Done {
		if err := arrived(tx, j, r); err != nil {
			return err
		}
	}
	switch j.State {
	case store.Applied, store.Lost:
		return nil
	case store.Cancelled:
		if !r.Done {
			return nil
		}
		j.Why = "it was cancelled by " + j.EndedBy + ", but had been applied before"
	}
	if !r.Done {
		return cancelled(tx, j, j.EndedBy, "a part of it had been applied")
	}
	wasBack := j.State == store.RolledBack
	j.State, j.Ended, j.Receipt = store.Applied, tx.Now(), r.Order
	if err := tx.SetJob(j); err != nil || !(wasBack || again) {
		return err
	}
	return tx.Audit("store "+tx.Store.Name, "job.applied", jobDetail(j))
}

func currentPOSEpoch(tx *store.StoreTx) (string, error) {
	c, err := tx.Contact()
	if err != nil {
		return "", err
	}
	return tx.EpochName(store.POSEpoch, c.POSEpoch)
}

// Settled is what a receipt head decided.
type Settled struct {
	RolledBack []store.Job // they go first again
	Lost       []store.Job // closed: a new Test is offered
	Cancelled  []store.Job // begun, cancelled, and never applied
}

// settleFor is how long after its end a job is looked at again: a receipt may
// show that a cancelled or lost job was applied after all.
const settleFor = 30 * 24 * time.Hour

// Settle compares the queue with the newest receipt in the POS database, as a
// hello brought it. Applied jobs above it were lost with a restored POS
// database: they are rolled back; or lost, if they reset fields or deleted (the
// owner may have restored because of them), or if the store takes no jobs. A job
// that was cancelled after it was begun, and left no receipt, is cancelled; one
// that ended otherwise and has a whole receipt was applied: the branch is the
// truth. An unknown head decides nothing.
//
// After restores of the POS database and of the hub the order of receipts cannot
// tell which jobs a POS database holds; listed, where the agent was asked for it,
// can.
//
// The head must be that of the newest conversation: an old one would roll back
// what was applied since.
func Settle(tx *store.StoreTx, head wire.ReceiptHead, listed *wire.Receipts) (s Settled, err error) {
	if !head.Known {
		return s, nil
	}
	at, err := placeOf(tx.StoreView, head)
	if err != nil {
		return s, err
	}
	ended, err := tx.Settleable(tx.Now().Add(-settleFor))
	if err != nil {
		return s, err
	}
	held := holds(head, listed)
	for _, j := range ended {
		order, done := held[j.ID]
		switch {
		case j.State == store.Applied && done && order != j.Receipt:
			j.Receipt = order
			err = tx.SetJob(j)
		case j.State == store.Applied && !done && gone(at, j, listed):
			err = undone(tx, j, &s)
		case j.State != store.Applied && done:
			err = appliedAfterAll(tx, j, order)
		}
		if err != nil {
			return s, err
		}
	}
	if err := settleCancels(tx, at, &s); err != nil {
		return s, err
	}
	return s, drained(tx)
}

// holds are the finished jobs of which the POS database is known to have the
// receipt, with its order.
func holds(head wire.ReceiptHead, listed *wire.Receipts) map[string]int64 {
	out := map[string]int64{}
	if head.Done {
		out[head.Job] = head.Order
	}
	if listed != nil {
		for _, r := range listed.Jobs {
			out[r.Job] = r.Order
		}
	}
	return out
}

// gone tells whether an applied job without a known receipt is lost from the POS
// database. A whole list says so of every job; of a list that was cut off, the
// head has to do.
func gone(at headPlace, j store.Job, listed *wire.Receipts) bool {
	return listed != nil && !listed.More || at.below(j)
}

func appliedAfterAll(tx *store.StoreTx, j store.Job, order int64) error {
	j.Why = "it was " + j.State + ", but the POS database holds its receipt"
	j.State, j.Receipt = store.Applied, order
	if err := tx.SetJob(j); err != nil {
		return err
	}
	return tx.Audit("store "+tx.Store.Name, "job.applied", jobDetail(j))
}

// settleCancels ends what was cancelled after it was begun, and never applied.
func settleCancels(tx *store.StoreTx, at headPlace, s *Settled) error {
	open, err := tx.OpenJobs(0)
	if err != nil {
		return err
	}
	for _, j := range open {
		if j.State != store.CancelRequested || j.ID == at.head.Job || !j.After(at.epoch, at.number) {
			continue
		}
		if err := cancelled(tx, j, j.EndedBy, "nothing of it had been applied"); err != nil {
			return err
		}
		s.Cancelled = append(s.Cancelled, j)
	}
	return nil
}

// undone reopens or closes a job that a restored POS database has forgotten.
func undone(tx *store.StoreTx, j store.Job, s *Settled) error {
	off := tx.Store.Switch == store.Off || !tx.Store.Revoked.IsZero()
	if j.Resets || off {
		j.State, j.Ended = store.Lost, tx.Now()
		j.Why = "the POS database was restored to a time before it; it resets or deletes, so make a new Test"
		if !j.Resets {
			j.Why = "the POS database was restored to a time before it while the store took no jobs; make a new Test"
		}
		s.Lost = append(s.Lost, j)
		if err := tx.HoldReach(j, store.HeldLost); err != nil {
			return err
		}
	} else {
		j.State, j.Ended = store.RolledBack, time.Time{}
		j.Why = "the POS database was restored to a time before it"
		s.RolledBack = append(s.RolledBack, j)
	}
	if err := tx.SetJob(j); err != nil {
		return err
	}
	if err := recalled(tx, j); err != nil {
		return err
	}
	return tx.Audit("store "+tx.Store.Name, "job."+j.State, jobDetail(j))
}

// headPlace is a receipt head and its place in the order of jobs.
type headPlace struct {
	head          wire.ReceiptHead
	epoch, number int64
}

// placeOf returns the head's place. An epoch that this hub does not know was lost
// when it was restored: it lies after all that were known then, and before the
// current one.
func placeOf(v *store.StoreView, head wire.ReceiptHead) (headPlace, error) {
	if head.Absent || head.Job == "" {
		return headPlace{head: head}, nil
	}
	e, err := v.HubEpochNamed(head.HubEpoch)
	if err == nil {
		return headPlace{head, e.Place, head.Number}, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return headPlace{}, err
	}
	current, err := v.HubEpoch()
	return headPlace{head, current.Place, 0}, err
}

// below reports whether an applied job stands above the head: the POS database
// has no receipt of it. What counts is the order of receipts; after a restore of
// the hub a job with a lower number may have been applied later. Two receipts at
// one place are of two histories. Where either order is not known, as of a
// receipt that was handed back, the order of jobs has to do.
func (p headPlace) below(j store.Job) bool {
	switch h := p.head; {
	case h.Absent || h.Job == "":
		return true
	case j.ID == h.Job:
		return !h.Done
	case j.Receipt > 0 && h.Order > 0:
		return j.Receipt >= h.Order
	default:
		return j.After(p.epoch, p.number)
	}
}
