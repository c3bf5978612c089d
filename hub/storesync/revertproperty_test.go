package storesync

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plait/shared/item"
	"plait/shared/wire"
)

// reverting is a sync that a random world's branch has applied, and its revert.
type reverting struct {
	*world
	undoing
	t       failer
	result  wire.Result
	payload wire.Payload // of the revert
	own     wire.Own
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
	r := &reverting{world: newWorld(seed), t: t, undoing: undoing{changed: map[item.ID]bool{}}}
	r.branch.settle()
	for range syncs {
		r.sync()
		for _, s := range r.salons {
			r.edit(s)
		}
		r.merge()
		r.from()
	}
	r.branch.settle()
	r.at, r.before = r.branch, r.branch.alive()
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
		result := r.revert()
		addCounts(&total, result.Counts)
		if what := r.isIdentity(); what != "" {
			r.t.Fatalf("%s: %+v", what, result.Exceptions)
		}
	})
	t.Logf("%+v", total)
	for name, n := range map[string]int{"created": total.Created, "updated": total.Updated, "deleted": total.Deleted, "unlinked": total.Unlinked, "kept or equal": total.Kept + total.Equal} {
		if n == 0 {
			t.Errorf("nothing was %s: the worlds are too tame to prove anything", name)
		}
	}
}

// TestRevertKeepsWhatTheBranchDid: whatever the branch changed since the sync, in
// values, new items and deletions, stands after the revert, and the rest is as it
// was before the sync.
func TestRevertKeepsWhatTheBranchDid(t *testing.T) {
	edits, kept := 0, 0
	eachReverting(t, func(r *reverting) {
		r.edit(r.branch)
		r.edited = r.branch.alive()
		r.revert()
		if what := r.keepsEdits(&edits, &kept); what != "" {
			r.t.Fatal(what)
		}
	})
	if edits == 0 || kept == 0 {
		t.Errorf("%d edits of what was synced, of which %d had to be kept: they prove nothing", edits, kept)
	}
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
