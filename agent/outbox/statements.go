package outbox

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"plait/shared/sqlitedb"
)

// bulk is how many rows one statement reads or inserts: measured best for rows
// of some 400 bytes.
const bulk = 40

// A LIMIT reads "$n + 0" here, as everywhere: SQLite plans for the value of one that is
// a bare parameter, and compiles the statement again each time it is given one.

// statements prepares each text once in a transaction. They run without the
// transaction's context: watching it would cost each of them a goroutine, and the
// commit looks at it in any case.
type statements struct {
	ctx  context.Context
	tx   *sqlitedb.Tx
	held map[string]*sql.Stmt
}

func newStatements(ctx context.Context, tx *sqlitedb.Tx) *statements {
	return &statements{ctx: ctx, tx: tx, held: map[string]*sql.Stmt{}}
}

func (s *statements) get(text string) (*sql.Stmt, error) {
	if st := s.held[text]; st != nil {
		return st, nil
	}
	st, err := s.tx.PrepareContext(s.ctx, text) // closed with the transaction
	if err != nil {
		return nil, fmt.Errorf("cannot prepare %.60q: %w", text, err)
	}
	s.held[text] = st
	return st, nil
}

func (s *statements) exec(text string, args ...any) error {
	st, err := s.get(text)
	if err == nil {
		_, err = st.ExecContext(context.WithoutCancel(s.ctx), args...)
	}
	return err
}

// query calls each for every row.
func (s *statements) query(each func(*sql.Rows) error, text string, args ...any) error {
	st, err := s.get(text)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(context.WithoutCancel(s.ctx), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// byKeys runs a query that ends in "key IN" for many keys of one kind. The last
// key fills up the list, so that there are two shapes of the statement only.
func (s *statements) byKeys(each func(*sql.Rows) error, text string, kind any, keys []string) error {
	for len(keys) > 0 {
		n := min(len(keys), bulk)
		width := bulk
		if n == 1 {
			width = 1
		}
		args := make([]any, 1, 1+bulk)
		args[0] = kind
		for i := range width {
			args = append(args, keys[min(i, n-1)])
		}
		if err := s.query(each, text+list(width), args...); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

var (
	oneKey   = " (?)"
	bulkKeys = " (?" + strings.Repeat(",?", bulk-1) + ")"
)

func list(width int) string {
	if width == 1 {
		return oneKey
	}
	return bulkKeys
}
