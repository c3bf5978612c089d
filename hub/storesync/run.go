package storesync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/shared/item"
)

// Confirm is what an operator typed to confirm a Plan.
type Confirm struct {
	Deletes    int    `json:"deletes"`               // Plan.Deletes
	Resets     int    `json:"resets,omitempty"`      // Plan.Resets
	HeadOffice string `json:"head_office,omitempty"` // Plan.HeadOffice
	// Waves say how it reaches its stores; nil: all at once.
	Waves *Waves `json:"waves,omitempty"`
}

func (c Confirm) check(p Plan) error {
	if c.Deletes != p.Deletes {
		return fmt.Errorf("%w: this sync deletes %s at the receivers; type that number", ErrConfirm, count(p.Deletes, "item"))
	}
	if c.Resets != p.Resets {
		return fmt.Errorf("%w: this sync resets %s that stores chose; type that number", ErrConfirm, count(p.Resets, "value"))
	}
	if p.HeadOffice != "" && item.NormalName(c.HeadOffice) != item.NormalName(p.HeadOffice) {
		return fmt.Errorf("%w: head office itself, %s, receives this sync; type its name", ErrConfirm, quoted(p.HeadOffice))
	}
	return nil
}

// Run carries out what a Test planned: it queues one immutable job for each
// receiver, at once, or when its wave or its time comes; then Advance goes on.
// Stores that cannot receive any more are left out, and named in the answer with
// the way out; the others go on.
//
// Running a Test again queues nothing twice, and changes nothing of its waves. It
// does queue for stores that were left out and can receive by now.
//
// Errors: ErrExpired, ErrConfirm, ErrRequest.
func (s *Service) Run(ctx context.Context, network, digest string, c Confirm, by string) (Sync, error) {
	return s.RunAlso(ctx, network, digest, c, by, nil)
}

// RunAlso is Run by one who can change the network, where the plan does that too:
// also does it, in the transaction that keeps the sync, so that there is neither
// without the other. For other plans it is not called.
func (s *Service) RunAlso(ctx context.Context, network, digest string, c Confirm, by string, also func(*store.NetworkTx, Plan) error) (Sync, error) {
	p, body, err := s.storedPlan(ctx, network, digest)
	if errors.Is(err, ErrExpired) {
		if done, found := s.ran(ctx, network, digest); found {
			return done, nil
		}
	}
	if err != nil {
		return Sync{}, err
	}
	if p.Digest != digest || p.State != p.state() {
		return Sync{}, fmt.Errorf("%w: what is kept of it is not what was tested", ErrExpired)
	}
	if err := s.sameEpoch(ctx, p); err != nil {
		return Sync{}, err
	}
	if err := c.check(p); err != nil {
		return Sync{}, err
	}
	switch {
	case p.Policy == nil:
		also = nil
	case also == nil:
		return Sync{}, fmt.Errorf("cannot run the Test %.12s: %w", digest, refuse("it changes the network: carry it out with plait-hub policy run"))
	}
	y, again, err := s.begin(ctx, p, body, c.Waves, by, also)
	if err != nil {
		return Sync{}, fmt.Errorf("cannot run the sync %q: %w", p.Label, err)
	}
	if again {
		err = s.fill(ctx, p, y)
	}
	if err == nil {
		err = s.advance(ctx, network, y.ID, p)
	}
	if err != nil {
		return Sync{}, fmt.Errorf("cannot queue the sync %q: %w", p.Label, err)
	}
	return s.show(ctx, network, y.ID, p)
}

// sameEpoch: the numbers by which a plan counts the source's changes are those of
// one history of the hub.
func (s *Service) sameEpoch(ctx context.Context, p Plan) error {
	return s.db.View(ctx, func(v *store.View) error {
		now, err := v.HubEpoch()
		if err == nil && now.Epoch != p.HubEpoch {
			err = fmt.Errorf("%w: the hub was restored from a backup since; make another", ErrExpired)
		}
		return err
	})
}

// ran returns what a Test that has expired since was run as.
func (s *Service) ran(ctx context.Context, network, digest string) (Sync, bool) {
	var id string
	err := s.db.View(ctx, func(v *store.View) error {
		y, _, err := v.SyncOfPlan(network, digest)
		id = y.ID
		return err
	})
	if err != nil || id == "" || s.advance(ctx, network, id, Plan{}) != nil {
		return Sync{}, false
	}
	out, err := s.Show(ctx, network, id)
	return out, err == nil
}

// begin keeps the sync, once for a Test, with its course and its entry in the
// audit log. body is p as it is kept. again says that it was kept before.
func (s *Service) begin(ctx context.Context, p Plan, body []byte, w *Waves, by string, also func(*store.NetworkTx, Plan) error) (y store.Sync, again bool, err error) {
	err = s.db.WithNetwork(ctx, p.Network, func(tx *store.NetworkTx) error {
		if y, again, err = tx.SyncOfPlan(p.Network, p.Digest); err != nil || again {
			return err
		}
		if also != nil {
			if err := also(tx, p); err != nil {
				return err
			}
		}
		var all []store.Store
		if w != nil && len(w.Canary) > 0 {
			if all, err = tx.Stores(p.Network); err != nil {
				return err
			}
		}
		course, err := newCourse(p, w, tx.Now(), all)
		if err != nil {
			return err
		}
		if err := keepUntil(tx, p, course.Until); err != nil {
			return err
		}
		y = store.Sync{Plan: p.Digest, Source: p.Source.ID, Label: p.Label, Body: body, State: store.SyncRunning, Course: course.encode(), Again: p.Request.AgainOf, By: by}
		if y, err = tx.AddSync(y); err != nil {
			return err
		}
		if err := keepReach(tx, y, p); err != nil {
			return err
		}
		detail := map[string]any{
			"sync": y.ID, "test": p.Digest, "label": p.Label, "source": p.Source.ID, "items": p.Items, "deletes": p.Deletes, "resets": p.Resets,
			"waves": course.Of,
		}
		if !course.From.IsZero() {
			detail["from"] = course.From
		}
		return tx.Audit(by, p.sort()+".run", p.receivers(), detail)
	})
	return y, again, err
}

// keepUntil lets the Test live as long as its jobs may still be queued.
func keepUntil(tx *store.NetworkTx, p Plan, until time.Time) error {
	if !until.After(p.Expires) {
		return nil
	}
	pieces := []string{p.Digest, p.Payload}
	for _, at := range p.Stores {
		pieces = append(pieces, at.Own, at.Detail, at.Payload)
	}
	for _, digest := range pieces {
		if digest == "" {
			continue
		}
		if err := tx.KeepPlan(digest, until); err != nil {
			return err
		}
	}
	return nil
}

// keepReach keeps how far the sync reaches: what the next one that deletes, or
// that asks for changes since the last, is held against.
func keepReach(tx *store.NetworkTx, y store.Sync, p Plan) error {
	for _, k := range p.Kinds {
		if k.Whole >= 0 {
			if err := tx.SetSyncSize(p.Source.ID, k.Kind, k.Whole); err != nil {
				return err
			}
		}
		if k.Upto > 0 {
			if err := tx.AddSyncSpan(y.ID, p.Source.ID, store.SyncSpan{Kind: k.Kind, After: k.After, Upto: k.Upto}); err != nil {
				return err
			}
		}
	}
	return nil
}

// receivers are the ids of the stores that can receive.
func (p Plan) receivers() (ids []string) {
	for _, s := range p.Stores {
		if s.Blocked == "" {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// byStore are the plans of the stores by their ids.
func (p Plan) byStore() map[string]StorePlan {
	out := make(map[string]StorePlan, len(p.Stores))
	for _, s := range p.Stores {
		out[s.ID] = s
	}
	return out
}

// queueChunk is how many stores one transaction queues for: the hub's other
// writers wait no longer than that. A variable for tests.
var queueChunk = 500

// queueFor queues the jobs of some receivers, and returns why stores were
// refused, by id. still is asked in each transaction whether to go on.
func (s *Service) queueFor(ctx context.Context, p Plan, y store.Sync, ids []string, still func(store.Sync) error) (refused map[string]string, err error) {
	refused = map[string]string{}
	planned := p.byStore()
	for some := range slices.Chunk(ids, queueChunk) {
		err := s.db.WithStores(ctx, some, func(all store.StoresTx) error {
			now, err := all[0].Sync(p.Network, y.ID)
			if err == nil {
				err = still(now)
			}
			if err != nil {
				return err
			}
			q := queueing{plan: p, sync: y, planned: planned, refused: refused, stored: map[string]bool{}, profiles: profiles{}}
			return q.chunk(all)
		})
		if err != nil {
			return nil, err
		}
	}
	return refused, nil
}

// kept returns a content of a Test as jobs keep it.
func kept(v *store.View, network, hash string, items int) (store.Payload, error) {
	piece, err := v.Plan(network, hash)
	return store.Payload{Hash: hash, Body: piece.Body, Items: items}, err
}

// queueing is one transaction of Run.
type queueing struct {
	plan     Plan
	sync     store.Sync
	planned  map[string]StorePlan // by store
	refused  map[string]string
	stored   map[string]bool // contents, by hash
	profiles profiles
}

// chunk queues for those of some stores that have no job of the sync yet.
func (q *queueing) chunk(all store.StoresTx) error {
	have, err := all.HaveJobOf(q.sync.ID)
	if err != nil {
		return err
	}
	var without store.StoresTx
	for i, tx := range all {
		if !have[i] {
			without = append(without, tx)
		}
	}
	return q.queue(without)
}

// queue puts receivers' jobs into their queues; contents and jobs in one
// transaction.
func (q *queueing) queue(all store.StoresTx) error {
	held, err := all.CursorsFrom(q.plan.Source.ID)
	if err != nil {
		return err
	}
	jobs, begins := make([]store.Job, len(all)), make([][]PlanKind, len(all))
	for i, tx := range all {
		if jobs[i], begins[i], err = q.job(tx, held[i]); err != nil {
			return err
		}
	}
	refused, err := queue.PutAll(all, jobs)
	if err != nil {
		return err
	}
	given := gifts{begin: map[string]store.StoresTx{}}
	for i, tx := range all {
		if refused[i] != nil {
			q.refused[tx.Store.ID] = strings.TrimPrefix(refused[i].Error(), "cannot ")
			continue
		}
		at := q.planned[tx.Store.ID]
		given.add(tx, at, begins[i])
		if err := q.own(tx, at, jobs[i]); err != nil {
			return err
		}
	}
	return q.give(given)
}

// job is what a receiver is to get, and the cursors that begin with it.
func (q *queueing) job(tx *store.StoreTx, held []store.Cursor) (store.Job, []PlanKind, error) {
	at := q.planned[tx.Store.ID]
	begins, reach, err := q.plan.begins(tx.StoreView, at, held, q.profiles)
	payload, _ := q.plan.content(at)
	return store.Job{
		Sort: q.plan.sortAt(at), Label: q.plan.Label, Cause: q.sync.ID, Payload: payload, Own: at.Own, Plan: q.plan.Digest,
		Items: at.Items, Resets: at.Resets, Reach: reach, RetryOf: at.RetryOf, CreatedBy: q.sync.By,
	}, begins, err
}

// own does what a receiver's job brings about for it alone, and keeps the contents.
func (q *queueing) own(tx *store.StoreTx, at StorePlan, j store.Job) error {
	if err := q.hold(tx, at); err != nil {
		return err
	}
	if err := q.transfers(tx, at, j.ID); err != nil {
		return err
	}
	payload, brings := q.plan.content(at)
	if err := q.content(tx, at.Own, at.Items-brings); err != nil {
		return err
	}
	return q.content(tx, payload, brings)
}

// gifts are the stores that got a job, by what it changes of what they were given.
type gifts struct {
	whole store.StoresTx
	begin map[string]store.StoresTx // by kind whose cursor begins
}

func (g *gifts) add(tx *store.StoreTx, at StorePlan, begins []PlanKind) {
	if at.whole() {
		g.whole = append(g.whole, tx)
	}
	for _, k := range begins {
		g.begin[k.Kind] = append(g.begin[k.Kind], tx)
	}
}

func (q *queueing) give(g gifts) error {
	for _, k := range q.plan.Kinds {
		if err := g.begin[k.Kind].SetCursors(q.plan.Source.ID, k.Kind, k.SyncRev); err != nil {
			return err
		}
	}
	return g.whole.Give(q.sync.ID)
}

// content copies a content of the Test to where jobs keep theirs, once in the
// transaction.
func (q *queueing) content(tx *store.StoreTx, hash string, items int) error {
	if hash == "" || q.stored[hash] {
		return nil
	}
	q.stored[hash] = true
	c, err := kept(tx.View, q.plan.Network, hash, items)
	if err != nil {
		return err
	}
	return tx.AddPayload(c)
}
