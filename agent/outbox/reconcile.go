package outbox

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// NodeSums returns the sums of all wire.Nodes of a kind, as wire.Sums lists them.
func (b *Box) NodeSums(ctx context.Context, kind string) ([]string, error) {
	sums := make([]uint64, wire.Nodes)
	var total item.Digest
	var live int64
	err := b.eachLive(ctx, kind, func(key string, _ int64, d item.Digest) {
		sums[wire.Leaf(kind, key)/wire.Leaves] ^= short(d)
		total, live = total.Xor(d), live+1
	})
	if err == nil {
		err = b.heal(ctx, kind, live, total)
	}
	return hexSums(sums), err
}

// LeafSums returns the sums of the wire.Leaves of each node named, in order.
func (b *Box) LeafSums(ctx context.Context, kind string, nodes []int) ([]string, error) {
	sums := make([]uint64, len(nodes)*wire.Leaves)
	at := places(nodes)
	err := b.eachLive(ctx, kind, func(key string, _ int64, d item.Digest) {
		leaf := wire.Leaf(kind, key)
		if i, ok := at[leaf/wire.Leaves]; ok {
			sums[i*wire.Leaves+leaf%wire.Leaves] ^= short(d)
		}
	})
	return hexSums(sums), err
}

// LeafItems lists every live item of some leaves (node*wire.Leaves+leaf).
func (b *Box) LeafItems(ctx context.Context, kind string, leaves []int) (items []wire.KeyHash, err error) {
	at := places(leaves)
	err = b.eachLive(ctx, kind, func(key string, gen int64, d item.Digest) {
		if _, ok := at[wire.Leaf(kind, key)]; ok {
			items = append(items, wire.KeyHash{Key: key, Gen: gen, Digest: hex.EncodeToString(d[:8])})
		}
	})
	return items, err
}

func places(list []int) map[int]int {
	at := make(map[int]int, len(list))
	for i, n := range list {
		at[n] = i
	}
	return at
}

func short(d item.Digest) uint64 { return binary.BigEndian.Uint64(d[:8]) }

func hexSums(sums []uint64) []string {
	out := make([]string, len(sums))
	for i, s := range sums {
		if s != 0 {
			out[i] = fmt.Sprintf("%016x", s)
		}
	}
	return out
}

// eachLive walks a kind's live items in the order of their keys.
func (b *Box) eachLive(ctx context.Context, kind string, fn func(key string, gen int64, d item.Digest)) error {
	err := b.read(ctx, func(tx *sqlitedb.Tx) error {
		kinds, err := loadKinds(ctx, tx)
		if err != nil || kinds.id(kind) == 0 {
			return err
		}
		rows, err := tx.QueryContext(ctx, "SELECT key, gen, digest FROM items WHERE kind = $1 AND dead = 0", kinds.id(kind))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var key string
			var gen int64
			var digest sql.RawBytes
			if err := rows.Scan(&key, &gen, &digest); err != nil {
				return err
			}
			var d item.Digest
			copy(d[:], digest)
			fn(key, gen, d)
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("cannot sum up %s: %w", kind, err)
	}
	return nil
}

// heal writes a kind's sums anew where the kept ones are not those of its rows.
func (b *Box) heal(ctx context.Context, kind string, live int64, total item.Digest) error {
	differ := false
	err := b.read(ctx, func(tx *sqlitedb.Tx) error {
		kinds, err := loadKinds(ctx, tx)
		if k := kinds; err == nil && k.byName[kind] != nil {
			differ = k.byName[kind].live != live || k.byName[kind].sum != total
		}
		return err
	})
	if err != nil || !differ {
		return err
	}
	return b.write(ctx, func(tx *sqlitedb.Tx) error {
		kinds, err := loadKinds(ctx, tx)
		if err != nil {
			return err
		}
		if err := recount(ctx, tx, kinds.named(kind)); err != nil {
			return err
		}
		return kinds.save(ctx, tx)
	})
}

// MarkPending queues items that the hub lacks or holds otherwise, under new
// revisions. Those that it refused stay parked; unknown ones are passed over.
func (b *Box) MarkPending(ctx context.Context, ids []item.ID) error {
	set := make(map[item.ID]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return b.write(ctx, func(tx *sqlitedb.Tx) error {
		p, err := newPutter(ctx, tx, b.now().Unix())
		if err != nil {
			return err
		}
		for kind, keys := range byKind(ids) {
			wanted := func(s *stored) bool { return set[item.ID{Kind: kind, Key: s.key, Gen: s.gen}] }
			if err := p.requeue(kind, keys, wanted); err != nil {
				return fmt.Errorf("cannot queue %s again: %w", kind, err)
			}
		}
		return p.finish()
	})
}

func byKind(ids []item.ID) map[string][]string {
	out := map[string][]string{}
	for _, id := range ids {
		out[id.Kind] = append(out[id.Kind], id.Key)
	}
	return out
}

// requeue queues the rows of these keys that are wanted and not parked.
func (p *putter) requeue(kind string, keys []string, wanted func(*stored) bool) error {
	var found []*stored
	each := func(rows *sql.Rows) error {
		s := &stored{}
		if err := s.scanHead(rows); err != nil {
			return err
		}
		if wanted(s) {
			found = append(found, s)
		}
		return nil
	}
	if err := p.byKeys(each, "SELECT "+storedColumns+" FROM items i WHERE i.kind = ? AND i.key IN", p.kinds.id(kind), keys); err != nil {
		return err
	}
	done := map[int64]bool{} // byKeys may name a key twice
	for _, s := range found {
		if done[s.id] {
			continue
		}
		done[s.id] = true
		if err := p.requeueOne(kind, s); err != nil {
			return err
		}
	}
	return nil
}

func (p *putter) requeueOne(kind string, s *stored) error {
	var parked int
	st, err := p.get("SELECT count(*) FROM parked WHERE kind = $1 AND key = $2 AND cause = 'hub'")
	if err == nil {
		err = st.QueryRowContext(p.ctx, kind, s.key).Scan(&parked)
	}
	if err != nil || parked > 0 {
		return err
	}
	q, err := p.queuedAt(s.pos, s.id)
	if err != nil {
		return err
	}
	if q != nil {
		if q.sort == sortIdle {
			q.sort = sortOf(s)
		}
		return p.exec("UPDATE outbox SET sent = NULL, sort = $1 WHERE pos = $2", q.sort, q.pos)
	}
	sound := s.soundHead()
	s.revision = p.next()
	s.pos = s.revision
	if sound { // a damaged row keeps its wrong checksum, and Freeze finds it
		s.chk = s.check()
	}
	if err := p.exec("UPDATE items SET revision = $1, pos = $2, chk = $3 WHERE id = $4", s.revision, s.pos, s.chk, s.id); err != nil {
		return err
	}
	return p.queue(s, nil, nil)
}
