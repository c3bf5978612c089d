package outbox

import (
	"context"
	"database/sql"
	"fmt"

	"plait/shared/sqlitedb"
)

// Dirty is a key to be read from the POS again. Gone says that a deletion, or a
// change of the key, was seen since the record last read it.
type Dirty struct {
	Key
	Gone bool
}

// Trouble is a key whose row in the POS cannot be an item.
type Trouble struct {
	Key
	Name string // as a person knows it; may be ""
	Why  string
}

// Generation is what plait_links must say of one generation of a key.
type Generation struct {
	Key
	Gen  int64
	Dead bool
	// LinkOf is the older generation whose link the living one takes over; 0 for none.
	LinkOf int64
}

// around writes what comes with the items of a change.
func (p *putter) around(c Change) error {
	if c.Mark.Seq != 0 {
		p.meta.setJSON(metaMark, c.Mark)
	}
	steps := []func(Change) error{p.seen, p.dirty, p.troubles, p.generations}
	for _, step := range steps {
		if err := step(c); err != nil {
			return err
		}
	}
	return p.meta.err
}

func (p *putter) dirty(c Change) error {
	for _, k := range c.Clean {
		if err := p.exec("DELETE FROM dirty WHERE kind = $1 AND key = $2", k.Kind, k.Key); err != nil {
			return err
		}
	}
	for _, d := range c.Dirty {
		if err := p.markDirty(d); err != nil {
			return err
		}
	}
	return nil
}

func (p *putter) markDirty(d Dirty) error {
	return p.exec("INSERT INTO dirty (kind, key, gone) VALUES ($1, $2, $3) ON CONFLICT DO UPDATE SET gone = max(gone, excluded.gone)",
		d.Kind, d.Key.Key, d.Gone)
}

func (p *putter) troubles(c Change) error {
	for _, t := range c.Trouble {
		if err := p.park(Parked{Key: t.Key, Cause: CausePOS, Name: t.Name, Why: t.Why}); err != nil {
			return err
		}
	}
	return p.readable(c.Readable)
}

// readable unparks keys whose rows can be items again. Few are ever parked, and
// many keys are read.
func (p *putter) readable(keys []Key) error {
	if len(keys) == 0 {
		return nil
	}
	parked := map[Key]bool{}
	each := func(rows *sql.Rows) error {
		var k Key
		err := rows.Scan(&k.Kind, &k.Key)
		parked[k] = true
		return err
	}
	if err := p.query(each, "SELECT kind, key FROM parked WHERE cause = $1", CausePOS); err != nil || len(parked) == 0 {
		return err
	}
	for _, k := range keys {
		if !parked[k] {
			continue
		}
		if _, err := p.unpark(k, CausePOS); err != nil {
			return err
		}
	}
	return nil
}

func (p *putter) generations(c Change) error {
	for _, g := range c.Settled {
		if err := p.exec("DELETE FROM unsettled WHERE kind = $1 AND key = $2 AND gen = $3", g.Kind, g.Key.Key, g.Gen); err != nil {
			return err
		}
	}
	for _, g := range c.Unsettled {
		err := p.exec("INSERT OR REPLACE INTO unsettled (kind, key, gen, dead, link_of) VALUES ($1, $2, $3, $4, $5)",
			g.Kind, g.Key.Key, g.Gen, g.Dead, g.LinkOf)
		if err != nil {
			return err
		}
	}
	return nil
}

// Dirty returns keys of a kind to be read again, after the given one, in order.
func (b *Box) Dirty(ctx context.Context, kind, after string, limit int) (out []Dirty, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT key, gone FROM dirty WHERE kind = $1 AND key > $2 ORDER BY key LIMIT $3 + 0", kind, after, limit)
		if err != nil {
			return fmt.Errorf("cannot list the keys of %s to be read again: %w", kind, err)
		}
		defer rows.Close()
		for rows.Next() {
			d := Dirty{Key: Key{Kind: kind}}
			if err := rows.Scan(&d.Key.Key, &d.Gone); err != nil {
				return fmt.Errorf("cannot list the keys of %s to be read again: %w", kind, err)
			}
			out = append(out, d)
		}
		return rows.Err()
	})
	return out, err
}

// DirtyCount is how many keys wait to be read again, of every kind.
func (b *Box) DirtyCount(ctx context.Context) (n int, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error { return tx.QueryRowContext(ctx, "SELECT count(*) FROM dirty").Scan(&n) })
	return n, err
}

// Unsettled returns generations that plait_links must still learn, at most limit.
func (b *Box) Unsettled(ctx context.Context, limit int) (out []Generation, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT kind, key, gen, dead, link_of FROM unsettled ORDER BY kind, key, gen LIMIT $1 + 0", limit)
		if err != nil {
			return fmt.Errorf("cannot list unsettled generations: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var g Generation
			if err := rows.Scan(&g.Kind, &g.Key.Key, &g.Gen, &g.Dead, &g.LinkOf); err != nil {
				return fmt.Errorf("cannot list unsettled generations: %w", err)
			}
			out = append(out, g)
		}
		return rows.Err()
	})
	return out, err
}

// Settle says that plait_links knows these generations now. One that changed
// since it was listed stays.
func (b *Box) Settle(ctx context.Context, known []Generation) error {
	return b.write(ctx, func(tx *sqlitedb.Tx) error {
		s := newStatements(ctx, tx)
		for _, g := range known {
			err := s.exec("DELETE FROM unsettled WHERE kind = $1 AND key = $2 AND gen = $3 AND dead = $4 AND link_of = $5",
				g.Kind, g.Key.Key, g.Gen, g.Dead, g.LinkOf)
			if err != nil {
				return fmt.Errorf("cannot record that generations are settled: %w", err)
			}
		}
		return nil
	})
}
