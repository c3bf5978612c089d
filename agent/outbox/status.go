package outbox

import (
	"context"
	"fmt"
	"time"

	"plait/shared/sqlitedb"
)

// Status is what waits, for people.
type Status struct {
	Pending map[string]int // items and tombstones by kind
	Results int
	Total   int           // of both
	Oldest  time.Duration // how long the oldest has waited; 0 if nothing waits
	Dirty   int           // keys to be read from the POS again
	Parked  int
}

// Status counts what waits.
func (b *Box) Status(ctx context.Context) (Status, error) {
	s := Status{Pending: map[string]int{}}
	err := b.read(ctx, func(tx *sqlitedb.Tx) error {
		if err := s.count(ctx, tx); err != nil {
			return err
		}
		var oldest int64
		row := tx.QueryRowContext(ctx, `SELECT coalesce((SELECT at FROM outbox WHERE sort <> 4 ORDER BY pos LIMIT 1), 0),
			(SELECT count(*) FROM dirty), (SELECT count(*) FROM parked)`)
		if err := row.Scan(&oldest, &s.Dirty, &s.Parked); err != nil {
			return err
		}
		if oldest != 0 {
			s.Oldest = max(0, b.now().Sub(time.Unix(oldest, 0)))
		}
		return nil
	})
	if err != nil {
		return Status{}, fmt.Errorf("cannot count what waits: %w", err)
	}
	return s, nil
}

func (s *Status) count(ctx context.Context, tx *sqlitedb.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT coalesce(k.name, ''), n FROM
		(SELECT kind, count(*) AS n FROM outbox WHERE sort <> 4 GROUP BY kind) AS o LEFT JOIN kinds k ON k.id = o.kind`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			return err
		}
		s.Total += n
		if name == "" {
			s.Results += n
		} else {
			s.Pending[name] += n
		}
	}
	return rows.Err()
}

// Pending reports how many entries wait in the outbox.
func (b *Box) Pending(ctx context.Context) (n int, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT count(*) FROM outbox WHERE sort <> 4").Scan(&n)
	})
	return n, err
}
