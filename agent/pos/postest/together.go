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

// testUpdateAll: items of one kind are changed with few statements, each to what it was
// given and no other, or none of them are; and they come back as they are, without
// what plait_links says.
func testUpdateAll(t *testing.T, b Bench) {
	install(t, b)
	tx := begin(t, b)
	vendors := keysOf(t, tx, "vendor", 3)
	products := make([]item.Fields, 41)
	for i := range products {
		products[i] = fields("name", text(fmt.Sprint("Product ", i)), "barcode", text(fmt.Sprint("4", i)), "price", decimal("1"))
	}
	made, err := tx.InsertAll(t.Context(), "product", products)
	if err != nil {
		t.Fatal(err)
	}
	link := &item.Link{UID: "u1", Birth: item.BornNetwork}
	if err := tx.PutLink(t.Context(), pos.LinkRow{ID: item.ID{Kind: "product", Key: made[0].Item.Key, Gen: 2}, UID: "u1", Link: link}); err != nil {
		t.Fatal(err)
	}
	var keys []string
	var changes []item.Fields
	for i := len(made) - 2; i >= 0; i-- { // the last one stays
		change := fields("name", text(fmt.Sprint("Changed ", i)))
		switch {
		case i%5 == 0:
			change = fields("vendors", vendorRows(vendors[i%3], fmt.Sprint(i, ".5")))
		case i%7 == 0:
			change = change.With("vendors", vendorRows(vendors[i%3], fmt.Sprint(i)))
		case i%11 < 4:
			change = change.With("price", decimal(fmt.Sprint(i)))
		}
		keys, changes = append(keys, made[i].Item.Key), append(changes, change)
	}
	records, err := tx.UpdateAll(t.Context(), "product", keys, changes)
	if err != nil || len(records) != len(keys) {
		t.Fatalf("%d records of %d, %v", len(records), len(keys), err)
	}
	for i, rec := range records {
		if rec.Item.Key != keys[i] || !rec.Exists || rec.Item.Link != nil || rec.Row.Gen != 0 {
			t.Errorf("in place %d stands %+v", i, rec)
		}
		now := read(t, tx, "product", keys[i])
		if !now.Item.Fields.Equal(rec.Item.Fields) {
			t.Errorf("product %s is said to be %v, and is %v", keys[i], rec.Item.Fields, now.Item.Fields)
		}
		for _, f := range products[len(made)-2-i] {
			want := f.Value
			if v := changes[i].Get(f.Name); !v.IsAbsent() {
				want = v
			}
			if got := now.Item.Fields.Get(f.Name); !got.Equal(want) {
				t.Errorf("product %s: %s is %s, want %s", keys[i], f.Name, got.Display(), want.Display())
			}
		}
		if want := changes[i].Get("vendors"); !want.IsAbsent() && !now.Item.Fields.Get("vendors").Equal(want) {
			t.Errorf("product %s: its vendors are %s, want %s", keys[i], now.Item.Fields.Get("vendors").Display(), want.Display())
		}
	}
	last := made[len(made)-1].Item
	if now := read(t, tx, "product", last.Key).Item; !now.Fields.Equal(last.Fields) {
		t.Errorf("the one that stays is %v, and was %v", now.Fields, last.Fields)
	}
	testUpdateAllOrNone(t, tx, keys)
	if none, err := tx.UpdateAll(t.Context(), "product", nil, nil); len(none) != 0 || err != nil {
		t.Errorf("none: %v, %v", none, err)
	}
	commit(t, tx)
}

func testUpdateAllOrNone(t *testing.T, tx pos.Tx, keys []string) {
	t.Helper()
	before := read(t, tx, "product", keys[0]).Item.Fields
	for what, second := range map[string]struct {
		key  string
		set  item.Fields
		want error
	}{
		"a code that is taken":      {keys[1], fields("name", text("b"), "barcode", read(t, tx, "product", keys[2]).Item.Fields.Get("barcode")), pos.ErrUnique},
		"one that is not there":     {"9999", fields("name", text("b"), "barcode", text("b")), pos.ErrConstraint},
		"one that is no key":        {"no key", fields("name", text("b"), "barcode", text("b")), pos.ErrConstraint},
		"a field that is not there": {keys[1], fields("name", text("b"), "colour", text("b")), pos.ErrType},
	} {
		list := []item.Fields{fields("name", text("a"), "barcode", text("a")), second.set}
		if _, err := tx.UpdateAll(t.Context(), "product", []string{keys[0], second.key}, list); !errors.Is(err, second.want) {
			t.Errorf("%s: %v, want %v", what, err, second.want)
		}
		if now := read(t, tx, "product", keys[0]).Item.Fields; !now.Equal(before) {
			t.Errorf("%s: the other one is %v now, and was %v", what, now, before)
		}
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
