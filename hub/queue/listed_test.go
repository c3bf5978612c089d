package queue_test

import (
	"context"
	"fmt"
	"testing"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/shared/wire"
)

// A restored hub calls jobs 1 to 3 applied, with the places that their receipts
// had. The POS database was restored too, and holds 1 and two jobs that the hub
// has forgotten: its newest receipt has a higher place than job 3's. The head
// alone hides that 2 and 3 are gone; the list does not.
func TestListedReceiptsShowWhatTheHeadHides(t *testing.T) {
	for _, listed := range []bool{false, true} {
		t.Run(fmt.Sprintf("listed %v", listed), func(t *testing.T) {
			db := storetest.Open(t, storetest.NewClock())
			storetest.AddNetwork(t, db, "n", "head", "branch")
			var jobs []store.Job
			in := func(fn func(*store.StoreTx) error) {
				t.Helper()
				if err := db.WithStore(context.Background(), "branch", fn); err != nil {
					t.Fatal(err)
				}
			}
			in(func(tx *store.StoreTx) error {
				for n := range int64(3) {
					j, err := queue.Put(tx, store.Job{Sort: "sync", Label: "a sync", Payload: wire.Sum(nil), CreatedBy: "ann"})
					if err != nil {
						return err
					}
					j.State, j.Begun, j.Ended, j.Receipt = store.Applied, tx.Now(), tx.Now(), n+1
					if err := tx.SetJob(j); err != nil {
						return err
					}
					jobs = append(jobs, j)
				}
				return nil
			})
			head := wire.ReceiptHead{Known: true, Job: "forgotten-2", HubEpoch: "forgotten", Number: 9, Done: true, Order: 5}
			var list *wire.Receipts
			want := 0
			if listed {
				list = &wire.Receipts{Jobs: []wire.ReceiptRef{{Job: "forgotten-2", Order: 5}, {Job: "forgotten-1", Order: 4}, {Job: jobs[0].ID, Order: 1}}}
				want = 2
			}
			in(func(tx *store.StoreTx) error {
				s, err := queue.Settle(tx, head, list)
				if err == nil && (len(s.RolledBack) != want || (listed && s.RolledBack[0].ID != jobs[1].ID)) {
					t.Errorf("rolled back: %+v, want %d", s.RolledBack, want)
				}
				return err
			})
		})
	}
}
