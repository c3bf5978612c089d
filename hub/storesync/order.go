package storesync

import (
	"cmp"
	"slices"

	"plait/shared/catalog"
	"plait/shared/item"
)

// policies resolves a catalogue's policies with the switches of a network, and
// with what one sync leaves alone.
type policies struct {
	switches       map[string]bool
	noPrices       bool // what price sync is about travels with new items only
	noRestrictions bool
}

func (p policies) of(f catalog.Field) item.Policy {
	return f.Resolve(func(name string) bool { return p.switches[name] })
}

// refs calls visit with every kind that a kind's travelling fields refer to.
// hard says that an item could not arrive without what that reference means.
func (p policies) refs(k catalog.Kind, visit func(kind string, hard bool)) {
	for _, f := range k.Fields {
		policy := p.of(f)
		if policy == item.Never || f.OtherEnd != "" {
			continue
		}
		if f.Ref != "" {
			visit(f.Ref, policy != item.Unlocked)
		}
		for _, c := range f.Columns {
			if cp := p.of(c); c.Ref != "" && cp != item.Never {
				visit(c.Ref, policy != item.Unlocked && cp != item.Unlocked)
			}
		}
	}
}

// kindOrder puts kinds in the order in which they are applied: those that others
// refer to first, by name where that leaves a choice. Where kinds refer to each
// other, references without which an item still arrives give way; what is
// cyclic even so is returned, as groups of names.
func kindOrder(kinds []catalog.Kind, p policies) (ordered []string, cycles [][]string) {
	all, hard := edges{}, edges{}
	names := make([]string, 0, len(kinds))
	for _, k := range kinds {
		names = append(names, k.Name)
	}
	slices.Sort(names)
	for _, k := range kinds {
		p.refs(k, func(ref string, isHard bool) {
			if _, here := slices.BinarySearch(names, ref); !here || ref == k.Name {
				return
			}
			all.add(k.Name, ref)
			if isHard {
				hard.add(k.Name, ref)
			}
		})
	}
	for _, group := range components(names, all) {
		if len(group) == 1 {
			ordered = append(ordered, group[0])
			continue
		}
		slices.Sort(group)
		for _, sub := range components(group, hard) {
			if len(sub) > 1 {
				slices.Sort(sub)
				cycles = append(cycles, sub)
			}
			ordered = append(ordered, sub...)
		}
	}
	return ordered, cycles
}

// edges are what a name refers to, sorted.
type edges map[string][]string

func (e edges) add(from, to string) {
	if i, found := slices.BinarySearch(e[from], to); !found {
		e[from] = slices.Insert(e[from], i, to)
	}
}

// components returns the strongly connected components of a graph, each after
// all that it refers to (Tarjan). Edges to names that are not listed are left
// out.
func components(names []string, e edges) [][]string {
	t := &tarjan{edges: e, listed: map[string]bool{}, index: map[string]int{}, low: map[string]int{}, on: map[string]bool{}}
	for _, n := range names {
		t.listed[n] = true
	}
	for _, n := range names {
		if t.index[n] == 0 {
			t.visit(n)
		}
	}
	return t.out
}

type tarjan struct {
	edges      edges
	listed, on map[string]bool
	index, low map[string]int // from 1
	stack      []string
	out        [][]string
}

func (t *tarjan) visit(n string) {
	t.index[n] = len(t.index) + 1
	t.low[n] = t.index[n]
	t.stack = append(t.stack, n)
	t.on[n] = true
	for _, m := range t.edges[n] {
		switch {
		case !t.listed[m]:
		case t.index[m] == 0:
			t.visit(m)
			t.low[n] = min(t.low[n], t.low[m])
		case t.on[m]:
			t.low[n] = min(t.low[n], t.index[m])
		}
	}
	if t.low[n] != t.index[n] {
		return
	}
	at := slices.Index(t.stack, n)
	group := slices.Clone(t.stack[at:])
	t.stack = t.stack[:at]
	for _, m := range group {
		t.on[m] = false
	}
	t.out = append(t.out, group)
}

// itemOrder puts a kind's items in the order of their keys, and those that
// others refer to before these. Items that refer to each other in a circle stay
// in the order of their keys, and one of each circle is returned.
func itemOrder(rows []*row) (ordered, circles []*row) {
	slices.SortFunc(rows, func(a, b *row) int { return compareKeys(a.Key, b.Key) })
	o := itemSort{state: make(map[string]visit, len(rows)), rows: make(map[string]*row, len(rows))}
	for _, r := range rows {
		o.rows[r.Key] = r
	}
	for _, r := range rows {
		o.put(r)
	}
	return o.ordered, o.circles
}

type visit uint8

const (
	entered visit = iota + 1
	left
)

type itemSort struct {
	rows             map[string]*row
	state            map[string]visit
	ordered, circles []*row
}

func (o *itemSort) put(r *row) {
	switch o.state[r.Key] {
	case left:
		return
	case entered:
		o.circles = append(o.circles, r)
		return
	}
	o.state[r.Key] = entered
	eachRef(r.Fields, func(ref item.Value) {
		if parent := o.rows[ref.Str()]; ref.RefKind() == r.Kind && parent != nil && parent != r {
			o.put(parent)
		}
	})
	o.state[r.Key] = left
	o.ordered = append(o.ordered, r)
}

// compareKeys puts integer keys in their natural order.
func compareKeys(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// eachRef calls visit with every reference that fields hold.
func eachRef(fields item.Fields, visit func(ref item.Value)) {
	for _, f := range fields {
		switch f.Value.Type() {
		case item.TypeRef, item.TypeUIDRef:
			visit(f.Value)
		case item.TypeRows:
			for _, r := range f.Value.Rows() {
				if r.Key.RefKind() != "" {
					visit(r.Key)
				}
				eachRef(r.Cols, visit)
			}
		}
	}
}
