package catalog

import (
	"slices"

	"plait/shared/item"
)

// Order returns the kinds named so that what others refer to comes first: the
// order in which a job applies them. Names that the catalogue does not have come
// last. Kinds free of each other stand by name. A circle of references is cut at
// one that an item can arrive without; Load refuses a circle of locked ones.
func (c *Catalog) Order(names []string) []string {
	left := slices.Compact(slices.Sorted(slices.Values(names)))
	out := make([]string, 0, len(left))
	for len(left) > 0 {
		i := slices.IndexFunc(left, func(n string) bool { return !c.needsAny(n, left, false) })
		if i < 0 {
			i = slices.IndexFunc(left, func(n string) bool { return !c.needsAny(n, left, true) })
		}
		i = max(i, 0)
		out = append(out, left[i])
		left = slices.Delete(left, i, i+1)
	}
	slices.SortStableFunc(out, func(a, b string) int { return c.unknown(a) - c.unknown(b) })
	return out
}

func (c *Catalog) unknown(name string) int {
	if _, ok := c.Kind(name); ok {
		return 0
	}
	return 1
}

// needsAny reports whether the kind refers to one of others beside itself.
func (c *Catalog) needsAny(name string, others []string, lockedOnly bool) bool {
	k, _ := c.Kind(name)
	return slices.ContainsFunc(k.needs(lockedOnly), func(n string) bool { return n != name && slices.Contains(others, n) })
}

// needs are the kinds that an item of k refers to in what travels. lockedOnly
// leaves those that an item can arrive without.
func (k Kind) needs(lockedOnly bool) []string {
	var out []string
	for _, f := range k.Fields {
		for _, x := range append([]Field{f}, f.Columns...) {
			if x.Ref != "" && x.OtherEnd == "" && x.Policy != item.Never && (!lockedOnly || x.Policy != item.Unlocked) {
				out = append(out, x.Ref)
			}
		}
	}
	return out
}

// circle returns a circle of locked references through k, from k back to k; nil
// if there is none. A kind that refers to itself is none: within a kind, items
// are ordered one by one.
func (c *Catalog) circle(start Kind) []string {
	seen := map[string]bool{}
	var walk func(k Kind, way []string) []string
	walk = func(k Kind, way []string) []string {
		for _, next := range k.needs(true) {
			target, ok := c.Kind(next)
			if next == start.Name && next != k.Name {
				return append(way, next)
			}
			if !ok || seen[next] || next == start.Name {
				continue
			}
			seen[next] = true
			if found := walk(target, append(way, next)); found != nil {
				return found
			}
		}
		return nil
	}
	return walk(start, []string{start.Name})
}
