package storesync

import (
	"fmt"
	"slices"
)

// goneKind is what the source has deleted of one kind, by uid.
type goneKind struct {
	kind, title string
	uids        []string
}

// prepareGone notes what the source has deleted of the kinds that are selected
// whole: where the sync deletes nothing its copies stay, and the Test says so.
func (t *test) prepareGone() {
	if t.deletes != nil {
		return
	}
	for _, s := range t.request.Kinds {
		k := t.src.kinds[s.Kind]
		if k == nil || !s.whole() || k.Match.Singleton {
			continue
		}
		lives := map[string]bool{} // on in an item that took its place, or was noted
		for _, uids := range t.src.predecessors(k) {
			for _, u := range uids {
				lives[u] = true
			}
		}
		at := goneKind{kind: s.Kind, title: k.title}
		for _, r := range k.gone {
			if k.byUID[r.uid] == nil && !lives[r.uid] {
				at.uids, lives[r.uid] = append(at.uids, r.uid), true
			}
		}
		if len(at.uids) > 0 {
			t.gone = append(t.gone, at)
		}
	}
}

// goneAt warns of a receiver's copies of what the source has no longer.
func (t *test) goneAt(r *receiver) (out []Warning) {
	for _, g := range t.gone {
		var names []string
		for _, uid := range g.uids {
			if name, ok := r.index.Copy(g.kind, uid); ok {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			slices.Sort(names)
			out = append(out, Warning{Code: WarnGoneAtSource, Kind: g.kind, Count: len(names), Names: names[:min(len(names), 5)],
				Text: fmt.Sprintf("%d of %s are no longer at the source and stay at the store: %s", len(names), quoted(g.title), named(names)),
				Mend: "delete what is missing at the source (delete_missing linked), if they are to go"})
		}
	}
	return out
}
