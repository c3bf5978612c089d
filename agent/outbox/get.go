package outbox

import (
	"context"
	"database/sql"
	"fmt"

	"plait/shared/item"
	"plait/shared/sqlitedb"
)

// Newest returns the newest generation that the record holds under each key, dead
// ones included; keys that it does not know are left out. A damaged row is dropped,
// its key marked dirty, and left out too.
func (b *Box) Newest(ctx context.Context, kind string, keys []string) (rows map[string]Row, err error) {
	err = b.Step(ctx, func(s *Step) (err error) {
		rows, err = s.Newest(kind, keys)
		return err
	})
	return rows, err
}

// Each calls fn for the rows of these identities that the record holds, in no
// stated order. Damaged rows are dropped and their keys marked dirty.
func (b *Box) Each(ctx context.Context, ids []item.ID, fn func(Row) error) error {
	var bad []stored
	err := b.read(ctx, func(tx *sqlitedb.Tx) error {
		kinds, err := loadKinds(ctx, tx)
		if err != nil {
			return err
		}
		s := newStatements(ctx, tx)
		for _, id := range ids {
			each := func(rows *sql.Rows) error {
				var r stored
				if err := r.scan(rows); err != nil {
					return err
				}
				if !r.sound() {
					bad = append(bad, r)
					return nil
				}
				return fn(r.row(id.Kind))
			}
			err := s.query(each, "SELECT "+storedColumns+", i.body FROM items i WHERE i.kind = $1 AND i.key = $2 AND i.gen = $3",
				kinds.id(id.Kind), id.Key, id.Gen)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = b.discard(ctx, bad)
	}
	if err != nil {
		return fmt.Errorf("cannot read from the record: %w", err)
	}
	return nil
}

// LiveKeys lists keys of a kind's live items after the given one, in order. It
// reads identities alone.
func (b *Box) LiveKeys(ctx context.Context, kind, after string, limit int) (keys []string, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		kinds, err := loadKinds(ctx, tx)
		if err != nil || kinds.id(kind) == 0 {
			return err
		}
		rows, err := tx.QueryContext(ctx, "SELECT DISTINCT key FROM items WHERE kind = $1 AND key > $2 AND dead = 0 ORDER BY key LIMIT $3 + 0",
			kinds.id(kind), after, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var key string
			if err := rows.Scan(&key); err != nil {
				return err
			}
			keys = append(keys, key)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list %s in the record: %w", kind, err)
	}
	return keys, nil
}

func (b *Box) discard(ctx context.Context, bad []stored) error {
	if len(bad) == 0 {
		return nil
	}
	return b.write(ctx, func(tx *sqlitedb.Tx) error {
		p, err := newPutter(ctx, tx, b.now().Unix())
		if err != nil {
			return err
		}
		for i := range bad {
			if err := p.discard(&bad[i]); err != nil {
				return err
			}
		}
		return p.finish()
	})
}
