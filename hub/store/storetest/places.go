package storetest

import (
	"encoding/json"
	"errors"
	"slices"

	"plait/hub/store"
	"plait/shared/wire"
)

func networks(s suite) {
	ctx := s.Context()
	s.network("n", func(tx *store.NetworkTx) error {
		n := tx.Network
		n.Switches = map[string]bool{"price_sync": true}
		n.Settings = json.RawMessage(`{"preset":"flagship"}`)
		return errors.Join(tx.SetNetwork(n), tx.SetCatalog("d1", []byte("one")), tx.SetCatalog("d2", []byte("two")), tx.SetCatalog("d1", []byte("one")))
	})
	err := s.db.View(ctx, func(v *store.View) error {
		n, err := v.Network("n")
		same(s, n.Catalog, "d1", "catalogue")
		same(s, n.Switches["price_sync"], true, "switch")
		same(s, string(n.Settings), `{"preset":"flagship"}`, "settings")
		old, err2 := v.Catalog("n", "d2")
		same(s, string(old), "two", "older catalogue")
		_, missing := v.Catalog("other", "d1")
		s.is(missing, store.ErrNotFound, "another network's catalogue")
		all, err3 := v.Networks()
		same(s, len(all), 2, "networks")
		return errors.Join(err, err2, err3)
	})
	s.is(err, nil, "reading networks")
	err = s.db.WithHub(ctx, func(tx *store.HubTx) error {
		_, err := tx.AddNetwork(store.Network{Name: "n"})
		return err
	})
	s.is(err, store.ErrConflict, "a name that is taken")
	err = s.db.WithNetwork(ctx, "missing", func(*store.NetworkTx) error { return nil })
	s.is(err, store.ErrNotFound, "an unknown network")
}

func stores(s suite) {
	s.in("branch", func(tx *store.StoreTx) error {
		c := tx.Store
		c.Name, c.Labels, c.Switch = "Branch 2", []string{"north", "wave 1"}, store.Draining
		return errors.Join(tx.SetStore(c), tx.RequestFull(store.FullRequest{ID: "r1", By: "ann", At: tx.Now()}),
			tx.SetInstallation("pc-1", "TILL"))
	})
	s.view("branch", func(v *store.StoreView) error {
		same(s, v.Store.Name, "Branch 2", "name")
		same(s, v.Store.Network, "n", "network")
		same(s, v.Store.Switch, store.Draining, "switch")
		same(s, slices.Equal(v.Store.Labels, []string{"north", "wave 1"}), true, "labels")
		same(s, v.Store.Full, store.FullRequest{ID: "r1", By: "ann", At: s.clock.Now()}, "request")
		same(s, v.Store.Installation+" "+v.Store.Host, "pc-1 TILL", "installation")
		list, err := v.Stores("n")
		same(s, len(list), 2, "stores of the network")
		return err
	})
	err := s.db.WithStore(s.Context(), "nowhere", func(*store.StoreTx) error { return nil })
	s.is(err, store.ErrNotFound, "an unknown store")
	err = s.db.WithNetwork(s.Context(), "n", func(tx *store.NetworkTx) error {
		_, err := tx.AddStore(store.Store{Name: "head", Role: store.Branch})
		return err
	})
	s.is(err, store.ErrConflict, "a name that is taken")
	var order []string
	err = s.db.WithStores(s.Context(), []string{"stranger", "branch", "head", "branch"}, func(all store.StoresTx) error {
		for _, tx := range all {
			order = append(order, tx.Store.ID)
		}
		return nil
	})
	s.is(err, nil, "several stores")
	same(s, slices.Equal(order, []string{"branch", "head", "stranger"}), true, "stores are locked in one order")
}

func credentials(s suite) {
	find := func(hash string) (c store.Credential, err error) {
		err = s.db.View(s.Context(), func(v *store.View) error { c, err = v.ByCredential(hash); return err })
		return c, err
	}
	s.in("branch", func(tx *store.StoreTx) error { return tx.SetCredential("h1", tx.Now()) })
	s.in("branch", func(tx *store.StoreTx) error { return tx.SetCredential("h2", tx.Now().Add(hour)) })
	c, err := find("h1")
	s.is(err, nil, "the credential before")
	same(s, c.Store.ID, "branch", "its store")
	same(s, c.Old, true, "old")
	s.clock.Advance(2 * hour)
	_, err = find("h1")
	s.is(err, store.ErrNotFound, "the credential before, after its overlap")
	s.in("branch", func(tx *store.StoreTx) error { return tx.SetCredential("h3", s.zero()) })
	c, err = find("h2")
	s.is(err, nil, "a replaced credential")
	same(s, c.Revoked, true, "replaced without overlap")
	s.in("branch", func(tx *store.StoreTx) error { return tx.Revoke() })
	c, err = find("h3")
	s.is(err, nil, "a revoked credential")
	same(s, c.Revoked, true, "revoked")
	same(s, c.Store.Revoked, s.clock.Now(), "since")
	for _, hash := range []string{"", "h9"} {
		_, err = find(hash)
		s.is(err, store.ErrNotFound, "credential "+hash)
	}
}

func epochs(s suite) {
	var first, second store.HubEpoch
	s.hub(func(tx *store.HubTx) (err error) {
		first, err = tx.HubEpoch()
		return err
	})
	s.in("head", func(tx *store.StoreTx) (err error) {
		second, err = tx.NewHubEpoch("restored")
		return err
	})
	same(s, second.Place, first.Place+1, "epochs are ordered")
	s.view("head", func(v *store.StoreView) error {
		now, err := v.HubEpoch()
		same(s, now.Epoch, second.Epoch, "current epoch")
		old, err2 := v.HubEpochNamed(first.Epoch)
		same(s, old.Place, first.Place, "epoch by name")
		_, missing := v.HubEpochNamed("x")
		s.is(missing, store.ErrNotFound, "an unknown epoch")
		return errors.Join(err, err2)
	})
	s.in("head", func(tx *store.StoreTx) error {
		a, err := tx.AddEpoch(store.AgentEpoch, "a1")
		b, err2 := tx.AddEpoch(store.AgentEpoch, "a2")
		again, err3 := tx.AddEpoch(store.AgentEpoch, "a1")
		p, err4 := tx.AddEpoch(store.POSEpoch, "a1")
		same(s, [4]int64{a, b, again, p}, [4]int64{1, 2, 1, 1}, "places")
		name, err5 := tx.EpochName(store.AgentEpoch, 2)
		same(s, name, "a2", "name")
		return errors.Join(err, err2, err3, err4, err5)
	})
	s.view("branch", func(v *store.StoreView) error {
		n, err := v.Epoch(store.AgentEpoch, "a1")
		same(s, n, 0, "another store's epoch")
		return err
	})
}

func contact(s suite) {
	want := store.Contact{
		AgentEpoch: 1, POSEpoch: 2, HubEpoch: 1, Counter: 7, Nonce: "n7", Conversation: "c7", Hello: wire.Hello{Installation: "pc", NextDue: 60},
		HelloAt: s.clock.Now(), Due: s.clock.Now().Add(hour), RestoreLinks: true, ListReceipts: true, ByeAt: s.clock.Now(),
		Receipt: wire.ReceiptHead{Known: true, Job: "j", Number: 3},
		Held:    store.HeldChain{Hello: wire.Hello{Installation: "clone"}, First: s.clock.Now(), Last: s.clock.Now(), Until: s.clock.Now().Add(hour)},
		Release: "r", ReleaseUntil: s.clock.Now().Add(hour),
	}
	s.view("branch", func(v *store.StoreView) error {
		c, err := v.Contact()
		same(s, c, store.Contact{}, "before the first")
		return err
	})
	s.in("branch", func(tx *store.StoreTx) error { return tx.SetContact(want) })
	s.view("branch", func(v *store.StoreView) error {
		c, err := v.Contact()
		same(s, c, want, "contact")
		return err
	})
}
