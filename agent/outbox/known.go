package outbox

import (
	"context"
	"database/sql"
	"fmt"
)

// Known is what the record knows of some keys of one kind.
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
func (s *Step) Known(kind string, keys []string) (Known, error) {
	k := Known{Dirty: map[string]bool{}, Unsettled: map[string][]Generation{}}
	if err := k.read(s, kind, keys); err != nil {
		return Known{}, fmt.Errorf("cannot read %s from the record: %w", kind, err)
	}
	return k, nil
}

// Known is that of a Step that puts nothing.
func (b *Box) Known(ctx context.Context, kind string, keys []string) (k Known, err error) {
	err = b.Step(ctx, func(s *Step) (err error) {
		k, err = s.Known(kind, keys)
		return err
	})
	return k, err
}

func (k *Known) read(s *Step, kind string, keys []string) error {
	var dirty, unsettled bool
	row := s.p.tx.QueryRowContext(s.p.ctx, "SELECT EXISTS (SELECT 1 FROM dirty), EXISTS (SELECT 1 FROM unsettled)")
	err := row.Scan(&dirty, &unsettled)
	if dirty && err == nil {
		err = k.readDirty(s.p.statements, kind, keys)
	}
	if unsettled && err == nil {
		err = k.readUnsettled(s.p.statements, kind, keys)
	}
	if err == nil {
		k.Rows, err = s.newest(kind, keys)
	}
	return err
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
