package storesync

import (
	"context"
	"fmt"
	"slices"
	"time"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// keepImages is how long the hub keeps before-images, from a job's result on.
const keepImages = 90 * 24 * time.Hour

// RevertRequest asks to take a sync back, or one job: at all of its receivers or
// some, and everything or some items.
type RevertRequest struct {
	Network string       `json:"network"` // id
	Sync    string       `json:"sync"`    // id; or a job's, as continuous sync makes them
	Stores  []string     `json:"stores,omitempty"`
	Items   []RevertItem `json:"items,omitempty"`
	Label   string       `json:"label,omitempty"` // "" is given one
	By      string       `json:"by,omitempty"`    // who asks
}

// RevertItem names an item by its kind and by its name or a store's own key.
type RevertItem struct {
	Kind string `json:"kind"`
	Item string `json:"item"`
}

// Reverted is the sync, or the one job, that a revert takes back.
type Reverted struct {
	Sync  string    `json:"sync,omitempty"`
	Job   string    `json:"job,omitempty"`
	Whole bool      `json:"whole"` // everything that it did at the stores of the plan
	Label string    `json:"label"`
	By    string    `json:"by"`
	At    time.Time `json:"at"`
}

// sort is that of the jobs.
func (p Plan) sort() string {
	if p.Reverts != nil {
		return "revert"
	}
	return "sync"
}

func (p Plan) revertSentence() string {
	n := 0
	for _, k := range p.Kinds {
		n += k.Items
	}
	return fmt.Sprintf("Take back what %s, run by %s on %s, did to %s", quoted(p.Reverts.Label), p.Reverts.By,
		p.Reverts.At.Format("2006-01-02 15:04"), count(n, "item")) + p.atStores("at")
}

// TestRevert makes the dry run of a revert: an ordinary Test, which Run carries
// out. It is made from the before-images that the stores reported, store by
// store; where there are none, it says so by name. Errors: ErrRequest.
func (s *Service) TestRevert(ctx context.Context, r RevertRequest, progress Progress) (Plan, error) {
	if err := r.check(); err != nil {
		return Plan{}, fmt.Errorf("cannot test the revert: %w", err)
	}
	t := &revertTest{test: test{service: s, request: Request{Network: r.Network, By: r.By, Label: r.Label}}, asked: r, found: map[need]bool{}}
	if err := s.db.View(ctx, t.prepare); err != nil {
		return Plan{}, fmt.Errorf("cannot test the revert: %w", err)
	}
	for i := range t.plan.Stores {
		if err := t.receiver(ctx, &t.plan.Stores[i]); err != nil {
			return Plan{}, fmt.Errorf("cannot test the revert at store %s: %w", t.plan.Stores[i].Name, err)
		}
		if progress != nil {
			progress(t.plan.Stores[i].Name, i+1, len(t.plan.Stores))
		}
	}
	if err := t.describe(); err != nil {
		return Plan{}, fmt.Errorf("cannot test the revert: %w", err)
	}
	if err := t.finish(ctx); err != nil {
		return Plan{}, fmt.Errorf("cannot keep the Test: %w", err)
	}
	return t.plan, nil
}

func (r RevertRequest) check() error {
	switch {
	case r.Network == "" || r.Sync == "":
		return refuse("it names no network or no sync")
	case r.By == "":
		return refuse("it does not say who asks")
	case len(r.Label) > maxLabel:
		return refuse("the label has %d bytes, more than %d", len(r.Label), maxLabel)
	case len(r.Stores) > maxReceivers || len(r.Items) > maxSelected:
		return refuse("it names %d stores and %d items, more than %d and %d", len(r.Stores), len(r.Items), maxReceivers, maxSelected)
	}
	for _, it := range r.Items {
		if it.Kind == "" || it.Item == "" {
			return refuse("an item is named by its kind and its name or key")
		}
	}
	return nil
}

// wants reports whether an item is among those to be set back.
func (r RevertRequest) wants(kind, key, name string) bool {
	return len(r.Items) == 0 || slices.ContainsFunc(r.Items, func(i RevertItem) bool {
		return i.Kind == kind && (i.Item == key || item.NormalName(i.Item) == item.NormalName(name))
	})
}

// revertTest is the Test of a revert as it is made.
type revertTest struct {
	test
	asked   RevertRequest
	jobs    map[string]store.Job // by store
	payload wire.Payload         // of the revert: the kinds, and no items
	last    struct {             // the sync's payload that was read last
		hash    string
		payload wire.Payload
	}
	found map[need]bool // items that are concerned
	named int           // of the request's items, at any store
}

// prepare does what is common to the receivers, in one snapshot.
func (t *revertTest) prepare(v *store.View) (err error) {
	if t.network, err = v.Network(t.asked.Network); err != nil {
		return err
	}
	if t.catalog, err = catalogOf(v, t.network); err != nil {
		return err
	}
	if err := t.findTarget(v); err != nil {
		return err
	}
	for i := range t.plan.Stores {
		if err := t.stands(v, &t.plan.Stores[i]); err != nil {
			return err
		}
	}
	return t.encode()
}

// stands says what stands in a store's way.
func (t *revertTest) stands(v *store.View, at *StorePlan) error {
	st, err := t.standing(v, at.ID)
	if err != nil {
		return err
	}
	if at.Blocked = st.blocked(); at.Blocked != "" {
		return nil
	}
	if _, ok := t.jobs[at.ID]; !ok {
		at.Blocked = "it got no job of that sync"
		return nil
	}
	at.Warnings = st.warnings(v.Now())
	if at.Role == store.HeadOffice {
		t.plan.HeadOffice = at.Name
	}
	return nil
}

func (t *revertTest) encode() error {
	lines, hash, err := wire.EncodePayload(t.payload)
	if err != nil {
		return refuse("%w", err)
	}
	body := wire.Compress(nil, lines)
	t.plan.Payload, t.plan.Size = hash, len(body)
	t.keep(stored{hash, body})
	return nil
}

// describe says what of which kinds is set back, and refuses what cannot be.
func (t *revertTest) describe() error {
	if len(t.asked.Items) > 0 && t.named == 0 {
		return refuse("that sync changed nothing by the name or key %s at these stores", quoted(t.asked.Items[0].Item))
	}
	for _, k := range t.payload.Kinds {
		at := PlanKind{Kind: k.Name, Title: k.Name, Whole: -1, SyncRev: -1}
		if in, ok := t.catalog.Kind(k.Name); ok && in.Title != "" {
			at.Title = in.Title
		}
		for n := range t.found {
			if n.kind == k.Name {
				at.Items++
			}
		}
		t.plan.Kinds = append(t.plan.Kinds, at)
	}
	return nil
}

// receiver predicts one store's part, in one snapshot.
func (t *revertTest) receiver(ctx context.Context, at *StorePlan) error {
	if at.Blocked != "" {
		return nil
	}
	err := t.service.db.ViewStore(ctx, at.ID, func(v *store.StoreView) error {
		part, why, err := t.part(v, t.jobs[at.ID])
		if at.Blocked = why; err != nil || why != "" {
			at.Warnings = nil
			return err
		}
		return t.predict(v, at, part)
	})
	if err != nil {
		return err
	}
	return t.flush(ctx, flushBytes)
}

func (t *revertTest) predict(v *store.StoreView, at *StorePlan, part revertPart) error {
	profile, err := v.Profile()
	if err != nil {
		return err
	}
	held := copyOf{v}
	r, err := readReceiver(held, at.ID, profile, t.payload.Kinds)
	if err != nil {
		return err
	}
	if targets := r.targets(part.own.Items); len(targets) > 0 {
		if r.refs, err = readReferrers(held, t.catalog, profile, targets); err != nil {
			return err
		}
	}
	sums := newTally(t.catalog, profile)
	detail := StoreDetail{Store: at.StoreName}
	detail.Prediction, err = r.predict(&t.payload, part.own, func(p merge.ItemPlan) {
		sums.plan(p)
		t.found[need{p.Kind, p.UID}] = true
		if part.own.Items[p.N].Undo.Did == wire.DidCreate {
			detail.Deletes = append(detail.Deletes, Deletion{p.Kind, p.Local.Key, p.UID, p.Name, string(p.Action), p.Why})
		}
	})
	if err != nil {
		return err
	}
	for _, e := range part.lost {
		detail.except(e)
	}
	at.Warnings = append(at.Warnings, sums.warnings()...)
	if w, ok := part.warning(); ok {
		at.Warnings = append(at.Warnings, w)
	}
	if len(part.own.Items) == 0 {
		at.Blocked = "of nothing that the sync changed is it known what was there before"
	}
	return t.note(at, detail, part.own)
}
