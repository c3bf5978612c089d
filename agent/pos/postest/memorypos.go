package postest

import (
	"fmt"

	"plait/agent/pos"
	"plait/shared/item"
)

// POS returns the database from the POS's own side.
func (m *Memory) POS() POS { return memoryPOS{m} }

type memoryPOS struct{ m *Memory }

func (memoryPOS) Concurrent() bool { return true }

func (p memoryPOS) Start() (POSTx, error) { return &memoryPOSTx{p.m.start()}, nil }

type memoryPOSTx struct{ *memoryTx }

func (tx *memoryPOSTx) Commit() error { return tx.commit() }

func (tx *memoryPOSTx) Rollback() error {
	tx.over = true
	return nil
}

// Do runs one statement. As in SQL, one that finds no row does nothing.
func (tx *memoryPOSTx) Do(op Op) error {
	db := tx.m.db
	table := db.table(op.Kind)
	kinds := db.kinds(table)
	row, found := tx.st.rows[table][op.Key]
	if op.Verb == Put {
		return tx.do(tx.replace(table, op), db.write(table, op.Key, memoryRow{kind: op.Kind, fields: op.Fields}), db.trace(pos.Insert, kinds, op.Key, ""))
	}
	if !found {
		return nil
	}
	switch op.Verb {
	case Set:
		for _, f := range op.Fields {
			row.fields = row.fields.With(f.Name, f.Value)
		}
	case Hide:
		row.hidden = true
	case Show:
		row.hidden = false
	case Convert:
		row.kind = op.To
	case Erase:
		return tx.do(db.remove(table, op.Key), db.trace(pos.Delete, kinds, op.Key, ""))
	case Rekey:
		return tx.rekey(table, op, row)
	case Reparent:
		return tx.reparent(table, op, row)
	default:
		return fmt.Errorf("cannot do %q", op.Verb)
	}
	return tx.do(db.write(table, op.Key, row), db.trace(pos.Update, kinds, op.Key, ""))
}

// replace takes away, without a change row, what a REPLACE would: the row of
// another key with the same value in the unique field.
func (tx *memoryPOSTx) replace(table string, op Op) func(*memoryState) error {
	name := tx.m.db.o.Unique[op.Kind]
	return func(st *memoryState) error {
		v := op.Fields.Get(name)
		for key, r := range st.rows[table] {
			if key != op.Key && name != "" && !v.IsEmpty() && r.fields.Get(name).Equal(v) {
				delete(st.rows[table], key)
			}
		}
		return nil
	}
}

func (tx *memoryPOSTx) rekey(table string, op Op, row memoryRow) error {
	db := tx.m.db
	if op.To == op.Key {
		return nil
	}
	if _, taken := tx.st.rows[table][op.To]; taken {
		return fmt.Errorf("%w: key %q", pos.ErrUnique, op.To)
	}
	return tx.do(db.remove(table, op.Key), db.write(table, op.To, row), db.trace(pos.Update, db.kinds(table), op.Key, op.To))
}

// reparent moves one vendor's row from a product to another.
func (tx *memoryPOSTx) reparent(table string, op Op, row memoryRow) error {
	db := tx.m.db
	to, ok := tx.st.rows[table][op.To]
	rest, moved := split(row.fields.Get("vendors"), op.Row)
	if op.To == op.Key || moved == nil {
		return nil
	}
	there, double := split(to.fields.Get("vendors"), op.Row)
	if !ok || double != nil {
		return fmt.Errorf("%w: product %q", pos.ErrReference, op.To)
	}
	from, err := item.Rows(rest)
	if err != nil {
		return err
	}
	into, err := item.Rows(append(there, *moved))
	if err != nil {
		return err
	}
	row.fields, to.fields = row.fields.With("vendors", from), to.fields.With("vendors", into)
	return tx.do(db.write(table, op.Key, row), db.write(table, op.To, to), db.trace(pos.Update, db.kinds(table), op.Key, op.To))
}

// split returns the rows without the vendor's, and the vendor's.
func split(v item.Value, vendor string) (rest []item.Row, its *item.Row) {
	for _, r := range v.Rows() {
		if r.Key.Str() == vendor {
			its = &r
			continue
		}
		rest = append(rest, r)
	}
	return rest, its
}
