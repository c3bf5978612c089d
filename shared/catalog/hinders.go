package catalog

import (
	"fmt"
	"slices"
	"strings"

	"plait/shared/item"
)

// Hinders says in words why the field or column of that name, written as With takes
// it, cannot have the policy that it has in c: what needs another, and what it can be.
// "" if nothing does. Decode refuses the same, in the words of a kind's file, which
// whoever changes a policy has not written.
func (c *Catalog) Hinders(name string) string {
	kind, rest, _ := strings.Cut(name, ".")
	field, column, isColumn := strings.Cut(rest, ".")
	k, _ := c.Kind(kind)
	f, ok := k.Field(field)
	if isColumn {
		col, _ := f.Column(column)
		return k.hindersColumn(f, col)
	}
	what := k.finds(f.Name)
	switch {
	case !ok:
		return ""
	case f.Policy == item.Additive && f.Type != "rows":
		return "only a list of elements can be additive, and it is none; it can be locked, unlocked or never"
	case f.Policy == item.Never && what != "":
		return fmt.Sprintf("it is the %s by which a first sync finds items of %s, so it must be synced; it can be locked or unlocked", what, k.Name)
	case k.Prices == nil:
	case f.Name == k.Prices.Rows && (f.Policy != item.Unlocked || f.LockedWhen != ""):
		return fmt.Sprintf("the switch %s needs it unlocked: its elements are each store's own, and prices are copied into them; give a column of it the policy, as %s.%s",
			k.Prices.When, name, k.Prices.Fields[0])
	case k.Prices.copies(f):
		return k.Prices.needs()
	}
	return c.otherPolicy(k, f, name)
}

func (k Kind) hindersColumn(f, col Field) string {
	switch {
	case col.Policy == item.Additive:
		return "a list can be additive, and no column of it; it can be locked, unlocked or never"
	case k.Prices != nil && f.Name == k.Prices.Rows && k.Prices.copies(col):
		return k.Prices.needs()
	}
	return ""
}

// copies reports whether price sync would copy a field or column and not lock it.
func (p Prices) copies(f Field) bool {
	return slices.Contains(p.Fields, f.Name) && f.LockedWhen != p.When && f.Policy != item.Locked
}

func (p Prices) needs() string {
	return fmt.Sprintf("the switch %s needs it, to copy prices and lock what it copied; it can be locked, or default, which is the preset's and locked while the switch is on", p.When)
}

// finds says as what a first sync finds items by the field; "" if it does not.
func (k Kind) finds(field string) string {
	switch {
	case slices.Contains(k.Match.Code, field):
		return "code"
	case field == k.Match.Name:
		return "name"
	case field == k.Match.Category:
		return "category"
	}
	return ""
}

// otherPolicy: the two ends of a relation are one setting.
func (c *Catalog) otherPolicy(k Kind, f Field, name string) string {
	for _, other := range c.Kinds {
		for _, g := range other.Fields {
			ends := f.Ref == other.Name && f.OtherEnd == g.Name || g.Ref == k.Name && g.OtherEnd == f.Name
			if !ends || g.Policy == f.Policy && g.LockedWhen == f.LockedWhen {
				continue
			}
			end := other.Name + "." + g.Name
			return fmt.Sprintf("it is the other end of %s, which is %s, and both have one policy; change them together: %s %s %s %s", end, policyOf(g), name, f.Policy, end, f.Policy)
		}
	}
	return ""
}
