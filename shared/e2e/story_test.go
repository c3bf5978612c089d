package e2e_test

import (
	"strings"
	"testing"

	"plait/shared/e2e/rig"
	"plait/shared/e2e/salon"
	"plait/shared/wire"
)

// The salons of the story.
const (
	mainStreet = "Main Street" // head office
	dockside   = "Dockside"    // reaches the hub through a gate
	oldTown    = "Old Town"
	hillside   = "Hillside"
)

// everything is what head office syncs, prerequisites in no special order.
var everything = []string{
	"--kind", "package", "--kind", "discount", "--kind", "product", "--kind", "service",
	"--kind", "vendor", "--kind", "product_category", "--kind", "service_category",
}

// A story is the life of one network of salons, whose POSs go on selling.
type story struct {
	*liveNetwork
	gate  *rig.Gate
	pos   map[string]*salon.POS
	seeds int // given to POSs that were opened again
}

// TestStory runs both programs as a network would: four salons with people who
// sell, edit, add and remove, an operator at the hub, a technician at the PCs.
func TestStory(t *testing.T) {
	n := openNetwork(t, rig.Options{})
	s := &story{liveNetwork: n, pos: map[string]*salon.POS{}}
	n.chapters(
		chapter{"enrolled by code, everything reaches the hub", s.enrolled},
		chapter{"a first sync does what its Test said", s.firstSync},
		chapter{"a salon that was offline catches up", s.catchesUp},
		chapter{"edits on both sides", s.edits},
		chapter{"deleted at head office", s.deleted},
		chapter{"a full upload is refused at its beginning", s.refusedAtBegin},
		chapter{"a full upload is refused at its end", s.refusedAtEnd},
		chapter{"a job that cannot be applied is cancelled", s.refusedUntilCancelled},
		chapter{"an operator asks for a full upload", s.fullAsked},
		chapter{"switching off asks", s.switchedOff},
		chapter{"revoking cancels, and a new PC takes over", s.revoked},
		chapter{"power cuts", s.powerCuts},
		chapter{"a POS is restored from a backup", s.restoredPOS},
		chapter{"an older agent.db is put back", s.restoredRecord},
		chapter{"agent.db is lost", s.lostRecord},
		chapter{"the hub is restored from a backup", s.restoredHub},
		chapter{"at the end everything is equal", s.theEnd},
	)
}

func (s *story) open(name, role, hub string, seed uint64) {
	s.Helper()
	at := s.addStore(rig.StoreOptions{Name: name, Role: role, Mapping: salon.Mapping, Hub: hub})
	p, err := salon.Open(at.POS(), strings.ToLower(strings.ReplaceAll(name, " ", "")), salon.Options{Seed: seed, Busy: 5000})
	s.must(err)
	s.pos[name] = p
	s.must(p.Create())
}

// does lets the people at a salon do something in their POS.
func (s *story) does(name, statement string, args ...any) {
	s.Helper()
	s.must(s.pos[name].Exec(statement, args...))
}

// has checks one value in a salon's POS.
func (s *story) has(name, want, query string, args ...any) {
	s.Helper()
	got, err := s.pos[name].Value(query, args...)
	if err != nil || got != want {
		s.Errorf("%s: %s %q: %q, %v, want %q", name, query, args, got, err, want)
	}
}

func (s *story) sell(name string, tickets int) {
	s.Helper()
	for range tickets {
		s.must(s.pos[name].Sell())
	}
}

func (s *story) closePOS() {
	for _, p := range s.pos {
		s.must(p.Close())
	}
}

func (s *story) enrolled() {
	gate, err := s.NewGate()
	s.must(err)
	s.gate = gate
	s.open(mainStreet, "head_office", "", 1)
	s.open(dockside, "branch", gate.URL, 2)
	s.open(oldTown, "branch", "", 3)
	s.open(hillside, "branch", "", 4)
	s.must(s.pos[mainStreet].Stock())
	// What the branches had before they joined: items of their own, and some that
	// head office has too, by name or by barcode.
	s.does(dockside, "INSERT INTO category (sort, name) VALUES ('service', 'Hair'), ('service', 'Barber')")
	s.does(dockside, "INSERT INTO service (category_id, name, price, tax_rate) SELECT id, 'Beard Trim', 18, 7 FROM category WHERE name = 'Barber'")
	s.does(dockside, "INSERT INTO product (barcode, name, price, shelf, stock) VALUES ('400123450004', 'Clay, matt', 21, 'Z9', 3)")
	s.does(oldTown, "INSERT INTO category (sort, name) VALUES ('service', 'Hair')")
	s.does(oldTown, "INSERT INTO service (category_id, name, description, price, tax_rate) SELECT id, 'Men''s Haircut', 'Hot towel', 27.5, 7 FROM category")
	s.does(oldTown, "INSERT INTO package (name, price, tax_rate) VALUES ('Old Town Special', 99, 7)")
	s.does(oldTown, "INSERT INTO discount (name, percent) VALUES ('Student', 12)")
	s.does(oldTown, "INSERT INTO discount_staff SELECT d.id, s.id FROM discount d, staff s WHERE s.role = 'manager'")
	s.sell(mainStreet, 30)
	s.sell(dockside, 10)
	for _, at := range s.Stores {
		s.must(at.Start(s.ctx))
		s.upload(at.Name)
		s.equal(at.Name)
	}
}

func (s *story) firstSync() {
	s.must(s.Store(hillside).Stop())
	t := s.test(append(everything, "--all", "--label", "first")...)
	if len(t.Plan.Stores) != 3 || t.Plan.Deletes != 0 {
		s.Errorf("the Test has %d stores and %d deletions, want 3 and 0", len(t.Plan.Stores), t.Plan.Deletes)
	}
	s.adopts(t.Store(dockside).Exceptions, "Hair", "Clay, matt")
	s.adopts(t.Store(oldTown).Exceptions, "Hair", "Men's Haircut", "Student")
	y := s.run(t)
	s.sell(mainStreet, 5) // the POSs go on
	for _, name := range []string{dockside, oldTown} {
		s.upload(name)
		s.equal(name)
	}
	s.asTested(y, dockside, oldTown)
	s.docksideKeeps()
	s.oldTownKeeps()
	for _, name := range []string{dockside, oldTown} {
		s.has(name, "2,0", `SELECT count(*) || ',' || (SELECT count(*) FROM discount_staff ds JOIN discount d ON d.id = ds.discount_id WHERE d.name = 'Spring 20')
			FROM discount WHERE name IN ('Spring 20', 'Birthday')`)
		s.has(name, "Manicure,Updo", `SELECT group_concat(name, ',') FROM (SELECT s.name FROM package p JOIN package_service ps ON ps.package_id = p.id
			JOIN service s ON s.id = ps.service_id WHERE p.name = 'Bridal' ORDER BY s.name)`)
		s.has(name, "8,0", "SELECT count(*) || ',' || sum(CASE WHEN name = 'Matt Clay' THEN 0 ELSE stock END) FROM product")
		s.has(name, "19", "SELECT tax_rate FROM service WHERE name = 'Balayage'")
		s.has(name, "38", "SELECT price FROM service WHERE name = 'Women''s Haircut'")
	}
}

// adopts checks that a Test names the branch's own items that it would link.
func (s *story) adopts(list []wire.Exception, names ...string) {
	s.Helper()
	for _, name := range names {
		found := false
		for _, e := range list {
			found = found || e.Action == "adopt" && (e.Name == name || strings.Contains(e.Why, name))
		}
		if !found {
			s.Errorf("the Test does not name %q as adopted in %+v", name, list)
		}
	}
}

// docksideKeeps: what is Dockside's own stays, and only locked fields of what was
// adopted follow head office.
func (s *story) docksideKeeps() {
	s.Helper()
	s.has(dockside, "Beard Trim,18,7", "SELECT name || ',' || price || ',' || tax_rate FROM service WHERE category_id = (SELECT id FROM category WHERE name = 'Barber')")
	s.has(dockside, "Matt Clay,21,Z9,3", "SELECT name || ',' || price || ',' || shelf || ',' || stock FROM product WHERE barcode = '400123450004'")
	s.has(dockside, "13", "SELECT count(*) FROM service")
	s.has(dockside, "1", "SELECT count(*) FROM category WHERE name = 'Hair'")
}

func (s *story) oldTownKeeps() {
	s.Helper()
	s.has(oldTown, "27.5,Cut and finish", "SELECT price || ',' || description FROM service WHERE name = 'Men''s Haircut'")
	s.has(oldTown, "10,1", "SELECT percent || ',' || (SELECT count(*) FROM discount_staff WHERE discount_id = discount.id) FROM discount WHERE name = 'Student'")
	s.has(oldTown, "99", "SELECT price FROM package WHERE name = 'Old Town Special'")
	s.has(oldTown, "12", "SELECT count(*) FROM service")
}

func (s *story) catchesUp() {
	jobs, err := s.Hub.Queue(s.ctx, hillside)
	s.must(err)
	if len(jobs) != 1 || jobs[0].State != "queued" {
		s.Fatalf("the salon that is offline should have one queued job: %+v", jobs)
	}
	s.sell(hillside, 1) // without a line, and with nothing on offer but its people
	s.must(s.Store(hillside).Start(s.ctx))
	s.upload(hillside)
	s.equal(hillside)
	s.has(hillside, "12", "SELECT count(*) FROM service")
	s.has(hillside, "3,2", "SELECT (SELECT count(*) FROM discount) || ',' || (SELECT count(*) FROM package)")
}
