package outbox

import (
	"database/sql"
	"fmt"

	"plait/shared/item"
)

// met is what a transaction has read of some keys of one kind: every generation of
// them, and where it waits.
type met struct {
	asked map[string]bool
	rows  map[keyGen]*stored
}

type keyGen struct {
	key string
	gen int64
}

func newMet(size int) *met {
	return &met{asked: make(map[string]bool, size), rows: make(map[keyGen]*stored, size)}
}

// read reads what there is of some keys of a kind that the record knows.
func (m *met) read(p *putter, kind int64, keys []string) error {
	for _, key := range keys {
		m.asked[key] = true
	}
	each := func(rows *sql.Rows) error {
		o := &stored{}
		if err := o.scanPlace(rows); err != nil {
			return err
		}
		if !m.asked[o.key] {
			return fmt.Errorf("the index of items leads to another key: %w", ErrDamaged)
		}
		o.asked = o.id < p.newFrom // else it is still to be queued
		m.rows[keyGen{o.key, o.gen}] = o
		return nil
	}
	return p.byKeys(each, metQuery, kind, keys)
}

const metQuery = "SELECT " + storedColumns + ", i.body, " + queuedColumns + fromIndex +
	" LEFT JOIN outbox o ON " + isQueued + " o.pos = i.pos AND o.ref = i.id WHERE x.kind = ? AND x.key IN"

// has reports whether all that there is under the items' keys was read.
func (m *met) has(items []item.Item) bool {
	if m == nil {
		return false
	}
	for i := range items {
		if !m.asked[items[i].Key] {
			return false
		}
	}
	return true
}

// unasked are those of the keys that were not asked for.
func (m *met) unasked(keys []string) (out []string) {
	for _, key := range keys {
		if !m.asked[key] {
			out = append(out, key)
		}
	}
	return out
}

// newest are the newest generations under some of the keys, and the rows of them
// that are damaged.
func (m *met) newest(kind string, keys []string) (rows map[string]Row, bad []*stored) {
	want := make(map[string]bool, len(keys))
	for _, key := range keys {
		want[key] = true
	}
	rows = make(map[string]Row, len(keys))
	for id, o := range m.rows {
		switch old, ok := rows[id.key]; {
		case !want[id.key]:
		case !o.sound():
			bad = append(bad, o)
		case !ok || old.Gen < o.gen:
			rows[id.key] = o.row(kind)
		}
	}
	return rows, bad
}
