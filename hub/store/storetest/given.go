package storetest

import (
	"errors"

	"plait/hub/store"
)

// given: what stores were given of a source's kind, sync after sync.
func given(s suite) {
	spans := map[string]store.SyncSpan{
		"whole": {Kind: "service", After: 0, Upto: 10}, "next": {Kind: "service", After: 10, Upto: 15}, "gap": {Kind: "service", After: 16, Upto: 20},
	}
	s.network("n", func(tx *store.NetworkTx) error {
		s.is(tx.AddSyncSpan("x", "stranger", spans["whole"]), store.ErrNotFound, "a source of another network")
		var errs []error
		for sync, p := range spans {
			errs = append(errs, tx.AddSyncSpan(sync, "head", p))
		}
		return errors.Join(errs...)
	})
	has := func(what string, want int64) {
		err := s.db.View(s.Context(), func(v *store.View) error {
			got, err := v.Given("n", "head", "service")
			same(s, got["branch"], want, what)
			other, err2 := v.Given("n", "head", "vendor")
			same(s, len(other), 0, "another kind")
			return errors.Join(err, err2)
		})
		s.is(err, nil, "reading what was given")
	}
	var last store.Job
	give := func(sync string) {
		s.in("branch", func(tx *store.StoreTx) (err error) {
			j := job(sync)
			j.Cause = sync
			last, err = tx.AddJob(j)
			return errors.Join(err, store.StoresTx{tx}.Give(sync))
		})
	}
	give("next")
	has("a part whose beginning is missing", 0)
	give("whole")
	has("all", 10)
	give("next")
	has("what comes next", 15)
	give("gap")
	has("a part after a gap", 15)
	give("whole")
	has("an older one again", 15)
	give("next")
	s.in("branch", func(tx *store.StoreTx) error {
		last.State, last.Ended, last.EndedBy = store.Cancelled, tx.Now(), "ann"
		return tx.SetJob(last)
	})
	has("one was cancelled", 10)
}
