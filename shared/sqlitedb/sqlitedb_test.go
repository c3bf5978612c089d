package sqlitedb_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/fstest"

	"plait/shared/sqlitedb"
)

const appID = 0x504c4149

// steps makes migrations out of SQL texts, numbered from 1.
func steps(texts ...string) fs.FS {
	files := fstest.MapFS{}
	for i, text := range texts {
		files[fmt.Sprintf("%04d_step.sql", i+1)] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

var words = steps(`CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
	CREATE TABLE use (word INTEGER NOT NULL REFERENCES word DEFERRABLE INITIALLY DEFERRED);`)

func open(t *testing.T, path string, o sqlitedb.Options) *sqlitedb.DB {
	t.Helper()
	db, err := sqlitedb.Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func openWords(t *testing.T) *sqlitedb.DB {
	return open(t, filepath.Join(t.TempDir(), "words.db"), sqlitedb.Options{Migrations: words, AppID: appID})
}

func insert(ctx context.Context, db *sqlitedb.DB, text string) error {
	return db.Write(ctx, func(tx *sqlitedb.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO word (text) VALUES ($1)", text)
		return err
	})
}

func count(t *testing.T, db *sqlitedb.DB) (n int) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sqlitedb.Tx) error {
		return tx.QueryRowContext(t.Context(), "SELECT count(*) FROM word").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func digest(t *testing.T, path string) [32]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(data)
}

func TestEveryConnectionHasThePragmas(t *testing.T) {
	db := openWords(t)
	want := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"}
	for name, value := range want {
		err := db.Write(t.Context(), func(tx *sqlitedb.Tx) error {
			var got string
			if err := tx.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&got); err != nil {
				return err
			}
			if got != value {
				t.Errorf("writer: %s is %s, want %s", name, got, value)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestNormalSyncIsOnlyForTheControl(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "a.db"), sqlitedb.Options{Sync: sqlitedb.SyncNormal})
	var got int
	err := db.Write(t.Context(), func(tx *sqlitedb.Tx) error { return tx.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&got) })
	if err != nil || got != 1 {
		t.Errorf("synchronous is %d, %v; want 1", got, err)
	}
}

func TestFileIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("Windows keeps access lists instead of modes; nothing to check here")
		return
	}
	db := openWords(t)
	if err := insert(t.Context(), db, "a"); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(db.Path() + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", info.Name(), info.Mode().Perm())
		}
	}
}

// A folder's name may hold every character that means something in a URI.
func TestPathWithURICharacters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "50% of #1 & söme")
	if runtime.GOOS != "windows" {
		dir += "?mode=ro"
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "words.db")
	db := open(t, path, sqlitedb.Options{Migrations: words})
	if err := insert(t.Context(), db, "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Errorf("the database is not where it was asked for: %v", err)
	}
}

func TestWriteRollsBack(t *testing.T) {
	db := openWords(t)
	cause := errors.New("cause")
	err := db.Write(t.Context(), func(tx *sqlitedb.Tx) error {
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO word (text) VALUES ('a')"); err != nil {
			return err
		}
		return cause
	})
	if err != cause {
		t.Errorf("Write returned %v, want fn's own error as it is", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = db.Write(t.Context(), func(tx *sqlitedb.Tx) error {
			if _, err := tx.ExecContext(t.Context(), "INSERT INTO word (text) VALUES ('b')"); err != nil {
				return err
			}
			panic("fn")
		})
	}()
	ctx, cancel := context.WithCancel(t.Context())
	err = db.Write(ctx, func(tx *sqlitedb.Tx) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO word (text) VALUES ('c')")
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) || errors.Is(err, sqlitedb.ErrCommitUnknown) {
		t.Errorf("cancelled Write returned %v", err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows stayed behind", n)
	}
	if err := insert(t.Context(), db, "d"); err != nil {
		t.Errorf("the writer is not free again: %v", err)
	}
}

func TestReadSeesOneSnapshotAndChangesNothing(t *testing.T) {
	db := openWords(t)
	err := db.Read(t.Context(), func(tx *sqlitedb.Tx) error {
		var before, after int
		if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM word").Scan(&before); err != nil {
			return err
		}
		if err := insert(t.Context(), db, "a"); err != nil {
			return err
		}
		if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM word").Scan(&after); err != nil {
			return err
		}
		if before != 0 || after != 0 {
			t.Errorf("counted %d, then %d, want 0 twice", before, after)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Read(t.Context(), func(tx *sqlitedb.Tx) error {
		_, err := tx.ExecContext(t.Context(), "DELETE FROM word")
		return err
	})
	if !errors.Is(err, sqlitedb.ErrReadOnly) {
		t.Errorf("DELETE in Read: %v, want ErrReadOnly", err)
	}
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestSecondProcessIsBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "words.db")
	one := open(t, path, sqlitedb.Options{Migrations: words, BusyTimeout: -1})
	two := open(t, path, sqlitedb.Options{Migrations: words, BusyTimeout: -1})
	err := one.Write(t.Context(), func(*sqlitedb.Tx) error { return insert(t.Context(), two, "a") })
	if !sqlitedb.IsBusy(err) {
		t.Errorf("got %v, want a busy error", err)
	}
	if err := insert(t.Context(), two, "a"); err != nil {
		t.Errorf("after the lock is gone: %v", err)
	}
}

func TestConstraints(t *testing.T) {
	db := openWords(t)
	if err := insert(t.Context(), db, "a"); err != nil {
		t.Fatal(err)
	}
	if err := insert(t.Context(), db, "a"); !sqlitedb.IsUnique(err) {
		t.Errorf("second insert: %v, want a unique violation", err)
	}
	// A deferred foreign key fails at COMMIT, where SQLite is sure that
	// nothing was written.
	err := db.Write(t.Context(), func(tx *sqlitedb.Tx) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO use VALUES (99)")
		return err
	})
	if err == nil || errors.Is(err, sqlitedb.ErrCommitUnknown) {
		t.Errorf("deferred violation: %v, want an error that is no unknown", err)
	}
	if err := insert(t.Context(), db, "b"); err != nil {
		t.Errorf("the writer is not free again: %v", err)
	}
}

func TestFailedCommitIsUnknown(t *testing.T) {
	db := openWords(t)
	err := db.Write(t.Context(), func(tx *sqlitedb.Tx) error {
		_, err := tx.ExecContext(t.Context(), "ROLLBACK") // as SQLite itself does after an I/O error
		return err
	})
	if !errors.Is(err, sqlitedb.ErrCommitUnknown) {
		t.Errorf("got %v, want ErrCommitUnknown", err)
	}
	if err := insert(t.Context(), db, "a"); err != nil {
		t.Errorf("the writer is not free again: %v", err)
	}
}

func TestDiskFullAndFreedAgain(t *testing.T) {
	db := openWords(t)
	limit := func(pages int) {
		t.Helper()
		err := db.Write(t.Context(), func(tx *sqlitedb.Tx) error {
			_, err := tx.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	big := string(make([]byte, 1<<20))
	limit(1) // rounded up to what the file has
	if err := insert(t.Context(), db, big); !errors.Is(err, sqlitedb.ErrDiskFull) {
		t.Errorf("got %v, want ErrDiskFull", err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows stayed behind", n)
	}
	limit(1 << 20)
	if err := insert(t.Context(), db, big); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestShrinkLeavesEverythingUsable(t *testing.T) {
	db := openWords(t)
	if err := insert(t.Context(), db, "a"); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db); n != 1 {
		t.Fatalf("%d rows, want 1", n)
	}
	if err := db.Shrink(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := insert(t.Context(), db, "b"); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db); n != 2 {
		t.Errorf("%d rows after Shrink, want 2", n)
	}
}

// Whatever a transaction meets whose context is over, the error says that it is.
func TestErrorsSayThatTheContextIsOver(t *testing.T) {
	db := openWords(t)
	for name, run := range map[string]func(context.Context, func(*sqlitedb.Tx) error) error{"Write": db.Write, "Read": db.Read} {
		for range 200 {
			ctx, cancel := context.WithCancel(t.Context())
			err := run(ctx, func(tx *sqlitedb.Tx) error {
				go cancel()
				for {
					var n int
					if err := tx.QueryRowContext(context.WithoutCancel(ctx), "SELECT count(*) FROM word").Scan(&n); err != nil {
						return err
					}
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%s: %v, want that it was cancelled", name, err)
			}
			cancel()
		}
	}
}
