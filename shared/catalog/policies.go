package catalog

import (
	"slices"
	"strings"

	"plait/shared/item"
)

// With returns the kinds of c with other policies for some fields and columns,
// written "kind.field" and "kind.field.column". Their switches have nothing left to
// lock. With a field that becomes never go its columns, and it is neither a
// restriction nor an allow list of a sync any more. What c does not have is left out,
// and so is what it never syncs: that is no network's to bend. c is not changed.
func (c *Catalog) With(policies map[string]item.Policy) *Catalog {
	out := &Catalog{Kinds: slices.Clone(c.Kinds)}
	for name, p := range policies {
		whole := wholeField(name)
		f := out.own(name)
		if f == nil || (whole != name && policies[whole] == item.Never) {
			continue
		}
		if f.Policy, f.LockedWhen = p, ""; p == item.Never && whole == name {
			f.stop()
			out.unrestrict(name)
		}
	}
	return out
}

// wholeField is "kind.field" of a field's name, and of its columns'.
func wholeField(name string) string {
	if parts := strings.SplitN(name, ".", 3); len(parts) == 3 {
		return parts[0] + "." + parts[1]
	}
	return name
}

// stop takes from a field that is synced no more what only a synced one can be.
func (f *Field) stop() {
	f.AllowList = false
	f.Columns = slices.Clone(f.Columns)
	for i := range f.Columns {
		f.Columns[i].Policy, f.Columns[i].LockedWhen = item.Never, ""
	}
}

// unrestrict takes a field out of its kind's restrictions: no sync brings it.
func (c *Catalog) unrestrict(name string) {
	kind, field, _ := strings.Cut(name, ".")
	i := slices.IndexFunc(c.Kinds, func(k Kind) bool { return k.Name == kind })
	c.Kinds[i].Restrictions = slices.DeleteFunc(slices.Clone(c.Kinds[i].Restrictions), func(r string) bool { return r == field })
}

// own is the field or column of that name, in fields that c shares with nobody; nil
// if it has none whose policy may change.
func (c *Catalog) own(name string) *Field {
	if f := c.field(name); f != nil && f.Policy != item.Never {
		return f
	}
	return nil
}

// field is the field or column of that name, in fields that c shares with nobody; nil
// if no synced kind has it.
func (c *Catalog) field(name string) *Field {
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
