package storesync

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// matrix counts what was seen of S3's two matrices.
type matrix struct{ locked, keptFirst, follows, kept, reset int }

func (m *matrix) add(o matrix) {
	m.locked += o.locked
	m.keptFirst += o.keptFirst
	m.follows += o.follows
	m.kept += o.kept
	m.reset += o.reset
}

// matrixHolds is rule 9, said again without the merge's words: after a sync a
// locked field equals the source's; an unlocked one does where it was as the last
// sync left it, and else is the branch's still, unless it was reset by name.
func (w *world) matrixHolds(before map[item.ID]item.Item, p wire.Payload, own wire.Own, result wire.Result) (broken []string) {
	left := map[string]bool{} // by uid, and uid and field: what the job has named as left alone
	for _, e := range result.Exceptions {
		switch {
		case e.Field == "" && (e.Action == "park" || e.Action == "skip"):
			left[e.UID] = true
		case e.Code == string(merge.NewerHere):
			left[e.UID+e.Field] = true
		}
	}
	if n := result.Counts.Created + result.Counts.Adopted; p.Options.OnlyLinked && n > 0 {
		broken = append(broken, fmt.Sprintf("it changes what is linked alone, and created or linked %d items", n))
	}
	for _, pi := range p.Items {
		local, ok := w.copyAt(w.branch, pi)
		switch {
		case p.Options.OnlyLinked && (!ok || before[local.ID].Link == nil): // it has no copy to change
		case left[pi.UID] || !syncs(w.branch.profile, pi.Kind):
		case !ok:
			broken = append(broken, fmt.Sprintf("%s %q came, and is not there", pi.Kind, pi.Name))
		default:
			was, found := before[local.ID]
			for _, f := range w.payloadKind(p, pi.Kind).Fields {
				if w.carries(pi, f) && found && !was.Deleted && !left[pi.UID+f.Name] {
					if what := w.fieldBroken(f, pi, was, local, slices.Contains(own.Reset[pi.UID], f.Name)); what != "" {
						broken = append(broken, what)
					}
				}
			}
		}
	}
	return broken
}

// copyAt is the item at a salon that a payload's item has become: by its link's
// uid, or by the one that it has of its own.
func (w *world) copyAt(s *salon, pi wire.PayloadItem) (found item.Item, ok bool) {
	for _, id := range s.ids(pi.Kind) {
		switch it := s.rows[id]; {
		case it.Deleted:
		case it.UID(s.id) == pi.UID:
			return it, true
		case item.LocalUID(s.id, id) == pi.UID:
			found, ok = it, true
		}
	}
	return found, ok
}

func (w *world) payloadKind(p wire.Payload, name string) wire.PayloadKind {
	return p.Kinds[slices.IndexFunc(p.Kinds, func(k wire.PayloadKind) bool { return k.Name == name })]
}

// carries reports whether the branch can hold a plain value that travels, and
// nothing but its policy decides what becomes of it.
func (w *world) carries(pi wire.PayloadItem, f wire.PayloadField) bool {
	kind, _ := w.catalog.Kind(pi.Kind)
	in, _ := kind.Field(f.Name)
	plain := in.Type == "text" || in.Type == "bool" || in.Type == "decimal"
	priced := kind.Prices != nil && slices.Contains(kind.Prices.Fields, f.Name)
	if !plain || priced || f.Policy == item.Never || f.Leave != "" || pi.Fields.Get(f.Name).IsAbsent() {
		return false
	}
	for _, k := range w.branch.profile.Kinds {
		for _, mapped := range k.Fields {
			if k.Kind == pi.Kind && mapped.Name == f.Name {
				return !mapped.ReadOnly
			}
		}
	}
	return false
}

// fieldBroken says what is wrong with a field; "" if nothing.
func (w *world) fieldBroken(f wire.PayloadField, pi wire.PayloadItem, was, now item.Item, reset bool) string {
	source, before, is := pi.Fields.Get(f.Name), was.Fields.Get(f.Name), now.Fields.Get(f.Name)
	last, synced := was.Link.Field(f.Name)
	want := before
	switch {
	case f.Policy == item.Locked:
		want = source
		w.held.locked++
	case synced && before.Equal(last.Base):
		want = source
		w.held.follows++
	case reset:
		want = source
		w.held.reset++
	case synced:
		w.held.kept++
	default:
		w.held.keptFirst++
	}
	if is.Equal(want) {
		return ""
	}
	return fmt.Sprintf("%s of %s %q is %s, want %s: it was %s, the source has %s, the policy is %s, and it is reset: %t (last %+v)",
		f.Name, pi.Kind, pi.Name, is.Display(), want.Display(), before.Display(), source.Display(), f.Policy, reset, last)
}

// TestMatrixControl: a value that is not what the matrices say is found, whichever
// of the two sorts it is of.
func TestMatrixControl(t *testing.T) {
	found := map[item.Policy]int{}
	for seed := range uint64(100) {
		w := newWorld(seed)
		payload, _, _, _ := w.cut(t)
		before := maps.Clone(w.branch.rows)
		result, _, err := w.branch.apply(payload, wire.Own{})
		if err != nil {
			t.Fatal(err)
		}
		if broken := w.matrixHolds(before, payload, wire.Own{}, result); len(broken) > 0 {
			t.Fatalf("seed %d: %s", seed, broken)
		}
		for _, pi := range payload.Items {
			it, ok := w.copyAt(w.branch, pi)
			for _, f := range w.payloadKind(payload, pi.Kind).Fields {
				if _, was := before[it.ID]; !ok || !was || !w.carries(pi, f) || it.Fields.Get(f.Name).Type() != item.TypeText {
					continue
				}
				bent := it
				bent.Fields = it.Fields.With(f.Name, item.MustText("bent"))
				w.branch.put(bent)
				if len(w.matrixHolds(before, payload, wire.Own{}, result)) != 1 {
					t.Fatalf("seed %d: %s of %s %q was bent, and nothing is broken", seed, f.Name, pi.Kind, pi.Name)
				}
				found[f.Policy]++
				w.branch.put(it)
			}
		}
	}
	if found[item.Locked] == 0 || found[item.Unlocked] == 0 {
		t.Errorf("bent were %v: this shows nothing", found)
	}
}
