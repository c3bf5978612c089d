package storetest

import (
	"errors"
	"fmt"

	"plait/hub/store"
	"plait/shared/wire"
)

func job(label string) store.Job {
	return store.Job{Sort: "sync", Label: label, Cause: "sync-1", Payload: "hash-1", Items: 3, CreatedBy: "ann"}
}

func jobs(s suite) {
	var one, two, pending store.Job
	s.in("branch", func(tx *store.StoreTx) (err error) {
		one, err = tx.AddJob(job("one"))
		pend := job("continuous")
		pend.Payload = ""
		pending, _ = tx.AddJob(pend)
		two, _ = tx.AddJob(job("two"))
		return err
	})
	same(s, [3]int64{one.Number, pending.Number, two.Number}, [3]int64{1, 2, 3}, "numbers")
	same(s, pending.State, store.Pending, "state of an entry without content")
	err := s.db.WithStore(s.Context(), "branch", func(tx *store.StoreTx) error {
		second := job("continuous")
		second.Payload = ""
		_, err := tx.AddJob(second)
		return err
	})
	s.is(err, store.ErrConflict, "a second pending entry")
	s.in("branch", func(tx *store.StoreTx) error {
		open, err := tx.OpenJobs(0)
		same(s, len(open), 3, "open")
		one.State, one.Ended, one.EndedBy = store.Cancelled, tx.Now(), "ann"
		err2 := tx.SetJob(one)
		pending.Payload, pending.Reach = "hash-2", store.Reach("").Add("head", "product", 3)
		cut, err3 := tx.CutJob(pending)
		same(s, cut.ID != pending.ID && cut.State == store.Queued && cut.Number == pending.Number, true, "a job with an id of its own, in the entry's place")
		_, twice := tx.CutJob(pending)
		s.is(twice, store.ErrConflict, "cutting an entry twice")
		held, err9 := tx.Job(cut.ID)
		same(s, held, cut, "what was cut")
		err3 = errors.Join(err3, err9)
		cut.Payload = "hash-3"
		s.is(tx.SetJob(cut), store.ErrConflict, "changing the content of a job")
		two.State, two.Begun, two.BegunBy = store.Begun, tx.Now(), "pc"
		err4 := tx.SetJob(two)
		two.State, two.Ended, two.Receipt = store.Applied, tx.Now(), 9
		err5 := tx.SetJob(two)
		ended, err6 := tx.Settleable(tx.Now())
		same(s, len(ended), 2, "applied, or ended now")
		applied, err8 := tx.NewestApplied(5)
		same(s, len(applied) == 1 && applied[0].Receipt == 9, true, "applied last")
		err6 = errors.Join(err6, err8)
		n, err7 := tx.CountOpen()
		same(s, n, 1, "open")
		return errors.Join(err, err2, err3, err4, err5, err6, err7)
	})
	s.view("branch", func(v *store.StoreView) error {
		j, err := v.Job(two.ID)
		same(s, j, two, "job")
		byCause, err2 := v.JobsByCause("n", "sync-1")
		same(s, len(byCause), 3, "jobs of the sync")
		same(s, byCause[0].Store, "branch", "their store")
		return errors.Join(err, err2)
	})
	s.view("stranger", func(v *store.StoreView) error {
		_, err := v.Job(two.ID)
		s.is(err, store.ErrNotFound, "another store's job")
		return nil
	})
	wrong := map[string]func(*store.Job){
		"begun without a time":       func(j *store.Job) { j.State = store.Begun },
		"cancelled by nobody":        func(j *store.Job) { j.State, j.Ended = store.Cancelled, s.clock.Now() },
		"applied without an end":     func(j *store.Job) { j.State = store.Applied },
		"open with an end":           func(j *store.Job) { j.Ended = s.clock.Now() },
		"a state that is none":       func(j *store.Job) { j.State = "hidden" },
		"pending with a content":     func(j *store.Job) { j.State = store.Pending },
		"a job without any contents": func(j *store.Job) { j.Payload = "" },
	}
	for what, change := range wrong {
		err := s.db.WithStore(s.Context(), "head", func(tx *store.StoreTx) error {
			j, err := tx.AddJob(job("x"))
			change(&j)
			if err := tx.SetJob(j); err == nil {
				s.Errorf("%s was accepted", what)
			}
			return errors.Join(err, fmt.Errorf("roll back"))
		})
		same(s, err != nil, true, what)
	}
}

func results(s suite) {
	r := wire.Result{Job: "j", POSEpoch: "p", Done: true, Counts: wire.Counts{Created: 2, Parked: 1}, More: 4,
		Exceptions: []wire.Exception{{N: 1, Kind: "product", Why: "because"}}, Before: []byte("zstd")}
	s.in("branch", func(tx *store.StoreTx) error {
		j := job("one")
		j.ID = "j"
		_, err := tx.AddJob(j)
		bare := r // told again by a receipt that was handed back
		bare.Before = nil
		for i, r := range []wire.Result{r, r, bare} {
			if held, addErr := tx.AddResult(r); addErr != nil || held != (i > 0) {
				return fmt.Errorf("a result was held before the %d. came: %t, %w", i+1, held, addErr)
			}
		}
		return err
	})
	s.view("branch", func(v *store.StoreView) error {
		all, err := v.Results("j")
		same(s, len(all), 1, "results")
		same(s, all[0].Counts, r.Counts, "counts")
		same(s, all[0].Exceptions[0].Why, "because", "exception")
		same(s, string(all[0].Before), "zstd", "before-images")
		out, err2 := v.OutcomesByCause("n", "sync-1")
		same(s, len(out), 1, "outcomes")
		same(s, out[0].Store, "branch", "store of the outcome")
		return errors.Join(err, err2)
	})
	s.clock.Advance(hour)
	s.network("n", func(tx *store.NetworkTx) error {
		n, err := tx.PruneResults(tx.Now())
		same(s, n, 1, "pruned")
		return err
	})
	s.view("branch", func(v *store.StoreView) error {
		all, err := v.Results("j")
		same(s, string(all[0].Before), "", "before-images after pruning")
		return err
	})
}

func payloads(s suite) {
	s.in("branch", func(tx *store.StoreTx) error {
		_, err := tx.AddJob(job("one"))
		p := store.Payload{Hash: "hash-1", Body: []byte("zstd"), Items: 3}
		return errors.Join(err, tx.AddPayload(p), tx.AddPayload(p), tx.AddPayload(store.Payload{Hash: "hash-2", Body: []byte("x")}))
	})
	s.view("branch", func(v *store.StoreView) error {
		p, err := v.Payload("hash-1")
		same(s, string(p.Body), "zstd", "payload")
		n, err2 := v.PayloadSize("hash-1")
		same(s, n, 4, "size")
		_, missing := v.Payload("hash-2")
		s.is(missing, store.ErrNotFound, "a payload of no job of the store's")
		return errors.Join(err, err2)
	})
	s.view("head", func(v *store.StoreView) error {
		_, missing := v.Payload("hash-1")
		s.is(missing, store.ErrNotFound, "another store's payload")
		return nil
	})
	s.clock.Advance(hour)
	s.network("n", func(tx *store.NetworkTx) error {
		n, err := tx.PrunePayloads(tx.Now())
		same(s, n, 1, "payloads that no open job names")
		return errors.Join(err, tx.AddPlan(store.Plan{Digest: "t", Body: []byte("{}"), By: "ann", Expires: tx.Now().Add(hour)}))
	})
	plan := func() (err error) {
		return s.db.View(s.Context(), func(v *store.View) error { _, err := v.Plan("n", "t"); return err })
	}
	s.is(plan(), nil, "a Test")
	s.network("n", func(tx *store.NetworkTx) error {
		return errors.Join(tx.KeepPlan("t", tx.Now().Add(2*hour)), tx.KeepPlan("t", tx.Now().Add(hour/2)),
			tx.AddPlan(store.Plan{Digest: "t", Body: []byte("{}"), By: "bob", Expires: tx.Now().Add(hour)}))
	})
	s.clock.Advance(2 * hour)
	s.is(plan(), nil, "a Test that was kept longer")
	s.clock.Advance(hour)
	s.network("n", func(tx *store.NetworkTx) error {
		s.is(tx.KeepPlan("t", tx.Now().Add(hour)), store.ErrNotFound, "keeping what expired")
		return nil
	})
	s.is(plan(), store.ErrNotFound, "a Test that expired")
}

func aliases(s suite) {
	a := store.Alias{Kind: "product", UID: "u1", SameAs: "u2", By: "ann"}
	s.network("n", func(tx *store.NetworkTx) error { return tx.AddAlias(a) })
	err := s.db.WithNetwork(s.Context(), "n", func(tx *store.NetworkTx) error { return tx.AddAlias(a) })
	s.is(err, store.ErrConflict, "a second alias")
	s.view("branch", func(v *store.StoreView) error {
		all, err := v.Aliases("n", "product")
		same(s, len(all), 1, "aliases")
		return err
	})
	s.network("n", func(tx *store.NetworkTx) error {
		s.is(tx.DropAlias("product", "u2"), store.ErrNotFound, "taking back what is no alias")
		return tx.DropAlias("product", "u1")
	})
	s.view("branch", func(v *store.StoreView) error {
		all, err := v.Aliases("n", "product")
		same(s, len(all), 0, "aliases after one was taken back")
		return err
	})
}

func rollback(s suite) {
	cause := errors.New("cause")
	err := s.db.WithStore(s.Context(), "branch", func(tx *store.StoreTx) error {
		_, err := tx.AddJob(job("one"))
		return errors.Join(err, cause)
	})
	s.is(err, cause, "the function's error")
	s.view("branch", func(v *store.StoreView) error {
		n, err := v.CountOpen()
		same(s, n, 0, "jobs after a failed transaction")
		same(s, v.Store.LastJob, 0, "numbers after a failed transaction")
		return err
	})
}
