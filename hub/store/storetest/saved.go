package storetest

import (
	"errors"

	"plait/hub/store"
)

// saved: options of syncs under names.
func saved(s suite) {
	y := store.SavedSync{Name: "nightly", Body: []byte(`{"a":1}`), By: "ann", Due: s.clock.Now().Add(hour)}
	var first store.SavedSync
	s.network("n", func(tx *store.NetworkTx) (err error) {
		first, err = tx.SaveSync(y, false)
		return err
	})
	err := s.db.WithNetwork(s.Context(), "n", func(tx *store.NetworkTx) error { _, err := tx.SaveSync(y, false); return err })
	s.is(err, store.ErrConflict, "a name that is taken")
	s.network("n", func(tx *store.NetworkTx) error {
		run := first
		run.State, run.Test, run.Ran = store.SavedRunning, "digest", tx.Now()
		bad := run
		bad.Test = ""
		if tx.SetSaved(bad) == nil {
			s.Error("a run without a Test was taken")
		}
		return tx.SetSaved(run)
	})
	read := func(network string) (got store.SavedSync, err error) {
		err = s.db.View(s.Context(), func(v *store.View) error {
			got, err = v.SavedSync(network, "nightly")
			all, err2 := v.SavedSyncs(network)
			same(s, len(all) == 1, err == nil, "in the list")
			return errors.Join(err, err2)
		})
		return got, err
	}
	got, err := read("n")
	s.is(err, nil, "reading it")
	same(s, string(got.Body)+got.By+got.State+got.Test, `{"a":1}annrunningdigest`, "what was kept")
	same(s, got.Due, y.Due, "when it is due")
	_, err = read("other")
	s.is(err, store.ErrNotFound, "another network's")
	s.network("n", func(tx *store.NetworkTx) error {
		second, err := tx.SaveSync(store.SavedSync{Name: "nightly", Body: []byte("{}"), By: "bob"}, true)
		same(s, second.Version == first.Version, false, "the same version")
		s.is(tx.SetSaved(got), store.ErrConflict, "progress of what was replaced")
		return err
	})
	got, err = read("n")
	same(s, got.By+got.State+got.Test, "bob", "what took its place")
	s.is(err, nil, "reading it")
	s.network("n", func(tx *store.NetworkTx) error {
		s.is(tx.ForgetSync("weekly"), store.ErrNotFound, "forgetting what is not there")
		return tx.ForgetSync("nightly")
	})
	_, err = read("n")
	s.is(err, store.ErrNotFound, "reading what was forgotten")
}
