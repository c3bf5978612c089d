package queue

import (
	"context"
	"errors"
	"fmt"

	"plait/hub/store"
)

// Continuous knows what continuous syncs have for a store.
type Continuous interface {
	// Waits reports whether something is to be sent to the store.
	Waits(v *store.StoreView) (bool, error)
	// Prepare reads what is to be sent to the store next. It takes no lock, for it
	// may read a lot; what it returns puts it into the store's transaction.
	Prepare(ctx context.Context, storeID string) (Cut, error)
}

// Cut moves the store's cursors and returns a pending entry with what was
// prepared (Label, Cause, Payload, Own, Items, Plan, Reach), its contents kept in
// the same transaction; or without contents if nothing is left to send. It fails
// with store.ErrConflict if the store has moved on since.
type Cut func(tx *store.StoreTx, pending store.Job) (store.Job, error)

// maxCuts bounds the tries of one Next: something may be cut while it is being
// prepared here, and end at once.
const maxCuts = 5

// hubName is who does what nobody asked for.
const hubName = "the hub"

// PutPending makes sure that the store has an entry for the changes of a
// continuous sync, and returns it. It fails as Put does.
func PutPending(tx *store.StoreTx, label, cause string) (store.Job, error) {
	open, err := tx.OpenJobs(0)
	if err != nil {
		return store.Job{}, err
	}
	for _, o := range open {
		if o.State == store.Pending {
			return o, nil
		}
	}
	if err := receives(tx.Store); err != nil {
		return store.Job{}, fmt.Errorf("cannot queue %q for store %s: %w", label, tx.Store.Name, err)
	}
	return tx.AddJob(store.Job{Sort: "sync", Label: label, Cause: cause, CreatedBy: hubName})
}

// cut makes a job of what waits for the store.
func (q *Queue) cut(ctx context.Context, storeID string) error {
	cut, err := q.continuous.Prepare(ctx, storeID)
	if err == nil {
		err = q.db.WithStore(ctx, storeID, func(tx *store.StoreTx) error { return cutFirst(tx, cut) })
	}
	if errors.Is(err, store.ErrConflict) {
		return nil // somebody else was here: look again
	}
	if err != nil {
		return fmt.Errorf("cannot cut the changes for store %s: %w", storeID, err)
	}
	return nil
}

// cutFirst cuts the pending entry, if it is first, or makes a job where the
// change has not become an entry yet.
func cutFirst(tx *store.StoreTx, cut Cut) error {
	pending, others, err := firstPending(tx)
	if err != nil || others {
		return err
	}
	j, err := cut(tx, pending)
	switch {
	case err != nil:
		return err
	case j.Payload == "" && j.Own == "" && pending.ID == "":
		return nil
	case j.Payload == "" && j.Own == "":
		return errors.Join(ended(tx, pending, hubName, "nothing was left to send"), drained(tx))
	case pending.ID == "":
		j.Sort, j.CreatedBy = "sync", hubName
		j, err = Put(tx, j)
	default:
		j, err = tx.CutJob(j)
	}
	if err != nil {
		return err
	}
	detail := jobDetail(j)
	detail["test"], detail["items"], detail["reach"], detail["entry"] = j.Plan, j.Items, j.Reach, pending.ID
	return tx.Audit(hubName, "job.cut", detail)
}

// firstPending is the entry that is first; none if nothing is open. others says
// that another job goes first.
//
// An entry from before the hub was restored goes behind all others. What it is cut
// into now is newer than what they bring, and of another hub epoch, so a branch
// that applied them afterwards could not tell that they are old.
func firstPending(tx *store.StoreTx) (pending store.Job, others bool, err error) {
	open, err := tx.OpenJobs(2)
	if err != nil || len(open) == 0 {
		return pending, false, err
	}
	if pending = open[0]; pending.State != store.Pending {
		return pending, true, nil
	}
	epoch, err := tx.HubEpoch()
	if err != nil || pending.Epoch == epoch.Place {
		return pending, false, err
	}
	if pending, err = tx.PutLast(pending); err != nil {
		return pending, false, err
	}
	return pending, len(open) > 1, tx.Audit(hubName, "job.put_last", jobDetail(pending))
}

// holdPending holds the cursors of what a pending entry stood for: it was
// cancelled, so none of it is to be sent.
func holdPending(tx *store.StoreTx, j store.Job) error {
	lags, err := tx.Lags()
	for _, l := range lags {
		if err == nil && l.Held == "" && l.From < l.To {
			err = tx.HoldReach(store.Job{Number: j.Number, Reach: store.Reach("").Add(l.Source, l.Kind, l.From)}, store.HeldCancelled)
		}
	}
	return err
}
