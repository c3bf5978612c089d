package storetest

import (
	"errors"
	"slices"

	"plait/hub/store"
)

func syncs(s suite) {
	var first, second store.Sync
	s.network("n", func(tx *store.NetworkTx) (err error) {
		first, err = tx.AddSync(store.Sync{Plan: "p1", Source: "head", Label: "spring", Body: []byte("one"), By: "ann", State: store.SyncRunning, Course: []byte(`{"wave":1}`)})
		return errors.Join(err, tx.SetSyncSize("head", "service", 20))
	})
	s.clock.Advance(hour)
	s.network("n", func(tx *store.NetworkTx) (err error) {
		second, err = tx.AddSync(store.Sync{Plan: "p2", Source: "head", Label: "summer", Body: []byte("two"), By: "bob", State: store.SyncHalted, Course: []byte("{}"), Again: first.ID})
		return errors.Join(err, tx.SetSyncSize("head", "service", 18))
	})
	s.unfinished(first, second)
	err := s.db.WithNetwork(s.Context(), "n", func(tx *store.NetworkTx) error {
		_, err := tx.AddSync(store.Sync{Plan: "p1", Source: "head", Body: []byte("one"), By: "ann", State: store.SyncDone, Course: []byte("{}")})
		return err
	})
	s.is(err, store.ErrConflict, "a Test that was carried out already")
	err = s.db.View(s.Context(), func(v *store.View) error {
		got, err := v.Sync("n", first.ID)
		same(s, got.Label+" "+string(got.Body)+" "+got.By, "spring one ann", "sync")
		_, missing := v.Sync("other", first.ID)
		s.is(missing, store.ErrNotFound, "another network's sync")
		byPlan, found, err2 := v.SyncOfPlan("n", "p2")
		same(s, byPlan.ID, second.ID, "sync of a Test")
		same(s, found, true, "sync of a Test")
		_, found, err3 := v.SyncOfPlan("other", "p2")
		same(s, found, false, "sync of another network's Test")
		again, err7 := v.SyncsAgain("n", first.ID)
		same(s, len(again) == 1 && again[0].ID == second.ID, true, "what sends it again")
		none, err8 := v.SyncsAgain("n", "")
		same(s, len(none), 0, "what sends nothing again")
		all, err4 := v.Syncs("n", 10)
		same(s, len(all), 2, "syncs")
		same(s, all[0].ID, second.ID, "newest first")
		size, known, err5 := v.SyncSize("n", "head", "service")
		same(s, size, 18, "size")
		same(s, known, true, "size")
		_, known, err6 := v.SyncSize("n", "head", "vendor")
		same(s, known, false, "size of a kind that was never synced whole")
		return errors.Join(err, err2, err3, err4, err5, err6, err7, err8)
	})
	s.is(err, nil, "reading syncs")
}

// unfinished: syncs that are running or halted, until they are neither.
func (s suite) unfinished(first, second store.Sync) {
	list := func() (ids []string) {
		s.Helper()
		err := s.db.View(s.Context(), func(v *store.View) error {
			all, err := v.UnfinishedSyncs("n")
			for _, y := range all {
				ids = append(ids, y.ID)
			}
			return err
		})
		s.is(err, nil, "unfinished syncs")
		return ids
	}
	same(s, slices.Equal(list(), []string{first.ID, second.ID}), true, "both, the oldest first")
	s.network("n", func(tx *store.NetworkTx) error {
		second.State, second.Course = store.SyncDone, []byte(`{"wave":2}`)
		wrong := second
		wrong.State = "idle"
		if tx.SetSync(wrong) == nil {
			s.Error("a state that is none was taken")
		}
		s.is(tx.SetSync(store.Sync{ID: "none", State: store.SyncDone}), store.ErrNotFound, "a sync that is none")
		return tx.SetSync(second)
	})
	same(s, slices.Equal(list(), []string{first.ID}), true, "one is done")
	err := s.db.View(s.Context(), func(v *store.View) error {
		y, err := v.Sync("n", second.ID)
		same(s, string(y.Course), `{"wave":2}`, "course")
		return err
	})
	s.is(err, nil, "reading a course")
}
