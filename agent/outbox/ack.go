package outbox

import (
	"context"
	"database/sql"
	"fmt"

	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// Acknowledge takes the hub's word that it holds the batch in flight: entries that
// did not change since it was frozen leave the outbox, refused ones are parked by
// name. The same acknowledgement again does nothing; another batch's is a
// *ConflictError and changes nothing.
func (b *Box) Acknowledge(ctx context.Context, ack wire.BatchAck) error {
	got := wire.BatchMark{Number: ack.Number, Digest: ack.Digest}
	return b.write(ctx, func(tx *sqlitedb.Tx) error {
		p, err := newPutter(ctx, tx, b.now().Unix())
		if err != nil {
			return err
		}
		var acked wire.BatchMark
		if p.meta.json(metaAcked, &acked); p.meta.err != nil || (acked == got && got.Number != 0) {
			return p.meta.err
		}
		f, err := inFlight(ctx, tx, got)
		if err != nil {
			return err
		}
		if err := p.acknowledge(f, ack.Refused); err != nil {
			return fmt.Errorf("cannot record that batch %d was acknowledged: %w", ack.Number, err)
		}
		p.meta.setJSON(metaAcked, got)
		p.growLimit()
		return p.finish()
	})
}

func (p *putter) acknowledge(f frozenBatch, refused []wire.Refused) error {
	for _, r := range refused {
		if err := p.refuse(f.last, Key{r.Kind, r.Key}, r.Why); err != nil {
			return err
		}
	}
	for _, text := range []string{
		// Of a key, the newest generation's tombstone stays: a return is judged by it.
		`DELETE FROM items WHERE id IN (SELECT ref FROM outbox WHERE pos <= $1 AND sort IN (1, 2)) AND dead = 1 AND (gen = 0 OR EXISTS
			(SELECT 1 FROM items j WHERE j.kind = items.kind AND j.key = items.key AND j.gen > items.gen))`,
		"DELETE FROM results WHERE pos IN (SELECT pos FROM outbox WHERE pos <= $1 AND sort = 3)",
		"DELETE FROM outbox WHERE pos <= $1",
	} {
		if err := p.exec(text, f.last); err != nil {
			return err
		}
	}
	if err := p.exec("UPDATE outbox SET sent = flying, flying = NULL WHERE flying IS NOT NULL"); err != nil {
		return err
	}
	return p.exec("DELETE FROM batch")
}

// refuse parks what the batch held of a key and the hub did not take. Where the
// item changed since, its newest state is tried first.
func (p *putter) refuse(last int64, k Key, why string) error {
	var held []*stored
	each := func(rows *sql.Rows) error {
		s := &stored{}
		held = append(held, s)
		return s.scan(rows)
	}
	err := p.byKeys(each, "SELECT "+storedColumns+", i.body FROM items i WHERE i.kind = ? AND i.key IN", p.kinds.id(k.Kind), []string{k.Key})
	if err != nil {
		return err
	}
	for _, s := range held {
		if s.pos > last {
			err = p.exec("UPDATE outbox SET sent = NULL, flying = NULL WHERE pos = $1", s.pos)
		} else if q, findErr := p.queuedAt(s.pos, s.id); findErr != nil || q == nil {
			err = findErr
		} else if err = p.exec("DELETE FROM outbox WHERE pos = $1", s.pos); err == nil {
			err = p.park(Parked{Key: k, Cause: CauseHub, Name: nameOf(s.body), Why: why})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// nameOf is what a person calls the item, as far as the record can tell without a
// catalogue.
func nameOf(body []byte) string {
	it, err := item.Decode(body)
	if err != nil {
		return ""
	}
	for _, field := range []string{"name", "title", "description"} {
		if v := it.Fields.Get(field); !v.IsEmpty() {
			return v.Display()
		}
	}
	return ""
}

// growLimit lets batches grow again after one that was refused whole.
func (p *putter) growLimit() {
	limit := p.meta.int(metaLimit)
	if limit == 0 {
		return
	}
	if limit *= 2; limit >= wire.MaxBatchEntries {
		limit = 0
	}
	p.meta.setInt(metaLimit, limit)
}
