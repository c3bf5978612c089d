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

func cancelled(tx *store.StoreTx, j store.Job, who, why string) error {
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
	if err := tx.AddResult(r); err != nil {
		return err
	}
	j, err := tx.Job(r.Job)
	if errors.Is(err, store.ErrNotFound) {
		return tx.Audit("store "+tx.Store.Name, "job.result_unknown", map[string]any{"job": r.Job, "number": r.Number})
	}
	if err != nil {
		return err
	}
	if err := settleResult(tx, j, r); err != nil {
		return err
	}
	return drained(tx)
}

func settleResult(tx *store.StoreTx, j store.Job, r wire.Result) error {
	switch j.State {
	case store.Applied, store.Lost:
		return nil
	case store.RolledBack:
		// A result that was on its way when the POS database was restored tells of
		// the history that is gone.
		if current, err := currentPOSEpoch(tx); err != nil || current != r.POSEpoch {
			return err
		}
	case store.Cancelled:
		if !r.Done {
			return nil
		}
		j.Why = "it was cancelled by " + j.EndedBy + ", but had been applied before"
	}
	if !r.Done {
		return cancelled(tx, j, j.EndedBy, "a part of it had been applied")
	}
	j.State, j.Ended = store.Applied, tx.Now()
	return tx.SetJob(j)
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

// Settle compares the queue with the newest receipt in the POS database, as a
// hello brought it. Applied jobs above it were lost with a restored POS
// database: they are rolled back; or lost, if they reset fields or deleted (the
// owner may have restored because of them), or if the store takes no jobs. A job
// that was cancelled after it was begun, and left no receipt, is cancelled. An
// unknown head decides nothing.
//
// The head must be that of the newest conversation: an old one would roll back
// what was applied since.
func Settle(tx *store.StoreTx, head wire.ReceiptHead) (s Settled, err error) {
	if !head.Known {
		return s, nil
	}
	epoch, number, err := placeOf(tx.StoreView, head)
	if err != nil {
		return s, err
	}
	lost, err := tx.AppliedAfter(epoch, number)
	if err != nil {
		return s, err
	}
	for _, j := range lost {
		if err := undone(tx, j, &s); err != nil {
			return s, err
		}
	}
	open, err := tx.OpenJobs(0)
	if err != nil {
		return s, err
	}
	for _, j := range open {
		if j.State != store.CancelRequested || !j.After(epoch, number) || j.ID == head.Job {
			continue
		}
		if err := cancelled(tx, j, j.EndedBy, "nothing of it had been applied"); err != nil {
			return s, err
		}
		s.Cancelled = append(s.Cancelled, j)
	}
	return s, drained(tx)
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
	} else {
		j.State, j.Ended = store.RolledBack, time.Time{}
		j.Why = "the POS database was restored to a time before it"
		s.RolledBack = append(s.RolledBack, j)
	}
	if err := tx.SetJob(j); err != nil {
		return err
	}
	return tx.Audit("store "+tx.Store.Name, "job."+j.State, jobDetail(j))
}

// placeOf returns the head's place in the order of jobs. An epoch that this hub
// does not know was lost when it was restored: it lies after all that were known
// then, and before the current one.
func placeOf(v *store.StoreView, head wire.ReceiptHead) (epoch, number int64, err error) {
	if head.Absent || head.Job == "" {
		return 0, 0, nil
	}
	e, err := v.HubEpochNamed(head.HubEpoch)
	if err == nil {
		return e.Place, head.Number, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return 0, 0, err
	}
	current, err := v.HubEpoch()
	return current.Place, 0, err
}
