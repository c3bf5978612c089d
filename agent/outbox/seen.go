package outbox

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// Seen names one change row of the POS. The nonce tells it from a row of another
// history that has the same number.
type Seen struct{ Seq, Nonce int64 }

// keepSeen is how many numbers back seen change rows are remembered: twice what
// the connector lets lie before it prunes.
const keepSeen = 200_000

// seen remembers a page of change rows. Until they are pruned, a restart of the
// agent brings them again, and a deletion must not be judged twice.
func (p *putter) seen(c Change) error {
	if len(c.Seen) == 0 {
		return nil
	}
	page := slices.Clone(c.Seen)
	slices.SortFunc(page, func(a, b Seen) int { return int(min(max(a.Seq-b.Seq, -1), 1)) })
	last := page[len(page)-1]
	low, high := page[0].Seq, last.Seq
	p.taken(last)
	err := p.exec("INSERT INTO seen (low, high, pairs) VALUES ($1, $2, $3)", low, high, encodeSeen(page))
	if err != nil {
		return err
	}
	return p.exec("DELETE FROM seen WHERE high < $1", high-keepSeen)
}

// taken moves the newest row whose effect is in the record on. Where sequence order
// is not commit order an older number may come later.
func (p *putter) taken(last Seen) {
	var was, mark wire.Mark
	p.meta.json(metaTaken, &was)
	p.meta.json(metaMark, &mark)
	if last.Seq > was.Seq {
		p.meta.setJSON(metaTaken, wire.Mark{POSEpoch: mark.POSEpoch, Seq: last.Seq, Nonce: last.Nonce})
	}
}

func encodeSeen(page []Seen) []byte {
	b := make([]byte, 0, 10*len(page))
	last := int64(0)
	for _, s := range page {
		b = binary.AppendVarint(b, s.Seq-last)
		b = binary.AppendVarint(b, s.Nonce)
		last = s.Seq
	}
	return b
}

func decodeSeen(b []byte, to map[Seen]bool) bool {
	seq := int64(0)
	for len(b) > 0 {
		d, n := binary.Varint(b)
		if n <= 0 {
			return false
		}
		nonce, m := binary.Varint(b[n:])
		if m <= 0 {
			return false
		}
		seq += d
		to[Seen{seq, nonce}] = true
		b = b[n+m:]
	}
	return true
}

// WasSeen returns those change rows whose effect is in the record already.
func (b *Box) WasSeen(ctx context.Context, page []Seen) (map[Seen]bool, error) {
	if len(page) == 0 {
		return nil, nil
	}
	low, high := page[0].Seq, page[0].Seq
	for _, s := range page {
		low, high = min(low, s.Seq), max(high, s.Seq)
	}
	out := map[Seen]bool{}
	err := b.read(ctx, func(tx *sqlitedb.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT pairs FROM seen WHERE high >= $1 AND low <= $2", low, high)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var pairs sql.RawBytes
			if err := rows.Scan(&pairs); err != nil {
				return err
			}
			if !decodeSeen(pairs, out) {
				return fmt.Errorf("a page of seen changes: %w", ErrDamaged)
			}
		}
		return rows.Err()
	})
	if errors.Is(err, ErrDamaged) {
		return nil, fmt.Errorf("cannot tell which changes were seen: %w", err)
	}
	return out, err
}
