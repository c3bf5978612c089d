package outbox

import (
	"context"
	"database/sql"
	"fmt"

	"plait/shared/sqlitedb"
	"plait/shared/wire"

	"github.com/google/uuid"
)

// Thaw unfreezes the batch in flight, which the hub refused whole: it holds
// nothing of it. The next one has half its entries at most; a batch of one entry
// is parked with the reason (decision 22), and returned; where its item changed since,
// nothing is, and the newest state is tried instead. Another batch's mark is a
// *ConflictError.
func (b *Box) Thaw(ctx context.Context, refused wire.BatchMark, why string) (parked []Parked, err error) {
	err = b.write(ctx, func(tx *sqlitedb.Tx) error {
		f, err := inFlight(ctx, tx, refused)
		if err != nil {
			return err
		}
		p, err := newPutter(ctx, tx, b.now().Unix())
		if err != nil {
			return err
		}
		if f.Entries == 1 {
			parked, err = p.parkOnly(f.last, why)
		} else {
			p.meta.setInt(metaLimit, int64(f.Entries/2))
		}
		if err == nil {
			err = thaw(ctx, tx)
		}
		if err != nil {
			return fmt.Errorf("cannot split batch %d, which the hub refused: %w", f.Number, err)
		}
		return p.finish()
	})
	if err != nil {
		return nil, err
	}
	return parked, nil
}

// parkOnly parks the one entry of a batch. If its item changed since, the newest
// state is tried instead.
func (p *putter) parkOnly(last int64, why string) (parked []Parked, err error) {
	each := func(rows *sql.Rows) error {
		var e entry
		err := scanEntry(rows, &e)
		if err != nil || e.pos != last {
			return err
		}
		if k := p.kinds.byID[e.item.kind]; k != nil && e.some {
			parked = append(parked, Parked{Key: Key{k.name, e.item.key}, Cause: CauseHub, Name: nameOf(e.item.body), Why: why})
		} else {
			parked = append(parked, Parked{Key: Key{"result", fmt.Sprint(e.ref)}, Cause: CauseHub, Name: "the result of a job", Why: why})
		}
		return nil
	}
	if err := p.query(each, pendingQuery, last-1, 1); err != nil {
		return nil, err
	}
	for _, x := range parked {
		if err := p.park(x); err != nil {
			return nil, err
		}
	}
	if err := p.exec("DELETE FROM results WHERE pos = $1", last); err != nil {
		return nil, err
	}
	return parked, p.exec("DELETE FROM outbox WHERE pos = $1", last)
}

// thaw takes the batch out of flight. What changed meanwhile goes up whatever it
// changed to: nobody knows which state the hub has.
func thaw(ctx context.Context, tx *sqlitedb.Tx) error {
	if _, err := tx.ExecContext(ctx, "UPDATE outbox SET sent = NULL, flying = NULL WHERE flying IS NOT NULL"); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM batch")
	return err
}

// forgetSent forgets what the hub is known to hold of what is pending.
func forgetSent(ctx context.Context, tx *sqlitedb.Tx) error {
	_, err := tx.ExecContext(ctx, "UPDATE outbox SET sent = NULL, sort = iif(sort = 4, 0, sort) WHERE sent IS NOT NULL")
	return err
}

// NewEpoch starts a new agent epoch and returns it: batches count from 1 again,
// the one in flight is dropped and its entries stay pending. Reconciling with the
// hub then finds what else must go up.
func (b *Box) NewEpoch(ctx context.Context) (epoch string, err error) {
	err = b.write(ctx, func(tx *sqlitedb.Tx) error {
		epoch, err = newEpoch(ctx, tx)
		return err
	})
	return epoch, err
}

func newEpoch(ctx context.Context, tx *sqlitedb.Tx) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("cannot start a new agent epoch: %w", err)
	}
	m := metaOf(ctx, tx)
	m.setText(metaAgentEpoch, id.String())
	m.setJSON(metaChain, chainState{}) // a new epoch's chain begins at 1: so the hub knows it as new
	m.setJSON(metaAcked, wire.BatchMark{})
	m.setInt(metaLimit, 0)
	if m.err == nil {
		m.err = thaw(ctx, tx)
	}
	if m.err == nil {
		m.err = forgetSent(ctx, tx)
	}
	if m.err != nil {
		return "", fmt.Errorf("cannot start a new agent epoch: %w", m.err)
	}
	return id.String(), nil
}
