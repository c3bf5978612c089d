package pos_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"plait/agent/pos"
	"plait/agent/pos/postest"
	"plait/shared/catalog"
	"plait/shared/item"
)

// benchSale is W1's row: 15 columns, about 376 bytes of JSON.
const benchSale = `CREATE TABLE Sale (Id INTEGER PRIMARY KEY, At DATETIME, Till TEXT, Cashier TEXT, Customer TEXT, Sku TEXT, Name TEXT, Qty INT,
	Price NUMERIC, Discount NUMERIC, Tax NUMERIC, Total NUMERIC, Payment TEXT, Status TEXT, Note TEXT)`

var benchFields = []struct{ name, typ, column string }{
	{"at", "time", "At"}, {"till", "text", "Till"}, {"cashier", "text", "Cashier"}, {"customer", "text", "Customer"}, {"sku", "text", "Sku"},
	{"name", "text", "Name"}, {"qty", "integer", "Qty"}, {"price", "decimal", "Price"}, {"discount", "decimal", "Discount"}, {"tax", "decimal", "Tax"},
	{"total", "decimal", "Total"}, {"payment", "text", "Payment"}, {"status", "text", "Status"}, {"note", "text", "Note"},
}

func benchPOS(b *testing.B, install bool) (*sql.DB, pos.Connector) {
	path := filepath.Join(b.TempDir(), "pos.db")
	db := openPOS(b, path, "WAL", 5000)
	if _, err := db.Exec(benchSale); err != nil {
		b.Fatal(err)
	}
	kind := catalog.Kind{Name: "sale", Direction: catalog.UploadOnly}
	text := "pos: {engine: sqlite, path: " + path + "}\nkinds:\n  sale:\n    table: Sale\n    key: Id\n    upload_only: true\n    fields:\n"
	for _, f := range benchFields {
		kind.Fields = append(kind.Fields, catalog.Field{Name: f.name, Type: f.typ, Policy: item.Never})
		text += fmt.Sprintf("      %s: %s\n", f.name, f.column)
	}
	c, err := pos.Open(b.Context(), mapping(b, text), &catalog.Catalog{Kinds: []catalog.Kind{kind}}, pos.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	if install {
		if _, err := c.Install(b.Context(), "store"); err != nil {
			b.Fatal(err)
		}
	}
	return db, c
}

const benchInsert = `INSERT INTO Sale (At, Till, Cashier, Customer, Sku, Name, Qty, Price, Discount, Tax, Total, Payment, Status, Note)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func insertSales(b *testing.B, db *sql.DB, from, n int) {
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	st, err := tx.Prepare(benchInsert)
	if err != nil {
		b.Fatal(err)
	}
	for i := from; i < from+n; i++ {
		_, err := st.Exec("2026-03-04 10:11:12", "till-2", "Jane Doe", fmt.Sprintf("customer-%06d", i), fmt.Sprintf("SKU-%08d", i),
			"Colour and cut, long hair, with toner", i%5, 12.5, 0.25, 2.375, 14.875, "card", "closed", "a note of some forty characters, as they are")
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCapture is the connector's part of W1: 100,000 change rows through
// Snapshot and Done.
func BenchmarkCapture(b *testing.B) {
	db, c := benchPOS(b, true)
	const rows = 100_000
	insertSales(b, db, 1, rows)
	for b.Loop() {
		b.StopTimer()
		if _, err := db.Exec("UPDATE Sale SET Status = 'open'"); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		got := 0
		for {
			snap, err := c.Snapshot(b.Context(), pos.Ask{Limit: 1000})
			if err != nil {
				b.Fatal(err)
			}
			if len(snap.Changes) == 0 {
				break
			}
			records := snap.Found[0].Records
			if len(records) != len(snap.Changes) || !records[0].Exists {
				b.Fatal(len(records))
			}
			got += len(records)
			if err := c.Done(b.Context(), snap.Changes); err != nil {
				b.Fatal(err)
			}
		}
		if got < rows {
			b.Fatal("captured", got)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkApply is the connector's part of W3: 2,000 items created in slices of
// 100, each read back and linked, with a receipt a slice.
func BenchmarkApply(b *testing.B) {
	path := filepath.Join(b.TempDir(), "pos.db")
	db := openPOS(b, path, "WAL", 5000)
	if _, err := db.Exec(postest.SQLSchema); err != nil {
		b.Fatal(err)
	}
	c, err := pos.Open(b.Context(), mapping(b, salonMappingAt(path)), postest.Catalog(), pos.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Install(b.Context(), "store"); err != nil {
		b.Fatal(err)
	}
	const items, slice = 2000, 100
	link := &item.Link{UID: "0190-uid", Birth: item.BornNetwork}
	for b.Loop() {
		for done := 0; done < items; done += slice {
			if err := benchSlice(b, c, link, slice); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(items*float64(b.N)/b.Elapsed().Seconds(), "items/s")
}

func benchSlice(b *testing.B, c pos.Connector, link *item.Link, n int) error {
	tx, err := c.Begin(b.Context())
	if err != nil {
		return err
	}
	keys := make([]string, n)
	for i := range keys {
		f := item.Fields{{Name: "name", Value: item.MustText("Shampoo")}, {Name: "price", Value: item.MustDecimal("12.5")}}
		if keys[i], err = tx.Insert(b.Context(), "product", f); err != nil {
			return err
		}
	}
	records, err := tx.Read(b.Context(), "product", keys)
	if err != nil {
		return err
	}
	for _, r := range records {
		if err := tx.PutLink(b.Context(), pos.LinkRow{ID: r.Item.ID, UID: link.UID, Link: link}); err != nil {
			return err
		}
	}
	if err := tx.PutReceipt(b.Context(), pos.Receipt{Job: "j"}); err != nil {
		return err
	}
	return tx.Commit()
}
