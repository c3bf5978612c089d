package queue_test

import (
	"context"
	"testing"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/shared/wire"
)

// A job that changed nothing leaves no change row, so a POS database restored to
// before it is of the same history still. It is applied once more, and the log
// says when: the first result alone would let the job seem open ever since.
func TestAppliedAgainInOneHistoryStandsInTheLog(t *testing.T) {
	db := storetest.Open(t, storetest.NewClock())
	storetest.AddNetwork(t, db, "n", "head", "branch")
	ctx := context.Background()
	var j store.Job
	in := func(fn func(*store.StoreTx) error) {
		t.Helper()
		if err := db.WithStore(ctx, "branch", fn); err != nil {
			t.Fatal(err)
		}
	}
	in(func(tx *store.StoreTx) (err error) {
		j, err = queue.Put(tx, store.Job{Sort: "sync", Label: "a sync", Payload: wire.Sum(nil), CreatedBy: "ann"})
		return err
	})
	q := queue.New(db, nil)
	apply := func(head wire.ReceiptHead) {
		t.Helper()
		if _, err := q.Begin(ctx, "branch", wire.Begin{Job: j.ID, Receipt: head}); err != nil {
			t.Fatal(err)
		}
		in(func(tx *store.StoreTx) error {
			return queue.Result(tx, wire.Result{Job: j.ID, Number: j.Number, Order: 1, Done: true})
		})
	}
	none := wire.ReceiptHead{Known: true}
	apply(none)
	applied := func() (n int) {
		t.Helper()
		err := db.View(ctx, func(v *store.View) error {
			log, err := v.AuditLog("n", 0, 100)
			for _, e := range log {
				if e.What == "job.applied" {
					n++
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := applied(); n != 0 {
		t.Fatalf("the first time stands in the log %d times; the result says it", n)
	}
	in(func(tx *store.StoreTx) error {
		s, err := queue.Settle(tx, none, nil)
		if err == nil && len(s.RolledBack) != 1 {
			t.Errorf("rolled back: %+v", s.RolledBack)
		}
		return err
	})
	apply(none)
	if n := applied(); n != 1 {
		t.Errorf("applied again, it stands in the log %d times", n)
	}
}
