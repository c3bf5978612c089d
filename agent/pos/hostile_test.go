package pos_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plait/agent/pos"
	"plait/agent/pos/postest"
	"plait/shared/item"
)

const hostileName = "x\"; DROP TABLE t`--'%s"

// Identifiers come from a mapping and from the schema; none is ever part of the
// SQL but as a quoted name.
func TestHostileNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pos.db")
	db := openPOS(t, path, "WAL", 5000)
	quoted := `"` + strings.ReplaceAll(hostileName, `"`, `""`) + `"`
	if _, err := db.Exec(`CREATE TABLE ` + quoted + ` (` + quoted + ` TEXT PRIMARY KEY NOT NULL, "select" TEXT)`); err != nil {
		t.Fatal(err)
	}
	yaml := `'` + strings.ReplaceAll(hostileName, `'`, `''`) + `'`
	m := mapping(t, `
pos: {engine: sqlite, path: `+path+`}
kinds:
  vendor: {table: `+yaml+`, key: `+yaml+`, new_key: uuid, fields: {name: select}}`)
	c, err := pos.Open(t.Context(), m, postest.Catalog(), pos.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Install(t.Context(), "s"); err != nil {
		t.Fatal(err)
	}
	if in, err := c.Install(t.Context(), "s"); err != nil || len(in.Triggers) > 0 {
		t.Errorf("the triggers are made anew each time: %+v, %v", in, err)
	}
	if _, err := db.Exec(`INSERT INTO ` + quoted + ` VALUES ('k''1', '</script>'), ('k2', x'ff')`); err != nil {
		t.Fatal(err)
	}
	snap, err := c.Snapshot(t.Context(), pos.Ask{Limit: 10})
	if err != nil || brief(snap.Changes) != "I vendor k'1, I vendor k2" {
		t.Errorf("captured %q, %v", brief(snap.Changes), err)
	}
	records, err := c.Read(t.Context(), "vendor", []string{"k'1", "k2"})
	if err != nil || records[0].Item.Fields.Get("name").Str() != "</script>" {
		t.Fatalf("read %+v, %v", records, err)
	}
	if records[1].Trouble == nil || !strings.Contains(records[1].Trouble.Error(), "column \"select\", key \"k2\"") {
		t.Errorf("trouble %v does not name column and key", records[1].Trouble)
	}
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key, err := tx.Insert(t.Context(), "vendor", item.Fields{{Name: "name", Value: item.MustText("Robert'); DROP TABLE Students;--")}})
	if err == nil {
		err = tx.Delete(t.Context(), "vendor", "k2")
	}
	if err == nil {
		_, err = tx.Referred(t.Context(), "vendor", key)
	}
	if err := errors.Join(err, tx.Commit()); err != nil {
		t.Fatal(err)
	}
	if err := c.Uninstall(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What does not fit its type parks the item and names the place; the rest of the
// table goes on.
func TestTroubleNamesThePlace(t *testing.T) {
	s := newSalon(t, "WAL")
	s.sql(`INSERT INTO Item (Id, Name, Price, Stock, Active, Since) VALUES (5, CAST(x'ff41' AS TEXT), 'dear', 1, 'Y', 0), (6, 'ok', 1, 'many', 'maybe', NULL)`)
	for key, want := range map[string][]string{
		"5": {`field "name"`, `column "Price"`, `key "5"`, `column "Since"`, "a date or time"},
		"6": {`column "Stock"`, `the text "many"`, `column "Active"`, "Y or N"},
	} {
		rec := s.get("product", key)
		if !rec.Exists || rec.Trouble == nil {
			t.Errorf("%s: %+v", key, rec)
			continue
		}
		for _, w := range want {
			if !strings.Contains(rec.Trouble.Error(), w) {
				t.Errorf("%s: %q does not say %s", key, rec.Trouble, w)
			}
		}
	}
}

// A kind that an upgrade of the POS broke is paused alone, by name.
func TestUpgradeOfThePOS(t *testing.T) {
	s := newSalon(t, "WAL")
	s.sql(`ALTER TABLE Item DROP COLUMN Stock`)
	s.sql(`UPDATE Item SET Name = 'new' WHERE Id = 3`)
	if got := brief(s.pending()); got != "U product+service 3" {
		t.Errorf("captured %q", got)
	}
	_, err := s.Read(t.Context(), "product", []string{"1"})
	if !errors.Is(err, pos.ErrPaused) || !strings.Contains(err.Error(), `table "Item" has no column "Stock"`) {
		t.Errorf("reading the broken kind: %v", err)
	}
	if name := s.get("service", "3").Item.Fields.Get("name").Str(); name != "new" {
		t.Errorf("the other kind on the table has the name %q", name)
	}
	profile, err := s.Profile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range profile.Kinds {
		if (k.Paused != "") != (k.Kind == "product") {
			t.Errorf("kind %s is paused: %q", k.Kind, k.Paused)
		}
	}
	list, err := s.Check(t.Context())
	if err != nil || !slices.ContainsFunc(list, func(f pos.Finding) bool { return f.Kind == "product" && !f.OK }) {
		t.Errorf("Check: %+v, %v", list, err)
	}
	s.sql(`ALTER TABLE Item ADD COLUMN Stock INT`)
	if rec := s.get("product", "1"); !rec.Exists {
		t.Error("the kind is still paused after the mend")
	}
}

// A column of the POS that no trigger reads can be dropped while Plait is there.
func TestTriggersReadKeysOnly(t *testing.T) {
	s := newSalon(t, "DELETE")
	for _, column := range []string{"Price", "Stock", "Since", "Image", "Active"} {
		if column == "Price" {
			continue // the POS's own CHECK reads it
		}
		s.sql(`ALTER TABLE Item DROP COLUMN ` + column)
	}
	s.sql(`ALTER TABLE ItemVendor DROP COLUMN Cost`)
}
