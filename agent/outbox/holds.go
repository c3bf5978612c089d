package outbox

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/sqliterows"
)

// Holds tells which of these forms the record holds just so, byte for byte: alive,
// undamaged, and with nothing left to be decided about their keys. A form without a
// body is never held. It changes nothing and drops nothing: whatever is not held is
// to be looked at by Known.
//
// Rows come in an order of the POS's own, and stand in the record in the order in
// which they were first recorded, which is mostly the same. trail is where the
// former call of a walk ended, 0 at its beginning: from there the record is read
// in step, without looking for each key. Only what is not met there is looked up.
func (b *Box) Holds(ctx context.Context, kind string, forms []item.Form, trail int64) (held []bool, next int64, err error) {
	h := newHolding(kind, forms)
	err = b.note(h.run(ctx, b.db, trail))
	if err != nil {
		return nil, 0, fmt.Errorf("cannot compare %s with the record: %w", kind, err)
	}
	return h.held, h.trail(trail), nil
}

// holding is one call of Holds.
type holding struct {
	kind  string
	forms []item.Form
	at    map[string]int // forms that are still to be found
	held  []bool
	ids   []int64 // the rows that were found, by form
	met   int     // forms that were found in step
	row   stored
}

func newHolding(kind string, forms []item.Form) *holding {
	h := &holding{kind: kind, forms: forms, at: make(map[string]int, len(forms)), held: make([]bool, len(forms)), ids: make([]int64, len(forms))}
	for i, f := range forms {
		if f.Body != nil {
			h.at[f.Key] = i
		}
	}
	return h
}

// run looks at the record in statements of their own: what is put between two of
// them is found by one or the other, or not held.
func (h *holding) run(ctx context.Context, db *sqlitedb.DB, trail int64) error {
	if err := h.leaveOut(ctx, db); err != nil {
		return err
	}
	if err := h.inStep(ctx, db, trail); err != nil {
		return err
	}
	return h.lookUp(ctx, db)
}

// leaveOut takes out the keys about which capture has something to decide or to
// tidy up, whatever the POS holds: there are few of them, if any.
func (h *holding) leaveOut(ctx context.Context, db *sqlitedb.DB) error {
	const text = `SELECT key FROM dirty WHERE kind = ?1 UNION ALL SELECT key FROM unsettled WHERE kind = ?1
		UNION ALL SELECT key FROM parked WHERE kind = ?1 AND cause = ?2`
	return db.Rows(ctx, text, []any{h.kind, CausePOS}, func(row sqliterows.Row) bool {
		delete(h.at, row.Text(0))
		return true
	})
}

// stepsAside is how many rows of other kinds are passed over, for each form, to
// find the forms in step.
const stepsAside = 3

// inStep reads on from the trail until every form was met, or as many rows as there
// are forms and a few that are no more in the POS.
func (h *holding) inStep(ctx context.Context, db *sqlitedb.DB, trail int64) error {
	if trail == 0 {
		return nil
	}
	const text = "SELECT " + storedColumns + `, i.body FROM items i NOT INDEXED
		WHERE i.id > ?1 AND i.id <= ?2 AND i.kind = (SELECT id FROM kinds WHERE name = ?3) AND i.dead = 0 LIMIT ?4 + 0`
	n, before := len(h.forms), len(h.at)
	err := db.Rows(ctx, text, []any{trail, trail + int64(n)*(1+stepsAside), h.kind, n + n/4 + 1}, h.compare)
	h.met = before - len(h.at)
	return err
}

// lookUp looks for the forms that were not met, each by its key.
func (h *holding) lookUp(ctx context.Context, db *sqlitedb.DB) error {
	const text = "SELECT " + storedColumns + ", i.body" + byIndex +
		"(SELECT id FROM kinds WHERE name = ?1) AND i.dead = 0 AND x.key = ?2"
	for _, f := range h.forms {
		if _, ok := h.at[f.Key]; !ok {
			continue
		}
		if err := db.Rows(ctx, text, []any{h.kind, f.Key}, h.compare); err != nil {
			return err
		}
	}
	return nil
}

// compare takes the living row of a key; a key has no more than one. It goes on
// while there are forms to be found.
func (h *holding) compare(row sqliterows.Row) bool {
	s := &h.row
	s.take(row)
	if i, ok := h.at[s.key]; ok {
		delete(h.at, s.key)
		h.ids[i] = s.id
		h.held[i] = bytes.Equal(s.body, h.forms[i].Body) && s.sound()
	}
	return len(h.at) > 0
}

// trail is where the next forms probably follow. Where fewer than half of the forms
// were met in step, the POS's order is not the record's here: 0, and the next call
// looks up every key.
func (h *holding) trail(from int64) int64 {
	if from != 0 && 2*h.met < len(h.forms) {
		return 0
	}
	for _, id := range slices.Backward(h.ids) {
		if id != 0 {
			return id
		}
	}
	return 0
}
