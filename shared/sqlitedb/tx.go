package sqlitedb

import (
	"context"
	"database/sql"
	"database/sql/driver"
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
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	tx, err := begin(ctx, db.writer, "BEGIN IMMEDIATE")
	if err != nil {
		return over(ctx, wrap("write to database", db.path, err))
	}
	// After a commit this does nothing; otherwise, a panic in fn included, it
	// frees the writing connection for the next one.
	defer tx.end()

	if err := fn(tx); err != nil {
		return db.explain(ctx, "write to database", err)
	}
	if err := ctx.Err(); err != nil {
		return wrap("write to database", db.path, err)
	}
	if err := tx.commit(); err != nil {
		return db.commitError(err)
	}
	return nil
}

// Read runs fn in one transaction that changes nothing. From its first SELECT
// on, fn sees one snapshot, whatever is written meanwhile. Keep it short: the
// WAL cannot be folded into the file past the oldest snapshot in use.
func (db *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	tx, err := begin(ctx, db.readers, "BEGIN")
	if err != nil {
		return over(ctx, wrap("read database", db.path, err))
	}
	defer tx.end() // there is nothing to lose
	return db.explain(ctx, "read database", fn(tx))
}

// Tx is a transaction, for as long as the function runs that was given it. It is a
// connection of its own and not a sql.Tx, which starts a goroutine for itself and one
// for every query that it answers. What runs is short: its context is looked at before
// each statement, and not while one runs. Rows are to be closed before that function
// returns: the connection waits for them.
type Tx struct {
	ctx   context.Context // of the whole
	conn  *sql.Conn
	open  bool // it has begun, and neither COMMIT nor ROLLBACK has ended it
	stmts []*sql.Stmt
}

func begin(ctx context.Context, pool *sql.DB, text string) (*Tx, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, text); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &Tx{ctx: ctx, conn: conn, open: true}, nil
}

func (tx *Tx) commit() error {
	_, err := tx.conn.ExecContext(context.Background(), "COMMIT")
	tx.open = err != nil
	return err
}

// end gives the connection back, or gives it up where its transaction cannot be ended.
func (tx *Tx) end() {
	for _, st := range tx.stmts {
		_ = st.Close() // its error is that of its last run
	}
	if tx.open {
		if _, err := tx.conn.ExecContext(context.Background(), "ROLLBACK"); err != nil && !ended(tx.conn) {
			_ = tx.conn.Raw(func(any) error { return driver.ErrBadConn })
		}
	}
	_ = tx.conn.Close() // which only gives it back
}

// ended reports whether SQLite has ended the transaction by itself, as it does after
// some failures.
func ended(conn *sql.Conn) bool {
	_, err := conn.ExecContext(context.Background(), "BEGIN")
	if err == nil {
		_, err = conn.ExecContext(context.Background(), "ROLLBACK")
	}
	return err == nil
}

// unwatched is ctx for a statement that has its place in it already.
func (tx *Tx) unwatched(ctx context.Context) (context.Context, error) {
	return context.WithoutCancel(ctx), first(ctx.Err(), tx.ctx.Err())
}

// ExecContext is that of database/sql.
func (tx *Tx) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	ctx, err := tx.unwatched(ctx)
	if err != nil {
		return nil, err
	}
	return tx.conn.ExecContext(ctx, text, args...)
}

// QueryContext is that of database/sql.
func (tx *Tx) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	ctx, err := tx.unwatched(ctx)
	if err != nil {
		return nil, err
	}
	return tx.conn.QueryContext(ctx, text, args...)
}

// QueryRowContext is that of database/sql.
func (tx *Tx) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	quiet, err := tx.unwatched(ctx)
	if err != nil {
		quiet = tx.over(ctx) // the row has the error
	}
	return tx.conn.QueryRowContext(quiet, text, args...)
}

// over is the context that is over, of the two.
func (tx *Tx) over(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return ctx
	}
	return tx.ctx
}

// PrepareContext is that of database/sql. The statement ends with the transaction.
func (tx *Tx) PrepareContext(ctx context.Context, text string) (*sql.Stmt, error) {
	st, err := tx.conn.PrepareContext(ctx, text)
	if err == nil {
		tx.stmts = append(tx.stmts, st)
	}
	return st, err
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
