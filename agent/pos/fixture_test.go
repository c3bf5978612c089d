package pos_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plait/agent/pos"
	"plait/agent/pos/postest"

	_ "modernc.org/sqlite" // the POS's own connections
)

// salonRows are the first rows of the suite's POS.
const salonRows = `
INSERT INTO Category VALUES (1, 'Hair'), (2, 'Nails');
INSERT INTO Vendor VALUES ('v1', 'Acme'), ('v2', 'Bolt');
INSERT INTO Item (Id, Name, Price, Stock, Active, Since, Image, Barcode, CategoryId) VALUES
	(1, 'Shampoo', 0.99, 5, 'Y', '2026-01-02 09:30:00', x'0102', '0012', 1), (2, 'Wax', 12, NULL, 'N', NULL, NULL, NULL, NULL);
INSERT INTO Item (Id, Type, Name, Price) VALUES (3, 'S', 'Cut', 30.5);
INSERT INTO ItemVendor VALUES (1, 'v1', 0.4), (1, 'v2', 0.45);
INSERT INTO Sale VALUES ('a/b', 1, 10.1, '2026-01-02 10:00', 'x'), ('a\c', 2, 11, '2026-01-02', NULL);
`

// salon is a POS database with a connector to it, and the POS's own connection.
type salon struct {
	pos.Connector
	t    *testing.T
	path string
	db   *sql.DB
	m    *pos.Mapping
}

func newSalon(t *testing.T, journal string) *salon {
	t.Helper()
	s := &salon{t: t, path: filepath.Join(t.TempDir(), "pos.db")}
	s.db = openPOS(t, s.path, journal, 5000)
	s.sql(postest.SQLSchema + salonRows)
	s.m = mapping(t, postest.SQLiteMapping)
	s.m.Path = s.path
	s.Connector = s.connect(pos.Options{})
	if _, err := s.Install(t.Context(), "store-1"); err != nil {
		t.Fatal(err)
	}
	return s
}

// connect opens another connector to the same database.
func (s *salon) connect(o pos.Options) pos.Connector {
	s.t.Helper()
	c, err := pos.Open(s.t.Context(), s.m, postest.Catalog(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			s.t.Error(err)
		}
	})
	return c
}

func openPOS(t testing.TB, path, journal string, busy int) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)&_pragma=journal_mode(%s)&_pragma=synchronous(OFF)", path, busy, journal))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func mapping(t testing.TB, text string) *pos.Mapping {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mapping.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := pos.LoadMapping(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// sql is the POS doing something.
func (s *salon) sql(text string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Exec(text, args...); err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
}

// one returns a single value of the POS's as text.
func (s *salon) one(text string, args ...any) string {
	s.t.Helper()
	var v any
	if err := s.db.QueryRow(text, args...).Scan(&v); err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
	return fmt.Sprint(v)
}

// pending returns all changes that are not done, and notes them as done.
func (s *salon) pending() []pos.Change {
	s.t.Helper()
	snap, err := s.Snapshot(s.t.Context(), pos.Ask{Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	list := snap.Changes
	if err := s.Done(s.t.Context(), list); err != nil {
		s.t.Fatal(err)
	}
	return list
}

func (s *salon) get(kind, key string) pos.Record {
	s.t.Helper()
	list, err := s.Read(s.t.Context(), kind, []string{key})
	if err != nil {
		s.t.Fatal(err)
	}
	return list[0]
}

func brief(list []pos.Change) string {
	var out []string
	for _, c := range list {
		text := fmt.Sprintf("%c %s %s", c.Op, strings.Join(c.Kinds, "+"), c.Key)
		if c.NewKey != "" {
			text += ">" + c.NewKey
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// salonMappingAt is the suite's mapping for a database elsewhere.
func salonMappingAt(path string) string {
	return strings.Replace(postest.SQLiteMapping, "path: pos.db", "path: "+path, 1)
}
