package outbox

import (
	"context"
	"fmt"

	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// Level takes the outcome of comparing a kind with the hub, item by item, as the
// record stood at a revision: what the hub holds alike leaves the outbox, want is
// queued, and extra is what only the hub has (see Gone). What changed after that
// revision, or is in flight, stays queued. All of it is one transaction.
func (b *Box) Level(ctx context.Context, kind string, revision int64, want, extra []wire.KeyHash) error {
	err := b.write(ctx, func(tx *sqlitedb.Tx) error {
		p, err := newPutter(ctx, tx, b.now().Unix())
		if err != nil {
			return err
		}
		if err := p.level(kind, revision); err != nil {
			return err
		}
		if err := p.requeueHashes(kind, want); err != nil {
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
		return fmt.Errorf("cannot bring %s level with the hub: %w", kind, err)
	}
	return nil
}

func (p *putter) level(kind string, revision int64) error {
	return p.exec(`DELETE FROM outbox WHERE sort = 0 AND pos > (SELECT coalesce(max(last), 0) FROM batch)
		AND ref IN (SELECT i.id FROM items i JOIN kinds k ON k.id = i.kind WHERE k.name = $1 AND i.revision <= $2)`, kind, revision)
}

func (p *putter) requeueHashes(kind string, want []wire.KeyHash) error {
	set := make(map[item.ID]bool, len(want))
	keys := make([]string, len(want))
	for i, w := range want {
		set[item.ID{Kind: kind, Key: w.Key, Gen: w.Gen}] = true
		keys[i] = w.Key
	}
	return p.requeue(kind, keys, func(s *stored) bool { return set[item.ID{Kind: kind, Key: s.key, Gen: s.gen}] })
}
