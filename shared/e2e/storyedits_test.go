package e2e_test

import (
	"errors"
	"strings"

	"plait/agent/control"
	"plait/hub/operator"
	"plait/hub/storesync"
	"plait/shared/e2e/rig"
)

// syncs tests and runs a sync of kinds to all branches, and lets these take it.
func (s *story) syncs(label string, kinds []string, more ...string) (storesync.Sync, rig.Tested) {
	s.Helper()
	s.upload(mainStreet)
	args := append([]string{"--all", "--label", label}, more...)
	for _, k := range kinds {
		args = append(args, "--kind", k)
	}
	t := s.test(args...)
	y := s.run(t)
	branches := []string{dockside, oldTown, hillside}
	for _, name := range branches {
		s.upload(name)
		s.equal(name)
	}
	s.asTested(y, branches...)
	return y, t
}

// edits: head office and branches change the same things in between.
func (s *story) edits() {
	s.does(mainStreet, "UPDATE service SET name = 'Balayage Deluxe', price = 150, duration = 160 WHERE name = 'Balayage'")
	s.does(mainStreet, "UPDATE service SET price = 40.50 WHERE name = 'Women''s Haircut'")
	s.does(mainStreet, "INSERT INTO package_service SELECT p.id, s.id, 2 FROM package p, service s WHERE p.name = 'Bridal' AND s.name = 'Blow-dry'")
	s.does(dockside, "UPDATE service SET price = 155 WHERE name = 'Balayage'")                                                              // unlocked: kept
	s.does(oldTown, "UPDATE service SET description = 'our own words' WHERE name = 'Updo'")                                                 // locked: drift
	s.does(oldTown, "DELETE FROM package_service WHERE service_id = (SELECT id FROM service WHERE name = 'Updo')")                          // locked rows: drift
	s.does(hillside, "INSERT INTO service (category_id, name, price, tax_rate) SELECT id, 'Tea and talk', 0, 0 FROM category WHERE id = 1") // its own
	for _, name := range []string{dockside, oldTown, hillside} {
		s.upload(name)
	}
	y, t := s.syncs("new prices", []string{"service", "package"})
	s.names(t.Store(dockside).Exceptions, "Balayage Deluxe", "price", "kept_branch")
	s.names(s.exceptions(y, dockside), "Balayage Deluxe", "price", "kept_branch")
	s.names(s.exceptions(y, oldTown), "Updo", "description", "overwrote_drift")
	s.has(dockside, "155,160", "SELECT price || ',' || duration FROM service WHERE name = 'Balayage Deluxe'")
	s.has(hillside, "150,160", "SELECT price || ',' || duration FROM service WHERE name = 'Balayage Deluxe'")
	s.has(oldTown, "For weddings and evenings", "SELECT description FROM service WHERE name = 'Updo'")
	for _, name := range []string{dockside, oldTown, hillside} {
		s.has(name, "40.5", "SELECT price FROM service WHERE name = 'Women''s Haircut'")
		s.has(name, "3,4", `SELECT count(*) || ',' || sum(quantity) FROM package_service
			WHERE package_id = (SELECT id FROM package WHERE name = 'Bridal')`)
	}
	s.docksideKeeps()
	s.oldTownKeeps()
	s.has(hillside, "13", "SELECT count(*) FROM service")
}

// deleted: copies of what head office deleted stay until an operator deletes
// them, having typed their number; and what a branch had before stays anyway.
func (s *story) deleted() {
	s.does(mainStreet, "UPDATE product SET deleted = 1 WHERE name IN ('Carbon Comb', 'Matt Clay')")
	s.syncs("products", []string{"product"})
	for _, name := range []string{dockside, oldTown, hillside} {
		s.has(name, "2", "SELECT count(*) FROM product WHERE deleted = 0 AND name IN ('Carbon Comb', 'Matt Clay')")
	}
	s.confirmsDeletions()
	y, _ := s.syncs("gone", []string{"product"}, "--delete-missing", "linked")
	for _, name := range []string{oldTown, hillside} {
		s.has(name, "6,2", "SELECT sum(deleted = 0) || ',' || sum(deleted) FROM product")
	}
	s.names(s.exceptions(y, dockside), "Matt Clay", "", "was_adopted")
	s.has(dockside, "7,1", "SELECT sum(deleted = 0) || ',' || sum(deleted) FROM product")
	s.has(dockside, "0", "SELECT deleted FROM product WHERE name = 'Matt Clay'")
}

func (s *story) confirmsDeletions() {
	s.Helper()
	t := s.test("--kind", "product", "--all", "--delete-missing", "linked")
	if t.Plan.Deletes != 6 || len(t.Store(hillside).Deletes) != 2 {
		s.Errorf("the Test deletes %d items, at Hillside %+v; want 6, and 2 by name", t.Plan.Deletes, t.Store(hillside).Deletes)
	}
	t.Plan.Deletes--
	_, err := s.Hub.Sync(s.ctx, t)
	var refused *rig.CommandError
	if !errors.As(err, &refused) || !refused.Says("6") {
		s.Errorf("a wrong number of deletions was taken: %v", err)
	}
}

// theEnd compares every POS with the hub's copy once more.
func (s *story) theEnd() {
	for _, at := range s.Stores {
		s.sell(at.Name, 3)
		s.upload(at.Name)
		s.equal(at.Name)
		var found control.Findings
		if s.must(at.Run(s.ctx, &found, "doctor")); !found.OK || len(found.Findings) < 5 {
			s.Errorf("doctor at %s: %+v", at.Name, found)
		}
	}
	s.audited()
	s.closePOS()
}

// audited: every act is in the log, with who, what and when; those on a store
// name it.
func (s *story) audited() {
	s.Helper()
	var log []operator.Entry
	s.must(s.Hub.Run(s.ctx, &log, "audit", "--network", s.Network, "--limit", "500"))
	seen := map[string]bool{}
	for _, e := range log {
		seen[e.What] = true
		if e.Who == "" || e.At.IsZero() || strings.HasPrefix(e.What, "store.") && len(e.Stores) == 0 {
			s.Errorf("an entry of the audit log lacks something: %+v", e)
		}
	}
	for _, what := range []string{
		"store.add", "store.enrol", "sync.run", "job.cancel", "full.landed", "upload.ask",
		"store.switch", "store.revoke", "store.code", "job.rolled_back", "agent.held", "agent.release",
	} {
		if !seen[what] {
			s.Errorf("%s is not in the audit log", what)
		}
	}
}

// powerCuts: hub and agents are killed without a word, and start again.
func (s *story) powerCuts() {
	s.sell(mainStreet, 10)
	s.must(s.Hub.Kill())
	for _, at := range s.Stores {
		s.must(at.Kill())
		s.sell(at.Name, 2)
	}
	s.must(s.Hub.Start(s.ctx))
	for _, at := range s.Stores {
		s.must(at.Start(s.ctx))
		s.upload(at.Name)
		s.equal(at.Name)
	}
}
