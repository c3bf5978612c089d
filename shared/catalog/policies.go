package catalog

import (
	"slices"
	"strings"

	"plait/shared/item"
)

// With returns the kinds of c with other policies for some fields and columns,
// written "kind.field" and "kind.field.column". Their switches have nothing left to
// lock. What c does not have is left out, and so is what never syncs: that is no
// network's to bend. c is not changed.
func (c *Catalog) With(policies map[string]item.Policy) *Catalog {
	out := &Catalog{Kinds: slices.Clone(c.Kinds)}
	for name, p := range policies {
		if f := out.own(name); f != nil {
			f.Policy, f.LockedWhen = p, ""
		}
	}
	return out
}

// own is the field or column of that name, in fields that c shares with nobody; nil
// if it has none whose policy may change.
func (c *Catalog) own(name string) *Field {
	parts := strings.Split(name, ".")
	i := slices.IndexFunc(c.Kinds, func(k Kind) bool { return k.Name == parts[0] })
	if i < 0 || len(parts) < 2 || len(parts) > 3 || c.Kinds[i].Direction != Sync {
		return nil
	}
	fields := &c.Kinds[i].Fields
	var found *Field
	for _, part := range parts[1:] {
		*fields = slices.Clone(*fields)
		j := slices.IndexFunc(*fields, func(f Field) bool { return f.Name == part })
		if j < 0 {
			return nil
		}
		found = &(*fields)[j]
		fields = &found.Columns
	}
	if found.Policy == item.Never {
		return nil
	}
	return found
}

// Policy returns the policy of a field or column, as With writes it; ok is false if
// c has none of that name, or it never syncs.
func (c *Catalog) Policy(name string) (p item.Policy, ok bool) {
	f := (&Catalog{Kinds: slices.Clone(c.Kinds)}).own(name)
	if f == nil {
		return "", false
	}
	return f.Policy, true
}
