package postest

import (
	"errors"
	"testing"

	"plait/agent/pos"
	"plait/shared/item"
)

// testTogether: statements that stand or fall together leave nothing behind when one
// of them is refused, and the transaction goes on.
func testTogether(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	first := insert(t, tx, "product", fields("name", text("Wax"), "price", decimal("1"), "barcode", text("1")))
	err := tx.Together(t.Context(), func() error {
		if err := tx.Update(t.Context(), "product", first, fields("name", text("half"))); err != nil {
			return err
		}
		_, err := tx.Insert(t.Context(), "product", fields("name", text("Gel"), "barcode", text("1")))
		return err
	})
	if !errors.Is(err, pos.ErrUnique) {
		t.Errorf("two with one barcode: %v, want ErrUnique", err)
	}
	if got := read(t, tx, "product", first).Item.Fields.Get("name"); !got.Equal(text("Wax")) {
		t.Errorf("the first of them is called %s now", got.Display())
	}
	var second string
	err = tx.Together(t.Context(), func() (err error) {
		if second, err = tx.Insert(t.Context(), "product", fields("name", text("Gel"), "barcode", text("2"))); err != nil {
			return err
		}
		return tx.Update(t.Context(), "product", first, fields("name", text("Waxing")))
	})
	if err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	for key, want := range map[string]string{first: "Waxing", second: "Gel"} {
		if got := read(t, b.Connector, "product", key).Item.Fields.Get("name"); !got.Equal(text(want)) {
			t.Errorf("product %s is called %s, want %s", key, got.Display(), want)
		}
	}
	if list := scanAll(t, b.Connector); len(list) != 2 {
		t.Errorf("there are %d products, want 2", len(list))
	}
}

// testReadBack: what was written is read back without what plait_links says.
func testReadBack(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	key := insert(t, tx, "category", fields("name", text("Hair")))
	id := item.ID{Kind: "category", Key: key, Gen: 2}
	link := &item.Link{UID: "u1", Birth: item.BornNetwork}
	other := pos.LinkRow{ID: item.ID{Kind: "vendor", Key: "a", Gen: 1}, UID: "u2", Link: &item.Link{UID: "u2", Birth: item.BornLocal}}
	if err := tx.PutLink(t.Context(), pos.LinkRow{ID: id, UID: "u1", Link: link}, other); err != nil {
		t.Fatal(err)
	}
	records, err := tx.ReadBack(t.Context(), "category", []string{key, "999"})
	if err != nil || len(records) != 2 || !records[0].Exists || records[1].Exists || records[0].Item.Link != nil || records[0].Row.Gen != 0 {
		t.Fatalf("read back: %+v, %v", records, err)
	}
	if got := records[0].Item.Fields.Get("name"); !got.Equal(text("Hair")) {
		t.Errorf("the category is called %s", got.Display())
	}
	if rec := read(t, tx, "category", key); rec.Item.Gen != 2 || !rec.Item.Link.Equal(link) {
		t.Errorf("its link is %+v", rec.Row)
	}
	if rec := read(t, tx, "vendor", "a"); rec.Row.UID != "u2" {
		t.Errorf("the other link is %+v", rec.Row)
	}
}

// testNewest: whoever finds the newest change row where he left it knows that nothing
// was committed since.
func testNewest(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	insert(t, tx, "category", fields("name", text("Hair")))
	left, err := tx.Newest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	if left.Seq == 0 {
		t.Log("this connector cannot tell")
		return
	}
	again := begin(t, b)
	if now, err := again.Newest(t.Context()); err != nil || now != left {
		t.Errorf("nothing happened, and the newest row is %+v, was %+v, %v", now, left, err)
	}
	if err := again.Rollback(); err != nil {
		t.Fatal(err)
	}
	b.Do(t, Op{Verb: Put, Kind: "category", Key: "77", Fields: fields("name", text("Nails"))})
	last := begin(t, b)
	if now, err := last.Newest(t.Context()); err != nil || now == left {
		t.Errorf("the POS wrote, and the newest row is still %+v, %v", now, err)
	}
}
