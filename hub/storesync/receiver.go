package storesync

import (
	"errors"
	"fmt"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// holder is the hub's copy of a receiving store.
type holder interface {
	reader
	// Item returns the row of an identity, or store.ErrNotFound.
	Item(id item.ID) (store.Item, error)
}

// receiver is a store as a Test sees it: the hub's copy, and over it what the
// job would have written so far. It is what the POS is to the branch.
type receiver struct {
	store   string // id
	held    holder
	profile wire.Profile
	index   *merge.Index
	over    map[[2]string]item.Item // kind, key → as it would be by now; tombstones too
	refs    *referrers              // nil if the job deletes nothing
}

// readReceiver reads the store's items of the payload's kinds, as far as the
// store's POS has a place for them: what the branch reads before it applies.
func readReceiver(held holder, storeID string, profile wire.Profile, kinds []wire.PayloadKind) (*receiver, error) {
	r := &receiver{store: storeID, held: held, profile: profile, index: merge.NewIndex(storeID, kinds), over: map[[2]string]item.Item{}}
	for _, k := range kinds {
		if !syncs(profile, k.Name) {
			continue
		}
		err := eachItem(held, k.Name, func(at store.Item, it item.Item) error {
			if at.Live() {
				r.index.Put(it)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("cannot read %s of the hub's copy: %w", k.Name, err)
		}
	}
	return r, nil
}

func syncs(p wire.Profile, kind string) bool {
	for _, k := range p.Kinds {
		if k.Kind == kind {
			return !k.UploadOnly
		}
	}
	return false
}

// Item makes receiver a merge.Receiver.
func (r *receiver) Item(kind, key string) (item.Item, bool, error) {
	if it, ok := r.over[[2]string{kind, key}]; ok {
		return it, !it.Deleted, nil
	}
	gen, ok := r.index.Gen(kind, key)
	if !ok {
		return item.Item{}, false, nil
	}
	s, err := r.held.Item(item.ID{Kind: kind, Key: key, Gen: gen})
	if errors.Is(err, store.ErrNotFound) {
		return item.Item{}, false, nil
	}
	if err != nil {
		return item.Item{}, false, err
	}
	it, err := s.Decode()
	return it, err == nil, err
}

// Referred makes receiver a merge.Receiver.
func (r *receiver) Referred(kind, key string) (string, error) {
	if r.refs == nil {
		return "", nil
	}
	return r.refs.of(kind, key), nil
}

// carryOut is the item after the plan, as far as the hub can know it.
func (r *receiver) carryOut(plan merge.ItemPlan) item.Item {
	now := plan.Expected(r.newID(plan))
	r.put(now)
	return now
}

func (r *receiver) put(now item.Item) {
	r.over[[2]string{now.Kind, now.Key}] = now
	if r.refs != nil {
		r.refs.put(now)
	}
}

// newID: what comes back gets its old key, if that is free.
func (r *receiver) newID(plan merge.ItemPlan) item.ID {
	if _, taken := r.index.Gen(plan.Kind, plan.Restore.Key); plan.Restore.Key != "" && !taken {
		return plan.Restore
	}
	return item.ID{Kind: plan.Kind, Key: newKey(plan.N), Gen: 1}
}

// newKey stands for the key of an item that the job creates. It sorts after the
// store's own keys, in the order of creation, as a POS's counters do.
func newKey(n int) string { return fmt.Sprintf("new:%09d", n) }

// predict runs the merge over the hub's copy: the very code that the branch
// runs, told item by item what it would find.
func (r *receiver) predict(payload *wire.Payload, own wire.Own, each func(merge.ItemPlan)) (Prediction, error) {
	planner := merge.NewPlanner(payload, own, r.profile, r.index, r)
	out := newOutcome()
	for n := range planner.Len() {
		plan, err := planner.Plan(n)
		if err != nil {
			return Prediction{}, err
		}
		if plan.Writes() {
			planner.Applied(plan, r.carryOut(plan))
		}
		out.add(plan)
		if each != nil {
			each(plan)
		}
	}
	return out.finish(planner.Unmapped()), nil
}
