package apply_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

var hair = put("category", "u-hair", "Hair", 1)

func shampoo(rev int64, name, price string) wire.PayloadItem {
	vendors, _ := item.Rows([]item.Row{{Key: item.UIDRef("vendor", "u-acme"), Cols: item.Fields{{Name: "cost", Value: item.MustDecimal("0.4")}}}})
	return put("product", "u-shampoo", name, rev, field("price", item.MustDecimal(price)), field("barcode", item.MustText("0012")),
		field("category", item.UIDRef("category", "u-hair")), field("vendors", vendors), field("active", item.Bool(true)))
}

func TestJobCreatesItemsWithTheirReferencesAndRows(t *testing.T) {
	b := newBranch(t, "")
	r := b.apply(jobNumber(1), payload(hair, put("vendor", "u-acme", "Acme", 2), shampoo(3, "Shampoo", "0.99")), wire.Own{})
	if r.Counts.Created != 3 || r.Counts.Parked != 0 || !r.Done {
		t.Fatalf("%+v", r)
	}
	for query, want := range map[string]string{
		"SELECT c.Name FROM Item i JOIN Category c ON c.Id = i.CategoryId WHERE i.Name = 'Shampoo'":             "Hair",
		"SELECT v.Name FROM Item i JOIN ItemVendor x ON x.ItemId = i.Id JOIN Vendor v ON v.Code = x.VendorCode": "Acme",
		"SELECT Price FROM Item": "0.99", "SELECT count(*) FROM plait_links": "3", "SELECT next_item FROM plait_receipts WHERE part = 0": "3",
	} {
		if got := b.value(query); got != want {
			t.Errorf("%s = %q, want %q", query, got, want)
		}
	}
}

func TestJobAdoptsThenFollowsLockedFieldsAndKeepsWhatTheBranchChanged(t *testing.T) {
	b := newBranch(t, "INSERT INTO Category VALUES (7, 'HAIR'); INSERT INTO Vendor VALUES ('a', 'Acme'); INSERT INTO Item (Id, Name, Price, Barcode, Active) VALUES (5, 'Shampo', 1.5, '0012', 'Y'), (6, 'Our own', 3, NULL, 'Y');")
	first := payload(hair, put("vendor", "u-acme", "Acme", 2), shampoo(3, "Shampoo", "0.99"))
	if r := b.apply(jobNumber(1), first, wire.Own{}); r.Counts.Adopted != 3 {
		t.Fatalf("%+v", r)
	}
	if got := b.value("SELECT Name || ' ' || Price || ' ' || CategoryId FROM Item WHERE Id = 5"); got != "Shampoo 1.5 7" {
		t.Errorf("after the first sync: %s", got)
	}
	b.exec("UPDATE Item SET Name = 'Hacked', Price = 2 WHERE Id = 5")
	second := payload(hair, put("vendor", "u-acme", "Acme", 2), shampoo(4, "Shampoo", "1.10"))
	r := b.apply(jobNumber(2), second, wire.Own{})
	if got := b.value("SELECT Name || ' ' || Price FROM Item WHERE Id = 5"); got != "Shampoo 2" || r.Counts.Updated != 1 || r.Counts.Equal != 2 {
		t.Errorf("after the second sync: %s, %+v", got, r.Counts)
	}
	if got := b.value("SELECT Name || ' ' || Price FROM Item WHERE Id = 6"); got != "Our own 3" {
		t.Errorf("the branch's own item became %s", got)
	}
	var said []string
	for _, e := range r.Exceptions {
		said = append(said, e.Code)
	}
	if got := strings.Join(said, " "); !strings.Contains(got, "kept_branch") || !strings.Contains(got, "overwrote_drift") {
		t.Errorf("the result says %s", got)
	}
}

func TestOneBadItemIsParkedAndTheRestGoOn(t *testing.T) {
	b := newBranch(t, "INSERT INTO Category VALUES (1, 'Mine'); INSERT INTO Item (Id, Name, Barcode, CategoryId) VALUES (5, 'Taken', '0099', 1);")
	bad := put("product", "u-bad", "Negative", 3, field("price", item.MustDecimal("-1")))
	clash := put("product", "u-clash", "Clash", 4, field("barcode", item.MustText("0099")), field("category", item.UIDRef("category", "u-lost")))
	clash.RefNames = map[string]string{"u-lost": "Lost"}
	good := put("product", "u-good", "Good", 5)
	r := b.apply(jobNumber(1), payload(bad, clash, good), wire.Own{})
	if r.Counts.Parked != 2 || r.Counts.Created != 1 || !r.Done {
		t.Fatalf("%+v", r)
	}
	if !strings.Contains(r.Exceptions[0].Why, "refuses") || r.Exceptions[0].Name != "Negative" || !strings.Contains(r.Exceptions[1].Why, "Lost") {
		t.Errorf("%+v", r.Exceptions)
	}
	if got := b.value("SELECT count(*) FROM Item"); got != "2" {
		t.Errorf("%s items in the POS", got)
	}
}

func TestUniqueValuesThatSwapGoThroughATemporaryOne(t *testing.T) {
	b := newBranch(t, "")
	one := func(a, c string, rev int64) wire.Payload {
		return payload(put("product", "u-1", "One", rev, field("barcode", item.MustText(a))), put("product", "u-2", "Two", rev, field("barcode", item.MustText(c))))
	}
	b.apply(jobNumber(1), one("111", "222", 1), wire.Own{})
	r := b.apply(jobNumber(2), one("222", "111", 2), wire.Own{})
	if got := b.value("SELECT group_concat(Barcode) FROM (SELECT Barcode FROM Item ORDER BY Name)"); got != "222,111" || r.Counts.Updated != 2 || r.Counts.Parked != 0 {
		t.Errorf("barcodes %s, %+v", got, r)
	}
}

func TestItemAtWhichThePOSEndsOurTransactionIsParkedAlone(t *testing.T) {
	b := newBranch(t, "CREATE TRIGGER stop BEFORE INSERT ON Item WHEN NEW.Name = 'Stop' BEGIN SELECT RAISE(ROLLBACK, 'no such item here'); END;")
	r := b.apply(jobNumber(1), payload(put("product", "u-1", "One", 1), put("product", "u-2", "Stop", 1), put("product", "u-3", "Three", 1)), wire.Own{})
	if r.Counts.Created != 2 || r.Counts.Parked != 1 || r.Exceptions[0].Name != "Stop" {
		t.Fatalf("%+v", r)
	}
	if got := b.value("SELECT group_concat(Name) FROM (SELECT Name FROM Item ORDER BY Id)"); got != "One,Three" {
		t.Errorf("in the POS: %s", got)
	}
}

func TestReusedKeyGetsTheNextGenerationAndNoOldLink(t *testing.T) {
	b := newBranch(t, "")
	b.apply(jobNumber(1), payload(put("product", "u-1", "One", 1)), wire.Own{})
	b.exec("DELETE FROM Item")
	if err := b.capture.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.apply(jobNumber(2), payload(put("product", "u-2", "Two", 1)), wire.Own{})
	if err := b.capture.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := b.value("SELECT group_concat(gen || ' ' || dead || ' ' || uid, ', ') FROM (SELECT * FROM plait_links ORDER BY gen)"); got != "1 1 , 2 0 u-2" {
		t.Errorf("the links are %s", got)
	}
	it, ok, err := b.box.Latest(t.Context(), "product", "1")
	if err != nil || !ok || it.Gen != 2 || it.Link == nil || it.Link.UID != "u-2" {
		t.Errorf("the record holds %+v, %v, %v", it, ok, err)
	}
}

// The hub counts further for a key than the POS, after a restore of both files. The
// link that goes over to the new generation is the item's before plait_links has
// learned it: the next job finds the item by it and knows its bases, also where items
// that were to go together go one by one after all.
func TestALinkThatGoesOverIsKnownToTheNextJob(t *testing.T) {
	refused := put("product", "u-bad", "Negative", 4, field("price", item.MustDecimal("-1")))
	for name, with := range map[string][]wire.PayloadItem{"alone": nil, "with one that the POS refuses": {refused}} {
		t.Run(name, func(t *testing.T) {
			b := newBranch(t, "")
			b.apply(jobNumber(1), payload(put("product", "u-1", "One", 1, field("price", item.MustDecimal("1")))), wire.Own{})
			if err := b.box.Gone(t.Context(), "product", []wire.KeyHash{{Key: "1", Gen: 5, Digest: "0123456789abcdef"}}); err != nil {
				t.Fatal(err)
			}
			if it, _, err := b.box.Latest(t.Context(), "product", "1"); err != nil || it.Gen != 6 || it.Link == nil {
				t.Fatalf("the record holds %+v, %v", it, err)
			}
			second := put("product", "u-1", "Uno", 2, field("price", item.MustDecimal("2")))
			r := b.apply(jobNumber(2), payload(append([]wire.PayloadItem{second}, with...)...), wire.Own{})
			if got := b.value("SELECT group_concat(Id || ' ' || Name || ' ' || Price, ', ') FROM Item"); got != "1 Uno 2" {
				t.Errorf("the POS holds %s, %+v", got, r.Counts)
			}
			if err := b.capture.Prune(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := b.value("SELECT group_concat(key || ' ' || gen || ' ' || uid, ', ') FROM plait_links WHERE NOT dead"); got != "1 6 u-1" {
				t.Errorf("linked are %s", got)
			}
		})
	}
}

// dying is a connector whose transactions fail at a chosen step, as a kill would.
type dying struct {
	pos.Connector
	left int
}

var errKilled = errors.New("killed")

func (d *dying) die() error {
	if d.left--; d.left < 0 {
		return errKilled
	}
	return nil
}

func (d *dying) Begin(ctx context.Context) (pos.Tx, error) {
	if err := d.die(); err != nil {
		return nil, err
	}
	tx, err := d.Connector.Begin(ctx)
	return &dyingTx{tx, d}, err
}

type dyingTx struct {
	pos.Tx
	d *dying
}

func (t *dyingTx) Insert(ctx context.Context, kind string, f item.Fields) (string, error) {
	if err := t.d.die(); err != nil {
		return "", err
	}
	return t.Tx.Insert(ctx, kind, f)
}

func (t *dyingTx) PutReceipt(ctx context.Context, r pos.Receipt) error {
	if err := t.d.die(); err != nil {
		return err
	}
	return t.Tx.PutReceipt(ctx, r)
}

func (t *dyingTx) Commit() error {
	if err := t.d.die(); err != nil {
		return errors.Join(err, t.Rollback())
	}
	return t.Tx.Commit()
}

func TestJobKilledAnywhereIsAppliedOnce(t *testing.T) {
	job := payload(hair, put("vendor", "u-acme", "Acme", 2), shampoo(3, "Shampoo", "0.99"), put("service", "u-cut", "Cut", 4))
	died := 0
	for step := 0; ; step++ {
		b := newBranch(t, "")
		b.applier.Slice = 1 // one item a slice, by any clock
		b.applier.POS = &dying{b.conn, step}
		_, err := b.applier.Job(t.Context(), jobNumber(1), job, wire.Own{})
		if err == nil {
			break
		}
		if !errors.Is(err, errKilled) {
			t.Fatalf("step %d: %v", step, err)
		}
		died++
		b.applier.POS = b.conn
		r := b.apply(jobNumber(1), job, wire.Own{})
		if r.Counts.Created != 4 || b.value("SELECT count(*) FROM Item") != "2" || b.value("SELECT count(*) FROM Vendor") != "1" {
			t.Fatalf("killed at step %d and gone on: %+v", step, r.Counts)
		}
	}
	if died < 10 {
		t.Errorf("only %d steps were killed", died)
	}
}

func TestJobAppliedTwiceReportsTheSameAndWritesNothing(t *testing.T) {
	b := newBranch(t, "")
	job := payload(hair)
	first := b.apply(jobNumber(1), job, wire.Own{})
	b.exec("UPDATE Category SET Name = 'Changed since'")
	again := b.apply(jobNumber(1), job, wire.Own{})
	if again.Counts != first.Counts || b.value("SELECT Name FROM Category") != "Changed since" {
		t.Errorf("applied again: %+v, %s", again.Counts, b.value("SELECT Name FROM Category"))
	}
	reported, ok, err := b.applier.Reported(t.Context(), "job-1")
	if err != nil || !ok || reported.Counts != first.Counts {
		t.Errorf("reported %+v, %v, %v", reported, ok, err)
	}
}

// That something will be written is said once for a job, before it is: of a job that
// only finds what it brings, never. Where it cannot be kept, nothing is written.
func TestWritingIsAnnounced(t *testing.T) {
	b := newBranch(t, "")
	told := 0
	b.applier.Writing = func(context.Context) error { told++; return nil }
	first := payload(hair, put("vendor", "u-acme", "Acme", 2), shampoo(3, "Shampoo", "0.99"))
	b.apply(jobNumber(1), first, wire.Own{})
	if told != 1 {
		t.Errorf("a job that writes three items announced it %d times", told)
	}
	b.apply(jobNumber(2), first, wire.Own{})
	if told != 1 {
		t.Error("a job that changes nothing announced it")
	}
	b.applier.Writing = func(context.Context) error { return errKilled }
	if _, err := b.applier.Job(t.Context(), jobNumber(3), payload(put("category", "u-new", "New", 1)), wire.Own{}); !errors.Is(err, errKilled) {
		t.Errorf("what could not be kept: %v", err)
	}
	if got := b.value("SELECT count(*) FROM Category"); got != "1" {
		t.Errorf("%s categories are in the POS", got)
	}
}
