package sqlitedb

import (
	"context"
	"errors"
	"sync"

	"plait/shared/sqliterows"
)

// inPlace is the connection that reads rows in place, opened when it is first
// needed and given back by Shrink.
type inPlace struct {
	sync.Mutex
	reader *sqliterows.Conn
	closed bool
}

var errClosed = errors.New("it is closed")

// Rows calls visit for every row of a query, until it returns false. It is for
// walks over many rows: see package sqliterows, which also says how long a row
// holds. It sees what is committed when it begins, apart from any transaction; one
// call at a time runs, and visit must not make another.
func (db *DB) Rows(ctx context.Context, text string, args []any, visit func(sqliterows.Row) bool) error {
	if err := ctx.Err(); err != nil {
		return wrap("read database", db.path, err)
	}
	db.rows.Lock()
	defer db.rows.Unlock()
	err := db.openRows()
	if err == nil {
		err = db.rows.reader.Each(text, args, visit)
	}
	if err != nil {
		return wrap("read database", db.path, err)
	}
	return nil
}

// openRows opens the connection if it is not open. A walk meets each page once, so
// that it keeps few of them.
func (db *DB) openRows() (err error) {
	switch {
	case db.rows.closed:
		return errClosed
	case db.rows.reader == nil:
		db.rows.reader, err = sqliterows.Open(db.path, busyPragma(db.options), "cache_size(-500)")
	}
	return err
}

// closeRows gives the connection back; last says that it is not to come again.
func (db *DB) closeRows(last bool) error {
	db.rows.Lock()
	defer db.rows.Unlock()
	r := db.rows.reader
	db.rows.reader, db.rows.closed = nil, db.rows.closed || last
	if r == nil {
		return nil
	}
	return r.Close()
}
