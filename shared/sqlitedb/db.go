package sqlitedb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// Sync says when a commit is durable.
type Sync int

const (
	// SyncFull makes a commit durable before it returns.
	SyncFull Sync = iota
	// SyncNormal makes it durable at the next checkpoint, so a power cut loses
	// commits that returned. It exists for the control of the kill harness,
	// which must catch it.
	SyncNormal
)

// String returns the value that PRAGMA synchronous takes.
func (s Sync) String() string {
	if s == SyncNormal {
		return "NORMAL"
	}
	return "FULL"
}

// Options say how a file is opened. The zero value is right for most.
type Options struct {
	// Migrations holds files NNNN_name.sql in its root, numbered from 0001
	// without a gap. Nil means no schema, and no check of it.
	Migrations fs.FS

	// AppID is stamped into a new file (PRAGMA application_id) and demanded of
	// an old one, so that a path to somebody else's database is refused. It
	// needs Migrations. Zero means no check.
	AppID int32

	// Sync is when a commit is durable. Zero means before it returns.
	Sync Sync

	// BusyTimeout is how long a statement waits for a lock of another process.
	// Zero means five seconds, negative not at all. The wait is real time even
	// under testing/synctest.
	BusyTimeout time.Duration

	// Readers bounds the reading connections. Zero means 4.
	Readers int

	// CacheKiB is how much of the file each connection may keep in memory. Zero
	// means 2,000, SQLite's own.
	CacheKiB int
}

func (o Options) withDefaults() Options {
	if o.BusyTimeout == 0 {
		o.BusyTimeout = 5 * time.Second
	}
	o.BusyTimeout = max(o.BusyTimeout, 0)
	if weakSync {
		o.Sync = SyncNormal
	}
	if o.Readers <= 0 {
		o.Readers = 4
	}
	if o.CacheKiB <= 0 {
		o.CacheKiB = 2000
	}
	return o
}

// A DB is one open file. Its methods may be called from many goroutines.
type DB struct {
	path    string
	options Options
	writer  *sql.DB
	readers *sql.DB
	rows    inPlace
}

// Open opens the file at path, creating it with mode 0600 if it is absent, and
// brings its schema up to the newest migration, whose text it then verifies. The
// folder must exist.
//
// Errors: *NewerSchemaError and ErrForeign (file untouched), ErrDamaged,
// ErrDiskFull, ErrReadOnly, IsBusy, or the file system's own.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open database %s: %w", path, err)
	}
	steps, err := loadMigrations(o.Migrations)
	if err != nil {
		return nil, err
	}
	db := &DB{path: abs, options: o.withDefaults()}
	if err := db.prepareFile(ctx, len(steps)); err != nil {
		return nil, err
	}
	if err := db.connect(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	err = db.migrate(ctx, steps)
	if err == nil {
		err = db.verifySchema(ctx, steps)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Path returns the absolute path of the file.
func (db *DB) Path() string { return db.path }

// Close waits for running transactions and closes every connection. The writer
// goes last: the last connection to close folds the WAL into the file, and a
// reader may not.
func (db *DB) Close() error {
	errs := []error{db.closeRows(true)}
	for _, pool := range []*sql.DB{db.readers, db.writer} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return wrap("close database", db.path, err)
	}
	return nil
}

// prepareFile creates an absent file and looks into a present one, before any
// connection that could change it exists.
func (db *DB) prepareFile(ctx context.Context, known int) error {
	f, err := os.OpenFile(db.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		err = f.Close()
	} else if errors.Is(err, fs.ErrExist) {
		return db.peek(ctx, known)
	}
	if err != nil {
		return wrap("create database", db.path, err)
	}
	return nil
}

// peek refuses a file that this program must not touch.
func (db *DB) peek(ctx context.Context, known int) error {
	if db.options.Migrations == nil {
		return nil
	}
	conn, err := sql.Open("sqlite", peekDSN(db.path, db.options))
	if err != nil {
		return wrap("open database", db.path, err)
	}
	defer conn.Close()
	var schema, tables int
	var app int32
	row := conn.QueryRowContext(ctx, `SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema)
		FROM pragma_user_version, pragma_application_id`)
	if err := row.Scan(&schema, &app, &tables); err != nil {
		return wrap("open database", db.path, err)
	}
	fresh := schema == 0 && tables == 0 && app == 0
	if !fresh && db.options.AppID != 0 && app != db.options.AppID {
		return fmt.Errorf("cannot open database %s: %w (application id %d, expected %d); the file was not touched",
			db.path, ErrForeign, app, db.options.AppID)
	}
	if schema > known {
		return &NewerSchemaError{Path: db.path, Schema: schema, Known: known}
	}
	return nil
}

// connect opens both pools and makes sure that the file really is in WAL mode,
// which a network drive may not give.
func (db *DB) connect(ctx context.Context) error {
	var err error
	if db.writer, err = open(writerDSN(db.path, db.options)); err != nil {
		return wrap("open database", db.path, err)
	}
	db.writer.SetMaxOpenConns(1)
	if db.readers, err = open(readerDSN(db.path, db.options)); err != nil {
		return wrap("open database", db.path, err)
	}
	db.readers.SetMaxOpenConns(db.options.Readers)
	db.readers.SetMaxIdleConns(db.options.Readers)

	var mode string
	if err := db.writer.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return wrap("open database", db.path, err)
	}
	if mode != "wal" {
		return fmt.Errorf("cannot open database %s: its journal mode is %q and must be WAL: keep it on a local disk", db.path, mode)
	}
	return nil
}

// Shrink gives back the memory of cached pages and kept statements, after work
// that is not likely to be followed by more.
func (db *DB) Shrink(ctx context.Context) error {
	for pool, most := range map[*sql.DB]int{db.writer: 1, db.readers: db.options.Readers} {
		if err := shrink(ctx, pool, most); err != nil {
			return wrap("shrink the memory of database", db.path, err)
		}
	}
	if err := db.closeRows(false); err != nil {
		return wrap("shrink the memory of database", db.path, err)
	}
	return nil
}

// shrink takes connections of a pool, holding each until it has had the others.
func shrink(ctx context.Context, pool *sql.DB, most int) error {
	for range min(most, pool.Stats().OpenConnections) {
		conn, err := pool.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close() // it goes back to the pool
		if err := conn.Raw(forgetStatements); err != nil {
			return err
		}
		if _, err := conn.ExecContext(ctx, "PRAGMA shrink_memory"); err != nil {
			return err
		}
	}
	return nil
}
