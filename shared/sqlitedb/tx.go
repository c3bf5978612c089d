package sqlitedb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	sqlite3 "modernc.org/sqlite/lib"
)

// Write runs fn in one transaction that holds the write lock from its
// beginning, and commits it durably. Only one Write runs at a time; others wait
// for it or for ctx.
//
// If fn fails or panics, nothing is changed; fn's error comes back as it is,
// with ErrDiskFull, ErrDamaged or ErrReadOnly added where one of them is the
// cause. If COMMIT fails, the error is ErrCommitUnknown, save where SQLite is
// known to have refused it (a deferred constraint, a lock). fn must not keep
// the transaction, and must not call Write: it would wait for itself.
func (db *DB) Write(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return over(ctx, wrap("write to database", db.path, err))
	}
	// After a commit this does nothing; otherwise, a panic in fn included, it
	// frees the writing connection for the next one.
	defer tx.Rollback() // fn's error is the one to report

	if err := fn(tx); err != nil {
		return db.explain(ctx, "write to database", err)
	}
	// A context that is over has rolled back already: that is no unknown.
	if err := ctx.Err(); err != nil {
		return wrap("write to database", db.path, err)
	}
	if err := tx.Commit(); err != nil {
		return db.commitError(err)
	}
	return nil
}

// Read runs fn in one transaction that changes nothing. From its first SELECT
// on, fn sees one snapshot, whatever is written meanwhile. Keep it short: the
// WAL cannot be folded into the file past the oldest snapshot in use.
func (db *DB) Read(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := db.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return over(ctx, wrap("read database", db.path, err))
	}
	defer tx.Rollback() // there is nothing to lose
	return db.explain(ctx, "read database", fn(tx))
}

// explain adds the file and the named fault to an error that is SQLite's own
// trouble, and leaves the errors of the rooms above alone. Whatever a transaction
// meets whose context is over, that is why: the driver says it in many ways.
func (db *DB) explain(ctx context.Context, verb string, err error) error {
	if err == nil {
		return nil
	}
	if faultOf(err) != nil {
		err = wrap(verb, db.path, err)
	}
	return over(ctx, err)
}

func over(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

func (db *DB) commitError(err error) error {
	switch primaryCode(err) {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_BUSY:
		// Refused before a byte was written, and rolled back by the driver.
		return wrap("commit to database", db.path, err)
	}
	if fault := faultOf(err); fault != nil {
		err = errors.Join(fault, err)
	}
	return fmt.Errorf("cannot commit to database %s: %w: %w", db.path, ErrCommitUnknown, err)
}
