package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// The states of a repair.
const (
	RepairBegun = 0 // about to be written: whether it was, the POS must tell
	RepairDone  = 1 // written, or refused; the hub does not know
	RepairTold  = 2 // refused, and told
)

// Repair is what became of an item that drifted.
type Repair struct {
	wire.Repair
	Gen   int64
	State int `json:"-"`
	// Seen stands for what drifted, and from what: a refused repair is not tried
	// again while that is the same.
	Seen string
	// Times is how often the item was repaired since the hub was told of it.
	Times int
}

// Identity is the item's in its store.
func (r Repair) Identity() item.ID { return item.ID{Kind: r.Kind, Key: r.Key, Gen: r.Gen} }

// RepairRule is which kinds this store repairs by itself, and how far it has looked
// for drift.
type RepairRule struct {
	Kinds []string // and fields of them that are left to the store, as wire.Welcome.Repair
	UpTo  int64    // a revision of the record
}

// RepairRule returns the rule; the zero value repairs nothing.
func (b *Box) RepairRule(ctx context.Context) (RepairRule, error) {
	return get(ctx, b, func(m *meta) (r RepairRule) { m.json(metaRepair, &r); return r })
}

// SetRepairRule keeps the rule. Where nothing is repaired any more, nothing is
// refused either.
func (b *Box) SetRepairRule(ctx context.Context, r RepairRule) error {
	return b.write(ctx, func(tx *sqlitedb.Tx) error {
		m := metaOf(ctx, tx)
		m.setJSON(metaRepair, r)
		if m.err != nil || len(r.Kinds) > 0 {
			return m.err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM repairs WHERE state = 2")
		return err
	})
}

// SetRepair keeps what became of an item, in place of what became of it before.
func (b *Box) SetRepair(ctx context.Context, state int, r Repair) error {
	body, err := json.Marshal(r)
	if err == nil {
		err = b.write(ctx, func(tx *sqlitedb.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO repairs (kind, key, gen, state, body, chk) VALUES ($1, $2, $3, $4, $5, $6)",
				r.Kind, r.Key, r.Gen, state, body, checksum([]byte(r.Key), body))
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("cannot keep that %s %s was repaired: %w", r.Kind, r.Key, err)
	}
	return nil
}

const repairColumns = "SELECT kind, key, gen, state, body, chk FROM repairs "

// Repairs returns repairs in a state, at most limit. Damaged rows are left out: they
// tell of the past, and drift is found again.
func (b *Box) Repairs(ctx context.Context, state, limit int) ([]Repair, error) {
	return b.repairs(ctx, "WHERE state = $1 ORDER BY kind, key, gen", limit, everyRepair, state)
}

// RefusedRepairs returns what the POS refused, at most limit.
func (b *Box) RefusedRepairs(ctx context.Context, limit int) ([]Repair, error) {
	return b.repairs(ctx, "WHERE state > 0 ORDER BY kind, key, gen", limit, func(r Repair) bool { return r.Refused != "" })
}

// RepairOf returns what became of an item; ok is false if nothing is known.
func (b *Box) RepairOf(ctx context.Context, id item.ID) (r Repair, ok bool, err error) {
	list, err := b.repairs(ctx, "WHERE kind = $1 AND key = $2 AND gen = $3", 1, everyRepair, id.Kind, id.Key, id.Gen)
	if err != nil || len(list) == 0 {
		return r, false, err
	}
	return list[0], true, nil
}

func everyRepair(Repair) bool { return true }

// repairs reads sound rows that are wanted until there are limit of them.
func (b *Box) repairs(ctx context.Context, where string, limit int, wanted func(Repair) bool, args ...any) (out []Repair, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		rows, err := tx.QueryContext(ctx, repairColumns+where, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for len(out) < limit && rows.Next() {
			r, sound, err := scanRepair(rows)
			if err != nil {
				return err
			}
			if sound && wanted(r) {
				out = append(out, r)
			}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read what was repaired: %w", err)
	}
	return out, nil
}

func scanRepair(rows *sql.Rows) (r Repair, sound bool, err error) {
	var id item.ID
	var body []byte
	var chk int64
	var state int
	if err := rows.Scan(&id.Kind, &id.Key, &id.Gen, &state, &body, &chk); err != nil {
		return r, false, err
	}
	sound = chk == checksum([]byte(id.Key), body) && json.Unmarshal(body, &r) == nil && r.Identity() == id
	r.State = state
	return r, sound, nil
}

// RepairsTold takes the hub's word that it knows of these repairs. What was repaired
// is forgotten; what was refused stays, so that it is not tried again and again.
func (b *Box) RepairsTold(ctx context.Context, told []Repair) error {
	err := b.write(ctx, func(tx *sqlitedb.Tx) error {
		var errs error
		for _, r := range told {
			text := "UPDATE repairs SET state = 2 WHERE kind = $1 AND key = $2 AND gen = $3 AND state = 1 AND body = $4"
			if r.Refused == "" {
				text = "DELETE FROM repairs WHERE kind = $1 AND key = $2 AND gen = $3 AND state = 1 AND body = $4"
			}
			body, err := json.Marshal(r)
			if err == nil {
				_, err = tx.ExecContext(ctx, text, r.Kind, r.Key, r.Gen, body)
			}
			errs = errors.Join(errs, err)
		}
		return errs
	})
	if err != nil {
		return fmt.Errorf("cannot keep that the hub knows of repairs: %w", err)
	}
	return nil
}

// DropRepair forgets what became of an item.
func (b *Box) DropRepair(ctx context.Context, id item.ID) error {
	return b.write(ctx, func(tx *sqlitedb.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM repairs WHERE kind = $1 AND key = $2 AND gen = $3", id.Kind, id.Key, id.Gen)
		return err
	})
}
