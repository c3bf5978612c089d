package outbox

import (
	"context"
	"fmt"
	"time"

	"plait/shared/sqlitedb"
)

// The causes of a parked item.
const (
	CauseHub = "hub" // the hub refused it
	CausePOS = "pos" // the POS's row cannot be an item
)

// Parked is one item that waits for a person: it keeps nothing else back, and it
// forbids "equal".
type Parked struct {
	Key
	Cause string // CauseHub or CausePOS
	Name  string // as a person knows it; may be ""
	Why   string
	At    time.Time
}

// Parked lists what is parked, at most limit, oldest first.
func (b *Box) Parked(ctx context.Context, limit int) (out []Parked, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT kind, key, cause, name, why, at FROM parked ORDER BY at, kind, key LIMIT $1 + 0", limit)
		if err != nil {
			return fmt.Errorf("cannot list what is parked: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var p Parked
			var at int64
			if err := rows.Scan(&p.Kind, &p.Key.Key, &p.Cause, &p.Name, &p.Why, &at); err != nil {
				return fmt.Errorf("cannot list what is parked: %w", err)
			}
			p.At = time.Unix(at, 0)
			out = append(out, p)
		}
		return rows.Err()
	})
	return out, err
}

// Retry takes an item that the hub refused out of parking and queues it again, as
// a person asked.
func (b *Box) Retry(ctx context.Context, k Key) error {
	return b.write(ctx, func(tx *sqlitedb.Tx) error {
		p, err := newPutter(ctx, tx, b.now().Unix())
		if err != nil {
			return err
		}
		was, err := p.unpark(k, CauseHub)
		if err == nil && was {
			err = p.requeue(k.Kind, []string{k.Key}, func(*stored) bool { return true })
		}
		if err != nil {
			return fmt.Errorf("cannot queue %s %s again: %w", k.Kind, k.Key, err)
		}
		return p.finish()
	})
}

func (p *putter) park(x Parked) error {
	p.refused = p.refused || x.Cause == CauseHub
	return p.exec(`INSERT INTO parked (kind, key, cause, name, why, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO UPDATE SET name = excluded.name, why = excluded.why`, x.Kind, x.Key.Key, x.Cause, x.Name, x.Why, p.now)
}

// unpark reports whether the key was parked for that cause.
func (p *putter) unpark(k Key, cause string) (was bool, err error) {
	st, err := p.get("DELETE FROM parked WHERE kind = $1 AND key = $2 AND cause = $3")
	if err != nil {
		return false, err
	}
	res, err := st.ExecContext(p.ctx, k.Kind, k.Key, cause)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}
