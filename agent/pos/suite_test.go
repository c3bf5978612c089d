package pos_test

import (
	"path/filepath"
	"testing"

	"plait/agent/pos"
	"plait/agent/pos/postest"
)

// sqliteBench is the suite's factory for SQLite in one journal mode.
func sqliteBench(journal string) postest.Factory {
	return func(t *testing.T) postest.Bench {
		path := filepath.Join(t.TempDir(), "pos.db")
		db := openPOS(t, path, journal, 5000)
		for _, text := range []string{"PRAGMA foreign_keys = 1", postest.SQLSchema} {
			if _, err := db.Exec(text); err != nil {
				t.Fatal(err)
			}
		}
		m := mapping(t, postest.SQLiteMapping)
		open := func() pos.Connector {
			c, err := pos.Open(t.Context(), m, postest.Catalog(), pos.Options{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
			return c
		}
		return postest.Bench{Connector: open(), Reopen: open, POS: postest.SQLPOS{DB: db}, SQL: func(text string) error {
			_, err := db.Exec(text)
			return err
		}}
	}
}

func TestConformance(t *testing.T) {
	for _, journal := range []string{"WAL", "DELETE"} {
		t.Run(journal, func(t *testing.T) { postest.Run(t, sqliteBench(journal)) })
	}
}
