package pos

import (
	"context"
	"database/sql"
	"errors"
)

// maxStatements bounds the prepared statements that a session keeps.
const maxStatements = 256

// session is one connection to the POS with its prepared statements. It is used
// by one goroutine at a time.
type session struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func newSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &session{db: db, conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

func (s *session) close() error {
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

func (s *session) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
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
	_, err := s.conn.ExecContext(ctx, text)
	return err
}

// row reads one row; sql.ErrNoRows if there is none.
func (s *session) row(ctx context.Context, text string, args []any, dest ...any) error {
	st, err := s.prepare(ctx, text)
	if err != nil {
		return err
	}
	if ctx, err = unwatched(ctx); err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(dest...)
}

// each calls visit for every row.
func (s *session) each(ctx context.Context, text string, args []any, visit func(scan func(...any) error) error) error {
	rows, err := s.query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := visit(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
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
