package storesync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
)

// A network's policies are changed by a Test like any other, made under the kinds
// and switches that are proposed: its jobs carry the fields whose policy changes,
// for the items that are linked already. Running it changes the network in the
// transaction that keeps the sync.

// Proposed are the kinds and switches that a network is to have.
type Proposed struct {
	Catalog  *catalog.Catalog
	Switches map[string]bool
	Change   json.RawMessage // what asks for it, as the caller will carry it out

	stops []PolicyStop // what they no longer sync
}

// PlanPolicy is what a plan changes about the network before its jobs are queued.
type PlanPolicy struct {
	// Base and Catalog are digests of the network's kinds, before and after.
	Base         string          `json:"base"`
	BaseSwitches map[string]bool `json:"base_switches,omitempty"`
	Catalog      string          `json:"catalog"`
	Switches     map[string]bool `json:"switches,omitempty"`
	Change       json.RawMessage `json:"change,omitempty"`
}

// Done reports whether the network is as the plan makes it.
func (p PlanPolicy) Done(n store.Network) bool {
	return n.Catalog == p.Catalog && sameSwitches(n.Switches, p.Switches)
}

// Stands reports whether the network is as it was when the plan was made.
func (p PlanPolicy) Stands(n store.Network) bool {
	return n.Catalog == p.Base && sameSwitches(n.Switches, p.BaseSwitches)
}

// sameSwitches: one that is not there is off.
func sameSwitches(a, b map[string]bool) bool {
	on := func(m map[string]bool) (names []string) {
		for name := range maps.Keys(m) {
			if m[name] {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return names
	}
	return slices.Equal(on(a), on(b))
}

// FieldChange is a policy that changes, with the network's switches applied.
type FieldChange struct {
	Kind  string      `json:"kind"`
	Field string      `json:"field"` // a column of a rows field is written field.column
	From  item.Policy `json:"from,omitempty"`
	To    item.Policy `json:"to,omitempty"` // "" if there is none any more
}

func (c FieldChange) String() string {
	switch {
	case c.From == "":
		return fmt.Sprintf("%s.%s is new: %s", c.Kind, c.Field, c.To)
	case c.To == "":
		return fmt.Sprintf("%s.%s is gone: it was %s", c.Kind, c.Field, c.From)
	}
	return fmt.Sprintf("%s.%s is %s, it was %s", c.Kind, c.Field, c.To, c.From)
}

// PolicyRequest asks what other policies would do.
type PolicyRequest struct {
	Network  string // id
	By       string
	Label    string
	Proposed Proposed
}

// PolicyTest says what they would lock, free and overwrite, and where.
type PolicyTest struct {
	Changes []FieldChange `json:"changes"`
	Added   []string      `json:"added,omitempty"`   // kinds that are new
	Removed []string      `json:"removed,omitempty"` // kinds that go
	Stops   []PolicyStop  `json:"stops"`             // what is synced no more
	Tests   []PolicyPlan  `json:"tests"`             // one for each source; none if nothing is linked that this touches
}

// PolicyPlan is the Test of one source's kinds.
type PolicyPlan struct {
	Plan   Plan       `json:"plan"`
	Stores []PolicyAt `json:"stores"`
}

// TestPolicy tests other policies. Errors: ErrRequest if nothing would change.
func (s *Service) TestPolicy(ctx context.Context, r PolicyRequest) (out PolicyTest, err error) {
	var requests []Request
	var all []store.Store
	err = s.db.View(ctx, func(v *store.View) (err error) {
		if out, requests, err = r.requests(v); err == nil {
			all, err = v.Stores(r.Network)
		}
		return err
	})
	if err == nil {
		err = s.stops(ctx, &out, all)
	}
	if err != nil {
		return out, fmt.Errorf("cannot test the policies: %w", err)
	}
	r.Proposed.stops = out.Stops
	out.Tests = []PolicyPlan{}
	for _, q := range requests {
		p, err := s.test(ctx, q, &r.Proposed, nil)
		if errors.Is(err, ErrNothing) || err == nil && len(p.receivers()) == 0 {
			continue // nothing of it is linked where it could be changed
		}
		if err != nil {
			return out, err
		}
		at, err := s.effects(ctx, p)
		if err != nil {
			return out, err
		}
		out.Tests = append(out.Tests, PolicyPlan{Plan: p, Stores: at})
	}
	return out, nil
}

// requests are what to test, by source.
func (r PolicyRequest) requests(v *store.View) (out PolicyTest, list []Request, err error) {
	n, err := v.Network(r.Network)
	if err != nil {
		return out, nil, err
	}
	kinds, err := catalogOf(v, n)
	if err != nil {
		return out, nil, err
	}
	set, err := SettingsOf(n)
	if err != nil {
		return out, nil, err
	}
	all, err := v.Stores(n.ID)
	if err != nil {
		return out, nil, err
	}
	out.compare(kinds, policiesOf(n.Switches, Options{}), r.Proposed.Catalog, policiesOf(r.Proposed.Switches, Options{}))
	if len(out.Changes)+len(out.Added)+len(out.Removed) == 0 && sameSwitches(n.Switches, r.Proposed.Switches) {
		return out, nil, refuse("nothing would change: the network has these policies already")
	}
	usual := map[string]string{} // kind → the id of its source
	for _, c := range out.Changes {
		if src, ok := set.usual(c.Kind, all); ok {
			usual[c.Kind] = src.ID
		}
	}
	for _, src := range all {
		q := Request{Network: n.ID, Source: src.ID, By: r.By, Label: r.Label}
		q.Options.OnlyLinked = true
		q.touch(out, func(kind string) bool { return usual[kind] == src.ID })
		if len(q.Kinds) == 0 {
			continue // it is no kind's usual source, as most stores are none
		}
		for _, s := range all {
			if s.ID != src.ID && (s.Role == store.Branch || s.Role == store.HeadOffice) {
				q.Receivers = append(q.Receivers, s.ID)
			}
		}
		in, err := v.In(src.ID)
		if err != nil {
			return out, nil, err
		}
		at, err := standingOf(in)
		if err != nil {
			return out, nil, err
		}
		if len(q.Receivers) > 0 && at.uploaded() {
			list = append(list, q)
		}
	}
	return out, list, nil
}

// touch selects the kinds and fields that changes touch, of those that are from
// this source. What does not travel any more travels in no job.
func (r *Request) touch(t PolicyTest, from func(kind string) bool) {
	for _, c := range t.Changes {
		if c.To == "" || !from(c.Kind) {
			continue
		}
		top, _, column := strings.Cut(c.Field, ".")
		if name := c.Kind + "." + top; (column || c.To != item.Never) && !slices.Contains(r.Fields, name) {
			r.Fields = append(r.Fields, name)
		}
	}
	for _, name := range r.Fields {
		kind, _, _ := strings.Cut(name, ".")
		if !slices.ContainsFunc(r.Kinds, func(s Selection) bool { return s.Kind == kind }) {
			r.Kinds = append(r.Kinds, Selection{Kind: kind, All: true})
		}
	}
}

// compare lists what is other in the kinds that are synced.
func (t *PolicyTest) compare(before *catalog.Catalog, was policies, after *catalog.Catalog, is policies) {
	t.Changes = []FieldChange{}
	for _, k := range after.Kinds {
		old, known := before.Kind(k.Name)
		switch {
		case k.Direction != catalog.Sync:
		case !known:
			t.Added = append(t.Added, k.Name)
		default:
			t.compareKind(k.Name, was.resolved(old), is.resolved(k))
		}
	}
	for _, k := range before.Kinds {
		if _, stays := after.Kind(k.Name); !stays && k.Direction == catalog.Sync {
			t.Removed = append(t.Removed, k.Name)
		}
	}
}

func (t *PolicyTest) compareKind(kind string, was, is map[string]item.Policy) {
	names := slices.Concat(slices.Collect(maps.Keys(was)), slices.Collect(maps.Keys(is)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if was[name] != is[name] {
			t.Changes = append(t.Changes, FieldChange{Kind: kind, Field: name, From: was[name], To: is[name]})
		}
	}
}

// resolved are the policies of a kind's fields and columns as a job carries them.
func (p policies) resolved(k catalog.Kind) map[string]item.Policy {
	out := map[string]item.Policy{}
	for _, f := range k.Fields {
		if f.OtherEnd == "" {
			out[f.Name] = p.of(f)
			for _, c := range f.Columns {
				out[f.Name+"."+c.Name] = p.of(c)
			}
		}
	}
	return out
}

// plan is what a plan made under it changes about the network.
func (p *Proposed) plan(n store.Network) *PlanPolicy {
	return &PlanPolicy{Base: n.Catalog, BaseSwitches: n.Switches, Catalog: p.Catalog.Digest(), Switches: p.Switches, Change: p.Change}
}
