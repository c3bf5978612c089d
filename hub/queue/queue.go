package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"plait/hub/recent"
	"plait/hub/store"
	"plait/shared/wire"
)

// Queue answers an agent's questions about its store's jobs.
type Queue struct {
	db         *store.DB
	continuous Continuous
	contents   *recent.Values[[]byte] // by network and hash
}

// A sync's stores fetch the same content one after the other: the newest few are kept
// in memory, if they are no larger than that.
const (
	keptContents = 4
	maxKept      = 4 << 20 // bytes, compressed
)

// New returns a queue over db. Without continuous syncs (nil) it leaves pending
// entries as they are.
func New(db *store.DB, c Continuous) *Queue {
	return &Queue{db: db, continuous: c, contents: recent.Keep[[]byte](keptContents)}
}

// Put queues a job (its contents, label, cause, sort and creator) as the last of
// the store's. It fails with store.ErrConflict if the store's switch is not on,
// or the store is revoked.
func Put(tx *store.StoreTx, j store.Job) (store.Job, error) {
	jobs := []store.Job{j}
	refused, err := PutAll(store.StoresTx{tx}, jobs)
	return jobs[0], cmp.Or(err, refused[0])
}

// PutAll is Put for each store, jobs[i] for the i-th, and fills in what it chooses.
// Stores that can receive none are left out: refused has why for each of them, and
// nil for the others.
func PutAll(all store.StoresTx, jobs []store.Job) (refused []error, err error) {
	refused = make([]error, len(all))
	taking, taken := make(store.StoresTx, 0, len(all)), make([]int, 0, len(all))
	for i, tx := range all {
		if jobs[i].Payload == "" && jobs[i].Own == "" {
			return refused, fmt.Errorf("cannot queue %q for store %s: it has no contents", jobs[i].Label, tx.Store.Name)
		}
		if why := receives(tx.Store); why != nil {
			refused[i] = fmt.Errorf("cannot queue %q for store %s: %w", jobs[i].Label, tx.Store.Name, why)
			continue
		}
		taking, taken = append(taking, tx), append(taken, i)
	}
	put := make([]store.Job, len(taken))
	for at, i := range taken {
		put[at] = jobs[i]
	}
	err = taking.AddJobs(put)
	for at, i := range taken {
		jobs[i] = put[at]
	}
	return refused, err
}

func receives(s store.Store) error {
	switch {
	case !s.Revoked.IsZero():
		return fmt.Errorf("%w: its credential is revoked; enrol its PC again", store.ErrConflict)
	case s.Role == store.Single:
		return fmt.Errorf("%w: it is a single store, linked into no network; make it a branch first", store.ErrConflict)
	case s.Switch != store.On:
		return fmt.Errorf("%w: its sync switch is %s; switch it on", store.ErrConflict, s.Switch)
	}
	return nil
}

// Next returns the first open job of the store. What a continuous sync has for it
// is cut into a job now, if nothing else goes first; a pending entry ends if
// nothing is left to send.
func (q *Queue) Next(ctx context.Context, storeID string, _ wire.NextAsk) (a wire.NextAnswer, err error) {
	for range maxCuts {
		var waits bool
		err = q.db.ViewStore(ctx, storeID, func(v *store.StoreView) (err error) {
			a, waits, err = q.next(v)
			return err
		})
		if err != nil || !waits {
			return a, err
		}
		if err = q.cut(ctx, storeID); err != nil {
			return a, err
		}
	}
	return a, nil // what is left is still open, and cut at the next question
}

// next reads the answer; waits says that something is to be cut first.
func (q *Queue) next(v *store.StoreView) (a wire.NextAnswer, waits bool, err error) {
	if a.Open, err = v.CountOpen(); err != nil || v.Store.Switch == store.Off {
		return a, false, err
	}
	if a.Open == 0 {
		if q.continuous != nil {
			waits, err = q.continuous.Waits(v)
		}
		return a, waits, err
	}
	first, err := v.OpenJobs(1)
	if err != nil {
		return a, false, err
	}
	if first[0].State == store.Pending {
		return a, q.continuous != nil, nil
	}
	a.Job, err = toWire(v, first[0])
	return a, false, err
}

func toWire(v *store.StoreView, j store.Job) (*wire.Job, error) {
	size, err := v.PayloadSize(j.Payload)
	return &wire.Job{
		ID: j.ID, HubEpoch: j.EpochName, Number: j.Number, Sort: j.Sort, Label: j.Label, State: j.State,
		Payload: j.Payload, Own: j.Own, Items: j.Items, Size: size,
	}, err
}

// Begin lets the agent start to apply a job, or tells it not to. It may be
// repeated, and is answered the same as long as nobody cancels. A job that is
// not the first is refused: order is strict.
func (q *Queue) Begin(ctx context.Context, storeID string, b wire.Begin) (a wire.BeginAnswer, err error) {
	err = q.db.WithStore(ctx, storeID, func(tx *store.StoreTx) (err error) {
		j, err := tx.Job(b.Job)
		if errors.Is(err, store.ErrNotFound) {
			return wire.Refuse(wire.CodeNotFound, "there is no job %s for this store", b.Job)
		}
		if err != nil {
			return err
		}
		a.State, err = begin(tx, j, b.Receipt)
		return err
	})
	return a, err
}

func begin(tx *store.StoreTx, j store.Job, head wire.ReceiptHead) (state string, err error) {
	switch j.State {
	case store.Queued, store.RolledBack, store.Begun:
	case store.CancelRequested:
		// Jobs are begun in order: had anything of it been applied, its receipt would
		// be the newest.
		if head.Known && !head.Absent && head.Job != j.ID {
			return store.Cancelled, errors.Join(cancelled(tx, j, j.EndedBy, "nothing of it had been applied"), drained(tx))
		}
		return store.CancelRequested, nil
	case store.Cancelled, store.Lost:
		return store.Cancelled, nil
	default: // applied, or pending: not cut yet
		return "", wire.Refuse(wire.CodeConflict, "job %d is %s and cannot be begun; ask for the next job", j.Number, j.State)
	}
	first, err := tx.OpenJobs(1)
	if err != nil {
		return "", err
	}
	if first[0].ID != j.ID {
		return "", wire.Refuse(wire.CodeConflict, "job %d comes before job %d; ask for the next job", first[0].Number, j.Number)
	}
	if tx.Store.Switch == store.Off {
		return "", wire.Refuse(wire.CodeConflict, "the sync switch of store %s is off", tx.Store.Name)
	}
	// A PC that was enrolled in place of another goes on with what that one began.
	if j.State == store.Begun && j.BegunBy == tx.Store.Installation {
		return store.Begun, nil
	}
	j.State, j.Begun, j.BegunBy, j.Why = store.Begun, tx.Now(), tx.Store.Installation, ""
	return store.Begun, tx.SetJob(j)
}

// Open returns how many jobs of the store are open.
func (q *Queue) Open(ctx context.Context, storeID string) (n int, err error) {
	err = q.db.ViewStore(ctx, storeID, func(v *store.StoreView) (err error) {
		n, err = v.CountOpen()
		return err
	})
	return n, err
}

// Blocking lists the open jobs, each with its ways out: why a full upload is
// refused. Empty means that it is not.
func Blocking(v *store.StoreView) ([]wire.Blocking, error) {
	open, err := v.OpenJobs(0)
	if err != nil {
		return nil, err
	}
	out := make([]wire.Blocking, len(open))
	for i, j := range open {
		out[i] = wire.Blocking{
			Job: j.ID, Number: j.Number, Label: j.Label, State: j.State, Items: j.Items,
			Age: int64(v.Now().Sub(j.Created).Seconds()), Ways: ways(j),
		}
	}
	return out, nil
}

func ways(j store.Job) []string {
	switch j.State {
	case store.Begun:
		return []string{
			"Deliver it now: the agent goes on with it in this conversation, then tries again.",
			"Cancel it at the hub: what was applied is finished first, and can be reverted.",
		}
	case store.Pending:
		return []string{
			"Deliver it now: the agent takes and applies it in this conversation, then tries again.",
			"Cancel it at the hub: nothing of it is sent, and its kinds wait until a person has seen a Test of the store.",
		}
	case store.CancelRequested:
		return []string{"It was cancelled by " + j.EndedBy + " after it was begun: the store's next conversation settles it."}
	default:
		return []string{
			"Deliver it now: the agent takes and applies it in this conversation, then tries again.",
			"Cancel it at the hub: nothing of it has been applied.",
		}
	}
}

func jobDetail(j store.Job) map[string]any {
	return map[string]any{"job": j.ID, "number": j.Number, "label": j.Label, "state": j.State}
}

// Payload returns the content of a job of the store, compressed as it travels,
// by its hash. Others may get the same bytes: they are not to be changed.
func (q *Queue) Payload(ctx context.Context, storeID, hash string) (body []byte, err error) {
	err = q.db.ViewStore(ctx, storeID, func(v *store.StoreView) error {
		body, err = q.content(v, hash)
		if errors.Is(err, store.ErrNotFound) {
			return wire.Refuse(wire.CodeNotFound, "this hub holds no content %.12s of a job of this store", hash)
		}
		return err
	})
	return body, err
}

func (q *Queue) content(v *store.StoreView, hash string) ([]byte, error) {
	if err := v.MayRead(hash); err != nil {
		return nil, err
	}
	key := v.Store.Network + " " + hash
	if body, ok := q.contents.Get(key); ok {
		return body, nil
	}
	p, err := v.Payload(hash)
	if err == nil && len(p.Body) <= maxKept {
		q.contents.Put(key, p.Body)
	}
	return p.Body, err
}
