package storesync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"plait/shared/item"
	"plait/shared/merge"
)

// Decide says in bulk and by name what a review does about items that a store has
// of its own, and that may be the source's. An item is written KIND:NAME, or with
// its uid or the store's key in place of the name.
type Decide struct {
	// Adopt are the items to link: "all", "none", or by name; then all others are
	// kept separate. Empty leaves it to the network's settings.
	Adopt []string `json:"adopt,omitempty"`
	// Separate are the items to create beside the store's own: "all", "ambiguous" for
	// all that nobody but a person can tell, or by name.
	Separate []string `json:"separate,omitempty"`
	// Same says of an item that it is a store's own: for the whole network, from now on.
	Same []SameItem `json:"same,omitempty"`
	// At is the store, by id or name, for which this is decided; "": for each.
	At string `json:"at,omitempty"`
	// After are the digests of earlier Tests of the review: what was decided in them
	// stands where this decides nothing else.
	After []string `json:"after,omitempty"`
}

// SameItem says that an item of the source is one of a store's.
type SameItem struct {
	Kind string `json:"kind"`
	Item string `json:"item"` // of the source: its name or uid
	As   string `json:"as"`   // the store's: its key or name
}

// Words for items in bulk.
const (
	DecideAll       = "all"
	DecideNone      = "none"
	DecideAmbiguous = "ambiguous"
)

// Limits of what one review decides.
const (
	maxDecided   = 100_000 // items, of all stores
	maxDecideFor = 1000    // items by name
)

// deciding makes the Tests of one review.
type deciding struct {
	*Service
	review
	before map[string]map[string]map[string]string // source, store, uid → what was decided earlier
	named  map[string]bool                         // items by name → whether there is one
	said   int
}

func newDeciding(s *Service, at review) *deciding {
	return &deciding{Service: s, review: at, before: map[string]map[string]map[string]string{}, named: map[string]bool{}}
}

// earlier reads what was decided before.
func (d *deciding) earlier(ctx context.Context) error {
	if err := d.Decide.check(); err != nil {
		return err
	}
	for _, digest := range d.Decide.After {
		p, err := d.Plan(ctx, d.Network, digest)
		if err != nil {
			return fmt.Errorf("cannot go on from the Test %.12s: %w", digest, err)
		}
		d.before[p.Source.ID] = p.Request.Decisions
	}
	return nil
}

func (d Decide) check() error {
	if n := len(d.Adopt) + len(d.Separate) + len(d.Same); n > maxDecideFor {
		return refuse("%d items are decided by name, more than %d; decide in bulk, or in several reviews", n, maxDecideFor)
	}
	if len(d.Adopt) > 1 && (slices.Contains(d.Adopt, DecideAll) || slices.Contains(d.Adopt, DecideNone)) {
		return refuse("items to link are all, none, or named: not both")
	}
	if slices.Contains(d.Adopt, DecideAll) && slices.Contains(d.Separate, DecideAll) {
		return refuse("all items are to be linked, and to be kept separate")
	}
	for _, text := range slices.Concat(d.Adopt, d.Separate) {
		if kind, name, ok := strings.Cut(text, ":"); !bulk(text) && (!ok || kind == "" || name == "") {
			return refuse("%.60q is no item: write it KIND:NAME", text)
		}
	}
	return nil
}

func bulk(word string) bool {
	return word == DecideAll || word == DecideNone || word == DecideAmbiguous
}

// test makes the Test of one source. A first one shows what there is to decide.
func (d *deciding) test(ctx context.Context, q Request) (out ReviewTest, err error) {
	p, err := d.Test(ctx, q, nil)
	if err != nil {
		return out, err
	}
	same, err := d.same(ctx, p)
	if err == nil && same {
		p, err = d.Test(ctx, q, nil)
	}
	if err != nil {
		return out, err
	}
	if q.Decisions, err = d.decide(ctx, p); err != nil {
		return out, err
	}
	if len(q.Decisions) > 0 {
		if p, err = d.Test(ctx, q, nil); err != nil {
			return out, err
		}
	}
	out.Plan = p
	out.Stores, err = d.grouped(ctx, p)
	return out, err
}

// decide goes through the items of a Test that decides nothing.
func (d *deciding) decide(ctx context.Context, p Plan) (map[string]map[string]string, error) {
	out := map[string]map[string]string{}
	for _, at := range p.Stores {
		mine := map[string]string{}
		err := d.eachTested(ctx, p, at, true, func(_ tests, plan merge.ItemPlan) {
			if key, ok := d.before[p.Source.ID][at.ID][plan.UID]; ok {
				mine[plan.UID] = key
			}
			if key, ok := d.about(at, plan); ok {
				mine[plan.UID] = key
			}
		})
		if err != nil {
			return nil, err
		}
		if len(mine) > 0 {
			out[at.ID] = mine
		}
		if d.said += len(mine); d.said > maxDecided {
			return nil, refuse("more than %d items are decided; decide kinds by themselves, or settle for the network whether items are linked", maxDecided)
		}
	}
	return out, nil
}

// about is what is decided of an item at a store: its key there, or "" to keep it
// separate.
func (d *deciding) about(at StorePlan, p merge.ItemPlan) (key string, decided bool) {
	if d.Decide.At != "" && d.Decide.At != at.ID && d.Decide.At != at.Name {
		return "", false
	}
	unclear := p.Action == merge.Park && unclear(p.Reason)
	if !unclear && p.Action != merge.Adopt {
		return "", false
	}
	separate, link := d.names(d.Decide.Separate, p), d.names(d.Decide.Adopt, p)
	switch {
	case !unclear && slices.ContainsFunc(d.Decide.Same, func(s SameItem) bool { return s.means(p) }):
		return p.Local.Key, true
	case separate:
		return "", true
	case unclear:
		all := slices.Contains(d.Decide.Separate, DecideAll) || slices.Contains(d.Decide.Separate, DecideAmbiguous)
		return "", all
	case link || slices.Contains(d.Decide.Adopt, DecideAll):
		return p.Local.Key, true
	case len(d.Decide.Adopt) > 0 || slices.Contains(d.Decide.Separate, DecideAll):
		return "", true // all others
	}
	return "", false
}

// names reports whether a list names the item.
func (d *deciding) names(list []string, p merge.ItemPlan) (found bool) {
	for _, text := range list {
		kind, name, ok := strings.Cut(text, ":")
		if ok && kind == p.Kind && (name == p.UID || name == p.Local.Key || item.NormalName(name) == item.NormalName(p.Name)) {
			d.named[text], found = true, true
		}
	}
	return found
}

// allFound refuses names that were found nowhere.
func (d *deciding) allFound() error {
	for _, text := range slices.Concat(d.Decide.Adopt, d.Decide.Separate) {
		if !bulk(text) && !d.named[text] {
			return refuse("no store has an item of its own that may be %s: there is nothing to decide about it", text)
		}
	}
	for _, s := range d.Decide.Same {
		if !d.named[s.String()] {
			return refuse("the source has no %s %s", s.Kind, quoted(s.Item))
		}
	}
	return nil
}
