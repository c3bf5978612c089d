package postest

import (
	"errors"
	"testing"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

// testRevive: a POS that only marks a row as deleted keeps the row's unique values
// with it. The item comes back in that row, and with it what no job brings.
func testRevive(t *testing.T, b Bench) {
	install(t, b)
	b.Do(t, Op{Verb: Put, Kind: "product", Key: "8", Fields: fields("name", text("Wax"), "barcode", text("0012"), "stock", item.Integer(7))})
	link(t, b, item.ID{Kind: "product", Key: "8", Gen: 1}, "u-wax")
	fresh := fields("name", text("Waxing"), "barcode", text("0012"), "price", decimal("2"))

	tx := begin(t, b)
	if key, ok, err := tx.Revive(t.Context(), "product", "u-wax", fresh); ok || err != nil {
		t.Errorf("an item that is there was revived: %q, %t, %v", key, ok, err)
	}
	commit(t, tx)
	b.Do(t, Op{Verb: Hide, Kind: "product", Key: "8"})

	tx = begin(t, b)
	if _, err := tx.Insert(t.Context(), "product", fresh); !errors.Is(err, pos.ErrUnique) {
		t.Errorf("beside the hidden row: %v, want ErrUnique, or this test shows nothing", err)
	}
	for uid, want := range map[string]bool{"u-wax": true, "u-other": false} {
		for _, r := range []pos.Reader{tx, b.Connector} {
			if ok, err := r.Revivable(t.Context(), "product", []string{"u-none", uid}); ok != want || err != nil {
				t.Errorf("%s can be revived: %t, %v; want %t", uid, ok, err, want)
			}
		}
	}
	for what, ask := range map[string][2]string{"nobody's": {"product", "u-other"}, "another kind's": {"service", "u-wax"}} {
		if key, ok, err := tx.Revive(t.Context(), ask[0], ask[1], fields("name", text("x"))); ok || err != nil {
			t.Errorf("%s: %q, %t, %v", what, key, ok, err)
		}
	}
	if key, ok, err := tx.Revive(t.Context(), "product", "u-wax", fresh); key != "8" || !ok || err != nil {
		t.Errorf("revived: %q, %t, %v", key, ok, err)
	}
	commit(t, tx)
	got := read(t, b.Connector, "product", "8")
	for _, f := range fresh.With("stock", item.Integer(7)) {
		if !got.Exists || !got.Item.Fields.Get(f.Name).Equal(f.Value) {
			t.Errorf("its %s is %s, want %s", f.Name, got.Item.Fields.Get(f.Name).Display(), f.Value.Display())
		}
	}
	rec := record{}
	rec.drain(t, b.Connector, 100)
	if missed := differences(rec, scanAll(t, b.Connector)); len(missed) > 0 {
		t.Errorf("what was revived is captured like any other change, but: %v", missed)
	}
	testReviveLater(t, b)
}

// testReviveLater: the link is settled as dead by then, a code may be taken, and
// where the key holds another item now, its row is that one's.
func testReviveLater(t *testing.T, b Bench) {
	t.Helper()
	id := item.ID{Kind: "product", Key: "8", Gen: 1}
	b.Do(t, Op{Verb: Hide, Kind: "product", Key: "8"})
	settle(t, b, pos.LinkRow{ID: id, Dead: true})
	tx := begin(t, b)
	if key, ok, err := tx.Revive(t.Context(), "product", "u-wax", fields("name", text("Wax"))); key != "8" || !ok || err != nil {
		t.Errorf("after its link was settled as dead: %q, %t, %v", key, ok, err)
	}
	commit(t, tx)

	b.Do(t, Op{Verb: Hide, Kind: "product", Key: "8"})
	b.Do(t, Op{Verb: Put, Kind: "product", Key: "9", Fields: fields("name", text("Own"), "barcode", text("0099"))})
	tx = begin(t, b)
	if _, ok, err := tx.Revive(t.Context(), "product", "u-wax", fields("name", text("Wax"), "barcode", text("0099"))); ok || !errors.Is(err, pos.ErrUnique) {
		t.Errorf("with a code that another item has: %t, %v, want ErrUnique", ok, err)
	}
	commit(t, tx)
	if read(t, b.Connector, "product", "8").Exists {
		t.Error("it came back though the POS refused it")
	}

	settle(t, b, pos.LinkRow{ID: item.ID{Kind: "product", Key: "8", Gen: 2}, Dead: true})
	tx = begin(t, b)
	if key, ok, err := tx.Revive(t.Context(), "product", "u-wax", fields("name", text("Wax"))); ok || err != nil {
		t.Errorf("a key that was another item's since: %q, %t, %v", key, ok, err)
	}
	commit(t, tx)
}

// link links an item as a job would.
func link(t *testing.T, b Bench, id item.ID, uid string) {
	t.Helper()
	tx := begin(t, b)
	if err := tx.PutLink(t.Context(), pos.LinkRow{ID: id, UID: uid, Link: &item.Link{UID: uid, Birth: item.BornNetwork}}); err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
}

func settle(t *testing.T, b Bench, row pos.LinkRow) {
	t.Helper()
	if _, err := b.Connector.Prune(t.Context(), []pos.LinkRow{row}, wire.Mark{}); err != nil {
		t.Fatal(err)
	}
}
