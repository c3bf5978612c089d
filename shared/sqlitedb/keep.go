package sqlitedb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// keptStatements is how many compiled statements a connection keeps. A program
// has fewer texts; past that number all are forgotten and compiled anew.
const keptStatements = 128

// open opens a pool whose connections keep what they compiled: to compile a
// statement costs as much as to run it, and a store's conversation runs some
// dozens of them, most of which the one before ran too.
func open(dsn string) (*sql.DB, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(keeping{c}), nil
}

// keeping makes connections that keep statements.
type keeping struct{ driver.Connector }

func (k keeping) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := inner.(connection)
	if !ok {
		return nil, errors.Join(fmt.Errorf("cannot use a connection of type %T", inner), inner.Close())
	}
	return &keeper{connection: full, kept: map[string]statement{}}, nil
}

// connection is what the driver's connections can do.
type connection interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// statement is what the driver's statements can do.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// keeper is a connection with the statements that nobody uses at present.
// database/sql lets one goroutine at a time in.
type keeper struct {
	connection
	kept map[string]statement
}

// take returns a statement that nobody else uses until it is given back.
func (k *keeper) take(ctx context.Context, text string) (statement, error) {
	if s, ok := k.kept[text]; ok {
		delete(k.kept, text)
		return s, nil
	}
	s, err := k.connection.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	full, ok := s.(statement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("cannot use a statement of type %T", s), s.Close())
	}
	return full, nil
}

func (k *keeper) give(text string, s statement) error {
	if _, twice := k.kept[text]; twice { // it ran while it ran
		return s.Close()
	}
	if len(k.kept) >= keptStatements {
		if err := k.forget(); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	k.kept[text] = s
	return nil
}

func (k *keeper) forget() error {
	var errs []error
	for text, s := range k.kept {
		errs = append(errs, s.Close())
		delete(k.kept, text)
	}
	return errors.Join(errs...)
}

// forgetStatements is for sql.Conn.Raw.
func forgetStatements(connection any) error {
	k, ok := connection.(*keeper)
	if !ok {
		return fmt.Errorf("cannot forget the statements of a %T", connection)
	}
	return k.forget()
}

// Close closes the connection. SQLite folds the WAL into the file only if no
// statement is left.
func (k *keeper) Close() error { return errors.Join(k.forget(), k.connection.Close()) }

// PrepareContext returns a kept statement, which goes back when it is closed.
func (k *keeper) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	s, err := k.take(ctx, text)
	if err != nil {
		return nil, err
	}
	return &lent{statement: s, text: text, owner: k}, nil
}

// ExecContext keeps statements with arguments: the others are pragmas and
// schemas, which run once, and may be several in one text.
func (k *keeper) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 {
		return k.connection.ExecContext(ctx, text, args)
	}
	s, err := k.take(ctx, text)
	if err != nil {
		return nil, err
	}
	r, err := s.ExecContext(ctx, args)
	return r, first(err, k.give(text, s))
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// QueryContext is ExecContext for rows.
func (k *keeper) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) == 0 {
		return k.connection.QueryContext(ctx, text, args)
	}
	s, err := k.take(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, first(err, k.give(text, s))
	}
	return &lentRows{Rows: rows, give: func() error { return k.give(text, s) }}, nil
}

// lent is a statement that goes back when it is closed.
type lent struct {
	statement
	text  string
	owner *keeper
}

func (l *lent) Close() error { return l.owner.give(l.text, l.statement) }

// lentRows gives a statement back once its rows are closed.
type lentRows struct {
	driver.Rows
	give func() error
}

func (l *lentRows) Close() error { return first(l.Rows.Close(), l.give()) }
