package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"plait/agent/apply"
	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

// repairing is a branch of a network that asks for repair of products, and that has
// taken a sync with two of them.
type repairing struct {
	*branch
	repairer *apply.Repairer
	refused  []string
}

func newRepairing(t *testing.T, sql string) *repairing {
	t.Helper()
	b := &repairing{branch: newBranch(t, sql)}
	b.repairer = &apply.Repairer{
		Applier: b.applier, Log: b.box, Catalog: suiteCatalog,
		Refused: func(r outbox.Repair) { b.refused = append(b.refused, r.Name+": "+r.Refused) },
	}
	b.apply(jobNumber(1), payload(hair, put("category", "u-nails", "Nails", 1), put("vendor", "u-acme", "Acme", 2), shampoo(3, "Shampoo", "0.99"),
		put("product", "u-wax", "Wax", 4, field("price", item.MustDecimal("5")))), wire.Own{})
	b.rule("product")
	return b
}

func (b *repairing) rule(kinds ...string) {
	b.t.Helper()
	if err := b.box.SetRepairRule(b.t.Context(), outbox.RepairRule{Kinds: kinds}); err != nil {
		b.t.Fatal(err)
	}
}

// edits lets the POS do something, captures it, and repairs.
func (b *repairing) edits(statement string) {
	b.t.Helper()
	b.exec(statement)
	b.run()
}

func (b *repairing) run() {
	b.t.Helper()
	err := b.capture.Drain(b.t.Context())
	if err == nil {
		_, err = b.repairer.Run(b.t.Context())
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.checkRecord()
}

// is holds the POS's products against what is wanted.
func (b *repairing) is(when, want string) {
	b.t.Helper()
	query := "SELECT group_concat(i.Name || ' ' || coalesce(i.Price, '-') || ' ' || coalesce(c.Name, '-'), ', ') FROM (SELECT * FROM Item ORDER BY Id) i LEFT JOIN Category c ON c.Id = i.CategoryId"
	if got := b.value(query); got != want {
		b.t.Errorf("%s the products are %s, want %s", when, got, want)
	}
}

// report lists what is to be told to the hub.
func (b *repairing) report() string {
	b.t.Helper()
	list, err := b.box.Repairs(b.t.Context(), outbox.RepairDone, 100)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for _, r := range list {
		if err := (wire.Repairs{List: []wire.Repair{r.Repair}}).Validate(); err != nil {
			b.t.Errorf("the hub would refuse %+v: %v", r, err)
		}
		line := r.Kind + " " + r.Name
		for _, f := range r.Fields {
			line += fmt.Sprintf(" %s %s>%s", f.Field, f.Value, f.Base)
		}
		if r.Refused != "" {
			line += " refused"
		}
		out = append(out, line)
	}
	return strings.Join(out, ", ")
}

const asSynced = "Shampoo 0.99 Hair, Wax 5 -"

func TestDriftIsUndoneAtOnceAndTold(t *testing.T) {
	b := newRepairing(t, "")
	b.run()
	b.is("before any edit", asSynced)
	revision := b.revision()
	b.edits("UPDATE Item SET Name = 'Ours', CategoryId = 2, Price = 7 WHERE Name = 'Shampoo'") // the price is unlocked
	b.is("after an edit", "Shampoo 7 Hair, Wax 5 -")
	if got := b.report(); got != "product Ours category category 2>category 1 name Ours>Shampoo" {
		t.Errorf("told as %q", got)
	}
	if b.revision() == revision {
		t.Error("the repair was not captured")
	}
	before := b.value("SELECT max(seq) FROM plait_changes")
	b.run()
	if after := b.value("SELECT max(seq) FROM plait_changes"); after != before {
		t.Errorf("repairing goes on by itself: change rows up to %s, then %s", before, after)
	}
	b.edits("DELETE FROM ItemVendor")
	if got := b.value("SELECT group_concat(VendorCode || Cost) FROM ItemVendor"); !strings.HasSuffix(got, "0.4") {
		t.Errorf("the locked rows are %q", got)
	}
	b.edits("INSERT INTO Item (Name, Price) VALUES ('Our own', 1)")
	b.is("with an item of its own", "Shampoo 7 Hair, Wax 5 -, Our own 1 -")
}

func TestWithoutTheNetworksWordNothingIsRepaired(t *testing.T) {
	b := newRepairing(t, "")
	b.rule()
	b.edits("UPDATE Item SET Name = 'Ours' WHERE Name = 'Wax'")
	b.is("without a rule", "Shampoo 0.99 Hair, Ours 5 -")
	b.rule("service")
	b.run()
	b.is("with a rule for another kind", "Shampoo 0.99 Hair, Ours 5 -")
	b.rule("product") // what drifted before is undone too
	b.run()
	b.is("with one for products", asSynced)
}

// What a network stops syncing is the store's own, whatever its links remember.
func TestWhatIsSyncedNoMoreIsNoDrift(t *testing.T) {
	b := newRepairing(t, "")
	b.repairer.Catalog = suiteCatalog.With(map[string]item.Policy{"product.vendors": item.Never})
	b.edits("DELETE FROM ItemVendor")
	if got := b.report(); got != "" {
		t.Errorf("repaired: %s", got)
	}
	b.edits("UPDATE Item SET Name = 'Ours' WHERE Name = 'Shampoo'")
	b.is("what is locked still is held", asSynced)
	if got := b.value("SELECT count(*) FROM ItemVendor"); got != "0" {
		t.Errorf("%s vendors came back along with it", got)
	}
}

// A field that a switch of the network leaves to the store is not held to what its
// links remember; nor is it as soon as the rule names it no more.
func TestWhatASwitchLeavesToTheStoreIsNoDrift(t *testing.T) {
	b := newRepairing(t, "")
	b.rule("product", "product.name")
	b.edits("UPDATE Item SET Name = 'Ours', CategoryId = 2 WHERE Name = 'Shampoo'")
	b.is("with names left to it", "Ours 0.99 Hair, Wax 5 -")
	b.rule("product")
	b.run()
	b.is("with names held again", asSynced)
}

// "Drift repair does not undo a revert" (1-domain).
func TestARevertIsNoDrift(t *testing.T) {
	b := newRepairing(t, "")
	second := payload(put("product", "u-wax", "Beeswax", 5))
	r := b.apply(jobNumber(2), second, wire.Own{})
	b.run()
	b.is("after the second sync", "Shampoo 0.99 Hair, Beeswax 5 -")
	b.apply(jobNumber(3), payload(), reverting(t, r, second, wire.Own{}))
	b.run()
	b.is("after the revert", asSynced)
	if got := b.report(); got != "" {
		t.Errorf("repaired: %q", got)
	}
	b.edits("UPDATE Item SET Name = 'Ours' WHERE Name = 'Wax'")
	b.is("and what was set back is nobody's to hold", "Shampoo 0.99 Hair, Ours 5 -")
}

// What the POS refuses is named once, and not tried again and again: not before it
// stands otherwise, or its base does.
func TestARepairThatThePOSRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		schema string
		free   string
		why    string
	}{
		"a constraint":       {"CREATE TRIGGER pos_no BEFORE UPDATE ON Item WHEN NEW.Name = 'Wax' BEGIN SELECT RAISE(ABORT, 'the drawer is locked'); END;", "DROP TRIGGER pos_no", "the drawer is locked"},
		"the transaction":    {"CREATE TRIGGER pos_no BEFORE UPDATE ON Item WHEN NEW.Name = 'Wax' BEGIN SELECT RAISE(ROLLBACK, 'the drawer is locked'); END;", "DROP TRIGGER pos_no", "the drawer is locked"},
		"a value of its own": {"CREATE TRIGGER pos_no AFTER UPDATE ON Item WHEN NEW.Name = 'Wax' BEGIN UPDATE Item SET Name = 'Ours' WHERE Id = NEW.Id; END;", "DROP TRIGGER pos_no", "makes something else"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newRepairing(t, "")
			b.exec(c.schema)
			b.edits("UPDATE Item SET Name = 'Ours' WHERE Name = 'Wax'; UPDATE Item SET Name = 'Ours too' WHERE Name = 'Shampoo'")
			b.is("one is refused, the other repaired:", "Shampoo 0.99 Hair, Ours 5 -")
			if len(b.refused) != 1 || !strings.Contains(b.refused[0], "Ours: ") || !strings.Contains(b.refused[0], c.why) {
				t.Errorf("named as %q", b.refused)
			}
			if got := b.report(); !strings.Contains(got, "product Ours refused") || !strings.Contains(got, "Ours too>Shampoo") {
				t.Errorf("told as %q", got)
			}
			before := b.value("SELECT max(seq) FROM plait_changes")
			b.run()
			b.edits("UPDATE Item SET Price = 8 WHERE Name = 'Ours'")
			if after := b.value("SELECT count(*) FROM plait_changes WHERE seq > " + before); after != "1" || len(b.refused) != 1 {
				t.Errorf("it was tried again: %s change rows, refused %q", after, b.refused)
			}
			b.exec(c.free)
			b.edits("UPDATE Item SET Name = 'Other' WHERE Name = 'Ours'")
			b.is("once it stands otherwise", "Shampoo 0.99 Hair, Wax 8 -")
		})
	}
}

// A program that sets a value again and again is not outrun; once the hub was told,
// it is tried again.
func TestAValueThatIsSetAgainAndAgain(t *testing.T) {
	b := newRepairing(t, "")
	for n := range 12 {
		b.edits(fmt.Sprintf("UPDATE Item SET Name = 'Ours %d' WHERE Id = 2", n))
	}
	b.edits("UPDATE Item SET Price = 6 WHERE Id = 2")
	if len(b.refused) == 0 || !strings.Contains(b.refused[0], "again and again") {
		t.Fatalf("refused: %q", b.refused)
	}
	list, err := b.box.Repairs(t.Context(), outbox.RepairDone, 10)
	if err == nil {
		err = b.box.RepairsTold(t.Context(), list)
	}
	if err != nil || b.report() != "" {
		t.Fatalf("%v, %q is left to be told", err, b.report())
	}
	b.edits("UPDATE Item SET Name = 'Once more' WHERE Id = 2")
	b.is("once the hub was told", "Shampoo 0.99 Hair, Wax 6 -")
}

// Killed at any step of a repair, it is repaired once and told of once.
func TestKilledWhileRepairing(t *testing.T) {
	for step := range 8 {
		t.Run(fmt.Sprint(step), func(t *testing.T) {
			b := newRepairing(t, "")
			b.exec("UPDATE Item SET Name = 'Ours' WHERE Name = 'Wax'")
			killed := *b.applier
			killed.POS = &dying{b.conn, step}
			dead := &apply.Repairer{Applier: &killed, Log: &dyingLog{b.box, step}, Catalog: suiteCatalog}
			err := b.capture.Drain(t.Context())
			if err == nil {
				_, err = dead.Run(t.Context())
			}
			if err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			b.run()
			b.is("after a kill", asSynced)
			if got := b.report(); got != "product Ours name Ours>Wax" {
				t.Errorf("killed at step %d (%v) it is told as %q", step, err, got)
			}
		})
	}
}

// dyingLog fails at a chosen step, before or after it was durable.
type dyingLog struct {
	*outbox.Box
	left int
}

func (d *dyingLog) SetRepair(ctx context.Context, state int, r outbox.Repair) error {
	if d.left--; d.left == 0 {
		return errKilled
	}
	err := d.Box.SetRepair(ctx, state, r)
	if d.left--; d.left == 0 && err == nil {
		err = errKilled
	}
	return err
}

func TestAPOSThatIsBusyIsRepairedLater(t *testing.T) {
	b := newRepairing(t, "")
	b.exec("UPDATE Item SET Name = 'Ours' WHERE Name = 'Wax'")
	if err := b.capture.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	busy := *b.applier
	busy.POS = &busyPOS{b.conn}
	held := &apply.Repairer{Applier: &busy, Log: b.box, Catalog: suiteCatalog}
	if _, err := held.Run(t.Context()); !errors.Is(err, apply.ErrWaits) {
		t.Fatalf("a busy POS: %v", err)
	}
	b.run()
	b.is("once it is free", asSynced)
}

type busyPOS struct{ pos.Connector }

func (busyPOS) Begin(context.Context) (pos.Tx, error) { return nil, pos.ErrBusy }

func (b *repairing) revision() int64 {
	b.t.Helper()
	n, err := b.box.Revision(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// Capture may wait for the POS while it holds still, and a repair holds the POS:
// the repair gives way, and lets go of the POS.
func TestARepairGivesWayToCapture(t *testing.T) {
	b := newRepairing(t, "")
	b.exec("UPDATE Item SET Name = 'Ours' WHERE Name = 'Wax'")
	if err := b.capture.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	stuck := *b.applier
	stuck.Capture = heldCapture{b.applier.Capture, func() { b.exec("UPDATE Item SET Price = Price + 1 WHERE Name = 'Ours'") }}
	held := &apply.Repairer{Applier: &stuck, Log: b.box, Catalog: suiteCatalog}
	if _, err := held.Run(t.Context()); !errors.Is(err, apply.ErrWaits) {
		t.Fatalf("while capture holds still: %v", err)
	}
	b.edits("UPDATE Item SET Price = 6 WHERE Name = 'Ours'") // the POS is free
	b.is("afterwards", "Shampoo 0.99 Hair, Wax 6 -")
}

// heldCapture is busy for as long as a transaction waits for it, and the POS changes
// something whenever it is not.
type heldCapture struct {
	apply.Capture
	edit func()
}

func (h heldCapture) Drain(ctx context.Context) error {
	err := h.Capture.Drain(ctx)
	h.edit()
	return err
}

func (heldCapture) DrainFrom(ctx context.Context, _ pos.Reader) error {
	<-ctx.Done()
	return ctx.Err()
}
