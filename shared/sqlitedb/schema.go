package sqlitedb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
)

// object is one table, index, view or trigger of a schema.
type object struct{ kind, name, table, text string }

// verifySchema compares the file's schema with what its migrations make. SQLite
// believes the text that it finds there: a flipped bit in it would fail statements
// as if the program were wrong, or quietly read another column.
func (db *DB) verifySchema(ctx context.Context, steps []migration) error {
	if len(steps) == 0 {
		return nil
	}
	want, err := expectedSchema(ctx, steps)
	if err != nil {
		return err
	}
	var found map[object]bool
	err = db.Read(ctx, func(tx *Tx) (err error) {
		found, err = readObjects(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	for o := range want {
		if !found[o] {
			return fmt.Errorf("cannot open database %s: the text of its %s %s is not what was written: %w", db.path, o.kind, o.name, ErrDamaged)
		}
	}
	return nil
}

// expected keeps the schema that migrations make, by their text: a process opens
// the same few again and again.
var expected sync.Map // string → map[object]bool

func expectedSchema(ctx context.Context, steps []migration) (map[object]bool, error) {
	var text strings.Builder
	for _, s := range steps {
		text.WriteString(s.sql)
		text.WriteString("\n;\n")
	}
	if known, ok := expected.Load(text.String()); ok {
		return known.(map[object]bool), nil
	}
	conn, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, fmt.Errorf("cannot work out the schema: %w", err)
	}
	defer conn.Close()
	conn.SetMaxOpenConns(1) // each connection has a memory of its own
	if _, err := conn.ExecContext(ctx, text.String()); err != nil {
		return nil, fmt.Errorf("cannot work out the schema: %w", err)
	}
	objects, err := readObjects(ctx, conn)
	if err == nil {
		expected.Store(text.String(), objects)
	}
	return objects, err
}

// querier is a transaction or a connection.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// readObjects reads a schema, without the tables that SQLite keeps for itself.
func readObjects(ctx context.Context, q querier) (map[object]bool, error) {
	rows, err := q.QueryContext(ctx, `SELECT coalesce(type, ''), coalesce(name, ''), coalesce(tbl_name, ''), coalesce(sql, '')
		FROM sqlite_schema WHERE name NOT IN ('sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4')`)
	if err != nil {
		return nil, fmt.Errorf("cannot read the schema: %w", err)
	}
	defer rows.Close()
	objects := map[object]bool{}
	for rows.Next() {
		var o object
		if err := rows.Scan(&o.kind, &o.name, &o.table, &o.text); err != nil {
			return nil, fmt.Errorf("cannot read the schema: %w", err)
		}
		objects[o] = true
	}
	return objects, rows.Err()
}
