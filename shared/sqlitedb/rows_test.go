package sqlitedb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"plait/shared/sqlitedb"
	"plait/shared/sqliterows"
)

// texts reads the words in place.
func texts(t *testing.T, db *sqlitedb.DB) (all []string, err error) {
	t.Helper()
	err = db.Rows(t.Context(), "SELECT text FROM word WHERE text >= ? ORDER BY id", []any{""}, func(row sqliterows.Row) bool {
		all = append(all, strings.Clone(row.Text(0)))
		return true
	})
	return all, err
}

func TestRowsSeesWhatIsCommitted(t *testing.T) {
	db := openWords(t)
	if err := insert(t.Context(), db, "one"); err != nil {
		t.Fatal(err)
	}
	err := db.Write(t.Context(), func(tx *sqlitedb.Tx) error {
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO word (text) VALUES ('two')"); err != nil {
			return err
		}
		if got, err := texts(t, db); err != nil || fmt.Sprint(got) != "[one]" {
			t.Errorf("within another's transaction: %v, %v", got, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // again after its connection was given back
		if got, err := texts(t, db); err != nil || fmt.Sprint(got) != "[one two]" {
			t.Errorf("after the commit: %v, %v", got, err)
		}
		if err := db.Shrink(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := texts(t, db); err == nil || !strings.Contains(err.Error(), db.Path()) {
		t.Errorf("of a closed database: %v", err)
	}
}

func TestRowsSaysWhatIsDamaged(t *testing.T) {
	path := filled(t)
	damage(t, path, 5*4096, make([]byte, 30*4096))
	db := open(t, path, sqlitedb.Options{Migrations: words, AppID: appID})
	if _, err := texts(t, db); !errors.Is(err, sqlitedb.ErrDamaged) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want ErrDamaged and the file", err)
	}
}
