package storesync

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plait/shared/item"
	"plait/shared/wire"
)

// reverting is a sync that a random world's branch has applied, and its revert.
type reverting struct {
	*world
	t       failer
	before  map[item.ID]item.Item // live, before the sync
	after   map[item.ID]item.Item // and after it
	result  wire.Result
	changed map[item.ID]bool  // by the sync
	moved   map[string]string // keys under which the revert brought items back that lost theirs
	payload wire.Payload      // of the revert
	own     wire.Own
}

func (s *salon) alive() map[item.ID]item.Item {
	out := maps.Clone(s.rows)
	maps.DeleteFunc(out, func(_ item.ID, it item.Item) bool { return it.Deleted })
	return out
}

// eachReverting holds check against a hundred worlds, always the same, and
// against random ones.
func eachReverting(t *testing.T, check func(*reverting)) {
	for seed := range uint64(99) {
		check(newReverting(t, seed, int(seed%3)))
	}
	rapid.Check(t, func(t *rapid.T) {
		check(newReverting(t, rapid.Uint64().Draw(t, "world"), rapid.IntRange(0, 2).Draw(t, "syncs before")))
	})
}

// newReverting lets a world run some syncs, and plans to take the last back.
func newReverting(t failer, seed uint64, syncs int) *reverting {
	r := &reverting{world: newWorld(seed), t: t, changed: map[item.ID]bool{}}
	r.settle()
	for range syncs {
		r.sync()
		for _, s := range r.salons {
			r.edit(s)
		}
		r.merge()
		r.from()
	}
	r.settle()
	r.before = r.branch.alive()
	payload, own := r.sync()
	r.after = r.branch.alive()
	images, err := readImages(r.result.Before, len(payload.Items)+len(own.Items))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range images {
		r.changed[item.ID{Kind: itemOf(m.N, payload, own).Kind, Key: m.Key, Gen: m.Gen}] = true
	}
	r.payload = wire.Payload{Source: payload.Source, HubEpoch: payload.HubEpoch, Kinds: payload.Kinds}
	r.own = new(revertTest).revertOf(images, payload, own).own
	lines, _, err := wire.EncodeOwn(r.own)
	if err == nil {
		r.own, err = wire.DecodeOwn(lines)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// from chooses where the next sync to the same branch comes from: from the wrong
// salon, now and then.
func (r *reverting) from() {
	others := slices.DeleteFunc(slices.Clone(r.salons), func(s *salon) bool { return s == r.branch })
	if r.source = others[0]; r.chance(3) {
		r.source = pick(r.world, others...)
	}
}

// settle lets a branch's items be as a POS gives them: every mapped field has a
// value, and nothing refers to what is not there (what a field referred to before
// is not set back where it has gone).
func (r *reverting) settle() {
	for _, it := range r.branch.alive() {
		for _, k := range r.branch.profile.Kinds {
			for _, f := range k.Fields {
				if k.Kind != it.Kind {
					continue
				}
				v := r.settled(it.Fields.Get(f.Name))
				if v.IsAbsent() {
					v = item.Null()
				}
				it.Fields = it.Fields.With(f.Name, v)
			}
		}
		r.branch.put(it)
	}
}

func (r *reverting) settled(v item.Value) item.Value {
	switch v.Type() {
	case item.TypeRef:
		if _, ok := r.branch.live(v.RefKind(), v.Str()); !ok {
			return item.Null()
		}
	case item.TypeRows:
		var rows []item.Row
		for _, e := range v.Rows() {
			if r.settled(e.Key).IsNull() {
				continue
			}
			var cols item.Fields
			for _, c := range e.Cols {
				cols = append(cols, item.Field{Name: c.Name, Value: r.settled(c.Value)})
			}
			rows = append(rows, item.Row{Key: e.Key, Cols: cols})
		}
		v, _ = item.Rows(rows)
	}
	return v
}

// sync cuts a job and lets the branch apply it.
func (r *reverting) sync() (wire.Payload, wire.Own) {
	payload, src, _, whole := r.cut(r.t)
	at, err := readReceiver(salonCopy{r.branch}, r.branch.id, r.branch.profile, payload.Kinds)
	if err != nil {
		r.t.Fatal(err)
	}
	own := r.world.own(r.t, at, payload, src, whole)
	if r.result, _, err = r.branch.apply(payload, own); err != nil {
		r.t.Fatal(err)
	}
	return payload, own
}

// plainSync cuts a job again, and nothing is decided or reset.
func (r *reverting) plainSync() {
	payload, _, _, _ := r.cut(r.t)
	if _, _, err := r.branch.apply(payload, wire.Own{}); err != nil {
		r.t.Fatal(err)
	}
}

// revert predicts and applies, and holds the one against the other.
func (r *reverting) revert() wire.Result {
	at, err := readReceiver(salonCopy{r.branch}, r.branch.id, r.branch.profile, r.payload.Kinds)
	if err == nil {
		at.refs, err = readReferrers(r.branch, r.catalog, r.branch.profile, at.targets(r.own.Items))
	}
	if err != nil {
		r.t.Fatal(err)
	}
	predicted, err := at.predict(&r.payload, r.own, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	result, created, err := r.branch.apply(r.payload, r.own)
	r.moved = created
	if err != nil {
		r.t.Fatal(err)
	}
	want, got := comparableExceptions(result.Exceptions, created), comparableExceptions(predicted.Exceptions, nil)
	if predicted.Counts != result.Counts || !slices.Equal(got, want) {
		r.t.Fatalf("predicted %+v, happened %+v;\npredicted %q\nhappened  %q", predicted.Counts, result.Counts, missingFrom(got, want), missingFrom(want, got))
	}
	return result
}

// TestRevertIsTheIdentity: where the branch did nothing since, a revert leaves
// everything as it was before the sync: values, and what is linked to what.
func TestRevertIsTheIdentity(t *testing.T) {
	var total wire.Counts
	eachReverting(t, func(r *reverting) {
		t := r.t
		result := r.revert()
		addCounts(&total, result.Counts)
		now := r.branch.alive()
		for id, was := range r.before {
			is, ok := now[id]
			if _, stayed := r.after[id]; !stayed {
				was, is = r.writable(was), r.writable(is) // the POS makes the others
			}
			if diff := differs(was, is); !ok || diff != "" {
				t.Fatalf("%s %s is not what it was: %s\nbefore %s\nsynced %s\nnow    %s", id.Kind, id.Key, diff, item.Append(nil, was), item.Append(nil, r.after[id]), item.Append(nil, is))
			}
		}
		for id := range now {
			if _, was := r.before[id]; !was && r.mayDelete() {
				t.Fatalf("%s %s was not there before the sync: %+v", id.Kind, id.Key, result.Exceptions)
			}
		}
	})
	t.Logf("%+v", total)
	for name, n := range map[string]int{"created": total.Created, "updated": total.Updated, "deleted": total.Deleted, "unlinked": total.Unlinked, "kept or equal": total.Kept + total.Equal} {
		if n == 0 {
			t.Errorf("nothing was %s: the worlds are too tame to prove anything", name)
		}
	}
}

// mayDelete: where a mapping cannot delete one kind, what such items refer to
// stays too.
func (r *reverting) mayDelete() bool {
	return !slices.ContainsFunc(r.branch.profile.Kinds, func(k wire.ProfileKind) bool { return !k.CanDelete })
}

// writable is an item with what we may write of it.
func (r *reverting) writable(it item.Item) item.Item {
	for _, k := range r.branch.profile.Kinds {
		for _, f := range k.Fields {
			if k.Kind == it.Kind && f.ReadOnly {
				it.Fields = it.Fields.With(f.Name, item.Value{})
			}
		}
	}
	return it
}

// differs compares values and links; of a link what matters to the branch: to
// what it leads, and which policy and base a field has that was set back.
func differs(was, is item.Item) string {
	switch {
	case !was.Fields.Equal(is.Fields):
		return "its values"
	case (was.Link == nil) != (is.Link == nil):
		return "whether it is linked"
	case was.Link == nil:
		return ""
	case was.Link.Adopted != is.Link.Adopted || was.Link.Birth != is.Link.Birth:
		return "its link"
	}
	for _, f := range is.Link.Fields {
		if before, ok := was.Link.Field(f.Name); ok && f.Reverted && (!before.Base.Equal(f.Base) || before.Policy != f.Policy) {
			return fmt.Sprintf("what its link says of %s", f.Name)
		}
	}
	return ""
}

// TestRevertKeepsWhatTheBranchDid: whatever the branch changed since the sync, in
// values, new items and deletions, stands after the revert, and the rest is as it
// was before the sync.
func TestRevertKeepsWhatTheBranchDid(t *testing.T) {
	edits, kept := 0, 0
	eachReverting(t, func(r *reverting) {
		t := r.t
		r.edit(r.branch)
		edited := r.branch.alive()
		r.revert()
		now := r.branch.alive()
		for id, synced := range r.after {
			if _, ok := edited[id]; !ok {
				if _, back := now[id]; back {
					t.Fatalf("the branch deleted %s %s, and it came back", id.Kind, id.Key)
				}
				continue
			}
			is, ok := now[id]
			touched := !edited[id].Fields.Equal(synced.Fields)
			if touched {
				edits++
			}
			if !ok {
				if _, was := r.before[id]; was || touched {
					t.Fatalf("%s %s is gone, though it was there before, or the branch changed it", id.Kind, id.Key)
				}
				continue
			}
			for _, f := range edited[id].Fields {
				value, wrote := is.Fields.Get(f.Name), synced.Fields.Get(f.Name)
				switch {
				case !f.Value.Equal(wrote) && !value.Equal(f.Value) && !r.retired(id, f.Name):
					t.Fatalf("the branch set %s of %s %s to %s, and it is %s", f.Name, id.Kind, id.Key, f.Value.Display(), value.Display())
				case !f.Value.Equal(wrote):
					kept++
				case !value.Equal(wrote) && !value.Equal(r.before[id].Fields.Get(f.Name)) && !r.retired(id, f.Name) && !r.refersToMoved(value):
					t.Fatalf("%s of %s %s is %s: neither what the sync wrote nor what was there before", f.Name, id.Kind, id.Key, value.Display())
				}
			}
		}
		for id, was := range edited { // the branch's own, and what was none of the sync's
			if _, synced := r.after[id]; !synced || !r.changed[id] {
				if is := now[id]; differs(was, is) != "" {
					t.Fatalf("%s %s is none of the sync's, and the revert changed it:\nbefore %s\nnow    %s", id.Kind, id.Key, item.Append(nil, was), item.Append(nil, is))
				}
			}
		}
	})
	if edits == 0 || kept == 0 {
		t.Errorf("%d edits of what was synced, of which %d had to be kept: they prove nothing", edits, kept)
	}
}

// refersToMoved: what was referred to came back under another key.
func (r *reverting) refersToMoved(v item.Value) (found bool) {
	eachRef(item.Fields{{Value: v}}, func(ref item.Value) { found = found || r.moved[ref.Str()] != "" })
	return found
}

// retired: what the sync created and cannot be deleted is deactivated.
func (r *reverting) retired(id item.ID, field string) bool {
	_, was := r.before[id]
	return !was && field == "active"
}

// TestRevertOutlivesTheNextSync: a sync of the same source state after a revert
// brings nothing back into an item that stayed linked.
func TestRevertOutlivesTheNextSync(t *testing.T) {
	stood := 0
	eachReverting(t, func(r *reverting) {
		t := r.t
		r.revert()
		before := r.branch.alive()
		r.plainSync()
		for id, was := range before {
			if was.Link == nil {
				continue
			}
			is := r.branch.alive()[id]
			for _, f := range was.Link.Fields {
				if v := was.Fields.Get(f.Name); f.Reverted && is.Link != nil && !v.Equal(is.Fields.Get(f.Name)) {
					now, _ := is.Link.Field(f.Name)
					if now.Sent == f.Sent {
						t.Fatalf("%s of %s %s was set back to %s, and a sync of the same brought %s", f.Name, id.Kind, id.Key, v.Display(), is.Fields.Get(f.Name).Display())
					}
				}
				if f.Reverted {
					stood++
				}
			}
		}
	})
	if stood == 0 {
		t.Error("nothing was set back in an item that stayed linked")
	}
}
