package queue_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/store/storetest"
)

// Switching off asks about open jobs by name (rule 6).
func TestSwitchingOffNamesWhatIsOpen(t *testing.T) {
	db := storetest.Open(t, storetest.NewClock())
	storetest.AddNetwork(t, db, "n", "head", "branch")
	off := func() error {
		return db.WithStore(context.Background(), "branch", func(tx *store.StoreTx) error {
			_, err := queue.Switch(tx, "ann", store.Off, false)
			return err
		})
	}
	for n, want := range map[int]string{
		1: `a job is open, "sync 1": deliver`,
		2: `2 jobs are open, "sync 1", "sync 2": deliver`,
		7: `7 jobs are open, "sync 1", "sync 2", "sync 3", "sync 4", "sync 5" and 2 more: deliver`,
	} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			for i := range n {
				err := db.WithStore(context.Background(), "branch", func(tx *store.StoreTx) error {
					_, err := queue.Put(tx, store.Job{Sort: "sync", Label: fmt.Sprint("sync ", i+1), Payload: "hash", Items: 1, CreatedBy: "ann"})
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := off(); !errors.Is(err, store.ErrConflict) || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
			err := db.WithStore(context.Background(), "branch", func(tx *store.StoreTx) error {
				_, err := queue.Switch(tx, "ann", store.Off, true)
				if err == nil {
					_, err = queue.Switch(tx, "ann", store.On, false)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
