package pos

import (
	"context"
	"database/sql"

	"plait/shared/sqliterows"
)

// session is one connection to the POS. It is used by one goroutine at a time.
// A context is looked at before each statement, and never while one runs: each takes a
// few milliseconds at most, and SQLite would end the whole transaction with one that is
// interrupted.
type session struct{ conn *sqliterows.Conn }

func (s *session) close() error { return s.conn.Close() }

// forget gives back what was compiled, before the schema is changed.
func (s *session) forget() { s.conn.Forget() }

// exec returns how many rows a statement inserted, changed or deleted.
func (s *session) exec(ctx context.Context, text string, args ...any) (changed int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return s.conn.Exec(text, args)
}

// rows calls visit for every row, until it fails.
func (s *session) rows(ctx context.Context, text string, args []any, visit func(sqliterows.Row) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var stopped error
	err := s.conn.Each(text, args, func(row sqliterows.Row) bool {
		stopped = visit(row)
		return stopped == nil
	})
	if stopped != nil {
		return stopped
	}
	return err
}

// row reads one row; sql.ErrNoRows if there is none. The statement runs to its end: one
// that writes may fail after its row.
func (s *session) row(ctx context.Context, text string, args []any, dest ...any) error {
	found := false
	err := s.rows(ctx, text, args, func(row sqliterows.Row) error {
		if found {
			return nil
		}
		found = true
		return row.Scan(dest...)
	})
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	return err
}

// each calls visit for every row.
func (s *session) each(ctx context.Context, text string, args []any, visit func(scan func(...any) error) error) error {
	return s.rows(ctx, text, args, func(row sqliterows.Row) error { return visit(row.Scan) })
}

// cells calls visit for every row, which is in row until the next one. What it holds may
// be kept, or is gone with it.
func (s *session) cells(ctx context.Context, text string, args []any, row []cell, kept bool, visit func()) error {
	return s.rows(ctx, text, args, func(from sqliterows.Row) error {
		for i := range row {
			row[i].take(from, i)
		}
		if kept {
			own(row)
		}
		visit()
		return nil
	})
}

// queryTexts returns the one text column of a query.
func queryTexts(ctx context.Context, s *session, text string, args ...any) ([]string, error) {
	var out []string
	err := s.each(ctx, text, args, func(scan func(...any) error) error {
		var v string
		if err := scan(&v); err != nil {
			return err
		}
		out = append(out, v)
		return nil
	})
	return out, err
}
