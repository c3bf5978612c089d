package postest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"plait/agent/pos"
)

// sqlOnly runs what needs a database with SQL.
func sqlOnly(t *testing.T, factory Factory) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Bench)
	}{
		{"a schema that ends our transaction", testAborted},
		{"a schema that ends our transaction in the middle of several statements", testAbortedTogether},
		{"kinds of which one item may change another", testApart},
		{"a table that was rebuilt", testRebuilt},
		{"a change table that was dropped", testNoChangeTable},
		{"a POS that ignores a change", testIgnored},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := factory(t)
			if b.SQL == nil {
				t.Log("this connector has no SQL")
				return
			}
			install(t, b)
			c.test(t, b)
		})
	}
}

func (b Bench) sql(t *testing.T, text string) {
	t.Helper()
	if err := b.SQL(text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// testAborted: a RAISE(ROLLBACK) in the POS's schema takes the whole transaction
// away; a receipt that is written after it must not be committed alone.
func testAborted(t *testing.T, b Bench) {
	b.sql(t, `CREATE TRIGGER pos_guard BEFORE UPDATE ON Category WHEN NEW.Name = 'forbidden' BEGIN SELECT RAISE(ROLLBACK, 'no'); END`)
	tx := begin(t, b)
	key := insert(t, tx, "category", fields("name", text("Hair")))
	if err := tx.Update(t.Context(), "category", key, fields("name", text("forbidden"))); !errors.Is(err, pos.ErrAborted) {
		t.Errorf("update: %v, want ErrAborted", err)
	}
	if err := tx.PutReceipt(t.Context(), pos.Receipt{Job: "j1", At: time.Unix(1, 0)}); !errors.Is(err, pos.ErrAborted) {
		t.Errorf("receipt: %v, want ErrAborted", err)
	}
	if err := tx.Commit(); !errors.Is(err, pos.ErrAborted) {
		t.Errorf("commit: %v, want ErrAborted", err)
	}
	if _, ok, err := b.Connector.Receipt(t.Context(), "j1"); ok || err != nil {
		t.Errorf("the receipt was committed alone (%t, %v)", ok, err)
	}
	again := begin(t, b)
	insert(t, again, "category", fields("name", text("Nails")))
	commit(t, again)
}

// testRebuilt: an upgrade of the POS makes a table anew, and the triggers are gone.
func testRebuilt(t *testing.T, b Bench) {
	rec := record{}
	b.sql(t, `CREATE TABLE Category2 (Id INTEGER PRIMARY KEY, Name VARCHAR(80) NOT NULL, Colour TEXT)`)
	b.sql(t, `INSERT INTO Category2 (Id, Name) VALUES (5, 'Hair')`)
	b.sql(t, `DROP TABLE Category`)
	b.sql(t, `ALTER TABLE Category2 RENAME TO Category`)
	b.sql(t, `INSERT INTO Category (Id, Name) VALUES (6, 'Nails')`)
	rec.drain(t, b.Connector, 100)
	if len(rec) != 0 {
		t.Errorf("captured %v without triggers", rec)
	}
	list, err := b.Connector.Check(t.Context())
	bad := slices.IndexFunc(list, func(f pos.Finding) bool { return !f.OK && f.Subject == "triggers" })
	if err != nil || bad < 0 {
		t.Errorf("Check does not name the triggers: %+v, %v", list, err)
	}
	in := install(t, b)
	if !slices.Equal(in.Triggers, []string{"Category"}) {
		t.Errorf("install repaired %v, want Category", in.Triggers)
	}
	if found := scanAll(t, b.Connector); len(differences(rec, found)) != 2 {
		t.Errorf("the comparison finds %v", differences(rec, found))
	}
	b.sql(t, `UPDATE Category SET Name = 'x' WHERE Id = 6`)
	rec.drain(t, b.Connector, 100)
	if len(rec) != 1 {
		t.Errorf("captured %v after the repair", rec)
	}
}

// testNoChangeTable: somebody drops plait_changes while its triggers live. The
// POS's statements fail until Install; Check must say so.
func testNoChangeTable(t *testing.T, b Bench) {
	b.sql(t, `DROP TABLE plait_changes`)
	list, err := b.Connector.Check(t.Context())
	if err != nil || !slices.ContainsFunc(list, func(f pos.Finding) bool { return !f.OK && f.Subject == "triggers" }) {
		t.Errorf("Check: %+v, %v", list, err)
	}
	install(t, b)
	// A connection that saw the table go notices its return at its next SELECT, not
	// within a trigger (SQLite 3.53).
	b.sql(t, `SELECT count(*) FROM Category`)
	b.sql(t, `INSERT INTO Category (Id, Name) VALUES (6, 'Nails')`)
	if list := pending(t, b.Connector); len(list) != 1 {
		t.Errorf("pending after the repair: %+v", list)
	}
	b.sql(t, `DROP TABLE plait_changes`)
	if err := b.Connector.Uninstall(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.sql(t, `SELECT count(*) FROM Category`)
	b.sql(t, `DELETE FROM Category`)
}

func testIgnored(t *testing.T, b Bench) {
	b.sql(t, `CREATE TRIGGER pos_ignore BEFORE INSERT ON Category WHEN NEW.Name = 'ignored' BEGIN SELECT RAISE(IGNORE); END`)
	tx := begin(t, b)
	if _, err := tx.Insert(t.Context(), "category", fields("name", text("ignored"))); !errors.Is(err, pos.ErrConstraint) {
		t.Errorf("insert that the POS ignores: %v, want ErrConstraint", err)
	}
	insert(t, tx, "category", fields("name", text("Hair")))
	commit(t, tx)
}

// testAbortedTogether: nothing is run, and nothing committed, after the transaction
// that it belonged to was ended.
func testAbortedTogether(t *testing.T, b Bench) {
	b.sql(t, `CREATE TRIGGER pos_guard BEFORE UPDATE ON Category WHEN NEW.Name = 'forbidden' BEGIN SELECT RAISE(ROLLBACK, 'no'); END`)
	tx := begin(t, b)
	err := tx.Together(t.Context(), func() error {
		key := insert(t, tx, "category", fields("name", text("Hair")))
		return tx.Update(t.Context(), "category", key, fields("name", text("forbidden")))
	})
	if !errors.Is(err, pos.ErrAborted) {
		t.Errorf("together: %v, want ErrAborted", err)
	}
	if err := tx.PutReceipt(t.Context(), pos.Receipt{Job: "j1", At: time.Unix(1, 0)}); !errors.Is(err, pos.ErrAborted) {
		t.Errorf("receipt: %v, want ErrAborted", err)
	}
	if err := tx.Commit(); !errors.Is(err, pos.ErrAborted) {
		t.Errorf("commit: %v, want ErrAborted", err)
	}
	if left := scanAll(t, b.Connector); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// testApart: a trigger of the POS's, or a foreign key that carries a value on, may
// change one item when another is written.
func testApart(t *testing.T, b Bench) {
	says := func(kind string, want bool) {
		t.Helper()
		tx := begin(t, b)
		if got, outside := tx.Apart(kind), b.Connector.Apart(kind); got != want || outside != want {
			t.Errorf("%s stand apart: %t, outside of a transaction %t, want %t", kind, got, outside, want)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []string{"category", "vendor", "product", "service"} {
		says(kind, true)
	}
	b.sql(t, `CREATE TRIGGER pos_one AFTER UPDATE ON itemvendor BEGIN UPDATE Item SET Tax = 1; END`)
	says("product", false)
	says("service", true)
	b.sql(t, `CREATE TABLE Brand (Id INTEGER PRIMARY KEY, Of VARCHAR(40) REFERENCES item(Barcode) ON UPDATE CASCADE)`)
	says("service", false)
	says("category", true)
	b.sql(t, `CREATE TABLE Shelf (Id INTEGER PRIMARY KEY, Of INT REFERENCES Category(Id) ON UPDATE CASCADE ON DELETE SET NULL)`)
	says("category", true)
}
