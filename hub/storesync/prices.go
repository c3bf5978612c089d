package storesync

import (
	"maps"
	"slices"

	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// Prices says whether a sync brings prices (S3, "Pricing").
type Prices string

// The choices of Prices.
const (
	PricesAsNetwork Prices = "network" // as the network's switch price_sync says
	PricesYes       Prices = "yes"     // as if it were on
	// PricesNo leaves what the switch is about as the receivers have it; only a new
	// item brings its price.
	PricesNo Prices = "no"
)

func (p Prices) valid() bool {
	return p == "" || p == PricesAsNetwork || p == PricesYes || p == PricesNo
}

// priceSync is the switch that price options are about.
const priceSync = "price_sync"

// policiesOf resolves a network's switches and the options of one sync.
func policiesOf(switches map[string]bool, o Options) policies {
	p := policies{switches: switches, noPrices: o.Prices == PricesNo, noRestrictions: o.NoRestrictions}
	if o.Prices == PricesYes {
		p.switches = maps.Clone(switches)
		if p.switches == nil {
			p.switches = map[string]bool{}
		}
		p.switches[priceSync] = true
	}
	return p
}

// lockedBy is the switch that locks a field which is the branch's own otherwise.
func (p policies) lockedBy(f catalog.Field) string {
	if f.Policy != item.Locked && p.of(f) == item.Locked {
		return f.LockedWhen
	}
	return ""
}

// leave says where this sync leaves a field alone.
func (p policies) leave(k catalog.Kind, f catalog.Field) wire.Leave {
	aboutPrices := f.LockedWhen == priceSync || (k.Prices != nil && k.Prices.When == priceSync && k.Prices.Rows == f.Name)
	switch {
	case p.noRestrictions && slices.Contains(k.Restrictions, f.Name):
		return wire.LeaveAll
	case p.noPrices && aboutPrices:
		return wire.LeaveFound
	}
	return ""
}

// copyPrices tells the merge to copy prices into the elements that a receiver
// has, while the kind's switch is on: no element travels, and of the receiver's
// the copied columns alone are locked.
func (p policies) copyPrices(out *wire.PayloadKind, k catalog.Kind) {
	if k.Prices == nil || !p.switches[k.Prices.When] {
		return
	}
	out.Prices = &wire.PayloadPrices{Fields: k.Prices.Fields, Rows: k.Prices.Rows, Active: k.Prices.Active}
	for i := range out.Fields {
		f := &out.Fields[i]
		if f.Name != k.Prices.Rows {
			continue
		}
		f.Policy, f.LockedBy = item.Never, k.Prices.When
		for j := range f.Columns {
			f.Columns[j].Policy = item.Never
			if slices.Contains(k.Prices.Fields, f.Columns[j].Name) {
				f.Columns[j].Policy = item.Locked
			}
		}
	}
}

// priced are an item's values as price sync sends them: its lowest active price
// in place of all its prices. none says that it has no active price.
func priced(rule wire.PayloadPrices, values item.Fields) (out item.Fields, none bool) {
	lowest, ok := merge.LowestPrice(rule, values)
	out = values.With(rule.Rows, item.Value{})
	for _, name := range rule.Fields {
		out = out.With(name, lowest.Get(name))
	}
	return out, !ok
}
