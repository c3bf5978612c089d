package storetest

import (
	"errors"

	"plait/hub/store"
)

func codes(s suite) {
	s.in("branch", func(tx *store.StoreTx) error {
		return errors.Join(tx.AddCode(store.Code{Hash: "c1", By: "ann", Expires: tx.Now().Add(hour)}),
			tx.AddCode(store.Code{Hash: "c2", By: "ann", Expires: tx.Now().Add(hour)}),
			tx.UseCode("c1", "pc-1"), tx.UseCode("c1", "pc-1"))
	})
	try := func(at, hash, installation string) error {
		return s.db.WithStore(s.Context(), at, func(tx *store.StoreTx) error { return tx.UseCode(hash, installation) })
	}
	s.is(try("branch", "c1", "pc-2"), store.ErrConflict, "another installation")
	s.is(try("head", "c2", "pc-1"), store.ErrConflict, "another store's code")
	s.is(try("branch", "c3", "pc-1"), store.ErrNotFound, "an unknown code")
	s.clock.Advance(2 * hour)
	s.is(try("branch", "c2", "pc-1"), store.ErrConflict, "an expired code")
	s.is(try("branch", "c1", "pc-1"), nil, "repeating it after the code expired")
	s.hub(func(tx *store.HubTx) error {
		c, err := tx.Code("c1")
		same(s, c.UsedBy, "pc-1", "redeemed by")
		same(s, c.Store, "branch", "store")
		n, err2 := tx.PruneCodes(tx.Now())
		same(s, n, 2, "pruned")
		return errors.Join(err, err2)
	})
}

func tokens(s suite) {
	var a store.Token
	s.hub(func(tx *store.HubTx) (err error) {
		a, err = tx.AddToken(store.Token{Network: "n", Hash: "h1", Role: "operator", Name: "laptop", By: "ann", Expires: tx.Now().Add(hour)})
		_, err2 := tx.AddToken(store.Token{Hash: "h2", Role: "admin", Name: "root", By: "setup"})
		_, missing := tx.AddToken(store.Token{Network: "x", Hash: "h3"})
		s.is(missing, store.ErrNotFound, "a token for an unknown network")
		return errors.Join(err, err2, tx.TouchToken(a.ID))
	})
	a.Used = s.clock.Now()
	s.hub(func(tx *store.HubTx) error {
		got, err := tx.TokenByHash("h1")
		same(s, got, a, "token")
		hub, err2 := tx.Tokens("")
		same(s, len(hub), 1, "tokens of the hub")
		s.is(tx.RevokeToken("x"), store.ErrNotFound, "an unknown token")
		return errors.Join(err, err2, tx.RevokeToken(a.ID))
	})
	s.hub(func(tx *store.HubTx) error {
		got, err := tx.TokenByHash("h1")
		same(s, got.Revoked, tx.Now(), "revoked")
		return err
	})
}

func audit(s suite) {
	s.in("branch", func(tx *store.StoreTx) error { return tx.Audit("ann", "job.cancel", map[string]int{"number": 3}) })
	s.network("n", func(tx *store.NetworkTx) error {
		return tx.Audit("bob", "sync.cut", []string{"head", "branch"}, nil)
	})
	s.hub(func(tx *store.HubTx) error { return tx.Audit("setup", "hub.init", nil) })
	log := func(network string, n int64) (list []store.Entry) {
		err := s.db.View(s.Context(), func(v *store.View) (err error) { list, err = v.AuditLog(network, n, 10); return err })
		s.is(err, nil, "reading the log")
		return list
	}
	all := log("n", 0)
	same(s, len(all), 2, "entries of the network")
	same(s, all[0].Who+" "+all[1].Who, "bob ann", "newest first")
	same(s, string(all[1].Detail), `{"number":3}`, "detail")
	same(s, len(all[0].Stores), 2, "stores")
	same(s, len(log("n", all[0].N)), 1, "entries before one")
	same(s, len(log("", 0)), 1, "entries of the hub")
	same(s, len(log("other", 0)), 0, "entries of another network")
}
