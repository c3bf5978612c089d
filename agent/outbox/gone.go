package outbox

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"

	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// Gone takes what only the hub holds of a kind (wire.KeysAnswer.Extra). Where the
// record knows nothing of it, it goes up as gone, and the hub archives its row.
// Where the record holds the key's tombstone, that goes up. Where the record holds
// the key alive in a lower generation (generations are provisional after a loss of
// agent.db), the item is given the hub's if it is the same item, or the next one:
// the hub's highest plus one wins (decision 2).
func (b *Box) Gone(ctx context.Context, kind string, extra []wire.KeyHash) error {
	err := b.write(ctx, func(tx *sqlitedb.Tx) error {
		p, err := newPutter(ctx, tx, b.now().Unix())
		if err != nil {
			return err
		}
		for _, x := range extra {
			if err := p.gone(kind, x); err != nil {
				return err
			}
		}
		return p.finish()
	})
	if err != nil {
		return fmt.Errorf("cannot queue what of %s only the hub has: %w", kind, err)
	}
	return nil
}

func (p *putter) gone(kind string, x wire.KeyHash) error {
	var exact, newest *stored
	each := func(rows *sql.Rows) error {
		s := &stored{}
		if err := s.scan(rows); err != nil {
			return err
		}
		if s.gen == x.Gen {
			exact = s
		}
		if newest == nil || newest.gen < s.gen {
			newest = s
		}
		return nil
	}
	err := p.byKeys(each, "SELECT "+storedColumns+", i.body FROM items i WHERE i.kind = ? AND i.key IN", p.kinds.id(kind), []string{x.Key})
	switch {
	case err != nil:
		return err
	case exact != nil:
		return p.requeueOne(kind, exact)
	case newest != nil && !newest.dead && newest.gen < x.Gen:
		return p.outbid(kind, newest, x)
	default:
		return p.queueGone(item.ID{Kind: kind, Key: x.Key, Gen: x.Gen})
	}
}

// queueGone records a tombstone without values for a row that only the hub has.
func (p *putter) queueGone(id item.ID) error {
	it := item.Item{ID: id, Deleted: true}
	if err := p.items([]item.Item{it}); err != nil {
		return err
	}
	return p.exec("UPDATE outbox SET sort = 2 WHERE pos = $1", p.revision)
}

// outbid gives a live item the generation that the hub counts for its key.
func (p *putter) outbid(kind string, s *stored, x wire.KeyHash) error {
	if !s.sound() {
		return p.discard(s)
	}
	it, err := item.Decode(s.body)
	if err != nil || it.Kind != kind || it.Key != x.Key {
		return p.discard(s)
	}
	it.Gen = x.Gen
	d := item.DigestOf(item.Append(nil, it))
	key := Key{kind, x.Key}
	var settle []Generation
	if hex.EncodeToString(d[:8]) != x.Digest { // what the hub has is another item
		it.Gen++
		settle = append(settle, Generation{Key: key, Gen: x.Gen, Dead: true})
		if err := p.queueGone(item.ID{Kind: kind, Key: x.Key, Gen: x.Gen}); err != nil {
			return err
		}
	}
	if err := p.forget(s); err != nil {
		return err
	}
	if err := p.items([]item.Item{it}); err != nil {
		return err
	}
	// The generation that plait_links has is not marked dead here: its link is the
	// item's, and goes over as the living one is settled.
	return p.generations(Change{Unsettled: append(settle, Generation{Key: key, Gen: it.Gen, LinkOf: s.gen})})
}

// forget takes a row out of the record as if it had never been: its generation was
// provisional.
func (p *putter) forget(s *stored) error {
	if k := p.kinds.byID[s.kind]; k != nil && !s.dead {
		k.remove(s.sum())
	}
	if err := p.exec("DELETE FROM outbox WHERE pos = $1 AND ref = $2 AND sort <> 3", s.pos, s.id); err != nil {
		return err
	}
	return p.exec("DELETE FROM items WHERE id = $1", s.id)
}
