package apply_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// reverting is what the hub makes of a job's result: its images in reverse.
func reverting(t testing.TB, r wire.Result, p wire.Payload, own wire.Own) (out wire.Own) {
	t.Helper()
	items := append(slices.Clone(p.Items), own.Items...)
	err := wire.ReadImages(r.Before, func(m wire.Image) error {
		of := items[m.N]
		out.Items = slices.Insert(out.Items, 0, wire.PayloadItem{
			Op: wire.OpRevert, Kind: of.Kind, UID: of.UID, Aliases: of.Aliases, Name: of.Name, Fields: m.Fields, Undo: &m.Undo,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// dump is everything that the POS itself holds.
func (b *branch) dump() string {
	b.t.Helper()
	var out []string
	for _, query := range []string{
		"SELECT group_concat(Id || ' ' || Name, '; ') FROM (SELECT * FROM Category ORDER BY Id)",
		"SELECT group_concat(Code || ' ' || Name, '; ') FROM (SELECT * FROM Vendor ORDER BY Code)",
		`SELECT group_concat(concat_ws(' ', Id, Type, Name, Price, Stock, Active, Since, Barcode, CategoryId, Tax, Deleted), '; ') FROM (SELECT * FROM Item ORDER BY Id)`,
		"SELECT group_concat(ItemId || ' ' || VendorCode || ' ' || Cost, '; ') FROM (SELECT * FROM ItemVendor ORDER BY ItemId, VendorCode)",
	} {
		out = append(out, b.value(query))
	}
	return strings.Join(out, "\n")
}

const salonStock = `INSERT INTO Category VALUES (7, 'Hair'), (8, 'Mine');
	INSERT INTO Vendor VALUES ('a', 'Acme');
	INSERT INTO Item (Id, Type, Name, Price, Stock, Barcode, Active, CategoryId) VALUES (5, 'P', 'Shampo', 1.5, 4, '0012', 'Y', 8), (6, 'S', 'Our own', 3, NULL, NULL, NULL, NULL);
	INSERT INTO ItemVendor VALUES (5, 'a', 0.5);`

// The first sync adopts and creates; its revert leaves the POS as it was.
func TestRevertOfAFirstSyncIsTheIdentity(t *testing.T) {
	b := newBranch(t, salonStock)
	before := b.dump()
	sync := payload(hair, put("vendor", "u-acme", "Acme", 2), put("vendor", "u-new", "New", 2), shampoo(3, "Shampoo", "0.99"), put("service", "u-cut", "Cut", 4))
	first := b.apply(jobNumber(1), sync, wire.Own{})
	if first.Counts.Adopted != 3 || first.Counts.Created != 2 || b.dump() == before {
		t.Fatalf("the sync did %+v", first.Counts)
	}
	own := reverting(t, first, sync, wire.Own{})
	r := b.apply(jobNumber(2), payload(), own)
	if r.Counts.Deleted != 2 || r.Counts.Unlinked != 3 || b.dump() != before {
		t.Errorf("the revert did %+v and left\n%s\nbefore the sync there was\n%s", r.Counts, b.dump(), before)
	}
	if left := b.value("SELECT count(*) FROM plait_links WHERE length(link) > 0 AND NOT dead"); left != "0" {
		t.Errorf("%s items are still linked", left)
	}
	if again := b.apply(jobNumber(3), payload(), own); again.Counts.Skipped != 2 || again.Counts.Equal != 3 || b.dump() != before {
		t.Errorf("the same revert again did %+v", again.Counts)
	}
	third := b.apply(jobNumber(4), sync, wire.Own{}) // a plain sync adopts and creates again
	if third.Counts != first.Counts {
		t.Errorf("the sync after the revert did %+v, before it %+v", third.Counts, first.Counts)
	}
}

// What the branch did since stays: a changed field, an item that it changed, and
// one that is in use.
func TestRevertKeepsWhatTheBranchDid(t *testing.T) {
	b := newBranch(t, salonStock)
	b.apply(jobNumber(1), payload(hair, put("vendor", "u-acme", "Acme", 2), shampoo(3, "Shampoo", "0.99")), wire.Own{})
	sync := payload(hair, put("category", "u-nails", "Nails", 4), put("service", "u-cut", "Cut", 4), shampoo(5, "Shampoo XL", "2"))
	job := b.apply(jobNumber(2), sync, wire.Own{})
	b.exec("UPDATE Item SET Stock = 9 WHERE Id = 5")
	b.exec("UPDATE Item SET Price = 70 WHERE Name = 'Cut'")
	b.exec("INSERT INTO Item (Type, Name, CategoryId) SELECT 'P', 'In use', Id FROM Category WHERE Name = 'Nails'")
	r := b.apply(jobNumber(3), payload(), reverting(t, job, sync, wire.Own{}))
	if got := b.value("SELECT Name || ' ' || Stock || ' ' || Price FROM Item WHERE Id = 5"); got != "Shampoo 9 1.5" {
		t.Errorf("the shampoo is %s", got)
	}
	if got := b.value("SELECT group_concat(Name) FROM Category WHERE Name = 'Nails'"); got != "Nails" {
		t.Errorf("the category that is in use: %q", got)
	}
	if got := b.value("SELECT Price FROM Item WHERE Name = 'Cut'"); got != "70" {
		t.Errorf("the service that was changed costs %q", got)
	}
	if r.Counts.Unlinked != 2 || r.Counts.Updated != 1 || len(r.Exceptions) < 3 {
		t.Errorf("%+v, %+v", r.Counts, r.Exceptions)
	}
}

// Deleted items come back, under their keys where these are free: one that was
// deleted softly, one whose row had gone, one whose key is another's by now.
func TestRevertBringsBackWhatWasDeleted(t *testing.T) {
	b := newBranch(t, "")
	first := payload(hair, put("vendor", "u-acme", "Acme", 2), shampoo(3, "Shampoo", "0.99"), put("service", "u-cut", "Cut", 4), put("category", "u-nails", "Nails", 5))
	b.apply(jobNumber(1), first, wire.Own{})
	before := b.dump()
	gone := wire.Own{}
	for _, it := range []wire.PayloadItem{{Kind: "service", UID: "u-cut"}, {Kind: "product", UID: "u-shampoo"}, {Kind: "category", UID: "u-nails"}} {
		it.Op = wire.OpDelete
		gone.Items = append(gone.Items, it)
	}
	job := b.apply(jobNumber(2), payload(), gone)
	if job.Counts.Deleted != 3 || b.dump() == before {
		t.Fatalf("%+v", job.Counts)
	}
	own := reverting(t, job, payload(), gone)
	if r := b.apply(jobNumber(3), payload(), own); r.Counts.Created != 3 || b.dump() != before {
		t.Errorf("the revert did %+v and left\n%s\nbefore there was\n%s", r.Counts, b.dump(), before)
	}
	for kind, key := range map[string]string{"service": "2", "product": "1", "category": "2"} {
		it, ok, err := b.box.Latest(t.Context(), kind, key)
		if err != nil || !ok || it.Deleted || it.Gen != 1 || it.Link == nil {
			t.Errorf("the record has %s %s as %+v, %v", kind, key, it, err)
		}
	}

	job = b.apply(jobNumber(4), payload(), gone)
	b.exec("INSERT INTO Category VALUES (2, 'Ours')") // the key of Nails
	r := b.apply(jobNumber(5), payload(), reverting(t, job, payload(), gone))
	if got := b.value("SELECT group_concat(Id || Name) FROM Category"); r.Counts.Created != 3 || got != "1Hair,2Ours,3Nails" {
		t.Errorf("categories %s, %+v", got, r.Counts)
	}
}

func TestRevertKilledAnywhereIsAppliedOnce(t *testing.T) {
	sync := payload(hair, put("vendor", "u-acme", "Acme", 2), shampoo(3, "Shampoo", "0.99"), put("service", "u-cut", "Cut", 4))
	gone := wire.Own{Items: []wire.PayloadItem{{Op: wire.OpDelete, Kind: "service", UID: item.LocalUID(storeID, item.ID{Kind: "service", Key: "6", Gen: 1}), Name: "Our own"}}}
	died := 0
	for step := 0; ; step++ {
		b := newBranch(t, salonStock)
		before := b.dump()
		own := reverting(t, b.apply(jobNumber(1), sync, gone), sync, gone)
		b.applier.Slice = 1 // one item a slice, by any clock
		b.applier.POS = &dying{b.conn, step}
		_, err := b.applier.Job(t.Context(), jobNumber(2), payload(), own)
		if err != nil && !errors.Is(err, errKilled) {
			t.Fatalf("step %d: %v", step, err)
		}
		killed := err != nil
		b.applier.POS = b.conn
		if r := b.apply(jobNumber(2), payload(), own); b.dump() != before || r.Counts.Created+r.Counts.Deleted+r.Counts.Unlinked != 5 {
			t.Fatalf("killed at step %d and gone on: %+v\n%s\nbefore there was\n%s", step, r.Counts, b.dump(), before)
		}
		if !killed {
			break
		}
		died++
	}
	if died < 10 {
		t.Errorf("only %d steps were killed", died)
	}
}

// What a result has no room for is named, and not set back.
func TestImagesAreBounded(t *testing.T) {
	b := newBranch(t, "")
	var small, large []wire.PayloadItem
	for i := range 12 {
		uid := string(rune('a' + i))
		small = append(small, put("product", uid, "P"+uid, 1, field("image", item.Bytes([]byte{1}))))
		large = append(large, put("product", uid, "P"+uid, 2, field("image", item.Bytes([]byte{2}))))
	}
	b.applier.Slice = 1
	for i := range small {
		small[i].Fields = small[i].Fields.With("image", item.Bytes(make([]byte, 600<<10)))
	}
	b.apply(jobNumber(1), payload(small...), wire.Own{})
	r := b.apply(jobNumber(2), payload(large...), wire.Own{})
	kept, lost := 0, 0
	err := wire.ReadImages(r.Before, func(m wire.Image) error {
		if m.Lost {
			lost++
		} else {
			kept++
		}
		return nil
	})
	if err != nil || kept != 5 || lost != 7 {
		t.Errorf("%d images were kept, %d lost, %v", kept, lost, err)
	}
	named := 0
	for _, e := range r.Exceptions {
		if e.Code == string(merge.NoBeforeImage) && e.Name != "" && e.N >= 0 {
			named++
		}
	}
	if named != lost {
		t.Errorf("%d of %d that are lost are named: %+v", named, lost, r.Exceptions)
	}
}
