package queue_test

import (
	"errors"
	"strings"
	"testing"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/store/storetest"
)

// Stores that can receive nothing are refused by name, and keep none of the others
// from their jobs.
func TestPutAllLeavesOutWhoCannotReceive(t *testing.T) {
	db := storetest.Open(t, storetest.NewClock())
	storetest.AddNetwork(t, db, "n", "a", "b", "c", "d")
	for id, do := range map[string]func(*store.StoreTx) error{
		"b": func(tx *store.StoreTx) error { _, err := queue.Switch(tx, "ann", store.Off, false); return err },
		"c": func(tx *store.StoreTx) error { return queue.Revoke(tx, "ann") },
		"d": func(tx *store.StoreTx) error {
			_, err := queue.Put(tx, store.Job{Sort: "sync", Label: "before", Payload: "h", CreatedBy: "ann"})
			return err
		},
	} {
		if err := db.WithStore(t.Context(), id, do); err != nil {
			t.Fatal(err)
		}
	}
	err := db.WithStores(t.Context(), []string{"a", "b", "c", "d"}, func(all store.StoresTx) error {
		jobs := make([]store.Job, len(all))
		for i, tx := range all {
			jobs[i] = store.Job{Sort: "sync", Label: "for " + tx.Store.ID, Payload: "h", CreatedBy: "ann"}
		}
		refused, err := queue.PutAll(all, jobs)
		for i, number := range []int64{1, 0, 0, 2} {
			if jobs[i].Number != number || (number == 0) != errors.Is(refused[i], store.ErrConflict) || jobs[i].Label != "for "+all[i].Store.ID {
				t.Errorf("store %s: job %+v, refused: %v", all[i].Store.ID, jobs[i], refused[i])
			}
		}
		for i, why := range map[int]string{1: "its sync switch is off", 2: "its credential is revoked"} {
			if refused[i] == nil || !strings.Contains(refused[i].Error(), "store "+all[i].Store.Name) || !strings.Contains(refused[i].Error(), why) {
				t.Errorf("refused: %v", refused[i])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
