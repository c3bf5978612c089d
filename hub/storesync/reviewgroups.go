package storesync

import (
	"context"
	"fmt"

	"plait/hub/store"
	"plait/shared/merge"
	"plait/shared/wire"
)

// StoreReview is what a Test does at a store about items that it does not have
// from the source yet, in the groups in which a person decides about them.
type StoreReview struct {
	Store     StoreName `json:"store"`
	Adopt     Group     `json:"adopt"`     // its own items that are linked to the source's
	Separate  Group     `json:"separate"`  // created beside its own, as somebody decided
	Left      Group     `json:"left"`      // neither: the network links none by itself
	Ambiguous Group     `json:"ambiguous"` // nobody but a person can tell which item is meant
	Create    Group     `json:"create"`    // that it lacks
	Refused   Group     `json:"refused"`   // that cannot arrive, for another reason
	Linked    int       `json:"linked"`    // items that it has from the source already
}

// Group is a part of a review's items. Of a large one the first are listed.
type Group struct {
	Count int          `json:"count"`
	Items []ReviewItem `json:"items,omitempty"`
}

// maxGroup bounds the items of a group that are listed.
const maxGroup = 1000

// ReviewItem is an item of the source's, and what it means at the store.
type ReviewItem struct {
	Kind string `json:"kind"`
	UID  string `json:"uid"`
	Name string `json:"name"`
	Key  string `json:"key,omitempty"` // the store's own; "" if it has none, or several
	Code string `json:"code,omitempty"`
	Why  string `json:"why,omitempty"`
}

func (g *Group) add(p merge.ItemPlan) {
	g.Count++
	if len(g.Items) < maxGroup {
		g.Items = append(g.Items, ReviewItem{Kind: p.Kind, UID: p.UID, Name: p.Name, Key: p.Local.Key, Code: string(p.Reason), Why: p.Why})
	}
}

// unclear are the reasons for which an item is refused that a person settles by
// saying what it means.
func unclear(r merge.Reason) bool {
	return r == merge.Ambiguous || r == merge.CodesDiffer || r == merge.LinkedElsewhere
}

// group is where a person looks for the item; nil if the store has it already.
func (r *StoreReview) group(p merge.ItemPlan, decided map[string]string) *Group {
	key, isDecided := decided[p.UID]
	switch {
	case p.Action == merge.Adopt:
		return &r.Adopt
	case p.Action == merge.Create && isDecided && key == "":
		return &r.Separate
	case p.Action == merge.Create:
		return &r.Create
	case p.Reason == merge.NotAdopted:
		return &r.Left
	case p.Action == merge.Park && unclear(p.Reason):
		return &r.Ambiguous
	case p.Action == merge.Park || p.Action == merge.Skip:
		return &r.Refused
	}
	return nil
}

// grouped runs a Test's items once more, store by store, and puts them into groups.
func (s *Service) grouped(ctx context.Context, p Plan) (out []StoreReview, err error) {
	for _, at := range p.Stores {
		r := StoreReview{Store: at.StoreName}
		err := s.eachTested(ctx, p, at, false, func(job tests, plan merge.ItemPlan) {
			if g := r.group(plan, job.own.Decisions); g != nil {
				g.add(plan)
			} else {
				r.Linked++
			}
		})
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// tests is what a Test has for one store.
type tests struct {
	payload *wire.Payload
	own     wire.Own
}

// eachTested tells what would become of every item of a Test at a store; with
// adopts, as if the network linked items by itself.
func (s *Service) eachTested(ctx context.Context, p Plan, at StorePlan, adopts bool, each func(tests, merge.ItemPlan)) error {
	if at.Blocked != "" {
		return nil
	}
	err := s.db.ViewStore(ctx, at.ID, func(v *store.StoreView) error {
		payload, own, err := tested(v, p, at)
		if err != nil {
			return err
		}
		if adopts {
			payload.Options.NoAdopt = false
		}
		r, _, err := receiving(v, payload, own)
		if err == nil {
			_, err = r.predict(&payload, own, func(plan merge.ItemPlan) { each(tests{&payload, own}, plan) })
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot group the items of the Test %.12s at store %s: %w", p.Digest, at.Name, err)
	}
	return nil
}
