package sqlitedb_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"plait/shared/sqlitedb"
)

// damage overwrites the bytes from offset on, after the database was closed.
func damage(t *testing.T, path string, offset int64, bytes []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(bytes, offset)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// filled returns the path of a closed database of a few hundred pages.
func filled(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "words.db")
	db, err := sqlitedb.Open(t.Context(), path, sqlitedb.Options{Migrations: words, AppID: appID})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if err := insert(t.Context(), db, fmt.Sprintf("%d %s", i, make([]byte, 50_000))); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNotADatabase(t *testing.T) {
	path := filled(t)
	damage(t, path, 0, []byte("a captive portal's <html>"))
	before := digest(t, path)
	_, err := sqlitedb.Open(t.Context(), path, sqlitedb.Options{Migrations: words, AppID: appID})
	if !errors.Is(err, sqlitedb.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
	if digest(t, path) != before {
		t.Error("the damaged file was changed")
	}
}

func TestQuickCheckFindsBrokenPages(t *testing.T) {
	path := filled(t)
	db := open(t, path, sqlitedb.Options{Migrations: words, AppID: appID})
	if err := db.QuickCheck(t.Context()); err != nil {
		t.Fatalf("a sound file: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, path, 10*4096, make([]byte, 20*4096))
	db = open(t, path, sqlitedb.Options{Migrations: words, AppID: appID})
	if err := db.QuickCheck(t.Context()); !errors.Is(err, sqlitedb.ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
	if err := db.Backup(t.Context(), path+".bak"); !errors.Is(err, sqlitedb.ErrDamaged) {
		t.Errorf("backup of a damaged file: %v, want ErrDamaged", err)
	}
	assertAbsent(t, path+".bak", path+".bak.part")
}

func TestBackup(t *testing.T) {
	db := openWords(t)
	for _, text := range []string{"a", "b", "c"} {
		if err := insert(t.Context(), db, text); err != nil {
			t.Fatal(err)
		}
	}
	dest := filepath.Join(t.TempDir(), "it's a backup.db")
	if err := os.WriteFile(dest+".part", []byte("of a backup that was killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), dest); err != nil {
		t.Fatal(err)
	}
	assertAbsent(t, dest+".part")
	if err := insert(t.Context(), db, "d"); err != nil {
		t.Fatal(err)
	}
	restored := open(t, dest, sqlitedb.Options{Migrations: words, AppID: appID})
	if n := count(t, restored); n != 3 || schema(t, restored) != 1 {
		t.Errorf("the backup holds %d rows at schema %d, want 3 at 1", n, schema(t, restored))
	}
	if err := db.Backup(t.Context(), dest); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second backup to the same name: %v, want fs.ErrExist", err)
	}
}

func assertAbsent(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was left behind (%v)", path, err)
		}
	}
}
