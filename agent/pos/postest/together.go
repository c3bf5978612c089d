package postest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
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

// testInsertAll: items of one kind are made with few statements, each with what it was
// given and under a key of its own; or none of them are.
func testInsertAll(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	for _, code := range []string{"a", "b"} {
		insert(t, tx, "vendor", fields("name", text(code)))
	}
	vendors := keysOf(t, tx, "vendor", 37)
	products := make([]item.Fields, 37)
	for i := range products {
		products[i] = fields("name", text(fmt.Sprint("Product ", i)), "barcode", text(fmt.Sprint("4", i)))
		switch {
		case i%5 == 0:
			products[i] = products[i].With("price", decimal(fmt.Sprint(i)))
		case i%7 == 0:
			products[i] = products[i].With("vendors", vendorRows(vendors[i%3], "1.5"))
		}
	}
	records, err := tx.InsertAll(t.Context(), "product", products)
	if err != nil || len(records) != len(products) {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for i, rec := range records {
		if now := read(t, tx, "product", rec.Item.Key); !rec.Exists || !bytes.Equal(item.Append(nil, now.Item), item.Append(nil, rec.Item)) {
			t.Errorf("product %s is said to be %v, and is %v", rec.Item.Key, rec.Item.Fields, now.Item.Fields)
		}
		for _, f := range products[i] {
			if got := rec.Item.Fields.Get(f.Name); !got.Equal(f.Value) {
				t.Errorf("product %d: %s is %s, want %s", i, f.Name, got.Display(), f.Value.Display())
			}
		}
	}
	twins := []item.Fields{fields("name", text("New"), "barcode", text("n")), fields("name", text("Twin"), "barcode", text("40"))}
	if _, err := tx.InsertAll(t.Context(), "product", twins); !errors.Is(err, pos.ErrUnique) {
		t.Errorf("a barcode that is taken: %v, want ErrUnique", err)
	}
	if none, err := tx.InsertAll(t.Context(), "product", nil); len(none) != 0 || err != nil {
		t.Errorf("none: %v, %v", none, err)
	}
	commit(t, tx)
	if list := scanAll(t, b.Connector); len(list) != len(products)+2+len(vendors) {
		t.Errorf("there are %d items, want %d: what was refused leaves nothing behind", len(list), len(products)+2+len(vendors))
	}
	testDeadKey(t, b)
}

// keysOf makes items of a kind and returns their keys.
func keysOf(t *testing.T, tx pos.Tx, kind string, n int) (keys []string) {
	t.Helper()
	list := make([]item.Fields, n)
	for i := range list {
		list[i] = fields("name", text(fmt.Sprint(kind, " ", i)))
	}
	records, err := tx.InsertAll(t.Context(), kind, list)
	if err != nil || len(records) != n {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for i, rec := range records {
		if got := rec.Item.Fields.Get("name"); !got.Equal(list[i].Get("name")) || slices.Contains(keys, rec.Item.Key) {
			t.Errorf("%s %d is called %s, under the key %s", kind, i, got.Display(), rec.Item.Key)
		}
		keys = append(keys, rec.Item.Key)
	}
	return keys
}

// testDeadKey: of a key that was used before, the generation that was is told.
func testDeadKey(t *testing.T, b Bench) {
	tx := begin(t, b)
	key := insert(t, tx, "category", fields("name", text("Old")))
	if err := tx.PutLink(t.Context(), pos.LinkRow{ID: item.ID{Kind: "category", Key: key, Gen: 3}, Dead: true}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Delete(t.Context(), "category", key); err != nil {
		t.Fatal(err)
	}
	records, err := tx.InsertAll(t.Context(), "category", []item.Fields{fields("name", text("New"))})
	if err != nil {
		t.Fatal(err)
	}
	if again := records[0]; again.Item.Key == key && again.Row.Gen != 3 {
		t.Errorf("the key came back, and its last generation is %d, want 3", again.Row.Gen)
	}
	commit(t, tx)
}

// testStand: whoever finds the database as it stood knows that nobody else has
// committed anything, to whatever table.
func testStand(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	insert(t, tx, "category", fields("name", text("Hair")))
	stood, err := tx.Stand(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	commit(t, tx)
	if stood == (pos.Stand{}) {
		t.Log("this connector cannot tell")
		return
	}
	now := func() pos.Stand {
		t.Helper()
		outside, err := b.Connector.Stand(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tx := begin(t, b)
		within, err := tx.Stand(t.Context())
		if err := errors.Join(err, tx.Rollback()); err != nil {
			t.Fatal(err)
		}
		if outside != within {
			t.Errorf("it stands at %v within a transaction, at %v before it", within, outside)
		}
		return within
	}
	if now() != stood {
		t.Error("our own commit counts as somebody's")
	}
	if b.SQL != nil {
		b.sql(t, `CREATE TABLE Elsewhere (Id INTEGER)`)
		if after := now(); after == stood {
			t.Error("somebody made a table, and it stands as before")
		} else {
			stood = after
		}
		b.sql(t, `INSERT INTO Elsewhere VALUES (1)`)
	} else {
		b.Do(t, Op{Verb: Put, Kind: "category", Key: "77", Fields: fields("name", text("Nails"))})
	}
	if now() == stood {
		t.Error("somebody wrote, and it stands as before")
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
