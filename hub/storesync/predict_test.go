package storesync

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"plait/shared/item"
	"plait/shared/wire"
)

// TestPredictionIsWhatHappens is rule 12: over random catalogues, stores,
// profiles, policies, options and edits, round after round, what the Test
// predicts from the hub's copy is what the branch reports.
func TestPredictionIsWhatHappens(t *testing.T) {
	worlds := 400
	if testing.Short() {
		worlds = 60
	}
	var total wire.Counts
	exceptions, lost := 0, 0
	var held matrix
	for seed := range uint64(worlds) {
		w := newWorld(seed)
		for round := range 6 {
			result, listed := w.round(t, fmt.Sprintf("seed %d, round %d", seed, round))
			addCounts(&total, result.Counts)
			exceptions += listed
			if t.Failed() {
				return
			}
			for _, s := range w.salons {
				w.edit(s)
			}
			w.merge()
			w.partners()
			if w.chance(3) {
				w.policy = w.randomPolicies()
			}
		}
		lost += w.lost
		held.add(w.held)
	}
	t.Logf("%d worlds of 6 rounds: %+v, %d exceptions, %d values reset by name; fields that held: %+v", worlds, total, exceptions, lost, held)
	for name, n := range map[string]int{
		"created": total.Created, "adopted": total.Adopted, "updated": total.Updated, "equal": total.Equal, "kept": total.Kept, "deleted": total.Deleted,
		"retired": total.Retired, "unlinked": total.Unlinked, "skipped": total.Skipped, "parked": total.Parked, "reset by name": lost,
		"fields locked": held.locked, "fields kept on a first sync": held.keptFirst, "fields followed": held.follows, "fields kept": held.kept, "fields reset": held.reset,
	} {
		if n < worlds/20 {
			t.Errorf("only %d were %s: the worlds are too tame to prove anything", n, name)
		}
	}
}

func (w *world) round(t *testing.T, at string) (wire.Result, int) {
	payload, src, _, whole := w.cut(t)
	r, err := readReceiver(salonCopy{w.branch}, w.branch.id, w.branch.profile, payload.Kinds)
	if err != nil {
		t.Fatal(err)
	}
	own := w.own(t, r, payload, src, whole)
	if w.chance(2) {
		own.Reset = w.namedResets(t, at, payload, own)
	}
	predicted, err := r.predict(&payload, own, nil)
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	before := maps.Clone(w.branch.rows)
	result, created, err := w.branch.apply(payload, own)
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	w.ownItemsStay(t, at, before, payload, own)
	if predicted.Counts != result.Counts {
		t.Errorf("%s: predicted %+v, happened %+v", at, predicted.Counts, result.Counts)
	}
	want, got := comparableExceptions(result.Exceptions, created), comparableExceptions(predicted.Exceptions, nil)
	if !slices.Equal(got, want) {
		t.Errorf("%s: exceptions differ:\npredicted %q\nhappened  %q", at, missingFrom(got, want), missingFrom(want, got))
	}
	w.neverFieldsStay(t, at, payload)
	for _, what := range w.matrixHolds(before, payload, own, result) {
		t.Errorf("%s: %s", at, what)
	}
	return result, len(want)
}

func missingFrom(a, b []string) (out []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

// ownItemsStay is rule 8: an item of the branch's own is deleted or changed only
// where it was adopted, or listed for deletion by name; and what is not linked
// stays so when it is only retired.
func (w *world) ownItemsStay(t *testing.T, at string, before map[item.ID]item.Item, p wire.Payload, own wire.Own) {
	listed := map[string]bool{}
	for _, it := range own.Items {
		listed[it.UID] = true
	}
	for id, was := range before {
		now := w.branch.rows[id]
		switch {
		case was.Deleted || was.Link != nil || listed[was.UID(w.branch.id)] && now.Deleted:
		case listed[was.UID(w.branch.id)] && now.Link != nil:
			t.Errorf("%s: %s %s was the branch's own, and a deletion linked it", at, id.Kind, id.Key)
		case now.Deleted || (!now.Fields.Equal(was.Fields) && now.Link == nil && !listed[was.UID(w.branch.id)]):
			t.Errorf("%s: %s %s is the branch's own, and was changed", at, id.Kind, id.Key)
		// Settings have nowhere else to go, and a person's decision is none of the sync's.
		case now.Link != nil && p.Options.NoAdopt && id.Kind != "house" && own.Decisions[now.Link.UID] != id.Key:
			t.Errorf("%s: %s %s was adopted, though the sync links none", at, id.Kind, id.Key)
		}
	}
}

// neverFieldsStay is rule 10, looked for in the bytes themselves.
func (w *world) neverFieldsStay(t *testing.T, at string, p wire.Payload) {
	for _, it := range p.Items {
		k, _ := w.catalog.Kind(it.Kind)
		for _, f := range k.Fields {
			if w.policy.of(f) == item.Never && !it.Fields.Get(f.Name).IsAbsent() {
				t.Errorf("%s: %s %s carries %s, which never travels", at, it.Kind, it.UID, f.Name)
			}
		}
	}
}

// TestPredictionControl: a Test that forgets one thing is caught.
func TestPredictionControl(t *testing.T) {
	for seed := range uint64(60) {
		w := newWorld(seed)
		payload, _, _, _ := w.cut(t)
		r, err := readReceiver(salonCopy{w.branch}, w.branch.id, w.source.profile, payload.Kinds) // the wrong profile
		if err != nil {
			t.Fatal(err)
		}
		predicted, err := r.predict(&payload, wire.Own{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		result, _, err := w.branch.apply(payload, wire.Own{})
		if err != nil {
			t.Fatal(err)
		}
		if predicted.Counts != result.Counts {
			return
		}
	}
	t.Error("predictions with the wrong profile were all right: the comparison proves nothing")
}
