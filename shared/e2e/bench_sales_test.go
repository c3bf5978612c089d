package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"plait/agent/upload"
	"plait/shared/e2e/rig"

	_ "modernc.org/sqlite" // the POS of the benchmarks
)

const (
	benchStore = "Dockside"
	benchKind  = "sale_row"
	benchRows  = 100_000
)

// saleRow is one row of the benchmarks: 17 columns, some 376 bytes as JSON, of
// which about a third is random, as codes, names and card slips are.
type saleRow struct {
	ID       int    `json:"id"`
	Store    string `json:"store"`
	Till     int    `json:"till"`
	At       string `json:"ts"`
	SKU      string `json:"sku"`
	Name     string `json:"name"`
	Qty      int    `json:"qty"`
	Price    int    `json:"price_cents"`
	Tax      int    `json:"tax_cents"`
	Discount int    `json:"discount_cents"`
	Cashier  string `json:"cashier"`
	Payment  string `json:"payment"`
	Customer string `json:"customer"`
	Note     string `json:"note"`
	Status   string `json:"status"`
	Currency string `json:"currency"`
	Version  int    `json:"version"`
}

func randomSale(r *rand.Rand, id int) saleRow {
	return saleRow{
		ID: id, Store: fmt.Sprintf("S%04d", id%1000), Till: r.IntN(8),
		At:  fmt.Sprintf("2025-11-%02dT%02d:%02d:%02d.%03dZ", 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000)),
		SKU: fmt.Sprintf("SKU-%08d", r.IntN(50_000)), Name: fmt.Sprintf("Product %x %x", r.Uint32(), r.Uint32()),
		Qty: r.IntN(20), Price: r.IntN(100_000), Tax: r.IntN(10_000), Discount: r.IntN(1000), Cashier: fmt.Sprintf("C%03d", r.IntN(100)),
		Payment: []string{"cash", "card", "voucher"}[r.IntN(3)], Customer: fmt.Sprintf("%016x", r.Uint64()),
		Note:   fmt.Sprintf("%x%x%x%x%x%x", r.Uint64(), r.Uint64(), r.Uint32(), r.Uint32(), r.Uint32(), r.Uint32()),
		Status: []string{"open", "closed", "void"}[r.IntN(3)], Currency: "EUR", Version: r.IntN(100),
	}
}

func (s saleRow) values() []any {
	return []any{s.ID, s.Store, s.Till, s.At, s.SKU, s.Name, s.Qty, s.Price, s.Tax, s.Discount,
		s.Cashier, s.Payment, s.Customer, s.Note, s.Status, s.Currency, s.Version}
}

const saleTable = `CREATE TABLE sale (id INTEGER PRIMARY KEY, store TEXT, till INTEGER, ts TEXT, sku TEXT, name TEXT, qty INTEGER,
	price_cents INTEGER, tax_cents INTEGER, discount_cents INTEGER, cashier TEXT, payment TEXT, customer TEXT, note TEXT,
	status TEXT, currency TEXT, version INTEGER)`

// benchShop is a hub and one store with a POS of sales, both as processes of
// their own, and a tap on the line between them.
type benchShop struct {
	*testing.B
	*rig.Rig
	ctx   context.Context
	store *rig.Store
	tap   *rig.Tap
	pos   *sql.DB
	raw   int64 // bytes of JSON that were sold
}

// openShop starts both with an empty POS and waits until the store is level. Its
// agent then looks for changes only when it is asked for an upload.
func openShop(b *testing.B) *benchShop {
	b.Helper()
	folder := filepath.Join("testdata", "sales")
	s := &benchShop{B: b, ctx: context.Background()}
	mapping, err := os.ReadFile(filepath.Join(folder, "mapping.yaml"))
	s.must(err)
	s.Rig, err = rig.New(s.ctx, rig.Options{Dir: b.TempDir(), Catalog: filepath.Join(folder, "catalog"), Capture: captureNever})
	s.must(err)
	s.tap, err = s.NewTap()
	s.must(err)
	s.store, err = s.AddStore(s.ctx, rig.StoreOptions{Name: benchStore, Role: "branch", Mapping: mapping, Hub: s.tap.URL})
	s.must(err)
	s.pos, err = sql.Open("sqlite", "file:"+s.store.POS()+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	s.must(err)
	s.pos.SetMaxOpenConns(1)
	_, err = s.pos.Exec(saleTable)
	s.must(err)
	s.must(s.store.Start(s.ctx))
	s.upload(false, nil)
	return s
}

func (s *benchShop) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *benchShop) close() {
	s.Helper()
	s.must(s.pos.Close())
	s.must(s.Close())
}

// sell inserts rows, a thousand in each transaction; the POS's triggers note them.
func (s *benchShop) sell(rows int) {
	s.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	for from := 0; from < rows; from += 1000 {
		tx, err := s.pos.BeginTx(s.ctx, nil)
		s.must(err)
		insert, err := tx.Prepare("INSERT INTO sale VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
		s.must(err)
		for id := from; id < min(rows, from+1000); id++ {
			row := randomSale(r, id)
			_, err := insert.Exec(row.values()...)
			s.must(err)
			text, err := json.Marshal(row)
			s.must(err)
			s.raw += int64(len(text))
		}
		s.must(tx.Commit())
	}
}

// upload holds a conversation that must end with a proof of equality.
func (s *benchShop) upload(full bool, each func(upload.Step)) upload.Report {
	s.Helper()
	report, err := s.store.Follow(s.ctx, full, each)
	s.must(err)
	if !report.Equal {
		s.Fatalf("the upload did not end equal: %+v", report)
	}
	return report
}

// holds checks that the hub's file has that many rows.
func (s *benchShop) holds(rows int) {
	s.Helper()
	held, err := s.store.Held(s.ctx, benchKind)
	s.must(err)
	if held != rows {
		s.Fatalf("the hub holds %d rows of %d", held, rows)
	}
}
