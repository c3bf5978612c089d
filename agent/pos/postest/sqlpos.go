package postest

import (
	"database/sql"
	"fmt"
	"strings"

	"plait/shared/item"
)

// SQLPOS is a POS on SQLSchema.
type SQLPOS struct {
	DB      *sql.DB
	Writers bool // the engine lets several transactions write at once
}

// Concurrent reports what Writers says.
func (p SQLPOS) Concurrent() bool { return p.Writers }

// Start begins a transaction.
func (p SQLPOS) Start() (POSTx, error) {
	tx, err := p.DB.Begin()
	if err != nil {
		return nil, err
	}
	return &sqlPOSTx{tx}, nil
}

type sqlPOSTx struct{ *sql.Tx }

// place is a kind's table, its key columns, and the columns of the suite's fields.
type place struct {
	table   string
	key     []string
	columns map[string]string
	fixed   map[string]any
}

var places = map[string]place{
	"category": {"Category", []string{"Id"}, map[string]string{"name": "Name"}, nil},
	"vendor":   {"Vendor", []string{"Code"}, map[string]string{"name": "Name"}, nil},
	"product": {"Item", []string{"Id"}, map[string]string{"name": "Name", "price": "Price", "barcode": "Barcode", "category": "CategoryId", "stock": "Stock"},
		map[string]any{"Type": "P"}},
	"service": {"Item", []string{"Id"}, map[string]string{"name": "Name", "price": "Price"}, map[string]any{"Type": "S"}},
	"sale":    {"Sale", []string{"Till", "No"}, map[string]string{"total": "Total", "note": "Note"}, nil},
}

// Do translates an operation into statements.
func (tx *sqlPOSTx) Do(op Op) error {
	p := places[op.Kind]
	where, args := p.where(op.Key)
	switch op.Verb {
	case Put:
		return tx.put(p, op)
	case Set:
		return tx.set(p, op)
	case Erase:
		return tx.run("DELETE FROM "+p.table+where, args...)
	case Hide:
		return tx.run("UPDATE Item SET Deleted = 1"+where, args...)
	case Show:
		return tx.run("UPDATE Item SET Deleted = 0"+where, args...)
	case Rekey:
		parts, _ := item.SplitKey(op.To, len(p.key))
		return tx.run("UPDATE "+p.table+" SET "+assign(p.key)+where, append(anys(parts), args...)...)
	case Convert:
		return tx.run("UPDATE Item SET Type = ?"+where, append([]any{places[op.To].fixed["Type"]}, args...)...)
	case Reparent:
		return tx.run("UPDATE ItemVendor SET ItemId = ? WHERE ItemId = ? AND VendorCode = ?", op.To, op.Key, op.Row)
	default:
		return fmt.Errorf("cannot do %q", op.Verb)
	}
}

func (tx *sqlPOSTx) run(text string, args ...any) error {
	_, err := tx.Exec(text, args...)
	return err
}

func (p place) where(key string) (string, []any) {
	parts, _ := item.SplitKey(key, len(p.key))
	return " WHERE " + strings.ReplaceAll(assign(p.key), ",", " AND"), anys(parts)
}

func assign(columns []string) string { return strings.Join(columns, " = ?, ") + " = ?" }

func anys(parts []string) []any {
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out
}

func (tx *sqlPOSTx) put(p place, op Op) error {
	parts, _ := item.SplitKey(op.Key, len(p.key))
	names, args := append([]string{}, p.key...), anys(parts)
	for column, v := range p.fixed {
		names, args = append(names, column), append(args, v)
	}
	for _, f := range op.Fields {
		if column := p.columns[f.Name]; column != "" {
			names, args = append(names, column), append(args, plain(f.Value))
		}
	}
	err := tx.run("REPLACE INTO "+p.table+" ("+strings.Join(names, ", ")+") VALUES (?"+strings.Repeat(", ?", len(names)-1)+")", args...)
	if err != nil {
		return err
	}
	return tx.rows(op)
}

func (tx *sqlPOSTx) set(p place, op Op) error {
	var names []string
	var args []any
	for _, f := range op.Fields {
		if column := p.columns[f.Name]; column != "" {
			names, args = append(names, column), append(args, plain(f.Value))
		}
	}
	if len(names) > 0 {
		where, at := p.where(op.Key)
		if err := tx.run("UPDATE "+p.table+" SET "+assign(names)+where, append(args, at...)...); err != nil {
			return err
		}
	}
	return tx.rows(op)
}

// rows replaces a product's vendors.
func (tx *sqlPOSTx) rows(op Op) error {
	v := op.Fields.Get("vendors")
	if v.IsAbsent() {
		return nil
	}
	if err := tx.run("DELETE FROM ItemVendor WHERE ItemId = ?", op.Key); err != nil {
		return err
	}
	for _, r := range v.Rows() {
		if err := tx.run("INSERT INTO ItemVendor VALUES (?, ?, ?)", op.Key, r.Key.Str(), plain(r.Cols.Get("cost"))); err != nil {
			return err
		}
	}
	return nil
}

func plain(v item.Value) any {
	switch v.Type() {
	case item.TypeNull:
		return nil
	case item.TypeInteger:
		return v.Int()
	default:
		return v.Str()
	}
}
