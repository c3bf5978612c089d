package storesync

import (
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plait/shared/item"
)

// TestHarnessContinuous holds continuous sync to its promise over histories of
// edits, uploads that break off anywhere, entries that were never made,
// cancellations, switches, and restores of the hub and of the POSs: once everybody
// has come, and an operator has looked where a flow was held, a full sync would
// change nothing anywhere, no job was empty, and no full upload is refused.
func TestHarnessContinuous(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newFlowWorld(t, emptyDir(t), rapidChoice(rt), sound)
		if what := w.run(rapid.IntRange(1, 60).Draw(rt, "happenings")); what != "" {
			rt.Fatalf("%s\n%s", what, strings.Join(w.log, "\n"))
		}
	})
}

// emptyDir is a folder for one history: there are too many for the test's own to
// be kept until it ends.
func emptyDir(t *testing.T) string {
	dir := t.TempDir()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Fatalf("%s is not empty: %v, %v", dir, entries, err)
	}
	return dir
}

// sizes gives head office's first service a size, and lets head office come.
func (w *flowWorld) sizes(size string) {
	h := w.stores["head"]
	h.set("service", h.liveKeys("service")[0], "size", item.MustText(size))
	h.converse(whole)
}

// TestAnEntryOfARestoredHubIsCutLast: a branch has an entry, and behind it a job
// that was tested; the hub is restored to that moment, and what the entry stands
// for by now is newer than the job. The two are of different hub epochs, so the
// branch cannot tell which of them is.
func TestAnEntryOfARestoredHubIsCutLast(t *testing.T) {
	w := newFlowWorld(t, emptyDir(t), func(string, int) int { return 0 }, sound)
	what := w.tell(func() {
		w.sizes("large")
		w.spread()
		w.looksAndRuns(w.stores["uptown"])
		w.backups = append(w.backups, w.backup())
		w.sizes("small")
		w.restoreHub(w.backups[1])
	})
	if what != "" {
		t.Error(what)
	}
}

// TestContinuousControls tells three short histories, each of which ends level,
// and does not where one rule is taken away.
func TestContinuousControls(t *testing.T) {
	for _, c := range []struct {
		name    string
		without weakness
		history func(w *flowWorld, head, branch *flowStore)
	}{
		{"a job is cancelled after it was cut", holdsNothing, func(w *flowWorld, head, branch *flowStore) {
			w.sizes("large")
			branch.converse(3) // the job is cut, and the answer lost
			w.cancel(branch)
		}},
		// A branch got a change that head office took back before the hub, restored to a
		// time before both, could hear of it: the source has what the hub remembers, so no
		// counter moves, and the branch has something else.
		{"the hub forgets a change that was taken back", looksNotBack, func(w *flowWorld, head, branch *flowStore) {
			w.sizes("large")
			branch.converse(whole)
			if len(branch.receipts) != 2 {
				w.fail("the branch has applied %+v, want the change too", branch.receipts)
			}
			head.set("service", head.liveKeys("service")[0], "size", item.Null())
			w.restoreHub(w.backups[0])
		}},
		{"an entry is made", movesEarly, func(w *flowWorld, head, branch *flowStore) {
			w.sizes("large")
			w.spread()
		}},
	} {
		for _, weak := range []weakness{sound, c.without} {
			w := newFlowWorld(t, emptyDir(t), func(string, int) int { return 0 }, weak)
			what := w.tell(func() { c.history(w, w.stores["head"], w.stores["uptown"]) })
			if weak == sound && what != "" {
				t.Errorf("%s: %s", c.name, what)
			}
			if weak != sound && !strings.Contains(what, "a full sync would still change uptown") {
				t.Errorf("%s, with a rule taken away: it ends with %q, so this shows nothing", c.name, what)
			}
		}
	}
}
