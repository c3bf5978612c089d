package sqlitedb_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"plait/shared/sqlitedb"
)

const (
	stepA = "CREATE TABLE a (x);"
	stepB = "CREATE TABLE b (x); INSERT INTO b VALUES (1);"
	stepC = "CREATE TABLE c (x);"
)

func tables(t *testing.T, db *sqlitedb.DB) (names string) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sqlitedb.Tx) error {
		return tx.QueryRowContext(t.Context(), "SELECT coalesce(group_concat(name, ' ' ORDER BY name), '') FROM sqlite_schema WHERE type = 'table'").Scan(&names)
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func schema(t *testing.T, db *sqlitedb.DB) int {
	t.Helper()
	n, err := db.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMigrationsGrow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := open(t, path, sqlitedb.Options{Migrations: steps(stepA)})
	if got := tables(t, db); got != "a" || schema(t, db) != 1 {
		t.Fatalf("tables %q at schema %d", got, schema(t, db))
	}
	db = open(t, path, sqlitedb.Options{Migrations: steps(stepA, stepB, stepC)})
	if got := tables(t, db); got != "a b c" || schema(t, db) != 3 {
		t.Errorf("tables %q at schema %d, want a b c at 3", got, schema(t, db))
	}
}

// A step that dies in its middle leaves the schema of the step before it, whole
// and usable, and a mended program goes on from there.
func TestMigrationFailsHalfWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	broken := steps(stepA, "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1);", stepC)
	_, err := sqlitedb.Open(t.Context(), path, sqlitedb.Options{Migrations: broken, AppID: appID})
	if err == nil || !strings.Contains(err.Error(), "schema 2 (0002_step.sql)") {
		t.Fatalf("error %v does not name the step", err)
	}
	db := open(t, path, sqlitedb.Options{Migrations: steps(stepA), AppID: appID})
	if got := tables(t, db); got != "a" || schema(t, db) != 1 {
		t.Errorf("tables %q at schema %d, want a at 1", got, schema(t, db))
	}
	db = open(t, path, sqlitedb.Options{Migrations: steps(stepA, stepB, stepC), AppID: appID})
	if got := tables(t, db); got != "a b c" || schema(t, db) != 3 {
		t.Errorf("tables %q at schema %d, want a b c at 3", got, schema(t, db))
	}
}

func TestTwoProcessesMigrateAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	errs := make(chan error)
	const processes = 4
	for range processes {
		go func() {
			db, err := sqlitedb.Open(t.Context(), path, sqlitedb.Options{Migrations: steps(stepA, stepB, stepC)})
			if err == nil {
				err = db.Close()
			}
			errs <- err
		}()
	}
	for range processes {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	db := open(t, path, sqlitedb.Options{Migrations: steps(stepA, stepB, stepC)})
	if got := tables(t, db); got != "a b c" {
		t.Errorf("tables %q, want a b c", got)
	}
}

func TestBadMigrationFiles(t *testing.T) {
	file := &fstest.MapFile{Data: []byte(stepA)}
	for name, files := range map[string]fstest.MapFS{
		"gap":        {"0001_a.sql": file, "0003_c.sql": file},
		"twice":      {"0001_a.sql": file, "0001_b.sql": file},
		"from zero":  {"0000_a.sql": file},
		"other name": {"0001-a.sql": file},
	} {
		path := filepath.Join(t.TempDir(), "a.db")
		if _, err := sqlitedb.Open(t.Context(), path, sqlitedb.Options{Migrations: files}); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a file was created", name)
		}
	}
}

func TestNewerSchemaIsRefusedUntouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	newer, err := sqlitedb.Open(t.Context(), path, sqlitedb.Options{Migrations: steps(stepA, stepB, stepC)})
	if err != nil {
		t.Fatal(err)
	}
	// The first round meets the file and its WAL as a killed program leaves
	// them, the second the file alone.
	copied := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		copyFile(t, path+suffix, copied+suffix)
	}
	if err := newer.Close(); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{copied, path} {
		before := digest(t, file)
		_, err := sqlitedb.Open(t.Context(), file, sqlitedb.Options{Migrations: steps(stepA)})
		var refused *sqlitedb.NewerSchemaError
		if !errors.As(err, &refused) || refused.Schema != 3 || refused.Known != 1 {
			t.Fatalf("got %v, want a refusal of schema 3 by a program that knows 1", err)
		}
		if !strings.Contains(err.Error(), "install that version again") {
			t.Errorf("%q names no way out", err)
		}
		if digest(t, file) != before {
			t.Errorf("%s was changed", file)
		}
	}
	if got := tables(t, open(t, copied, sqlitedb.Options{Migrations: steps(stepA, stepB, stepC)})); got != "a b c" {
		t.Errorf("the newer program finds tables %q, want a b c", got)
	}
}

func TestForeignDatabaseIsRefusedUntouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pos.db")
	pos, err := sqlitedb.Open(t.Context(), path, sqlitedb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = pos.Write(t.Context(), func(tx *sqlitedb.Tx) error {
		_, err := tx.ExecContext(t.Context(), stepA)
		return err
	})
	if err := errors.Join(err, pos.Close()); err != nil {
		t.Fatal(err)
	}
	before := digest(t, path)
	_, err = sqlitedb.Open(t.Context(), path, sqlitedb.Options{Migrations: steps(stepA), AppID: appID})
	if !errors.Is(err, sqlitedb.ErrForeign) {
		t.Errorf("got %v, want ErrForeign", err)
	}
	if digest(t, path) != before {
		t.Error("the file was changed")
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
