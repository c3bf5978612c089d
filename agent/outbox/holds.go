package outbox

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"plait/shared/item"
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
	h := newHolding(forms)
	err = b.read(ctx, func(tx *sql.Tx) error {
		kinds, err := loadKinds(ctx, tx)
		if err != nil || kinds.id(kind) == 0 {
			return err
		}
		h.statements, h.kind = newStatements(ctx, tx), kinds.id(kind)
		if err := h.leaveOut(kind); err != nil {
			return err
		}
		if err := h.inStep(trail); err != nil {
			return err
		}
		return h.lookUp()
	})
	if err != nil {
		return nil, 0, fmt.Errorf("cannot compare %s with the record: %w", kind, err)
	}
	return h.held, h.trail(trail), nil
}

// holding is one call of Holds.
type holding struct {
	*statements
	kind  int64
	forms []item.Form
	at    map[string]int // forms that are still to be found
	held  []bool
	ids   []int64 // the rows that were found, by form
	met   int     // forms that were found in step
}

func newHolding(forms []item.Form) *holding {
	h := &holding{forms: forms, at: make(map[string]int, len(forms)), held: make([]bool, len(forms)), ids: make([]int64, len(forms))}
	for i, f := range forms {
		if f.Body != nil {
			h.at[f.Key] = i
		}
	}
	return h
}

// leaveOut takes out the keys about which capture has something to decide or to
// tidy up, whatever the POS holds: there are few of them, if any.
func (h *holding) leaveOut(kind string) error {
	each := func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		delete(h.at, key)
		return err
	}
	return h.query(each, `SELECT key FROM dirty WHERE kind = $1 UNION ALL SELECT key FROM unsettled WHERE kind = $1
		UNION ALL SELECT key FROM parked WHERE kind = $1 AND cause = $2`, kind, causePOS)
}

// stepsAside is how many rows of other kinds are passed over, for each form, to
// find the forms in step.
const stepsAside = 3

// inStep reads on from the trail until every form was met, or as many rows as there
// are forms and a few that are no more in the POS.
func (h *holding) inStep(trail int64) error {
	if trail == 0 {
		return nil
	}
	n := len(h.forms)
	before := len(h.at)
	err := h.rows(`SELECT `+storedColumns+`, i.body FROM items i NOT INDEXED
		WHERE i.id > $1 AND i.id <= $2 AND i.kind = $3 AND i.dead = 0 LIMIT $4`, trail, trail+int64(n)*(1+stepsAside), h.kind, n+n/4+1)
	h.met = before - len(h.at)
	return err
}

// lookUp looks for the forms that were not met, each by its key.
func (h *holding) lookUp() error {
	keys := make([]string, 0, len(h.at))
	for _, f := range h.forms {
		if _, ok := h.at[f.Key]; ok {
			keys = append(keys, f.Key)
		}
	}
	for part := range slices.Chunk(keys, bulk) {
		args := make([]any, 1, 1+bulk)
		args[0] = h.kind
		for i := range bulk {
			args = append(args, part[min(i, len(part)-1)])
		}
		if err := h.rows("SELECT "+storedColumns+", i.body FROM items i WHERE i.kind = ? AND i.dead = 0 AND i.key IN"+bulkKeys, args...); err != nil {
			return err
		}
	}
	return nil
}

// rows compares what a query finds with the forms of the same keys.
func (h *holding) rows(text string, args ...any) error {
	st, err := h.get(text)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(context.WithoutCancel(h.ctx), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	r := newRowReader()
	for len(h.at) > 0 && rows.Next() {
		if err := rows.Scan(r.into...); err != nil {
			return err
		}
		h.compare(&r.stored)
	}
	return rows.Err()
}

// compare takes the living row of a key; a key has no more than one.
func (h *holding) compare(s *stored) {
	i, ok := h.at[s.key]
	if !ok {
		return
	}
	delete(h.at, s.key)
	h.ids[i] = s.id
	h.held[i] = string(s.body) == string(h.forms[i].Body) && s.sound()
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
