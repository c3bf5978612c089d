package e2e_test

import (
	"context"
	"flag"
	"os"
	"testing"
	"time"

	"plait/agent/upload"
	"plait/hub/operator"
	"plait/hub/storesync"
	"plait/shared/e2e/rig"
	"plait/shared/wire"
)

// A liveNetwork is a rig under test: whatever fails ends the test and prints the
// logs of every process.
type liveNetwork struct {
	*testing.T
	*rig.Rig
	ctx context.Context
}

// keepFiles is for whoever must find out why a test of real processes failed.
var keepFiles = flag.String("plait.keep", "", "an empty folder to which the files of a failed test's network are copied")

// openNetwork starts a hub with an empty network; both end with the test.
func openNetwork(t *testing.T, o rig.Options) *liveNetwork {
	t.Helper()
	return openNetworkFor(t, o, 10*time.Minute)
}

// openNetworkFor is openNetwork for a test that may go on for longer.
func openNetworkFor(t *testing.T, o rig.Options, within time.Duration) *liveNetwork {
	t.Helper()
	o.Dir = t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	t.Cleanup(cancel)
	r, err := rig.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(r.Logs())
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() && *keepFiles != "" {
			if err := os.CopyFS(*keepFiles, os.DirFS(o.Dir)); err != nil {
				t.Log(err)
			}
		}
	})
	return &liveNetwork{T: t, Rig: r, ctx: ctx}
}

// chapters runs parts of a story in their order, until one fails.
func (n *liveNetwork) chapters(all ...chapter) {
	whole := n.T
	defer func() { n.T = whole }()
	for _, c := range all {
		if !whole.Run(c.name, func(t *testing.T) { n.T = t; c.tell() }) {
			whole.FailNow()
		}
	}
}

type chapter struct {
	name string
	tell func()
}

func (n *liveNetwork) must(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

func (n *liveNetwork) addStore(o rig.StoreOptions) *rig.Store {
	n.Helper()
	s, err := n.AddStore(n.ctx, o)
	n.must(err)
	return s
}

// upload holds a conversation of a store and checks that it ended with a proof
// of equality.
func (n *liveNetwork) upload(name string) upload.Report {
	n.Helper()
	report, err := n.Store(name).Upload(n.ctx)
	n.must(err)
	if !report.Equal {
		n.Fatalf("the upload of %s did not end equal: %+v", name, report)
	}
	return report
}

// equal holds a store's POS against the hub's copy, and against what agent and
// hub say of themselves.
func (n *liveNetwork) equal(name string) rig.Comparison {
	n.Helper()
	c, err := n.Store(name).Compare(n.ctx)
	n.must(err)
	for i, d := range c.Differ {
		if i == 20 {
			n.Errorf("… and %d more", len(c.Differ)-i)
			break
		}
		n.Errorf("%s: %s", name, d)
	}
	if c.Total() == 0 {
		n.Errorf("the POS of %s has nothing to compare", name)
	}
	n.says(name)
	return c
}

// says checks that the agent's status, and the hub's page, say that all is
// level.
func (n *liveNetwork) says(name string) {
	n.Helper()
	st, err := n.Store(name).Status(n.ctx)
	n.must(err)
	if st.Proven.IsZero() || st.Last == nil || !st.Last.Equal || st.Waiting.Total != 0 || st.Parked != 0 || st.OpenJobs != 0 {
		n.Errorf("the agent of %s does not say that all is level: %+v", name, st)
	}
	shown, err := n.Hub.Show(n.ctx, name)
	n.must(err)
	if shown.EqualAt.IsZero() || shown.State != operator.StateOK || shown.OpenJobs != 0 || shown.Reconcile != "" || shown.POSTrouble != "" {
		n.Errorf("the hub does not say that %s is level: %+v", name, shown)
	}
}

// test tests a sync.
func (n *liveNetwork) test(args ...string) rig.Tested {
	n.Helper()
	t, err := n.Hub.Test(n.ctx, args...)
	n.must(err)
	return t
}

// run carries out a Test.
func (n *liveNetwork) run(t rig.Tested) storesync.Sync {
	n.Helper()
	y, err := n.Hub.Sync(n.ctx, t)
	n.must(err)
	return y
}

// asTested checks that a sync did at these stores what its Test said.
func (n *liveNetwork) asTested(sync storesync.Sync, stores ...string) {
	n.Helper()
	y, err := n.Hub.Outcome(n.ctx, sync.ID)
	n.must(err)
	for _, name := range stores {
		at := receiverOf(y, name)
		if at.State != "applied" || at.Outcome != at.Expected || at.Expected == (wire.Counts{}) {
			n.Errorf("%s at %s: the Test said %+v, it is %s with %+v", y.Label, name, at.Expected, at.State, at.Outcome)
		}
	}
}

func receiverOf(y storesync.Sync, name string) storesync.SyncStore {
	for _, s := range y.Stores {
		if s.Name == name {
			return s
		}
	}
	return storesync.SyncStore{}
}

// exceptions returns what a sync reported at a store.
func (n *liveNetwork) exceptions(sync storesync.Sync, name string) []wire.Exception {
	n.Helper()
	y, err := n.Hub.Outcome(n.ctx, sync.ID)
	n.must(err)
	at := receiverOf(y, name)
	if at.Job == "" {
		n.Fatalf("the sync %s queued nothing for %s: %s", y.Label, name, at.Why)
	}
	j, err := n.Hub.Job(n.ctx, at.Job)
	n.must(err)
	if len(j.Results) == 0 {
		n.Fatalf("%s reported nothing of %s, which is %s", name, y.Label, j.State)
	}
	return j.Results[0].Exceptions
}

// names checks that a list of exceptions names an item's field (or "" for the
// item itself) for a reason.
func (n *liveNetwork) names(list []wire.Exception, item, field, reason string) {
	n.Helper()
	for _, e := range list {
		if e.Name == item && e.Field == field && e.Code == reason {
			return
		}
	}
	n.Errorf("%q (field %q) is not named for %q in %+v", item, field, reason, list)
}
