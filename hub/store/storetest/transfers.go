package storetest

import (
	"errors"
	"strings"

	"plait/hub/store"
)

// transfers: where an item went, once it arrived there, and until that is taken back.
func transfers(s suite) {
	there := store.Transfer{Kind: "employee", UID: "u", Source: "head", Job: "j1", Sync: "s1"}
	where := func(what string, want ...string) {
		s.Helper()
		s.view("head", func(v *store.StoreView) error {
			list, err := v.Transfers("n", "employee", "u", 10)
			var jobs []string
			for _, t := range list {
				jobs = append(jobs, t.Job+" to "+t.Store+" from "+t.Source)
			}
			same(s, strings.Join(jobs, ", "), strings.Join(want, ", "), what)
			return err
		})
	}
	s.in("branch", func(tx *store.StoreTx) error { return errors.Join(tx.AddTransfer(there), tx.AddTransfer(there)) })
	where("on its way")
	s.in("branch", func(tx *store.StoreTx) error {
		list, err := tx.TransfersBy("j1")
		same(s, len(list) == 1 && list[0].Source == "head" && list[0].Store == "branch" && list[0].At.IsZero(), true, "what the job transfers")
		return errors.Join(err, tx.SetTransfer(there, true))
	})
	where("arrived", "j1 to branch from head")
	s.clock.Advance(hour)
	s.in("head", func(tx *store.StoreTx) error {
		home := store.Transfer{Kind: "employee", UID: "u", Source: "branch", Job: "j2", Sync: "s2"}
		return errors.Join(tx.AddTransfer(home), tx.SetTransfer(home, true))
	})
	where("and back again", "j2 to head from branch", "j1 to branch from head")
	s.in("head", func(tx *store.StoreTx) error {
		return errors.Join(tx.AddTransfer(store.Transfer{Kind: "employee", UID: "u", Source: "branch", Job: "j3", Sync: "s3", Back: true}), tx.TakeBackTransfers("employee", "u"))
	})
	where("taken back", "j1 to branch from head")
	s.view("stranger", func(v *store.StoreView) error {
		list, err := v.Transfers("other", "employee", "u", 10)
		own, err2 := v.TransfersBy("j1")
		same(s, len(list)+len(own), 0, "of another network")
		return errors.Join(err, err2)
	})
}
