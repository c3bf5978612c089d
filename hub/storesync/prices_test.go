package storesync_test

import (
	"slices"
	"strings"
	"testing"

	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/hub/storesync"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// pricedKinds: services with a price of their own and one for each provider,
// discounts with restrictions, access levels with a list of safe addresses.
func pricedKinds() *catalog.Catalog {
	field := func(name, typ string, p item.Policy) catalog.Field {
		return catalog.Field{Name: name, Title: strings.ToUpper(name[:1]) + name[1:], Type: typ, Policy: p}
	}
	price, active := field("price", "decimal", item.Unlocked), field("active", "bool", item.Unlocked)
	price.LockedWhen = "price_sync"
	refs := func(name, to string, p item.Policy, cols ...catalog.Field) catalog.Field {
		return catalog.Field{Name: name, Title: strings.ToUpper(name[:1]) + name[1:], Type: "rows", Key: "reference", Ref: to, Policy: p, Columns: cols}
	}
	ips := catalog.Field{Name: "ips", Title: "Safe IPs", Type: "rows", Key: "text", Policy: item.Additive, AllowList: true}
	kind := func(name string, fields ...catalog.Field) catalog.Kind {
		return catalog.Kind{Name: name, Title: name + "s", Help: "h", Direction: catalog.Sync, Match: catalog.Match{Name: "name"},
			Fields: append([]catalog.Field{field("name", "text", item.Locked)}, fields...)}
	}
	service := kind("service", price, refs("rates", "employee", item.Unlocked, price, active))
	service.Prices = &catalog.Prices{When: "price_sync", Fields: []string{"price"}, Rows: "rates", Active: "active"}
	discount := kind("discount", field("minimum", "decimal", item.Locked), refs("services", "service", item.Locked))
	discount.Restrictions = []string{"minimum", "services"}
	return &catalog.Catalog{Kinds: []catalog.Kind{discount, kind("employee"), kind("level", ips), service}}
}

func newPricedHub(t testing.TB, priceSync bool) *hub {
	h := newHub(t)
	c := pricedKinds()
	storetest.SetCatalog(t, h.db, "n", c)
	for _, id := range []string{"head", "uptown", "downtown"} {
		h.in(id, func(tx *store.StoreTx) error { return tx.SetProfile("priced", profileFor(c)) })
	}
	err := h.db.WithNetwork(t.Context(), "n", func(tx *store.NetworkTx) error {
		n := tx.Network
		n.Switches = map[string]bool{"price_sync": priceSync}
		return tx.SetNetwork(n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func rates(t testing.TB, list ...item.Row) item.Value {
	v, err := item.Rows(list)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func rate(key, price string) item.Row {
	return item.Row{Key: item.Ref("employee", key), Cols: item.Fields{{Name: "price", Value: item.MustDecimal(price)}}}
}

func money(s string) item.Value { return item.MustDecimal(s) }

// The lowest active price travels, and no provider with it; what it takes the
// place of is said price by price, with the names that people have there.
func TestPriceSyncIsShownPriceByPrice(t *testing.T) {
	h := newPricedHub(t, true)
	h.put("head", thing("employee", "1", "name", "Ann"),
		thing("service", "1", "name", "Cut", "price", money("22"), "rates", rates(t, rate("1", "20"))),
		thing("service", "2", "name", "Perm", "price", item.Null()))
	h.put("uptown", thing("employee", "7", "name", "Mia"),
		thing("service", "5", "name", "Cut", "price", money("25"), "rates", rates(t, rate("7", "30"))),
		thing("service", "6", "name", "Perm", "price", money("60")))
	p := h.test(request(all("service"), "uptown"))
	var why []string
	for _, e := range h.detail(p, "uptown").Exceptions {
		why = append(why, e.Why)
	}
	for _, want := range []string{
		"Price was “25” and is “20”; price sync locks it", "Rates: Price of “Mia” was “30” and is “20”; price sync locks it",
		"Price stays “60”: the source has no active price",
	} {
		if !slices.Contains(why, want) {
			t.Errorf("nobody says %q: %q", want, why)
		}
	}
	if c := codes(p.Stores[0].Warnings); c["overwrote_own"] != 1 || c["no_source_price"] != 1 {
		t.Errorf("warned %v", p.Stores[0].Warnings)
	}
	h.run(p)
	_, payload, _ := h.job("uptown")
	cut := payload.Items[0]
	if !cut.Fields.Get("rates").IsAbsent() || !cut.Fields.Get("price").Equal(money("20")) || len(cut.RefNames) > 0 || cut.NoPrice || !payload.Items[1].NoPrice {
		t.Errorf("the payload brings %+v, %+v", cut, payload.Items[1])
	}
}

// With or without prices, for one sync.
func TestPricesOfOneSync(t *testing.T) {
	for name, c := range map[string]struct {
		network bool
		prices  storesync.Prices
		locked  bool
		rates   bool // elements travel
		leave   wire.Leave
	}{
		"off, as the network has it": {false, "", false, true, ""},
		"on, as the network has it":  {true, storesync.PricesAsNetwork, true, false, ""},
		"with, though it is off":     {false, storesync.PricesYes, true, false, ""},
		"without, though it is on":   {true, storesync.PricesNo, true, false, wire.LeaveFound},
		"without, and it is off":     {false, storesync.PricesNo, false, true, wire.LeaveFound},
	} {
		h := newPricedHub(t, c.network)
		h.put("head", thing("employee", "1", "name", "Ann"), thing("service", "1", "name", "Cut", "price", money("22"), "rates", rates(t, rate("1", "20"))))
		h.put("uptown", thing("service", "5", "name", "Cut", "price", money("25")))
		r := request(all("service"), "uptown", "downtown")
		r.Options.Prices = c.prices
		h.run(h.test(r))
		_, payload, _ := h.job("uptown")
		i := slices.IndexFunc(payload.Kinds, func(k wire.PayloadKind) bool { return k.Name == "service" })
		for _, f := range payload.Kinds[i].Fields {
			switch f.Name {
			case "price":
				if locked := f.Policy == item.Locked; locked != c.locked || f.Leave != c.leave || (f.LockedBy == "price_sync") != c.locked {
					t.Errorf("%s: the price is %s by %q, left %q", name, f.Policy, f.LockedBy, f.Leave)
				}
			case "rates":
				if f.Leave != c.leave || (f.Policy == item.Never) == c.rates {
					t.Errorf("%s: the rates are %s, left %q", name, f.Policy, f.Leave)
				}
			}
		}
		if travels := !payload.Items[0].Fields.Get("rates").IsAbsent(); travels != c.rates {
			t.Errorf("%s: the rates travel: %t", name, travels)
		}
	}
	h := newPricedHub(t, false)
	r := request(all("service"), "uptown")
	r.Options.Prices = "perhaps"
	if _, err := h.sync.Test(t.Context(), r, nil); err == nil || !strings.Contains(err.Error(), "network, yes or no") {
		t.Errorf("an unknown choice: %v", err)
	}
}

// S1, S0: restrictions travel unless the sync leaves them; then a discount that is
// there keeps its own, and one that is not arrives unrestricted, which is said.
func TestRestrictionsOfOneSync(t *testing.T) {
	h := newPricedHub(t, false)
	onlyCut := rates(t, item.Row{Key: item.Ref("service", "1")})
	h.put("head", thing("service", "1", "name", "Cut"),
		thing("discount", "1", "name", "Spring", "minimum", money("30"), "services", onlyCut),
		thing("discount", "2", "name", "Student", "minimum", money("0")))
	h.put("uptown", thing("discount", "8", "name", "spring", "minimum", money("50")))
	r := request(all("discount"), "downtown", "uptown")
	if p := h.test(r); p.Counts.Parked != 2 || codes(p.Stores[0].Warnings)["missing_reference"] != 1 {
		t.Errorf("with restrictions a service is missing, and the plan says %+v, %v", p.Counts, p.Stores[0].Warnings)
	}
	r.Options.NoRestrictions = true
	p := h.test(r)
	if p.Counts.Parked != 0 || p.Counts.Created != 3 || p.Counts.Adopted != 1 {
		t.Errorf("without them: %+v", p.Counts)
	}
	down, up := codes(p.Stores[0].Warnings), codes(p.Stores[1].Warnings)
	if down["unrestricted"] != 1 || up["unrestricted"] != 0 {
		t.Errorf("Spring arrives unrestricted downtown alone, and Student has no restriction: %v, %v", p.Stores[0].Warnings, p.Stores[1].Warnings)
	}
	for _, e := range h.detail(p, "uptown").Exceptions {
		if e.Field != "" {
			t.Errorf("uptown keeps its restriction, and is told %q", e.Why)
		}
	}
	why := h.detail(p, "downtown").Exceptions[0].Why
	if want := "Minimum was left out by this sync (“30” at the source): the new item is not restricted by it"; why != want {
		t.Errorf("told %q, want %q", why, want)
	}
	r.Options = storesync.Options{AddMissing: true}
	r.Options.NoRestrictions = true
	if p := h.test(r); p.Items != 2 {
		t.Errorf("a service is added for a restriction that does not travel: %d items", p.Items)
	}
	// Restrictions travel, but nothing that the discount is limited to is there.
	r.Options = storesync.Options{Options: wire.Options{WithoutMissingParts: true}}
	if p := h.test(r); codes(p.Stores[0].Warnings)["unrestricted"] != 1 {
		t.Errorf("a discount for one service that the store lacks is for all of them: %v", p.Stores[0].Warnings)
	}
}

// Adding to an empty list of safe addresses shuts the store out.
func TestFirstElementsOfAnAllowList(t *testing.T) {
	h := newPricedHub(t, false)
	ips := func(list ...string) item.Value {
		var rows []item.Row
		for _, ip := range list {
			rows = append(rows, item.Row{Key: item.MustText(ip)})
		}
		return rates(t, rows...)
	}
	h.put("head", thing("level", "1", "name", "Manager", "ips", ips("10.0.0.1")))
	h.put("uptown", thing("level", "1", "name", "Manager", "ips", ips()))
	h.put("downtown", thing("level", "1", "name", "Manager", "ips", ips("10.1.1.1")))
	p := h.test(request(all("level"), "uptown", "downtown"))
	if down, up := codes(p.Stores[0].Warnings)[storesync.WarnLockOut], codes(p.Stores[1].Warnings)[storesync.WarnLockOut]; down != 0 || up != 1 {
		t.Errorf("uptown's list is empty, downtown's is not: warned %d and %d", up, down)
	}
	for _, w := range p.Stores[1].Warnings {
		if w.Code == storesync.WarnLockOut && w.Mend == "" {
			t.Error("the warning says no way out")
		}
	}
}
