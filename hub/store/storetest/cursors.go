package storetest

import (
	"errors"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"plait/hub/store"
)

func cursors(s suite) {
	s.in("branch", func(tx *store.StoreTx) error {
		s.is(tx.SetCursor("stranger", "product", 1), store.ErrNotFound, "a source of another network")
		return errors.Join(tx.SetCursor("head", "product", 5), tx.SetCursor("head", "product", 4), tx.SetCursor("head", "service", 0))
	})
	s.view("branch", func(v *store.StoreView) error {
		c, ok, err := v.Cursor("head", "product")
		same(s, ok, true, "a cursor")
		same(s, c, store.Cursor{Source: "head", Kind: "product", SyncRev: 4, Epoch: 1, At: s.clock.Now()}, "cursor")
		_, ok, err2 := v.Cursor("head", "vendor")
		same(s, ok, false, "no cursor")
		zero, ok, err3 := v.Cursor("head", "service")
		same(s, ok && zero.SyncRev == 0, true, "a cursor at the beginning is one")
		return errors.Join(err, err2, err3)
	})
	s.in("branch", func(tx *store.StoreTx) error { return tx.HoldCursors(store.HeldSwitchedOn) })
	s.view("branch", func(v *store.StoreView) error {
		all, err := v.Cursors()
		same(s, len(all) == 2 && all[0].Held == store.HeldSwitchedOn && all[0].SyncRev == 4 && all[1].Held == store.HeldSwitchedOn, true, "held, where they stood")
		return err
	})
	s.in("branch", func(tx *store.StoreTx) error { return tx.SetCursor("head", "product", 9) })
	s.view("branch", func(v *store.StoreView) error {
		c, _, err := v.Cursor("head", "product")
		same(s, c.Held, "", "set again, it moves")
		return err
	})
	s.in("branch", func(tx *store.StoreTx) error { return tx.SetCursor("head", "service", 9) })
	s.in("branch", func(tx *store.StoreTx) error { return tx.HoldCursorsFrom(store.HeldLinked) })
	s.view("branch", func(v *store.StoreView) error {
		c, _, err := v.Cursor("head", "product")
		same(s, c.Held, "", "what comes from another store")
		return err
	})
	s.in("head", func(tx *store.StoreTx) error { return tx.HoldCursorsFrom(store.HeldLinked) })
	s.view("branch", func(v *store.StoreView) error {
		all, err := v.Cursors()
		same(s, len(all) == 2 && all[0].Held == store.HeldLinked && all[0].SyncRev == 9 && all[1].Held == store.HeldLinked, true, "held at the source")
		return err
	})
	s.in("branch", func(tx *store.StoreTx) error { return tx.DropCursors() })
	s.view("branch", func(v *store.StoreView) error {
		all, err := v.Cursors()
		same(s, len(all), 0, "dropped")
		return err
	})
}

// reach holds cursors against a model: jobs raise them and rest under them, and
// end well or badly in any order.
func reach(s suite) {
	rapid.Check(s.T, func(rt *rapid.T) {
		type cursor struct {
			rev  int64
			held string
		}
		model := map[string]cursor{}
		var jobs []store.Job
		s.in("branch", func(tx *store.StoreTx) error { return tx.DropCursors() })
		for range rapid.IntRange(1, 12).Draw(rt, "acts") {
			kind := rapid.SampledFrom([]string{"product", "service"}).Draw(rt, "kind")
			s.in("branch", func(tx *store.StoreTx) error {
				switch rapid.IntRange(0, 3).Draw(rt, "act") {
				case 0: // a job that moves a cursor
					before := int64(-1)
					if c, ok := model[kind]; ok {
						before = c.rev
					}
					to := before + rapid.Int64Range(1, 5).Draw(rt, "by")
					model[kind] = cursor{rev: to}
					jobs = append(jobs, store.Job{Reach: store.Reach("").Add("head", kind, before)})
					return tx.SetCursor("head", kind, to)
				case 1:
					for k, c := range model {
						model[k] = cursor{c.rev, store.HeldSwitchedOn}
					}
					return tx.HoldCursors(store.HeldSwitchedOn)
				default: // a job that is cancelled
					if len(jobs) == 0 {
						return nil
					}
					i := rapid.IntRange(0, len(jobs)-1).Draw(rt, "job")
					j := jobs[i]
					jobs = slices.Delete(jobs, i, i+1)
					var of string
					var before int64
					if _, err := fmt.Sscanf(string(j.Reach), "head %s", &of); err != nil {
						return err
					}
					of, before = splitReach(of)
					if c, ok := model[of]; ok && before >= 0 {
						model[of] = cursor{min(c.rev, before), store.HeldCancelled}
					} else {
						delete(model, of)
					}
					return tx.HoldReach(j, store.HeldCancelled)
				}
			})
			s.view("branch", func(v *store.StoreView) error {
				all, err := v.Cursors()
				if len(all) != len(model) {
					rt.Fatalf("cursors %+v, want %+v", all, model)
				}
				for _, c := range all {
					if model[c.Kind] != (cursor{c.SyncRev, c.Held}) {
						rt.Fatalf("cursor %+v, want %+v", c, model[c.Kind])
					}
				}
				return err
			})
		}
	})
}

// splitReach reads "kind=before".
func splitReach(word string) (kind string, before int64) {
	for i, r := range word {
		if r == '=' {
			fmt.Sscan(word[i+1:], &before)
			return word[:i], before
		}
	}
	return word, 0
}

// lags: what waits for whom, and what keeps it waiting.
func lags(s suite) {
	s.network("n", func(tx *store.NetworkTx) error {
		s.is(tx.SetContinuous([]store.Flow{{Kind: "product", Source: "stranger"}}), store.ErrNotFound, "a source of another network")
		return tx.SetContinuous([]store.Flow{{Kind: "service", Source: "head"}})
	})
	s.network("n", func(tx *store.NetworkTx) error {
		return tx.SetContinuous([]store.Flow{{Kind: "product", Source: "head"}, {Kind: "vendor", Source: "head"}})
	})
	err := s.db.View(s.Context(), func(v *store.View) error {
		flows, err := v.Continuous("n")
		same(s, slices.Equal(flows, []store.Flow{{Kind: "product", Source: "head"}, {Kind: "vendor", Source: "head"}}), true, "flows")
		return err
	})
	s.is(err, nil, "flows")
	s.in("head", func(tx *store.StoreTx) error { return tx.SetSyncRev("product", 8) })
	s.in("branch", func(tx *store.StoreTx) error {
		return errors.Join(tx.SetCursor("head", "product", 5), tx.SetCursor("head", "service", 1), tx.SetCursor("head", "vendor", 0))
	})
	waits := func(what string, want, everybody bool) {
		s.Helper()
		s.view("branch", func(v *store.StoreView) error {
			list, err := v.Lags()
			same(s, len(list), 2, what+": flows with a cursor")
			for _, l := range list {
				same(s, l.Waits(), want && l.Kind == "product", what+": "+l.Kind+" waits")
			}
			behind, err2 := v.Behind("n")
			same(s, len(behind), map[bool]int{true: 1}[everybody], what+": behind")
			return errors.Join(err, err2)
		})
	}
	level := func(epoch int64, reconcile string) {
		s.in("head", func(tx *store.StoreTx) error {
			c, err := tx.Contact()
			c.HubEpoch = epoch
			p, err2 := tx.Copy()
			p.Reconcile = reconcile
			return errors.Join(err, err2, tx.SetContact(c), tx.SetCopy(p))
		})
	}
	waits("the source was never here", false, false)
	level(1, "")
	waits("behind", true, true)
	level(1, "the hub was restored")
	waits("the source's copy is not proven", false, false)
	level(1, "")
	turn := func(to string) {
		s.in("branch", func(tx *store.StoreTx) error {
			st := tx.Store
			st.Switch = to
			return tx.SetStore(st)
		})
	}
	turn(store.Draining)
	waits("a store that takes nothing new is behind, and gets no entry", true, false)
	turn(store.On)
	s.in("branch", func(tx *store.StoreTx) error { return tx.HoldCursors(store.HeldLost) })
	waits("held", false, false)
	s.in("branch", func(tx *store.StoreTx) error {
		_, err := tx.AddJob(store.Job{Sort: "sync", Label: "continuous", Cause: "continuous", CreatedBy: "the hub"})
		return errors.Join(err, tx.SetCursor("head", "product", 5))
	})
	waits("one entry is enough", true, false)
	s.in("branch", func(tx *store.StoreTx) error { return tx.SetCursor("head", "product", 8) })
	waits("level", false, false)
	s.hub(func(tx *store.HubTx) error { _, err := tx.NewHubEpoch("restored"); return err })
	waits("the hub was restored, and the source was not here since", false, false)
	level(2, "")
	s.view("branch", func(v *store.StoreView) error {
		list, err := v.Lags()
		for _, l := range list {
			same(s, l.Old, true, "set before the restore")
			same(s, l.Waits(), l.Held == "", "to be looked through")
		}
		return err
	})
}
