package e2e_test

import (
	"testing"

	"plait/configs"
	"plait/shared/catalog"
	"plait/shared/e2e/rig"
	"plait/shared/e2e/salon"
)

// TestEveryKind syncs every kind of the catalogue, with every field, from head
// office to a salon that has settings of its own and nothing else: what the Test
// said happens, a second sync finds nothing to do, and what is the salon's own
// stays.
func TestEveryKind(t *testing.T) {
	n := openNetwork(t, rig.Options{})
	head, branch := n.whole(mainStreet, "head_office", 1), n.whole(dockside, "branch", 2)
	n.must(head.StockWhole())
	n.must(branch.Exec("INSERT INTO checkout (id, receipt_footer) VALUES (7, 'Ahoy')"))
	n.must(branch.Exec("INSERT INTO checkout_tax (checkout_id, name, rate) VALUES (7, 'City', 5)"))
	n.must(branch.Exec("INSERT INTO checkout_fee (checkout_id, name, amount) VALUES (7, 'Late', 3)"))
	n.must(branch.Exec("INSERT INTO whatsapp (id, number, greeting) VALUES (3, '+49 40 5550', 'Moin')"))
	for _, name := range []string{mainStreet, dockside} {
		n.must(n.Store(name).Start(n.ctx))
		n.upload(name)
	}
	catalogue := n.synced(t)
	y := n.run(n.test(catalogue...))
	n.upload(dockside)
	n.asTested(y, dockside)
	n.says(dockside)

	shown, err := n.Hub.Outcome(n.ctx, y.ID)
	n.must(err)
	outcome := receiverOf(shown, dockside).Outcome
	if outcome.Parked+outcome.Skipped+outcome.Deleted > 0 || outcome.Adopted != 2 || outcome.Created < 60 {
		t.Errorf("every kind: %+v, want all created but the two settings that the salon had", outcome)
	}
	for query, want := range map[string]string{
		"SELECT receipt_footer FROM checkout":                                                                     "Thank you, see you soon",
		"SELECT group_concat(name || ' ' || rate, ', ') FROM checkout_tax":                                        "City 5",
		"SELECT group_concat(name, ', ') FROM (SELECT name FROM checkout_fee ORDER BY name)":                      "Card, Late, No-show",
		"SELECT number || ', ' || greeting FROM whatsapp":                                                         "+49 40 5550, Moin",
		"SELECT count(*) FROM payroll_revenue_tier WHERE from_amount IS NOT NULL AND service_rate > 30":           "2",
		"SELECT hex(image) FROM gift_card_image WHERE status = 'hidden'":                                          "89504E470D0A1A0A0002",
		"SELECT s.name FROM service_credit c JOIN service s ON s.id = c.service_id WHERE c.credits = 4":           "Updo",
		"SELECT count(*) FROM service_add_on sa JOIN add_on a ON a.id = sa.add_on_id":                             "1",
		"SELECT a.name FROM discount d JOIN access_level a ON a.id = d.access_level_id WHERE d.name = 'Birthday'": "Manager",
		"SELECT coalesce(sum(received), 0) || ' of ' || sum(quantity) FROM purchase_order_line":                   "0 of 36",
		"SELECT count(*) FROM access_level_staff":                                                                 "0",
		"SELECT tax_rate FROM membership":                                                                         "19",
		"SELECT group_concat(weekday, ', ') FROM (SELECT weekday FROM happy_hour_day ORDER BY weekday)":           "monday, tuesday, wednesday",
	} {
		if got, err := branch.Value(query); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", query, got, err, want)
		}
	}

	again := n.test(catalogue...).Store(dockside)
	if c := again.Counts; c.Created+c.Adopted+c.Updated+c.Parked+c.Retired+c.Deleted+c.Skipped > 0 || c.Equal == 0 {
		t.Errorf("a second sync would do %+v, want nothing: %+v", c, again.Exceptions)
	}
	n.equal(mainStreet)
	n.equal(dockside)
	n.must(head.Close())
	n.must(branch.Close())
}

// whole opens a salon with the whole edition of the POS.
func (n *liveNetwork) whole(name, role string, seed uint64) *salon.POS {
	n.Helper()
	at := n.addStore(rig.StoreOptions{Name: name, Role: role, Mapping: salon.WholeMapping})
	p, err := salon.Open(at.POS(), name, salon.Options{Seed: seed, Busy: 5000})
	n.must(err)
	n.must(p.CreateWhole())
	return p
}

// synced selects every kind that comes down, but for employees: they are
// transferred one by one.
func (n *liveNetwork) synced(t *testing.T) (args []string) {
	t.Helper()
	c, err := configs.Catalog()
	n.must(err)
	for _, k := range c.Kinds {
		if k.Direction == catalog.Sync && k.Name != "employee" {
			args = append(args, "--kind", k.Name)
		}
	}
	return append(args, "--all", "--label", "every kind")
}
