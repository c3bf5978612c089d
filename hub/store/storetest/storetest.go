// Package storetest is the suite that any engine of hub/store must pass, and
// what tests of the rooms above need to begin: a hub with a network and stores.
package storetest

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/sqlitedb"
)

// Main runs a package's tests with that many histories of each model, times
// PLAIT_SCALE, unless -rapid.checks says otherwise. Each history has a database of
// its own, which the race detector slows a great deal.
func Main(m *testing.M, histories int) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "rapid.checks" })
	if scale, err := strconv.Atoi(os.Getenv("PLAIT_SCALE")); err == nil && scale > 0 {
		histories *= scale
	}
	if !chosen {
		if err := flag.Set("rapid.checks", strconv.Itoa(histories)); err != nil {
			panic(err) // the package has no model
		}
	}
	os.Exit(m.Run())
}

// Clock is a clock that a test moves by hand.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock at nine in the morning of an ordinary day.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Open opens an empty hub on SQLite that is closed when the test ends.
func Open(t testing.TB, clock *Clock) *store.DB {
	t.Helper()
	return open(t, store.Options{Now: clock.Now})
}

// OpenUnsynced is Open without waiting for the disk, for tests of thousands of
// transactions that cut no power.
func OpenUnsynced(t testing.TB, clock *Clock) *store.DB {
	t.Helper()
	return open(t, store.Options{Now: clock.Now, Sync: sqlitedb.SyncNormal})
}

func open(t testing.TB, o store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "hub.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// AddNetwork adds a network of that name and id with stores of those names, which
// are also their ids; the first is head office.
func AddNetwork(t testing.TB, db *store.DB, network string, stores ...string) {
	t.Helper()
	ctx := context.Background()
	err := db.WithHub(ctx, func(tx *store.HubTx) error {
		_, err := tx.AddNetwork(store.Network{ID: network, Name: network})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.WithNetwork(ctx, network, func(tx *store.NetworkTx) error {
		for i, name := range stores {
			role := store.Branch
			if i == 0 {
				role = store.HeadOffice
			}
			if _, err := tx.AddStore(store.Store{ID: name, Name: name, Role: role}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// SetCatalog gives a network its catalogue.
func SetCatalog(t testing.TB, db *store.DB, network string, c *catalog.Catalog) {
	t.Helper()
	err := db.WithNetwork(context.Background(), network, func(tx *store.NetworkTx) error { return tx.SetCatalog(c.Digest(), c.Encode()) })
	if err != nil {
		t.Fatal(err)
	}
}

// Kinds is a small catalogue: products that are synced, and sales that only go
// up.
func Kinds() *catalog.Catalog {
	return &catalog.Catalog{Kinds: []catalog.Kind{
		{Name: "product", Title: "Product", Help: "What is sold.", Direction: catalog.Sync, Match: catalog.Match{Name: "name"}, Fields: []catalog.Field{
			{Name: "cost", Title: "Cost", Type: "decimal", Policy: item.Never},
			{Name: "name", Title: "Name", Type: "text", Policy: item.Locked},
			{Name: "price", Title: "Price", Type: "decimal", Policy: item.Unlocked, LockedWhen: "price_sync"},
			{Name: "vendors", Title: "Vendors", Type: "rows", Key: "text", Policy: item.Additive, Columns: []catalog.Field{
				{Name: "account", Title: "Account", Type: "text", Policy: item.Never},
				{Name: "code", Title: "Code", Type: "text", Policy: item.Locked},
			}},
		}},
		{Name: "sale", Title: "Sale", Help: "What was sold.", Direction: catalog.UploadOnly, Fields: []catalog.Field{
			{Name: "total", Title: "Total", Type: "decimal", Policy: item.Never},
		}},
	}}
}
