package outbox

import (
	"context"
	"database/sql"
	"fmt"

	"plait/shared/sqlitedb"
)

// Known is what the record knows of some keys of one kind, from one snapshot.
type Known struct {
	// Rows are the newest generations, dead ones included.
	Rows map[string]Row
	// Dirty are keys that wait to be read again; true where a deletion was seen.
	Dirty map[string]bool
	// Unsettled are generations that plait_links does not say yet, rising.
	Unsettled map[string][]Generation
}

// Known returns what the record knows of keys. A damaged row is dropped, its key
// marked dirty, and it counts as unknown.
func (b *Box) Known(ctx context.Context, kind string, keys []string) (Known, error) {
	k := Known{Dirty: map[string]bool{}, Unsettled: map[string][]Generation{}}
	var bad []stored
	err := b.read(ctx, func(tx *sqlitedb.Tx) (err error) {
		s := newStatements(ctx, tx)
		if k.Rows, bad, err = newest(s, kind, keys); err != nil {
			return err
		}
		var dirty, unsettled bool
		row := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM dirty), EXISTS (SELECT 1 FROM unsettled)")
		if err := row.Scan(&dirty, &unsettled); err != nil {
			return err
		}
		if dirty {
			err = k.readDirty(s, kind, keys)
		}
		if unsettled && err == nil {
			err = k.readUnsettled(s, kind, keys)
		}
		return err
	})
	if err == nil {
		err = b.discard(ctx, bad)
	}
	if err != nil {
		return Known{}, fmt.Errorf("cannot read %s from the record: %w", kind, err)
	}
	return k, nil
}

func (k *Known) readDirty(s *statements, kind string, keys []string) error {
	each := func(rows *sql.Rows) error {
		var key string
		var gone bool
		err := rows.Scan(&key, &gone)
		k.Dirty[key] = gone
		return err
	}
	return s.byKeys(each, "SELECT i.key, i.gone FROM dirty i WHERE i.kind = ? AND i.key IN", kind, keys)
}

func (k *Known) readUnsettled(s *statements, kind string, keys []string) error {
	each := func(rows *sql.Rows) error {
		g := Generation{Key: Key{Kind: kind}}
		if err := rows.Scan(&g.Key.Key, &g.Gen, &g.Dead, &g.LinkOf); err != nil {
			return err
		}
		list := k.Unsettled[g.Key.Key]
		for _, old := range list {
			if old.Gen == g.Gen { // a key may be asked for twice
				return nil
			}
		}
		k.Unsettled[g.Key.Key] = append(list, g)
		return nil
	}
	return s.byKeys(each, "SELECT i.key, i.gen, i.dead, i.link_of FROM unsettled i WHERE i.kind = ? AND i.key IN", kind, keys)
}

// newest reads the newest generation of each key, and the rows that are damaged.
func newest(s *statements, kind string, keys []string) (rows map[string]Row, bad []stored, err error) {
	kinds, err := loadKinds(s.ctx, s.tx)
	if err != nil || kinds.id(kind) == 0 {
		return nil, nil, err
	}
	asked := make(map[string]bool, len(keys))
	for _, key := range keys {
		asked[key] = true
	}
	rows = make(map[string]Row, len(keys))
	each := func(r *sql.Rows) error {
		var s stored
		if err := s.scan(r); err != nil {
			return err
		}
		switch old, ok := rows[s.key]; {
		case !asked[s.key]:
			return fmt.Errorf("the index of items leads to another key: %w", ErrDamaged)
		case !s.sound():
			bad = append(bad, s)
		case !ok || old.Gen < s.gen:
			rows[s.key] = s.row(kind)
		}
		return nil
	}
	return rows, bad, s.byKeys(each, "SELECT "+storedColumns+", i.body"+byIndex+"? AND x.key IN", kinds.id(kind), keys)
}
