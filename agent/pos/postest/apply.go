package postest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"plait/agent/pos"
	"plait/shared/item"
)

func begin(t *testing.T, b Bench) pos.Tx {
	t.Helper()
	tx, err := b.Connector.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	})
	return tx
}

func commit(t *testing.T, tx pos.Tx) {
	t.Helper()
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func insert(t *testing.T, tx pos.Tx, kind string, f item.Fields) string {
	t.Helper()
	key, err := tx.Insert(t.Context(), kind, f)
	if err != nil || key == "" {
		t.Fatalf("insert %s: key %q, %v", kind, key, err)
	}
	return key
}

func testApply(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	category := insert(t, tx, "category", fields("name", text("Hair")))
	vendor := insert(t, tx, "vendor", fields("name", text("Acme")))
	since, err := item.Time("2026-01-02T09:30:00")
	if err != nil {
		t.Fatal(err)
	}
	want := fields("name", text("Wax"), "price", decimal("12.5"), "stock", item.Integer(3), "active", item.Bool(false), "since", since,
		"image", item.Bytes([]byte{0, 1, 0xff}), "category", item.Ref("category", category), "barcode", text("0012"), "vendors", vendorRows(vendor, "0.99"))
	key := insert(t, tx, "product", want)
	if got := read(t, tx, "product", key).Item.Fields; !got.Equal(want) {
		t.Errorf("read back %s\nwant %s", item.AppendFields(nil, got), item.AppendFields(nil, want))
	}
	if err := tx.Update(t.Context(), "product", key, fields("price", decimal("13"), "stock", item.Null())); err != nil {
		t.Fatal(err)
	}
	want = want.With("price", decimal("13")).With("stock", item.Null())
	commit(t, tx)
	if got := read(t, b.Connector, "product", key); !got.Exists || !got.Item.Fields.Equal(want) || got.Item.Gen != 1 {
		t.Errorf("read after commit: %s, generation %d\nwant %s", item.AppendFields(nil, got.Item.Fields), got.Item.Gen, item.AppendFields(nil, want))
	}
	rec := record{}
	rec.drain(t, b.Connector, 100)
	if missed := differences(rec, scanAll(t, b.Connector)); len(missed) > 0 {
		t.Errorf("what a job wrote is captured like any other change, but: %v", missed)
	}
}

func testApplyRows(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	var v [3]string
	for i := range v {
		v[i] = insert(t, tx, "vendor", fields("name", text(fmt.Sprint("vendor ", i))))
	}
	key := insert(t, tx, "product", fields("name", text("Wax"), "vendors", vendorRows(v[0], "1", v[1], "2")))
	want := vendorRows(v[1], "2.5", v[2], "3")
	if err := tx.Update(t.Context(), "product", key, fields("vendors", want)); err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	if got := read(t, b.Connector, "product", key).Item.Fields.Get("vendors"); !got.Equal(want) {
		t.Errorf("got %v, want %v", got.Rows(), want.Rows())
	}
	tx = begin(t, b)
	if err := tx.Update(t.Context(), "product", key, fields("vendors", vendorRows())); err != nil {
		t.Fatal(err)
	}
	if got := read(t, tx, "product", key).Item.Fields.Get("vendors"); got.IsAbsent() || len(got.Rows()) != 0 {
		t.Errorf("got %v, want no rows", got.Rows())
	}
}

func testRollback(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	key := insert(t, tx, "category", fields("name", text("Hair")))
	if err := tx.PutReceipt(t.Context(), pos.Receipt{Job: "j1", At: time.Unix(1, 0)}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if read(t, b.Connector, "category", key).Exists {
		t.Error("the item is there after a rollback")
	}
	if _, ok, err := b.Connector.Receipt(t.Context(), "j1"); ok || err != nil {
		t.Errorf("the receipt is there after a rollback: %t, %v", ok, err)
	}
	if list := pending(t, b.Connector); len(list) != 0 {
		t.Errorf("changes are pending after a rollback: %+v", list)
	}
	if _, err := tx.Insert(t.Context(), "category", fields("name", text("late"))); err == nil {
		t.Error("the transaction can be used after its end")
	}
}

func testDataErrors(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	key := insert(t, tx, "product", fields("name", text("Wax"), "price", decimal("1"), "barcode", text("1")))
	other := insert(t, tx, "product", fields("name", text("Gel"), "barcode", text("2")))
	before := read(t, tx, "product", other).Item.Fields
	for _, c := range []struct {
		name string
		want error
		do   func() error
	}{
		{"unique", pos.ErrUnique, func() error { return tx.Update(t.Context(), "product", other, fields("barcode", text("1"))) }},
		{"reference", pos.ErrReference, func() error {
			return tx.Update(t.Context(), "product", other, fields("category", item.Ref("category", "99")))
		}},
		{"rows with a reference", pos.ErrReference, func() error {
			return tx.Update(t.Context(), "product", other, fields("name", text("half"), "vendors", vendorRows("nobody", "1")))
		}},
		{"check", pos.ErrConstraint, func() error { return tx.Update(t.Context(), "product", other, fields("price", decimal("-1"))) }},
		{"required", pos.ErrConstraint, func() error { return tx.Update(t.Context(), "product", other, fields("name", item.Null())) }},
		{"type", pos.ErrType, func() error { return tx.Update(t.Context(), "product", other, fields("price", text("dear"))) }},
		{"unmapped field", pos.ErrType, func() error { return tx.Update(t.Context(), "product", other, fields("colour", text("red"))) }},
		{"no such item", pos.ErrConstraint, func() error { return tx.Update(t.Context(), "product", "98765", fields("name", text("x"))) }},
		{"insert", pos.ErrUnique, func() error {
			_, err := tx.Insert(t.Context(), "product", fields("name", text("Oil"), "barcode", text("1")))
			return err
		}},
	} {
		if err := c.do(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if got := read(t, tx, "product", other).Item.Fields; !got.Equal(before) {
			t.Errorf("%s left %s behind", c.name, item.AppendFields(nil, got))
		}
	}
	commit(t, tx)
	if !read(t, b.Connector, "product", key).Exists || len(scanAll(t, b.Connector)) != 2 {
		t.Error("what was right did not survive, or what was wrong did")
	}
}

func testDelete(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	vendor := insert(t, tx, "vendor", fields("name", text("Acme")))
	product := insert(t, tx, "product", fields("name", text("Wax"), "vendors", vendorRows(vendor, "1")))
	service := insert(t, tx, "service", fields("name", text("Cut")))
	if err := tx.Delete(t.Context(), "vendor", vendor); !errors.Is(err, pos.ErrReference) {
		t.Errorf("deleting a vendor in use: %v, want ErrReference", err)
	}
	for kind, key := range map[string]string{"product": product, "service": service} {
		if err := tx.Delete(t.Context(), kind, key); err != nil {
			t.Errorf("deleting %s: %v", kind, err)
		}
		if read(t, tx, kind, key).Exists {
			t.Errorf("the %s is still there", kind)
		}
		if err := tx.Delete(t.Context(), kind, key); !errors.Is(err, pos.ErrConstraint) {
			t.Errorf("deleting the %s again: %v, want ErrConstraint", kind, err)
		}
	}
	commit(t, tx)
	if left := scanAll(t, b.Connector); len(left) != 1 {
		t.Errorf("left: %v, want the vendor alone", left)
	}
}

func testRestore(t *testing.T, b Bench) {
	install(t, b)
	b.Do(t, Op{Verb: Put, Kind: "service", Key: "7", Fields: fields("name", text("Cut"))})
	b.Do(t, Op{Verb: Put, Kind: "product", Key: "8", Fields: fields("name", text("Wax"))})
	b.Do(t, Op{Verb: Hide, Kind: "product", Key: "8"})
	tx := begin(t, b)
	vendor := insert(t, tx, "vendor", fields("name", text("Acme")))
	if err := tx.Restore(t.Context(), "service", "7", fields("name", text("Wash"))); !errors.Is(err, pos.ErrUnique) {
		t.Errorf("restoring over another item: %v, want ErrUnique", err)
	}
	if got := read(t, tx, "service", "7").Item.Fields.Get("name"); !got.Equal(text("Cut")) {
		t.Errorf("that item is %s now", got.Display())
	}
	if err := tx.Delete(t.Context(), "service", "7"); err != nil {
		t.Fatal(err)
	}
	want := fields("name", text("Waxing"), "vendors", vendorRows(vendor, "2"))
	for _, err := range []error{
		tx.Restore(t.Context(), "service", "7", fields("name", text("Cut again"))),
		tx.Restore(t.Context(), "product", "8", want), // which is only marked as deleted
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	commit(t, tx)
	if got := read(t, b.Connector, "service", "7"); !got.Exists || !got.Item.Fields.Get("name").Equal(text("Cut again")) {
		t.Errorf("the service is %+v", got)
	}
	got := read(t, b.Connector, "product", "8")
	for _, f := range want {
		if !got.Exists || !got.Item.Fields.Get(f.Name).Equal(f.Value) {
			t.Errorf("the product's %s is %s", f.Name, got.Item.Fields.Get(f.Name).Display())
		}
	}
	rec := record{}
	rec.drain(t, b.Connector, 100)
	if missed := differences(rec, scanAll(t, b.Connector)); len(missed) > 0 {
		t.Errorf("what came back is captured like any other change, but: %v", missed)
	}
}

func testReferred(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	category := insert(t, tx, "category", fields("name", text("Hair")))
	vendor := insert(t, tx, "vendor", fields("name", text("Acme")))
	refers := func(kind, key string, want bool) {
		t.Helper()
		by, err := tx.Referred(t.Context(), kind, key)
		if err != nil || (by != "") != want {
			t.Errorf("%s %s is referred to by %q, %v; want %t", kind, key, by, err, want)
		}
	}
	refers("category", category, false)
	refers("vendor", vendor, false)
	product := insert(t, tx, "product", fields("name", text("Wax"), "category", item.Ref("category", category), "vendors", vendorRows(vendor, "1")))
	refers("category", category, true)
	refers("vendor", vendor, true)
	refers("product", product, false)
}
