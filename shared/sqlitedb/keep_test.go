package sqlitedb_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"plait/shared/sqlitedb"
)

// One connection, so that everything below meets the same kept statements.
func openNumbers(t *testing.T) (*sqlitedb.DB, string) {
	path := filepath.Join(t.TempDir(), "numbers.db")
	db := open(t, path, sqlitedb.Options{Migrations: steps("CREATE TABLE n (n INTEGER PRIMARY KEY, of INTEGER NOT NULL)"), Readers: 1})
	write(t, db, func(tx *sqlitedb.Tx) error {
		for i := 1; i <= 9; i++ {
			if _, err := tx.ExecContext(t.Context(), "INSERT INTO n VALUES (?, ?)", i, i/3); err != nil {
				return err
			}
		}
		return nil
	})
	return db, path
}

func write(t *testing.T, db *sqlitedb.DB, fn func(*sqlitedb.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// sumOf runs a statement within itself, depth times.
func sumOf(tx *sqlitedb.Tx, of, depth int) (sum int, err error) {
	rows, err := tx.QueryContext(context.Background(), "SELECT n FROM n WHERE of = ? ORDER BY n", of)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return 0, err
		}
		sum += n
		if depth > 0 {
			inner, err := sumOf(tx, of, depth-1)
			if err != nil {
				return 0, err
			}
			sum += inner
		}
	}
	return sum, rows.Err()
}

func TestAStatementRunsWhileItRuns(t *testing.T) {
	db, _ := openNumbers(t)
	for range 2 { // the second time with statements that are kept
		err := db.Read(t.Context(), func(tx *sqlitedb.Tx) error {
			got, err := sumOf(tx, 1, 2) // 3+4+5, and 3 times as often at each depth
			if want := 12 + 3*12 + 9*12; got != want {
				t.Errorf("the sum is %d, want %d", got, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A statement that failed, was left half read, or was bound to other values
// serves the next as if it were new.
func TestAKeptStatementIsAsNew(t *testing.T) {
	db, _ := openNumbers(t)
	err := db.Write(t.Context(), func(tx *sqlitedb.Tx) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO n VALUES (?, ?)", 1, 1)
		return err
	})
	if !sqlitedb.IsUnique(err) {
		t.Fatalf("a number that is there: %v", err)
	}
	write(t, db, func(tx *sqlitedb.Tx) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO n VALUES (?, ?)", 10, nil)
		return nonNull(t, err)
	})
	write(t, db, func(tx *sqlitedb.Tx) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO n VALUES (?, ?)", 10, 3)
		return err
	})
	for of, want := range []int{1, 3, 6, 9} {
		err := db.Read(t.Context(), func(tx *sqlitedb.Tx) error {
			var got int // the rows after the first are not read
			err := tx.QueryRowContext(t.Context(), "SELECT n FROM n WHERE of = ? ORDER BY n", of).Scan(&got)
			if got != want {
				t.Errorf("the first of %d is %d, want %d", of, got, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func nonNull(t *testing.T, err error) error {
	t.Helper()
	if err == nil {
		t.Error("a column that may not be NULL took one")
	}
	return nil
}

func TestKeptStatementsFollowTheSchema(t *testing.T) {
	db, _ := openNumbers(t)
	width := func() (n int) {
		err := db.Read(t.Context(), func(tx *sqlitedb.Tx) error {
			rows, err := tx.QueryContext(t.Context(), "SELECT * FROM n WHERE n = ?", 1)
			if err != nil {
				return err
			}
			defer rows.Close()
			if !rows.Next() {
				return sql.ErrNoRows
			}
			columns, err := rows.Columns()
			n = len(columns)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := width(); n != 2 {
		t.Fatalf("%d columns, want 2", n)
	}
	write(t, db, func(tx *sqlitedb.Tx) error {
		_, err := tx.ExecContext(t.Context(), "ALTER TABLE n ADD COLUMN more TEXT")
		return err
	})
	if n := width(); n != 3 {
		t.Errorf("%d columns after one was added, want 3", n)
	}
}

// More texts than a connection keeps, and a WAL that is folded into the file
// when the last connection closes: no statement is left.
func TestKeptStatementsEndWithTheConnection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "numbers.db")
	db, err := sqlitedb.Open(t.Context(), path, sqlitedb.Options{Migrations: steps("CREATE TABLE n (n INTEGER)")})
	if err != nil {
		t.Fatal(err)
	}
	write(t, db, func(tx *sqlitedb.Tx) error {
		for i := range 300 {
			if _, err := tx.ExecContext(t.Context(), fmt.Sprintf("INSERT INTO n VALUES (? + %d)", i), i); err != nil {
				return err
			}
		}
		return nil
	})
	var n, sum int
	err = db.Read(t.Context(), func(tx *sqlitedb.Tx) error {
		return tx.QueryRowContext(t.Context(), "SELECT count(*), sum(n) FROM n WHERE n >= ?", 0).Scan(&n, &sum)
	})
	if err != nil || n != 300 || sum != 300*299 {
		t.Errorf("%d numbers of sum %d, %v", n, sum, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !os.IsNotExist(err) {
		t.Errorf("the WAL is left: %v", err)
	}
}
