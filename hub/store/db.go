package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/google/uuid"

	"plait/shared/sqlitedb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// appID marks a hub's database file: "PLHB".
const appID = 0x504c4842

// Options say how a hub's database is opened.
type Options struct {
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
	// Sync is when a commit is durable; anything but SyncFull is for the control
	// of a kill harness.
	Sync sqlitedb.Sync
	// Readers bounds the connections that read. Zero means 4.
	Readers int
	// BusyTimeout: see sqlitedb.Options.
	BusyTimeout time.Duration
}

// DB is the hub's database. Its methods may be called from many goroutines.
type DB struct {
	db  *sqlitedb.DB
	now func() time.Time
}

// cacheKiB is how much of the file each of the five connections may keep in memory. An
// operator's act on thousands of stores goes through more pages than SQLite keeps by
// itself, and each that it let go costs a call of the system.
const cacheKiB = 8000

// Open opens the hub's database at path, or makes it. It fails on a file of a
// newer version or of another program, which it leaves untouched.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	steps, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("cannot read the hub's migrations: %w", err)
	}
	file, err := sqlitedb.Open(ctx, path, sqlitedb.Options{
		Migrations: steps, AppID: appID, Sync: o.Sync, Readers: o.Readers, BusyTimeout: o.BusyTimeout, CacheKiB: cacheKiB,
	})
	if err != nil {
		return nil, err
	}
	db := &DB{db: file, now: o.Now}
	err = db.WithHub(ctx, func(tx *HubTx) error { return tx.firstEpoch() })
	if err != nil {
		_ = file.Close() // the first error is the one that counts
		return nil, err
	}
	return db, nil
}

// Close waits for running transactions and closes the file.
func (db *DB) Close() error { return db.db.Close() }

// Path returns the absolute path of the file.
func (db *DB) Path() string { return db.db.Path() }

// Backup writes a verified copy of the database to a file that must not exist.
func (db *DB) Backup(ctx context.Context, dest string) error { return db.db.Backup(ctx, dest) }

// Check reads the whole file and reports damage.
func (db *DB) Check(ctx context.Context) error { return db.db.QuickCheck(ctx) }

// Now returns the clock's time.
func (db *DB) Now() time.Time { return db.now() }

// View runs fn on one snapshot.
func (db *DB) View(ctx context.Context, fn func(*View) error) error {
	return db.db.Read(ctx, func(tx *sqlitedb.Tx) error { return fn(db.view(ctx, tx)) })
}

// ViewStore is View for the reader of one store.
func (db *DB) ViewStore(ctx context.Context, store string, fn func(*StoreView) error) error {
	return db.View(ctx, func(v *View) error {
		s, err := v.In(store)
		if err == nil {
			err = s.inConversation()
		}
		if err != nil {
			return err
		}
		return fn(s)
	})
}

// WithStore runs fn in a transaction that holds the store's row lock, and
// commits it durably. It fails with ErrNotFound if there is no such store.
func (db *DB) WithStore(ctx context.Context, store string, fn func(*StoreTx) error) error {
	return db.write(ctx, func(v *View) error {
		s, err := v.In(store)
		if err == nil {
			err = s.inConversation()
		}
		if err != nil {
			return err
		}
		return fn(&StoreTx{StoreView: s})
	})
}

// WithStores is WithStore for several stores at once, in the order of their ids;
// a store named twice is given once. It is for an operator's act on many stores;
// keep it to a thousand at a time.
func (db *DB) WithStores(ctx context.Context, stores []string, fn func(StoresTx) error) error {
	ids := slices.Compact(slices.Sorted(slices.Values(stores)))
	return db.write(ctx, func(v *View) error {
		all, err := v.locked(ids)
		if err != nil {
			return err
		}
		return fn(all)
	})
}

// WithNetwork runs fn in a transaction that writes what belongs to a network
// and to no store of it.
func (db *DB) WithNetwork(ctx context.Context, network string, fn func(*NetworkTx) error) error {
	return db.write(ctx, func(v *View) error {
		n, err := v.network(network)
		if err != nil {
			return err
		}
		return fn(&NetworkTx{View: v, Network: n})
	})
}

// WithHub runs fn in a transaction that writes what belongs to no network.
func (db *DB) WithHub(ctx context.Context, fn func(*HubTx) error) error {
	return db.write(ctx, func(v *View) error { return fn(&HubTx{View: v}) })
}

func (db *DB) write(ctx context.Context, fn func(*View) error) error {
	return db.db.Write(ctx, func(tx *sqlitedb.Tx) error {
		v := db.view(ctx, tx)
		defer v.close()
		return fn(v)
	})
}

func (db *DB) view(ctx context.Context, tx *sqlitedb.Tx) *View {
	return &View{ctx: ctx, tx: tx, now: db.now().UTC().Truncate(time.Millisecond)}
}

// NewID returns an id for a network, store, job, token or epoch: a UUID that
// sorts by time.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }
