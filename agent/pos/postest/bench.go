package postest

import (
	"testing"

	"plait/agent/pos"
	"plait/shared/item"
)

// Bench is one POS database under test, empty, not yet installed, mapped to the
// kinds of Catalog.
type Bench struct {
	Connector pos.Connector
	// Reopen returns another connector to the same database, as after a restart of
	// the agent.
	Reopen func() pos.Connector
	// POS is the same database from the POS's own side.
	POS POS
	// SQL runs a statement as the POS does; nil for a connector without SQL. The
	// suite then leaves out what only SQL can do.
	SQL func(text string) error
}

// Factory makes a bench for one test.
type Factory func(t *testing.T) Bench

// POS is the salon's own program.
type POS interface {
	// Start begins a transaction.
	Start() (POSTx, error)
	// Concurrent reports whether several transactions can write at once, and so
	// commit in another order than that in which they wrote.
	Concurrent() bool
}

// POSTx is one transaction of the POS.
type POSTx interface {
	Do(op Op) error
	Commit() error
	Rollback() error
}

// Op is one statement of the POS.
type Op struct {
	Verb   Verb
	Kind   string
	Key    string
	To     string      // Rekey: the new key. Convert: the new kind. Reparent: the new parent
	Row    string      // Reparent: the vendor whose row moves
	Fields item.Fields // Put and Set: names to values; absent ones are left as they are
}

// Verb is what a statement does.
type Verb string

// The verbs. A statement that finds no row does nothing.
const (
	Put      Verb = "put"      // INSERT, or REPLACE where the key is there
	Set      Verb = "set"      // UPDATE
	Erase    Verb = "erase"    // DELETE
	Hide     Verb = "hide"     // soft delete of a product
	Show     Verb = "show"     // and its undoing
	Rekey    Verb = "rekey"    // a new key for the same row
	Convert  Verb = "convert"  // product to service and back: the filter column moves
	Reparent Verb = "reparent" // a vendor's row goes to another product
)

// Do runs the operations in one transaction and fails the test if one fails.
func (b Bench) Do(t *testing.T, ops ...Op) {
	t.Helper()
	tx, err := b.POS.Start()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range ops {
		if err := tx.Do(op); err != nil {
			t.Fatalf("%+v: %v", op, err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// fields makes a list of names and values; it panics on a name that stands twice.
func fields(pairs ...any) item.Fields {
	var out item.Fields
	for i := 0; i+1 < len(pairs); i += 2 {
		out = out.With(pairs[i].(string), pairs[i+1].(item.Value))
	}
	return out
}

var (
	text    = item.MustText
	decimal = item.MustDecimal
)

// vendorRows makes a value of the field vendors: code, cost, code, cost …
func vendorRows(pairs ...string) item.Value {
	var rows []item.Row
	for i := 0; i+1 < len(pairs); i += 2 {
		rows = append(rows, item.Row{Key: item.Ref("vendor", pairs[i]), Cols: fields("cost", decimal(pairs[i+1]))})
	}
	v, err := item.Rows(rows)
	if err != nil {
		panic(err)
	}
	return v
}
