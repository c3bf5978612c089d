package merge

import (
	"cmp"
	"fmt"
	"strings"

	"plait/shared/item"
	"plait/shared/wire"
)

// matched is the outcome of matching one payload item.
type matched struct {
	key     string // "" if it is to be created
	found   bool
	adopt   bool
	relink  bool // it was found by an alias: its link takes the uid that lives on
	decided bool // a person said that the store's item is the one
	warning Reason
	refuse  Reason // the item cannot be matched; why says it in words
	why     string
}

// match finds the store's item that a payload item means.
func (p *Planner) match(pi wire.PayloadItem, kind wire.PayloadKind) matched {
	key, decided := p.own.Decisions[pi.UID]
	if m, ok := p.matchUID(pi); ok {
		if !kind.Match.Singleton && p.claims.anothers(pi, m.key) {
			return refuse(LinkedElsewhere, "here it is the same item as another of this sync, %s; mark them as the same item at the source too, or delete one there", p.list(pi.Kind, m.key))
		}
		m.decided = decided && key == m.key
		return m
	}
	if decided && (key != "" || !kind.Match.Singleton) {
		return p.decided(pi, key)
	}
	if kind.Match.Singleton {
		return p.matchOnly(pi)
	}
	if m, ok := p.matchCode(pi); ok {
		return m
	}
	return p.matchName(pi, kind, p.category(pi, kind))
}

func (p *Planner) matchUID(pi wire.PayloadItem) (matched, bool) {
	key, alias, ok := p.index.byUID(pi)
	if !ok {
		return matched{}, false
	}
	linked := p.index.kind(pi.Kind).items[key].linked
	return matched{key: key, found: true, adopt: !linked && pi.Op == wire.OpPut, relink: alias}, true
}

// decided carries out what a person decided in the Test, unless the item is gone
// or was linked since.
func (p *Planner) decided(pi wire.PayloadItem, key string) matched {
	if key == "" {
		return matched{}
	}
	e := p.index.kind(pi.Kind).items[key]
	switch {
	case e == nil:
		return refuse(Ambiguous, "the item chosen in the Test (%s %s) is no longer there; run the Test again", pi.Kind, key)
	case p.claims.anothers(pi, key):
		return refuse(LinkedElsewhere, "the item chosen in the Test (%s %s) is another item of this sync; choose another, or keep them separate", pi.Kind, key)
	case e.linked:
		return refuse(LinkedElsewhere, "the item chosen in the Test (%s %s) has been linked to another item since; run the Test again", pi.Kind, key)
	default:
		return matched{key: key, found: true, adopt: true, decided: true}
	}
}

// matchOnly finds the one item that a store has of a kind, its settings: the only
// one here means the only one there, whatever either was linked to before.
func (p *Planner) matchOnly(pi wire.PayloadItem) matched {
	all := p.index.all(pi.Kind)
	switch {
	case pi.NameTwins:
		return refuse(Ambiguous, "the source has several items of %s, and a store has one; remove there what is not in use", pi.Kind)
	case len(all) > 1:
		return refuse(Ambiguous, "there are several items of %s here, and a store has one: %s; remove what is not in use, or decide in the Test which is meant", pi.Kind, list(all))
	case len(all) == 0:
		return matched{}
	}
	key := all[0].ID.Key
	linked := p.index.kind(pi.Kind).items[key].linked
	return matched{key: key, found: true, adopt: !linked, relink: linked}
}

// matchCode: a code that several items of the source share is no identity, so
// it neither adopts nor stands in the way of a new item.
func (p *Planner) matchCode(pi wire.PayloadItem) (matched, bool) {
	if pi.Code == "" {
		return matched{}, false
	}
	free, anothers := p.claims.apart(pi, p.index.coded(pi.Kind, pi.Code, false))
	switch {
	case len(free) > 0 && pi.CodeTwins:
		return refuse(Ambiguous, "the source has several items with the code %s, and here it is %s; give each its own, or decide in the Test which is meant", displayCode(pi.Code), list(free)), true
	case len(free) > 1:
		return refuse(Ambiguous, "several items here have the code %s: %s; decide in the Test which is meant", displayCode(pi.Code), list(free)), true
	case len(free) == 1:
		return matched{key: free[0].ID.Key, found: true, adopt: true}, true
	case pi.CodeTwins:
		return matched{}, false
	case len(anothers) > 0:
		return refuse(LinkedElsewhere, "the code %s belongs to %s, which is another item of this sync; mark them as the same item, or change one code", displayCode(pi.Code), list(anothers)), true
	}
	if taken := p.index.coded(pi.Kind, pi.Code, true); len(taken) > 0 {
		return refuse(LinkedElsewhere, "the code %s belongs to %s, which is linked to another item of the network; mark them as the same item, or change one code", displayCode(pi.Code), list(taken)), true
	}
	return matched{}, false
}

func (p *Planner) matchName(pi wire.PayloadItem, kind wire.PayloadKind, category string) matched {
	folded := item.NormalName(pi.Name)
	if kind.Match.Name == "" || folded == "" {
		return matched{}
	}
	same := func(linked bool) []Candidate {
		return p.index.named(pi.Kind, folded, func(e *entry) bool { return e.linked == linked && e.category == category })
	}
	free, anothers := p.claims.apart(pi, same(false))
	if len(free) == 1 && !pi.NameTwins {
		if code := p.index.CodeOf(pi.Kind, free[0].ID.Key); code != "" && pi.Code != "" && code != pi.Code {
			return refuse(CodesDiffer, "%s has the same name but the code %s, not %s; correct a code, or decide in the Test", list(free), displayCode(code), displayCode(pi.Code))
		}
		return matched{key: free[0].ID.Key, found: true, adopt: true}
	}
	if len(free) > 0 {
		return refuse(Ambiguous, "several items have the name %q in this category (here %s%s); decide in the Test which is meant", pi.Name, list(free), twinsAtSource(pi.NameTwins))
	}
	if len(anothers) > 0 && !pi.NameTwins && !p.differentCodes(pi, anothers) {
		return refuse(LinkedElsewhere, "%s has the same name and is another item of this sync; mark them as the same item, or rename one", list(anothers))
	}
	if taken := same(true); len(taken) > 0 && !pi.NameTwins && !p.differentCodes(pi, taken) {
		return refuse(LinkedElsewhere, "%s has the same name and is linked to another item of the network; mark them as the same item, or rename one", list(taken))
	}
	if elsewhere := p.index.named(pi.Kind, folded, func(e *entry) bool { return e.category != category }); len(elsewhere) > 0 {
		return matched{warning: SameNameElse, why: fmt.Sprintf("an item of the same name stands in another category: %s", list(elsewhere))}
	}
	return matched{}
}

// differentCodes: items whose complete codes differ are two items, however alike
// their names.
func (p *Planner) differentCodes(pi wire.PayloadItem, others []Candidate) bool {
	for _, c := range others {
		if code := p.index.CodeOf(pi.Kind, c.ID.Key); code == "" || pi.Code == "" || code == pi.Code {
			return false
		}
	}
	return true
}

func refuse(r Reason, format string, args ...any) matched {
	return matched{refuse: r, why: fmt.Sprintf(format, args...)}
}

func twinsAtSource(twins bool) string {
	if twins {
		return ", and more than one at the source"
	}
	return ""
}

// list names candidates, at most five.
func list(cs []Candidate) string {
	var names []string
	for i, c := range cs {
		if i == 5 {
			names = append(names, fmt.Sprintf("and %d more", len(cs)-i))
			break
		}
		if c.Name == "" {
			names = append(names, c.ID.Key)
			continue
		}
		names = append(names, fmt.Sprintf("%q (%s)", c.Name, c.ID.Key))
	}
	return strings.Join(names, ", ")
}

// list names the receiver's item of that key.
func (p *Planner) list(kind, key string) string {
	e := p.index.kind(kind).items[key]
	return list([]Candidate{{item.ID{Kind: kind, Key: key, Gen: e.gen}, e.name}})
}

func cmpKey(a, b string) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c // integer keys in their natural order
	}
	return cmp.Compare(a, b)
}
