package storesync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"plait/hub/store"
	"plait/shared/catalog"
)

// A store is reviewed where the hub cannot tell any more what of its sources it
// has, and no continuous sync runs to it until then: at its linking, once it is
// switched on again, and at all branches when a store becomes head office. A
// review is a Test of everything, whole kinds from their usual sources; running it
// lets the cursors move.

// ReviewRequest asks for the review of a store.
type ReviewRequest struct {
	Network string `json:"network"` // id
	Store   string `json:"store"`   // id
	By      string `json:"by"`
	// Synced leaves the kinds that come to the store already; otherwise it is every
	// kind that is not synced by hand.
	Synced bool   `json:"synced,omitempty"`
	Decide Decide `json:"decide"`
}

// Review is one Test for each source: mostly one.
type Review struct {
	Store StoreName    `json:"store"`
	Tests []ReviewTest `json:"tests"`
}

// ReviewTest is a Test of a review, and at each store what it does about items
// that the store does not have from the source yet.
type ReviewTest struct {
	Plan   Plan          `json:"plan"`
	Stores []StoreReview `json:"stores"`
}

// Review tests everything that a store gets from its usual sources; of head
// office, everything that the branches get from it. What is decided about single
// items stands in the Tests' requests. Errors: ErrRequest, with ErrNothing if
// nothing comes to it.
func (s *Service) Review(ctx context.Context, r ReviewRequest) (Review, error) {
	out, err := s.reviewed(ctx, r)
	if err != nil {
		return out, fmt.Errorf("cannot review store %s: %w", cmp.Or(out.Store.Name, r.Store), err)
	}
	return out, nil
}

func (s *Service) reviewed(ctx context.Context, r ReviewRequest) (out Review, err error) {
	var requests []Request
	var at review
	err = s.db.View(ctx, func(v *store.View) (err error) {
		at, err = reviewing(v, r)
		out.Store = StoreName{at.store.ID, at.store.Name}
		if err == nil {
			requests, err = at.requests(v)
		}
		return err
	})
	if err != nil {
		return out, err
	}
	d := newDeciding(s, at)
	if err := d.earlier(ctx); err != nil {
		return out, err
	}
	for _, q := range requests {
		t, err := d.test(ctx, q)
		if errors.Is(err, ErrNothing) {
			continue // this source has nothing of it yet
		}
		if err != nil {
			return out, err
		}
		out.Tests = append(out.Tests, t)
	}
	if len(out.Tests) == 0 {
		return out, refuse("%w: no usual source has anything that comes to it", ErrNothing)
	}
	return out, d.allFound()
}

// review is a store with all that tells what comes to it, or from it.
type review struct {
	ReviewRequest
	store    store.Store
	all      []store.Store
	settings Settings
	kinds    *catalog.Catalog
}

func reviewing(v *store.View, r ReviewRequest) (at review, err error) {
	at.ReviewRequest = r
	if at.store, err = v.StoreByID(r.Store); err != nil {
		return at, err
	}
	switch at.store.Role {
	case store.Single:
		return at, refuse("it is a single store, linked into no network: make it a branch first (plait-hub store link)")
	case store.MasterList:
		return at, refuse("it is a master list, kept at the hub: nothing comes to it")
	}
	n, err := v.Network(r.Network)
	if err != nil {
		return at, err
	}
	if at.settings, err = SettingsOf(n); err != nil {
		return at, err
	}
	if at.kinds, err = catalogOf(v, n); err != nil {
		return at, err
	}
	at.all, err = v.Stores(n.ID)
	return at, err
}

// outward: what head office is reviewed for is what others get from it.
func (at review) outward() bool { return at.store.Role == store.HeadOffice && !at.Synced }

// requests are what to test, by source.
func (at review) requests(v *store.View) (out []Request, err error) {
	comes, err := at.comes(v)
	if err != nil {
		return nil, err
	}
	for _, src := range at.all {
		r := Request{Network: at.Network, Source: src.ID, By: at.By, Label: clip("Review of "+at.store.Name, maxLabel)}
		if r.Receivers = []string{at.store.ID}; at.outward() {
			r.Receivers, r.AllReceivers = nil, true
		}
		for _, k := range at.kinds.Kinds {
			usual, ok := at.settings.usual(k.Name, at.all)
			if ok && usual.ID == src.ID && at.reviews(k) && comes(src.ID, k.Name) {
				r.Kinds = append(r.Kinds, Selection{Kind: k.Name, All: true})
			}
		}
		if len(r.Kinds) > 0 {
			out = append(out, r)
		}
	}
	return out, nil
}

// reviews: what is synced by hand goes where somebody chooses it to go.
func (at review) reviews(k catalog.Kind) bool {
	return k.Direction == catalog.Sync && !k.ByHand && !k.OneReceiver
}

// comes tells of a source and a kind whether it is reviewed.
func (at review) comes(v *store.View) (func(source, kind string) bool, error) {
	if at.outward() {
		return func(source, _ string) bool { return source == at.store.ID }, nil
	}
	in, err := v.In(at.store.ID)
	if err != nil {
		return nil, err
	}
	profile, err := in.Profile()
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	unknown := err != nil // its own first upload comes first: the Test says so
	synced, err := syncedTo(in)
	return func(source, kind string) bool {
		return source != at.store.ID && (unknown || syncs(profile, kind)) &&
			(!at.Synced || slices.Contains(synced, store.Flow{Kind: kind, Source: source}))
	}, err
}

// syncedTo are the kinds that come to a store: continuously, or once by a sync of
// the whole kind from its usual source.
func syncedTo(v *store.StoreView) ([]store.Flow, error) {
	flows, err := v.Continuous(v.Store.Network)
	if err != nil {
		return nil, err
	}
	cursors, err := v.Cursors()
	for _, c := range cursors {
		flows = append(flows, store.Flow{Kind: c.Kind, Source: c.Source})
	}
	return flows, err
}

// Declined is a store at which continuous syncs go on without a review.
type Declined struct {
	StoreName
	Kinds []string `json:"kinds"`
}

// Decline lets continuous syncs go on that are held until a review: from what the
// sources change next. What they changed so far does not come.
func (s *Service) Decline(ctx context.Context, r ReviewRequest) (out []Declined, err error) {
	ids := []string{r.Store}
	var at review
	err = s.db.View(ctx, func(v *store.View) (err error) {
		if at, err = reviewing(v, r); err == nil && at.outward() {
			ids = at.branches()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot decline the review of store %s: %w", cmp.Or(at.store.Name, r.Store), err)
	}
	for some := range slices.Chunk(ids, queueChunk) {
		err := s.db.WithStores(ctx, some, func(all store.StoresTx) error {
			for _, tx := range all {
				kinds, err := decline(tx, r)
				if err != nil {
					return err
				}
				if len(kinds) > 0 {
					out = append(out, Declined{StoreName{tx.Store.ID, tx.Store.Name}, kinds})
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("cannot decline the review of store %s: %w", at.store.Name, err)
		}
	}
	return out, nil
}

func (at review) branches() (ids []string) {
	for _, s := range at.all {
		if s.Role == store.Branch && s.ID != at.store.ID {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// decline moves the cursors that are held, or lacking, to where the sources are.
func decline(tx *store.StoreTx, r ReviewRequest) (kinds []string, err error) {
	coming, err := ComesTo(tx.StoreView)
	if err != nil {
		return nil, err
	}
	for _, c := range coming {
		if c.Held == "" || (tx.Store.ID != r.Store && c.source != r.Store) {
			continue
		}
		src, err := tx.In(c.source)
		if err != nil {
			return nil, err
		}
		upto, err := src.SyncRev(c.Kind)
		if err == nil {
			err = tx.SetCursor(c.source, c.Kind, upto)
		}
		if err != nil {
			return nil, err
		}
		kinds = append(kinds, c.Kind)
	}
	if len(kinds) == 0 {
		return nil, nil
	}
	return kinds, tx.Audit(r.By, "review.decline", map[string]any{"kinds": kinds})
}
