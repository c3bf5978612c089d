package pos

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"plait/shared/sqliterows"
)

// maxStatements bounds the prepared statements that a session keeps.
const maxStatements = 256

// session is one connection to the POS with its prepared statements. It is used
// by one goroutine at a time. One that only reads does so in place, where the engine
// can.
type session struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	place *sqliterows.Reader // instead of the former
}

func newSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &session{db: db, conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

func (s *session) close() error {
	if s.place != nil {
		return s.place.Close()
	}
	return errors.Join(s.forget(), s.conn.Close(), s.db.Close())
}

func (s *session) forget() error {
	var errs []error
	for _, st := range s.stmts {
		errs = append(errs, st.Close())
	}
	clear(s.stmts)
	return errors.Join(errs...)
}

func (s *session) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if st, ok := s.stmts[text]; ok {
		return st, nil
	}
	if len(s.stmts) >= maxStatements {
		if err := s.forget(); err != nil {
			return nil, err
		}
	}
	st, err := s.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s.stmts[text] = st
	return st, nil
}

// unwatched is ctx for a statement that has its place in it already: every
// statement takes a few milliseconds at most, and watching a context while it runs
// would cost each of them a goroutine or two.
// Nor is a statement of ours ever interrupted then: SQLite would end the whole
// transaction with it.
func unwatched(ctx context.Context) (context.Context, error) {
	return context.WithoutCancel(ctx), ctx.Err()
}

func (s *session) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	st, err := s.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	if ctx, err = unwatched(ctx); err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (s *session) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	st, err := s.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	if ctx, err = unwatched(ctx); err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

// run executes a statement that is not worth keeping: DDL, BEGIN, COMMIT.
func (s *session) run(ctx context.Context, text string) error {
	if s.place != nil {
		return s.inPlace(ctx, text, nil, func(sqliterows.Row) error { return nil })
	}
	_, err := s.conn.ExecContext(ctx, text)
	return err
}

// row reads one row; sql.ErrNoRows if there is none.
func (s *session) row(ctx context.Context, text string, args []any, dest ...any) error {
	if s.place != nil {
		err := s.inPlace(ctx, text, args, func(row sqliterows.Row) error { return cmp.Or(row.Scan(dest...), errFirst) })
		switch {
		case err == nil:
			return sql.ErrNoRows
		case errors.Is(err, errFirst):
			return nil
		}
		return err
	}
	st, err := s.prepare(ctx, text)
	if err != nil {
		return err
	}
	if ctx, err = unwatched(ctx); err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(dest...)
}

// errFirst ends a query after its first row.
var errFirst = errors.New("the first row is enough")

// each calls visit for every row.
func (s *session) each(ctx context.Context, text string, args []any, visit func(scan func(...any) error) error) error {
	if s.place != nil {
		return s.inPlace(ctx, text, args, func(row sqliterows.Row) error { return visit(row.Scan) })
	}
	return s.eachRow(ctx, text, args, func(rows *sql.Rows) error { return visit(rows.Scan) })
}

// cells calls visit for every row, which is in row until the next one. What it holds may
// be kept, or is gone with it.
func (s *session) cells(ctx context.Context, text string, args []any, row []cell, kept bool, visit func()) error {
	if s.place != nil {
		return s.inPlace(ctx, text, args, func(from sqliterows.Row) error {
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
	dest := into(row)
	return s.eachRow(ctx, text, args, func(rows *sql.Rows) error {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		visit()
		return nil
	})
}

func (s *session) eachRow(ctx context.Context, text string, args []any, visit func(*sql.Rows) error) error {
	rows, err := s.query(ctx, text, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *session) inPlace(ctx context.Context, text string, args []any, visit func(sqliterows.Row) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var stopped error
	err := s.place.Each(text, args, func(row sqliterows.Row) bool {
		stopped = visit(row)
		return stopped == nil
	})
	return cmp.Or(stopped, err)
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
