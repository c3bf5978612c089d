package storesync

import (
	"context"
	"fmt"
	"slices"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/merge"
)

// LagAsk asks which stores do not have the source's value of a field.
type LagAsk struct {
	ItemRef
	StoresAsk
	Field string
	Value string // only stores that have this value; "": any but the source's
}

// LagPage tells which stores have another value than the source, by name.
type LagPage struct {
	Item   FoundItem `json:"item"`
	Field  string    `json:"field"`
	Title  string    `json:"title"`
	Source StoreName `json:"source"`
	// Value is what the source has; of a price, while prices are copied, its lowest
	// active one. nil: it has none.
	Value  *string `json:"value"`
	Stores []LagAt `json:"stores"`
	Next   string  `json:"next,omitempty"` // what to ask after for the rest
}

// States of a store that has another value.
const (
	LagWaits  = "waits"  // a job that brings it is open
	LagBehind = "behind" // the next sync writes it
	LagKeeps  = "keeps"  // the store's own value stands
	LagCannot = "cannot" // nothing can bring it as things stand
)

// LagAt is one store that has another value.
type LagAt struct {
	Store StoreName `json:"store"`
	State string    `json:"state"`
	Key   string    `json:"key"`
	Value *string   `json:"value"` // what stands there
	Why   string    `json:"why"`   // a sentence
	Since *Since    `json:"since,omitempty"`
}

// Lag tells which stores still have another value of a field than the source:
// the old price, or their own. Stores that do not have the item are not among
// them (see Where).
func (s *Service) Lag(ctx context.Context, network string, ask LagAsk) (page LagPage, err error) {
	err = s.db.View(ctx, func(v *store.View) error {
		l, err := lookAt(v, network, ask.ItemRef)
		if err != nil {
			return err
		}
		a, err := l.alone()
		if err != nil {
			return err
		}
		g := &lagging{alone: a, carriers: l.carriers(), value: ask.Value}
		if g.field, err = l.field(ask.Field); err != nil {
			return err
		}
		page.Item, page.Field, page.Title, page.Stores = l.found, g.field.Name, g.field.Title, []LagAt{}
		page.Source = StoreName{l.usual.ID, l.usual.Name}
		if page.Value, err = g.sourceValue(); err != nil {
			return err
		}
		if err := l.holding(true); err != nil {
			return err
		}
		page.Next, err = l.pageOfStores(ask.StoresAsk, func(in *store.StoreView) (bool, error) {
			at, lags, err := g.at(in)
			if lags && err == nil {
				page.Stores = append(page.Stores, at)
			}
			return lags, err
		})
		return err
	})
	if err != nil {
		return page, fmt.Errorf("cannot say which stores lag behind with %s of %s: %w", ask.Field, ask.ItemRef.inWords(), err)
	}
	return page, nil
}

// lagging compares one field of an item, store by store.
type lagging struct {
	*alone
	carriers *carriers
	field    catalog.Field
	value    string
}

// sourceValue is what a sync would bring of the field.
func (g *lagging) sourceValue() (*string, error) {
	in, err := g.In(g.usual.ID)
	if err != nil {
		return nil, err
	}
	v := g.row.Fields.Get(g.field.Name)
	if sent := g.payload.Items[0].Fields.Get(g.field.Name); v.RefKind() == "" && v.Type() != item.TypeRows {
		v = sent
	}
	return g.shown(in, v)
}

func (g *lagging) at(in *store.StoreView) (at LagAt, lags bool, err error) {
	if in.Store.ID == g.usual.ID {
		return at, false, nil
	}
	r, local, ok, err := g.linked(in)
	if err != nil || !ok {
		return at, false, err
	}
	at = LagAt{Store: StoreName{in.Store.ID, in.Store.Name}, Key: local.Key}
	if at.Value, err = g.shown(in, local.Fields.Get(g.field.Name)); err != nil {
		return at, false, err
	}
	if g.value != "" && !g.asked(local.Fields.Get(g.field.Name), at.Value) {
		return at, false, nil
	}
	plan, _, err := g.alone.at(in, r)
	if err != nil {
		return at, false, err
	}
	if lags, err = g.judge(in, plan, &at); err != nil || !lags {
		return at, false, err
	}
	if last, ok := local.Link.Field(g.field.Name); ok {
		at.Since, err = g.carriers.brought(in, last.From)
	}
	return at, true, err
}

// asked reports whether a value is the one asked for, however its number or text
// is spelt.
func (g *lagging) asked(v item.Value, shown *string) bool {
	if number, err := item.Decimal(g.value); err == nil && v.IsNumber() {
		return item.CompareNumbers(number, v) == 0
	}
	return shown != nil && item.NormalName(*shown) == item.NormalName(g.value)
}

// judge says whether the store has another value than the source sends, and why.
func (g *lagging) judge(in *store.StoreView, plan merge.ItemPlan, at *LagAt) (lags bool, err error) {
	i := slices.IndexFunc(plan.Fields, func(f merge.FieldPlan) bool { return f.Name == g.field.Name })
	if i < 0 {
		return g.apart(plan, at)
	}
	f := plan.Fields[i]
	switch {
	case plan.Action == merge.Park || plan.Action == merge.Skip:
		at.State, at.Why = LagCannot, plan.Sentence()
		return !f.Branch.Equal(*f.Source), nil
	case f.Kept():
		at.State, at.Why = LagKeeps, f.Sentence()
		return true, nil
	case !f.Write:
		at.State, at.Why = LagCannot, f.Sentence()
		return f.Reason != merge.SameValue && !f.Branch.Equal(*f.Source), nil
	}
	return true, g.behind(in, at)
}

// apart judges a field that a sync does not decide by itself: one that never
// travels, or all of an item that a sync cannot bring.
func (g *lagging) apart(plan merge.ItemPlan, at *LagAt) (lags bool, err error) {
	policy := policiesOf(g.network.Switches, Options{}).of(g.field)
	switch {
	case plan.Action == merge.Park || plan.Action == merge.Skip:
		at.State, at.Why = LagCannot, plan.Sentence()
		return true, nil
	case policy == item.Never:
		return false, refuse("%s.%s never travels: it is each store's own", g.kind.Name, g.field.Name)
	}
	return false, nil
}

// behind says why the source's value has not come yet.
func (g *lagging) behind(in *store.StoreView, at *LagAt) error {
	at.State = LagBehind
	open, err := g.carriers.open(in)
	if err != nil {
		return err
	}
	if len(open) > 0 {
		at.State, at.Why = LagWaits, fmt.Sprintf("job %d, %s, brings it and is %s", open[0].Number, quoted(open[0].Label), open[0].State)
		return nil
	}
	st, err := standingOf(in)
	if err != nil {
		return err
	}
	if why := st.blocked(); why != "" {
		at.State, at.Why = LagCannot, why
		return nil
	}
	at.Why = "no sync has brought the source's value yet; the next one writes it"
	return nil
}
