package outbox

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// kind is a row of kinds: the sums of the live items of one.
type kind struct {
	id    int64
	name  string
	live  int64
	sum   item.Digest
	dirty bool // to be written back
}

func (k *kind) check() int64 {
	b := binary.AppendVarint(nil, k.id)
	b = binary.AppendVarint(b, k.live)
	return checksum(b, []byte(k.name), k.sum[:])
}

// add counts a live item; remove takes it out again.
func (k *kind) add(d item.Digest) { k.live, k.sum, k.dirty = k.live+1, k.sum.Xor(d), true }

func (k *kind) remove(d item.Digest) { k.live, k.sum, k.dirty = k.live-1, k.sum.Xor(d), true }

// kindTable is the kinds as one transaction sees and changes them.
type kindTable struct {
	byName map[string]*kind
	byID   map[int64]*kind
	last   int64
}

func loadKinds(ctx context.Context, tx *sqlitedb.Tx) (*kindTable, error) {
	rows, err := tx.QueryContext(ctx, "SELECT id, name, live, sum, chk FROM kinds")
	if err != nil {
		return nil, fmt.Errorf("cannot read the record's kinds: %w", err)
	}
	defer rows.Close()
	t := &kindTable{byName: map[string]*kind{}, byID: map[int64]*kind{}}
	for rows.Next() {
		k := &kind{}
		var sum []byte
		var chk int64
		if err := rows.Scan(&k.id, &k.name, &k.live, &sum, &chk); err != nil {
			return nil, fmt.Errorf("cannot read the record's kinds: %w", errors.Join(ErrDamaged, err))
		}
		if copy(k.sum[:], sum) != len(k.sum) || chk != k.check() {
			return nil, fmt.Errorf("cannot read the record's kind %.40q: %w", k.name, ErrDamaged)
		}
		t.put(k)
	}
	return t, rows.Err()
}

func (t *kindTable) put(k *kind) {
	t.byName[k.name], t.byID[k.id] = k, k
	t.last = max(t.last, k.id)
}

// named returns the kind of that name, making it if it is new.
func (t *kindTable) named(name string) *kind {
	k := t.byName[name]
	if k == nil {
		k = &kind{id: t.last + 1, name: name, dirty: true}
		t.put(k)
	}
	return k
}

// id returns the number of a kind, 0 if the record knows none of that name.
func (t *kindTable) id(name string) int64 {
	if k := t.byName[name]; k != nil {
		return k.id
	}
	return 0
}

// save writes back what changed.
func (t *kindTable) save(ctx context.Context, tx *sqlitedb.Tx) error {
	for _, k := range t.byID {
		if !k.dirty {
			continue
		}
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO kinds (id, name, live, sum, chk) VALUES ($1, $2, $3, $4, $5)",
			k.id, k.name, k.live, k.sum[:], k.check())
		if err != nil {
			return fmt.Errorf("cannot write the sums of %s: %w", k.name, err)
		}
	}
	return nil
}

// Sums returns the record's revision and, as of it, the sums of every kind that
// has live items, sorted by kind.
func (b *Box) Sums(ctx context.Context) (revision int64, sums []wire.KindSum, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		m := metaOf(ctx, tx)
		if revision = m.int(metaRevision); m.err != nil {
			return m.err
		}
		kinds, err := loadKinds(ctx, tx)
		if err != nil {
			return err
		}
		for _, k := range kinds.byID {
			if k.live > 0 {
				sums = append(sums, wire.KindSum{Kind: k.name, Count: k.live, Sum: k.sum.String()})
			}
		}
		return nil
	})
	slices.SortFunc(sums, func(a, b wire.KindSum) int { return strings.Compare(a.Kind, b.Kind) })
	return revision, sums, err
}

// Live is the number of live items of a kind in the record.
func (b *Box) Live(ctx context.Context, name string) (n int64, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		kinds, err := loadKinds(ctx, tx)
		if err == nil && kinds.byName[name] != nil {
			n = kinds.byName[name].live
		}
		return err
	})
	return n, err
}

// recount computes a kind's sums from its rows: after damage the kept ones may
// hold what is gone.
func recount(ctx context.Context, tx *sqlitedb.Tx, k *kind) error {
	rows, err := tx.QueryContext(ctx, "SELECT digest FROM items WHERE kind = $1 AND dead = 0", k.id)
	if err != nil {
		return fmt.Errorf("cannot count %s: %w", k.name, err)
	}
	defer rows.Close()
	k.live, k.sum, k.dirty = 0, item.Digest{}, true
	for rows.Next() {
		var digest sql.RawBytes
		if err := rows.Scan(&digest); err != nil {
			return fmt.Errorf("cannot count %s: %w", k.name, err)
		}
		var d item.Digest
		copy(d[:], digest)
		k.add(d)
	}
	return rows.Err()
}
