package storesync

import (
	"fmt"
	"slices"
	"strings"

	"plait/hub/store"
	"plait/shared/wire"
)

// addMissing adds what the payload's items need and some of the stores lack, until
// nothing is missing any more that the source has.
func (t *test) addMissing(v *store.View, c *cutting, stores []StorePlan) error {
	for {
		c.cut()
		if !t.request.Options.AddMissing {
			return nil
		}
		before := c.chosen.count()
		for n := range c.needs {
			r := t.src.kinds[n.kind].live(n.uid)
			if r == nil {
				continue
			}
			lacks, err := someLacks(v, n, stores)
			if err != nil {
				return err
			}
			if lacks {
				c.chosen.add(n.kind, r.Key)
			}
		}
		if c.chosen.count() == before {
			return nil
		}
	}
}

// live is the source's item with that uid; nil if it has none, or the kind is
// not synced.
func (k *sourceKind) live(uid string) *row {
	if k == nil {
		return nil
	}
	return k.byUID[uid]
}

// someLacks reports whether one of the stores that can receive has no item of that uid.
func someLacks(v *store.View, n need, stores []StorePlan) (bool, error) {
	for _, at := range stores {
		if at.Blocked != "" {
			continue
		}
		in, err := v.In(at.ID)
		if err != nil {
			return false, err
		}
		items, err := in.ItemsByUID(n.kind, n.uid)
		if err != nil {
			return false, err
		}
		if !slices.ContainsFunc(items, store.Item.Live) {
			return true, nil
		}
	}
	return false, nil
}

// prepareDeletes makes sure that "delete what the source does not have" cannot
// be taken for "delete everything".
func (t *test) prepareDeletes(v *store.View) error {
	if !t.request.Options.deletes() {
		return nil
	}
	var whole []string
	for _, k := range t.cutting.order {
		i := slices.IndexFunc(t.request.Kinds, func(s Selection) bool { return s.Kind == k })
		switch {
		case i < 0:
		case t.request.Kinds[i].whole():
			if err := t.checkShrunk(v, k); err != nil {
				return err
			}
			whole = append(whole, k)
		default:
			t.warn(Warning{Code: WarnNotWhole, Kind: k, Text: "of " + k + " nothing is deleted: only a part of it is selected", Mend: "select all of it, if the rest is to go"})
		}
	}
	if len(whole) == 0 {
		return refuse("nothing can be deleted: no kind is selected whole, so nothing tells what the source does not have")
	}
	t.deletes = newDeletes(t.src, t.request.Options.DeleteMissing, whole)
	return nil
}

func (t *test) checkShrunk(v *store.View, kind string) error {
	now := len(t.src.kinds[kind].rows)
	if now == 0 {
		return refuse("the source has no %s at all; a sync that deletes would empty every receiver's list", kind)
	}
	last, ok, err := v.SyncSize(t.network.ID, t.parties.source.ID, kind)
	if err != nil {
		return err
	}
	if ok && (last-now)*100 > last*t.settings.ShrinkPercent {
		return refuse("the source's list of %s went from %d to %d since it was last synced, more than %d%%; sync it once without deleting if that is right",
			kind, last, now, t.settings.ShrinkPercent)
	}
	return nil
}

// describe says what the payload holds and what stands against it.
func (t *test) describe(v *store.View) error {
	brought := map[string]int{}
	for _, it := range t.cutting.payload.Items {
		brought[it.Kind]++
	}
	for _, name := range t.described() {
		at := PlanKind{Kind: name, Title: name, Items: brought[name], Whole: -1, SyncRev: -1}
		if in, ok := t.catalog.Kind(name); ok && in.Title != "" {
			at.Title = in.Title
		}
		t.describeKind(&at)
		if in, _ := t.catalog.Kind(name); in.OneReceiver && at.Items > at.Added {
			t.plan.Transfers = true
		}
		if err := t.reaches(v, &at); err != nil {
			return err
		}
		if err := t.describeSince(v, &at); err != nil {
			return err
		}
		t.plan.Kinds = append(t.plan.Kinds, at)
	}
	t.describeUsual()
	t.describeDangling()
	return t.warnMoved(v)
}

// described are the payload's kinds, and those that are selected whole and of which
// the source has nothing yet: what it gets of them will come by itself.
func (t *test) described() (names []string) {
	for _, name := range t.cutting.order {
		carried := slices.ContainsFunc(t.cutting.payload.Kinds, func(k wire.PayloadKind) bool { return k.Name == name })
		whole := slices.ContainsFunc(t.request.Kinds, func(s Selection) bool { return s.Kind == name && s.whole() })
		if carried || whole {
			names = append(names, name)
		}
	}
	return names
}

func (t *test) describeKind(at *PlanKind) {
	k := t.src.kinds[at.Kind]
	i := slices.IndexFunc(t.request.Kinds, func(s Selection) bool { return s.Kind == at.Kind })
	switch {
	case i < 0:
		at.Added = at.Items
	case t.request.Kinds[i].whole():
		at.Whole = len(k.rows)
	default:
		if picked, err := t.src.choose(t.request.Kinds[i : i+1]); err == nil {
			at.Added = at.Items - picked.count()
		}
	}
	if len(k.lacks) > 0 {
		t.warn(Warning{Code: WarnGone, Kind: at.Kind, Count: len(k.lacks), Text: "the source has no " + at.Kind + " " + strings.Join(k.lacks, ", ") + " any more"})
	}
	if at.Added > 0 {
		t.warn(Warning{Code: WarnAdded, Kind: at.Kind, Count: at.Added, Text: fmt.Sprintf("%d of %s were added: others need them, and a receiver lacks them", at.Added, quoted(at.Title)), Mend: "test without add_missing, if they are not to come"})
	}
	if names := t.cutting.circles[at.Kind]; len(names) > 0 {
		t.warn(Warning{Code: WarnCyclicItems, Kind: at.Kind, Count: len(names), Names: names[:min(len(names), 5)],
			Text: named(names) + " refer to each other in a circle: what a new one needs may not be there yet when it arrives", Mend: "run the sync a second time"})
	}
	if len(k.twice) > 0 && t.cutting.chosen[at.Kind] != nil {
		var names []string
		for _, r := range k.twice {
			names = append(names, t.src.called(k, r))
		}
		t.warn(Warning{Code: WarnSameItem, Kind: at.Kind, Count: len(names), Names: names[:min(len(names), 5)],
			Text: named(names) + " stand twice at the source, marked as the same items; one of each travels", Mend: "delete the one that is too many"})
	}
}

// describeUsual warns where a kind usually comes from another store: what locks
// and continuous sync bring would pull against this sync (decision 9).
func (t *test) describeUsual() {
	for _, s := range t.request.Kinds {
		usual := t.settings.Usual[s.Kind]
		switch {
		case usual == t.parties.source.ID, usual == "" && t.parties.source.Role == store.HeadOffice:
		case usual != "":
			t.warn(Warning{Code: WarnUsualSource, Kind: s.Kind, Text: s.Kind + " usually comes from another store", Mend: "choose that one as the source, or make this one the usual source"})
		case t.parties.office:
			t.warn(Warning{Code: WarnUsualSource, Kind: s.Kind, Text: s.Kind + " usually comes from head office, and " + t.parties.source.Name + " is a " + inWordsRole[t.parties.source.Role],
				Mend: "make it the usual source of the kind, if it is"})
		}
	}
}

func (t *test) describeDangling() {
	n := 0
	for need := range t.cutting.needs {
		if k := t.src.kinds[need.kind]; k != nil && k.live(need.uid) == nil {
			n++
		}
	}
	if n > 0 {
		t.warn(Warning{Code: WarnNotAtSource, Count: n, Text: fmt.Sprintf("items refer to %d others that the source itself does not have", n), Mend: "mend them at the source, or let its agent upload"})
	}
}
