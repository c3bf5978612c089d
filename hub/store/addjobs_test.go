package store_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"plait/hub/store"
	"plait/hub/store/storetest"
)

// What jobs share is handed to the engine once: each must read back as it was given,
// wherever in a row of equal ones it stands.
func TestJobsThatAreAddedTogetherReadBackAsTheyWere(t *testing.T) {
	db := storetest.Open(t, storetest.NewClock())
	ids := make([]string, 70) // more than the widest stroke
	for i := range ids {
		ids[i] = fmt.Sprintf("s%02d", i)
	}
	storetest.AddNetwork(t, db, "n", ids...)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, len(ids)).Draw(t, "stores")
		kinds := rapid.SliceOfN(rapid.IntRange(0, 2), n, n).Draw(t, "kinds")
		jobs := make([]store.Job, n)
		for i, kind := range kinds {
			jobs[i] = store.Job{Sort: "sync", Label: "spring", Cause: "c", Payload: "p", Items: 7, CreatedBy: "ann"}
			switch kind {
			case 1:
				jobs[i].Own, jobs[i].Resets = "own of "+ids[i], true
			case 2:
				jobs[i].Sort, jobs[i].RetryOf, jobs[i].Reach = "retry", "j", "head service=4"
			}
		}
		err := db.WithStores(t.Context(), ids[:n], func(all store.StoresTx) error {
			if err := all.AddJobs(jobs); err != nil {
				return err
			}
			for i, tx := range all {
				got, err := tx.Job(jobs[i].ID)
				if err != nil {
					return err
				}
				if got != jobs[i] {
					t.Errorf("store %s: added %+v, reads %+v", ids[i], jobs[i], got)
				}
				if last, err := tx.Jobs(1); err != nil || len(last) != 1 || last[0] != jobs[i] || last[0].Number != tx.Store.LastJob {
					t.Errorf("store %s: the last job is %+v (%v), its counter %d", ids[i], last, err, tx.Store.LastJob)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
