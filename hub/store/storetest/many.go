package storetest

import (
	"errors"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"plait/hub/store"
)

// several: what is done for many stores in few statements comes out as if it had been
// done for one after the other. There are so many stores that the statements come in
// every size.
func several(s suite) {
	var ids []string
	s.network("n", func(tx *store.NetworkTx) error {
		for i := range 75 {
			ids = append(ids, fmt.Sprintf("s%02d", i))
			if _, err := tx.AddStore(store.Store{ID: ids[i], Name: ids[i], Role: store.Branch}); err != nil {
				return err
			}
		}
		return errors.Join(tx.AddSyncSpan("0", "head", store.SyncSpan{Kind: "service", Upto: 3}),
			tx.AddSyncSpan("1", "head", store.SyncSpan{Kind: "service", After: 3, Upto: 5}))
	})
	type salon struct {
		jobs  []string // causes
		rev   int64    // of the cursor; 0: none
		held  string
		given int64
	}
	model := map[string]*salon{"stranger": {}}
	for _, id := range ids {
		model[id] = &salon{}
	}
	act := func(rt *rapid.T, all store.StoresTx) error {
		cause := fmt.Sprint(rapid.IntRange(0, 1).Draw(rt, "cause"))
		switch rapid.IntRange(0, 3).Draw(rt, "act") {
		case 0:
			jobs := make([]store.Job, len(all))
			for i, tx := range all {
				jobs[i] = job(tx.Store.ID)
				jobs[i].Cause = cause
				model[tx.Store.ID].jobs = append(model[tx.Store.ID].jobs, cause)
			}
			err := all.AddJobs(jobs)
			for i, tx := range all {
				if want := int64(len(model[tx.Store.ID].jobs)); jobs[i].Number != want || tx.Store.LastJob != want || jobs[i].State != store.Queued {
					rt.Fatalf("job of %s: %+v, want number %d", tx.Store.ID, jobs[i], want)
				}
			}
			return err
		case 1:
			for _, tx := range all {
				model[tx.Store.ID].rev, model[tx.Store.ID].held = 7, ""
			}
			return all.SetCursors("head", "service", 7)
		case 2:
			tx := all[0]
			if model[tx.Store.ID].rev > 0 {
				model[tx.Store.ID].held = store.HeldLost
			}
			return tx.HoldCursors(store.HeldLost)
		}
		span := map[string][2]int64{"0": {0, 3}, "1": {3, 5}}[cause]
		for _, tx := range all {
			if m := model[tx.Store.ID]; span[0] == 0 || m.given >= span[0] {
				m.given = max(m.given, span[1])
			}
		}
		return all.Give(cause)
	}
	agree := func(rt *rapid.T, all store.StoresTx) error {
		have, err := all.HaveJobOf("1")
		cursors, err2 := all.CursorsFrom("head")
		given, err3 := all[0].Given("n", "head", "service")
		for i, tx := range all {
			m := model[tx.Store.ID]
			var c store.Cursor
			if len(cursors[i]) > 0 {
				c = cursors[i][0]
			}
			if have[i] != slices.Contains(m.jobs, "1") || len(cursors[i]) > 1 || c.SyncRev != m.rev || c.Held != m.held || given[tx.Store.ID] != m.given ||
				tx.Store.LastJob != int64(len(m.jobs)) {
				rt.Fatalf("%s: has a job %t, cursors %+v, given %d, last job %d; want %+v", tx.Store.ID, have[i], cursors[i], given[tx.Store.ID], tx.Store.LastJob, *m)
			}
		}
		return errors.Join(err, err2, err3)
	}
	rapid.Check(s.T, func(rt *rapid.T) {
		for range rapid.IntRange(1, 5).Draw(rt, "acts") {
			from := rapid.IntRange(0, len(ids)-1).Draw(rt, "from")
			some := ids[from:rapid.IntRange(from+1, len(ids)).Draw(rt, "to")]
			s.is(s.db.WithStores(s.Context(), some, func(all store.StoresTx) error { return act(rt, all) }), nil, "an act")
			s.is(s.db.WithStores(s.Context(), ids, func(all store.StoresTx) error { return agree(rt, all) }), nil, "looking")
		}
	})
	s.oneFails(ids)
}

// oneFails: where one store's job cannot be added, none is.
func (s suite) oneFails(ids []string) {
	entry := job("continuous")
	entry.Payload = ""
	s.in(ids[60], func(tx *store.StoreTx) error { _, err := tx.AddJob(entry); return err })
	before := map[string]int64{}
	look := func(visit func(store.Store)) {
		err := s.db.View(s.Context(), func(v *store.View) error {
			all, err := v.Stores("n")
			for _, st := range all {
				visit(st)
			}
			return err
		})
		s.is(err, nil, "looking")
	}
	look(func(st store.Store) { before[st.ID] = st.LastJob })
	err := s.db.WithStores(s.Context(), ids, func(all store.StoresTx) error {
		return all.AddJobs(slices.Repeat([]store.Job{entry}, len(all)))
	})
	s.is(err, store.ErrConflict, "a second pending entry among many")
	look(func(st store.Store) { same(s, st.LastJob, before[st.ID], "last job of "+st.ID) })
	err = s.db.WithStores(s.Context(), []string{ids[0], "stranger"}, func(all store.StoresTx) error { return all.SetCursors("head", "service", 1) })
	s.is(err, store.ErrNotFound, "a source that is not in each store's network")
	err = s.db.WithStores(s.Context(), []string{ids[0], "nowhere"}, func(store.StoresTx) error { return nil })
	s.is(err, store.ErrNotFound, "a store that is gone, among others")
}
