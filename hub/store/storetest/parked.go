package storetest

import (
	"errors"

	"plait/hub/store"
	"plait/shared/wire"
)

// parked: jobs whose newest result names refused items, and what was tried again.
func parked(s suite) {
	var refused, taken, other store.Job
	s.in("branch", func(tx *store.StoreTx) (err error) {
		for _, j := range []*store.Job{&refused, &taken, &other} {
			if *j, err = tx.AddJob(job("x")); err != nil {
				return err
			}
			j.State, j.Ended = store.Applied, tx.Now()
			if err := tx.SetJob(*j); err != nil {
				return err
			}
		}
		_, err = tx.AddResult(wire.Result{Job: refused.ID, Done: true, Counts: wire.Counts{Parked: 2}, POSEpoch: "p"})
		_, err2 := tx.AddResult(wire.Result{Job: taken.ID, Done: true, Counts: wire.Counts{Parked: 1}, POSEpoch: "p"})
		return errors.Join(err, err2)
	})
	first := s.clock.Now()
	s.clock.Advance(hour)
	s.in("branch", func(tx *store.StoreTx) error {
		_, err := tx.AddResult(wire.Result{Job: taken.ID, Done: true, POSEpoch: "q"}) // in a later history of the POS
		seen, err2 := tx.Retried("product", "u")
		same(s, seen, "", "what was never tried")
		return errors.Join(err, err2, tx.SetRetried("product", "u", "one"), tx.SetRetried("product", "u", "two"))
	})
	s.view("branch", func(v *store.StoreView) error {
		jobs, err := v.ParkedJobs(first, 10)
		same(s, len(jobs) == 1 && jobs[0].ID == refused.ID, true, "jobs that were refused in part")
		late, err2 := v.ParkedJobs(s.clock.Now(), 10)
		same(s, len(late), 0, "of those since")
		seen, err3 := v.Retried("product", "u")
		same(s, seen, "two", "what was tried")
		stores, err4 := v.ParkedStores("n", first)
		same(s, len(stores) == 1 && stores["branch"].Equal(first), true, "stores that refused")
		none, err5 := v.ParkedStores("other", first)
		same(s, len(none), 0, "stores of another network")
		return errors.Join(err, err2, err3, err4, err5)
	})
	s.view("head", func(v *store.StoreView) error {
		seen, err := v.Retried("product", "u")
		same(s, seen, "", "another store's")
		return err
	})
}
