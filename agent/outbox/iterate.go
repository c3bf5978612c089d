package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/sqliterows"
	"plait/shared/wire"
)

// Walk goes through a kind, in the order of its keys and generations: live is called
// for each live item, with some of its fields, as Row.Outline gives it, and dead for each
// tombstone. It reads one snapshot, in place: neither may begin another walk over the
// record. Damaged rows are dropped, their keys marked dirty, and left out.
func (b *Box) Walk(ctx context.Context, kind string, names []string, live func(item.Item) error, dead func(key string, gen int64)) error {
	w := walk{kind: kind, names: names, live: live, dead: dead}
	err := b.read(ctx, func(tx *sqlitedb.Tx) error {
		kinds, err := loadKinds(ctx, tx)
		if err == nil {
			w.id = kinds.id(kind)
		}
		return err
	})
	if err == nil {
		err = b.note(w.run(ctx, b.db))
	}
	if err == nil {
		err = b.discard(ctx, w.bad)
	}
	if err != nil {
		return fmt.Errorf("cannot go through %s in the record: %w", kind, err)
	}
	return nil
}

// walk is one call of Walk.
type walk struct {
	kind  string
	id    int64
	names []string
	live  func(item.Item) error
	dead  func(key string, gen int64)
	row   stored
	bad   []stored
}

func (w *walk) run(ctx context.Context, db *sqlitedb.DB) error {
	const text = "SELECT " + storedColumns + ", i.body, x.key = i.key" + byIndex + "?1 ORDER BY x.key, x.gen"
	var stopped error
	err := db.Rows(ctx, text, []any{w.id}, func(row sqliterows.Row) bool {
		stopped = w.step(row)
		return stopped == nil
	})
	return errors.Join(err, stopped)
}

func (w *walk) step(row sqliterows.Row) error {
	s := &w.row
	s.take(row)
	switch {
	case row.Integer(10) == 0:
		return fmt.Errorf("the index of items leads to another key: %w", ErrDamaged)
	case !s.sound():
		w.bad = append(w.bad, s.own())
	case s.dead:
		w.dead(strings.Clone(s.key), s.gen)
	default:
		it, err := s.row(w.kind).Outline(w.names)
		if err != nil {
			return err
		}
		return w.live(it)
	}
	return nil
}

// Latest returns the newest generation recorded under a key, tombstones too; ok
// is false if the record knows nothing of it.
func (b *Box) Latest(ctx context.Context, kind, key string) (it item.Item, ok bool, err error) {
	rows, err := b.Newest(ctx, kind, []string{key})
	if err != nil {
		return item.Item{}, false, err
	}
	r, ok := rows[key]
	if !ok {
		return item.Item{}, false, nil
	}
	it, err = r.Item()
	return it, err == nil, err
}

// Changed calls fn for each item or tombstone recorded after a revision, in the
// order of revisions, without what its link knows of single fields, and returns the
// newest revision.
func (b *Box) Changed(ctx context.Context, after int64, fn func(item.Item) error) (revision int64, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		m := metaOf(ctx, tx)
		if revision = m.int(metaRevision); m.err != nil || revision == after {
			return m.err
		}
		rows, err := tx.QueryContext(ctx, changedQuery, after)
		if err != nil {
			return err
		}
		defer rows.Close()
		return eachStored(rows, func(s *stored) error {
			if !s.sound() { // dropped, and read again, when it is to be sent
				return nil
			}
			it, err := item.Outline(s.body, nil)
			if err != nil {
				return err
			}
			return fn(it)
		})
	})
	if err != nil {
		return 0, fmt.Errorf("cannot read what changed since revision %d: %w", after, err)
	}
	return revision, nil
}

// NextChanged returns items and tombstones that were recorded after a revision, in
// the order of revisions, at most limit, and the revision up to which that is all.
// Damaged rows are left out.
func (b *Box) NextChanged(ctx context.Context, after int64, limit int) (items []item.Item, upTo int64, err error) {
	upTo = after
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		rows, err := tx.QueryContext(ctx, changedQuery+" LIMIT $2 + 0", after, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		return eachStored(rows, func(s *stored) error {
			upTo = max(upTo, s.revision)
			if !s.sound() {
				return nil
			}
			it, err := item.Decode(s.body)
			items = append(items, it)
			return err
		})
	})
	if err != nil {
		return nil, after, fmt.Errorf("cannot read what changed since revision %d: %w", after, err)
	}
	return items, upTo, nil
}

const changedQuery = "SELECT " + storedColumns + ", i.body FROM items i WHERE i.revision > $1 ORDER BY i.revision"

// eachStored calls fn for each row of a query for storedColumns and body.
func eachStored(rows *sql.Rows, fn func(*stored) error) error {
	for rows.Next() {
		var s stored
		if err := s.scan(rows); err != nil {
			return err
		}
		if err := fn(&s); err != nil {
			return err
		}
	}
	return rows.Err()
}

// CatalogDigest returns the digest of the catalogue kept; "" if there is none.
func (b *Box) CatalogDigest(ctx context.Context) (string, error) {
	raw, err := b.Catalog(ctx)
	if err != nil || len(raw) == 0 {
		return "", err
	}
	return wire.Sum(raw), nil
}
