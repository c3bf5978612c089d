package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/shared/wire"
)

// scaled returns how many rounds a harness runs.
func scaled(t *testing.T, everyday int) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("PLAIT_SCALE"))
	if err != nil || n < 1 {
		return everyday
	}
	return everyday * n
}

// TestHarnessNoUploadLandsOverAnOpenJob is P4 on one hub: full uploads land, or
// are cut off, while an operator queues jobs. The audit log, whose numbers are in
// the order of the transactions, tells what stood when.
func TestHarnessNoUploadLandsOverAnOpenJob(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		r := newRace(t)
		for i := range scaled(t, 60) {
			if err := r.round(i); err != nil {
				t.Fatalf("round %d: %v", i, err)
			}
		}
		if r.landed == 0 || r.refused == 0 {
			t.Errorf("%d landed, %d refused: the rounds did not meet", r.landed, r.refused)
		}
	})
}

// The control: a hub without the check must be caught.
func TestHarnessCatchesAHubThatLandsOverJobs(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		r := newRace(t)
		r.ingest.LandOverJobs()
		for i := range scaled(t, 200) {
			if err := r.round(i); errors.Is(err, errOverJob) {
				return
			}
		}
		t.Error("a hub that lands over open jobs was not caught")
	})
}

var errOverJob = errors.New("a full upload landed over an open job")

type race struct {
	*agent
	rand            *rand.Rand
	before          record
	landed, refused int
}

func newRace(t *testing.T) *race {
	a := newWorld(t).newAgent("branch", "e1")
	a.send(put(1, product("0", "begin")), put(2, product("1", "begin")))
	return &race{agent: a, rand: rand.New(rand.NewPCG(1, 2)), before: recordOf(product("0", "begin"), product("1", "begin"))}
}

// round lands one full upload while a job is queued at some moment of it.
func (r *race) round(i int) error {
	after := record{}
	for id, it := range r.before {
		after[id] = it
	}
	for n := range 3 {
		it := product(fmt.Sprint(n+r.rand.IntN(5)), fmt.Sprint("round ", i))
		after[it.ID] = it
	}
	f := &full{agent: r.agent, id: fmt.Sprint("upload-", i)}
	if _, err := f.begin(after); err != nil {
		return err
	}
	f.stage(after, 10)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	commit := wire.FullCommit{Upload: f.id, Chunks: f.chunk, Kinds: after.kinds()}
	var commitErr, queueErr error
	var job string
	wait, early, cut := r.rand.IntN(12), r.rand.IntN(3) == 0, r.rand.IntN(4) == 0
	if early { // between the last chunk and the commit
		job, queueErr = r.queueAudited(i)
	}
	var both sync.WaitGroup
	both.Go(func() { _, commitErr = r.ingest.FullCommit(ctx, r.store, commit) })
	both.Go(func() {
		r.transactions(wait)
		if cut {
			cancel()
		}
		if !early {
			job, queueErr = r.queueAudited(i)
		}
	})
	both.Wait()
	if queueErr != nil {
		return queueErr
	}
	switch {
	case commitErr == nil:
		r.landed++
	case code(commitErr) == wire.CodeJobsOpen:
		r.refused++
	case !errors.Is(commitErr, context.Canceled):
		return commitErr
	}
	return r.judge(after, f.id, job)
}

// transactions lets some short transactions pass.
func (r *race) transactions(n int) {
	for range n {
		err := r.db.WithStore(context.Background(), "head", func(*store.StoreTx) error { return nil })
		if err != nil {
			r.Error(err)
		}
	}
}

func (r *race) queueAudited(i int) (id string, err error) {
	err = r.db.WithStore(context.Background(), r.store, func(tx *store.StoreTx) error {
		j, err := queue.Put(tx, store.Job{Sort: "sync", Label: fmt.Sprint("job ", i), Payload: "hash", CreatedBy: "ann"})
		id = j.ID
		return errors.Join(err, tx.Audit("ann", "job.queued", map[string]string{"job": id}))
	})
	return id, err
}

// judge reads the log: the landing must not stand between a job's queueing and
// its end. Then it ends the job for the next round.
func (r *race) judge(after record, upload, job string) error {
	var queuedAt, landedAt int64
	err := r.db.View(context.Background(), func(v *store.View) error {
		log, err := v.AuditLog("n", 0, 5)
		for _, e := range log {
			switch {
			case e.What == "job.queued" && queuedAt == 0:
				queuedAt = e.N
			case e.What == "full.landed" && strings.Contains(string(e.Detail), strconv.Quote(upload)):
				landedAt = e.N
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	held := r.kindSums()
	if landedAt == 0 {
		if d := cmp.Diff(r.before.kinds(), held); d != "" {
			return fmt.Errorf("nothing landed, and the copy changed: %s", d)
		}
	} else {
		r.before = after
		if d := cmp.Diff(after.kinds(), held); d != "" {
			return fmt.Errorf("it landed, and the copy is another: %s", d)
		}
		if queuedAt < landedAt {
			err = errOverJob
		}
	}
	return errors.Join(err, r.db.WithStore(context.Background(), r.store, func(tx *store.StoreTx) error {
		_, err := queue.Cancel(tx, "ann", job)
		return err
	}))
}
