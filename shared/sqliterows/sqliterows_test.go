package sqliterows_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"plait/shared/sqliterows"

	"pgregory.net/rapid"

	_ "modernc.org/sqlite" // what writes the files of these tests
	sqlite3 "modernc.org/sqlite/lib"
)

// newFile makes a file with one table without types, and returns its path and a
// connection that writes it.
func newFile(t *testing.T, pragmas string) (string, *sql.DB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "it's 100% a file?.db")
	db, err := sql.Open("sqlite", sqliterows.URI(path, nil)+"?_pragma=busy_timeout(0)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(pragmas + "; CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c)"); err != nil {
		t.Fatal(err)
	}
	return path, db
}

func openReader(t *testing.T, path string) *sqliterows.Conn {
	t.Helper()
	r, err := sqliterows.Open(path, "cache_size(-100)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// spell shows a value with its type, read by database/sql.
func spell(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case []byte:
		return fmt.Sprintf("blob %x", x)
	case string:
		return fmt.Sprintf("text %x", x)
	default:
		return fmt.Sprintf("%T %v", x, x)
	}
}

// column shows a column with its type, read in place.
func column(r sqliterows.Row, i int) string {
	switch r.Type(i) {
	case sqliterows.Integer:
		return spell(r.Integer(i))
	case sqliterows.Float:
		return spell(r.Float(i))
	case sqliterows.Text:
		return spell(strings.Clone(r.Text(i)))
	case sqliterows.Blob:
		return spell(append([]byte{}, r.Blob(i)...))
	default:
		return spell(nil)
	}
}

func anything(t *rapid.T, name string) any {
	switch rapid.IntRange(0, 4).Draw(t, name) {
	case 0:
		return rapid.Int64().Draw(t, "integer")
	case 1:
		return rapid.Float64().Draw(t, "float")
	case 2:
		return rapid.String().Draw(t, "text")
	case 3:
		return rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
	default:
		return nil
	}
}

// TestPropertyAsDatabaseSQL: rows read in place hold what database/sql reads, in
// files of both encodings, and arguments are bound as it binds them.
func TestPropertyAsDatabaseSQL(t *testing.T) {
	for _, encoding := range []string{"UTF-8", "UTF-16"} {
		t.Run(encoding, func(t *testing.T) {
			path, db := newFile(t, "PRAGMA journal_mode(WAL); PRAGMA synchronous(OFF); PRAGMA encoding('"+encoding+"')")
			r := openReader(t, path)
			rapid.Check(t, func(t *rapid.T) {
				args := []any{anything(t, "a"), anything(t, "b"), anything(t, "c")}
				if _, err := db.Exec("DELETE FROM t; INSERT INTO t VALUES (1, ?, ?, ?), (2, 1, 2, 3)", args...); err != nil {
					t.Fatal(err)
				}
				const text = "SELECT a, b, c, ?1, ?2, ?3 FROM t WHERE id < ?4"
				asked := append(args, int64(2))
				want := make([]any, 6)
				if err := db.QueryRow(text, asked...).Scan(&want[0], &want[1], &want[2], &want[3], &want[4], &want[5]); err != nil {
					t.Fatal(err)
				}
				rows := 0
				err := r.Each(text, asked, func(row sqliterows.Row) bool {
					rows++
					for i, w := range want {
						if got := column(row, i); got != spell(w) && !emptyBytes(w, got) {
							t.Fatalf("column %d is %s, by database/sql %s", i, got, spell(w))
						}
					}
					return true
				})
				if err != nil || rows != 1 {
					t.Fatalf("%d rows, %v", rows, err)
				}
			})
		})
	}
}

// TestPropertyScansAsDatabaseSQL: what is scanned is what database/sql scans, and what
// does not fit is refused, at times where database/sql would find a way.
func TestPropertyScansAsDatabaseSQL(t *testing.T) {
	for _, encoding := range []string{"UTF-8", "UTF-16"} {
		t.Run(encoding, func(t *testing.T) { scansAsDatabaseSQL(t, encoding) })
	}
}

func scansAsDatabaseSQL(t *testing.T, encoding string) {
	path, db := newFile(t, "PRAGMA journal_mode(WAL); PRAGMA synchronous(OFF); PRAGMA encoding('"+encoding+"')")
	r := openReader(t, path)
	scanned := 0
	rapid.Check(t, func(t *rapid.T) {
		v := anything(t, "value")
		if rapid.IntRange(0, 2).Draw(t, "flag") == 0 {
			v = rapid.Int64Range(0, 2).Draw(t, "of")
		}
		if _, err := db.Exec("DELETE FROM t; INSERT INTO t VALUES (1, ?, NULL, NULL)", v); err != nil {
			t.Fatal(err)
		}
		into := rapid.SampledFrom([]func() any{
			func() any { return new(int64) }, func() any { return new(int) }, func() any { return new(bool) }, func() any { return new(string) },
			func() any { return new([]byte) }, func() any { return new(sql.NullString) }, func() any { return new(sql.NullInt64) },
		}).Draw(t, "into")
		got, want := into(), into()
		var err error
		if eachErr := r.Each("SELECT a FROM t", nil, func(row sqliterows.Row) bool {
			err = row.Scan(got)
			return true
		}); eachErr != nil {
			t.Fatal(eachErr)
		}
		if err != nil {
			return
		}
		scanned++
		if err := db.QueryRow("SELECT a FROM t").Scan(want); err != nil {
			t.Fatalf("%s into %T: %v, by database/sql %v", spell(v), got, got, err)
		}
		if b, ok := got.(*[]byte); ok && string(*b) == string(*want.(*[]byte)) {
			return // none and an empty one are the same
		}
		if _, real := v.(float64); !real && !reflect.DeepEqual(got, want) { // SQLite spells a float in another way
			t.Fatalf("%s is %v, by database/sql %v", spell(v), reflect.ValueOf(got).Elem(), reflect.ValueOf(want).Elem())
		}
	})
	if scanned == 0 {
		t.Error("nothing was ever scanned")
	}
	for name, into := range map[string]any{"a struct": &struct{}{}, "no pointer": 1} {
		err := r.Each("SELECT 1", nil, func(row sqliterows.Row) bool {
			if row.Scan(into) == nil {
				t.Errorf("%s was scanned into", name)
			}
			return true
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// emptyBytes: the driver gives nil for an empty blob; in place it is one.
func emptyBytes(want any, got string) bool {
	return want == nil && got == "blob " || got == "blob " && spell(want) == "blob "
}

func TestEachStopsWhereItIsTold(t *testing.T) {
	path, db := newFile(t, "")
	if _, err := db.Exec("INSERT INTO t (a) VALUES (1), (2), (3)"); err != nil {
		t.Fatal(err)
	}
	r := openReader(t, path)
	for range 2 { // a statement that was left half-way runs again from its beginning
		var seen []int64
		err := r.Each("SELECT a FROM t ORDER BY id", nil, func(row sqliterows.Row) bool {
			seen = append(seen, row.Integer(0))
			return len(seen) < 2
		})
		if err != nil || fmt.Sprint(seen) != "[1 2]" {
			t.Errorf("saw %v, %v", seen, err)
		}
	}
	// Nothing is held when Each has returned: in a rollback journal a writer gets
	// its lock at once.
	if _, err := db.Exec("DELETE FROM t"); err != nil {
		t.Errorf("a reader that has returned is in the way: %v", err)
	}
}

func TestErrorsHaveCodes(t *testing.T) {
	path, db := newFile(t, "")
	r := openReader(t, path)
	all := func(sqliterows.Row) bool { return true }
	code := func(err error) int {
		if e, ok := errors.AsType[*sqliterows.Error](err); ok {
			return e.Code() & 0xff
		}
		return 0
	}
	if err := r.Each("SELECT absent FROM t", nil, all); code(err) != sqlite3.SQLITE_ERROR || !strings.Contains(err.Error(), "no such column: absent") {
		t.Errorf("an unknown column: %v", err)
	}
	if err := r.Each("INSERT INTO t (a) VALUES (1)", nil, all); code(err) != sqlite3.SQLITE_READONLY {
		t.Errorf("a write: %v", err)
	}
	if err := r.Each("SELECT ?", []any{struct{}{}}, all); err == nil {
		t.Error("a struct was bound")
	}
	if _, err := db.Exec("BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	if err := r.Each("SELECT * FROM t", nil, all); code(err) != sqlite3.SQLITE_BUSY {
		t.Errorf("under a lock: %v", err)
	}
	if _, err := db.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("ALTER TABLE t ADD COLUMN d DEFAULT 'new'"); err != nil {
		t.Fatal(err)
	}
	if err := r.Each("SELECT d FROM t", nil, all); err != nil {
		t.Errorf("after the schema changed: %v", err)
	}
	if _, err := sqliterows.Open(filepath.Join(t.TempDir(), "none.db")); code(err) != sqlite3.SQLITE_CANTOPEN {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestWriting: a connection that was opened to write does, tells how many rows that
// concerned, and gives back what the rows became; arguments of every size arrive, and
// those of a statement that runs among another's rows leave the other's alone.
func TestWriting(t *testing.T) {
	path, db := newFile(t, "PRAGMA journal_mode(WAL)")
	c, err := sqliterows.OpenToWrite(path, "busy_timeout(0)")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	texts := []string{"", "short", strings.Repeat("long ", 10_000), strings.Repeat("longer ", 500_000)}
	for i, text := range texts {
		n, err := c.Exec("INSERT INTO t (id, a, b, c) VALUES (?, ?, ?, ?)", []any{i, text, []byte(text), []byte(nil)})
		if err != nil || n != 1 {
			t.Fatalf("%d rows were inserted, %v", n, err)
		}
	}
	if n, err := c.Exec("UPDATE t SET c = ? WHERE length(a) > ?", []any{true, 3}); err != nil || n != 3 {
		t.Errorf("%d rows were changed, %v", n, err)
	}
	if n, err := c.Exec("UPDATE t SET c = 2 WHERE id = 99", nil); err != nil || n != 0 {
		t.Errorf("%d rows were changed where there is none, %v", n, err)
	}
	if _, err := c.Exec("INSERT INTO t (id) VALUES (1)", nil); err == nil {
		t.Error("a row was inserted twice")
	}
	var got []string
	err = c.Each("UPDATE t SET a = a || ? RETURNING id, length(a), b = CAST(? AS BLOB)", []any{"!", "short"}, func(row sqliterows.Row) bool {
		for i := range 300 { // more than are kept compiled
			if err := c.Each(fmt.Sprintf("SELECT ?, %d", i), []any{"another"}, func(sqliterows.Row) bool { return true }); err != nil {
				t.Fatal(err)
			}
		}
		got = append(got, fmt.Sprint(row.Integer(0), row.Integer(1), row.Integer(2)))
		return true
	})
	if want := fmt.Sprintf("[0 1 0 1 6 1 2 %d 0 3 %d 0]", len(texts[2])+1, len(texts[3])+1); err != nil || fmt.Sprint(got) != want {
		t.Errorf("got %v, %v, want %s", got, err, want)
	}
	var rows, same int
	if err := db.QueryRow("SELECT count(*), sum(a = CAST(b AS TEXT) || '!' AND c IS iif(length(b) > 3, 1, NULL)) FROM t").Scan(&rows, &same); err != nil || rows != 4 || same != 4 {
		t.Errorf("of %d rows %d are as they were written, %v", rows, same, err)
	}
}

func TestManyStatements(t *testing.T) {
	path, _ := newFile(t, "")
	r := openReader(t, path)
	for i := range 300 {
		got := int64(-1)
		err := r.Each(fmt.Sprint("SELECT ", i), nil, func(row sqliterows.Row) bool { got = row.Integer(0); return true })
		if err != nil || got != int64(i) {
			t.Fatalf("statement %d gives %d, %v", i, got, err)
		}
	}
}

const benchRows = 20_000

// BenchmarkRows reads rows of 17 columns, ten of them texts, through database/sql
// and in place.
func BenchmarkRows(b *testing.B) {
	path := filepath.Join(b.TempDir(), "rows.db")
	db, err := sql.Open("sqlite", sqliterows.URI(path, nil))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	columns := strings.Repeat(",x TEXT", 10) + strings.Repeat(",n INTEGER", 6)
	for i := range 16 {
		columns = strings.Replace(strings.Replace(columns, ",x ", fmt.Sprintf(",x%d ", i), 1), ",n ", fmt.Sprintf(",n%d ", i), 1)
	}
	for _, text := range []string{
		"CREATE TABLE t (id INTEGER PRIMARY KEY" + columns + ")",
		fmt.Sprintf("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT %d) INSERT INTO t SELECT n%s%s FROM c",
			benchRows, strings.Repeat(",'some text of twenty'", 10), strings.Repeat(",n", 6)),
	} {
		if _, err := db.Exec(text); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("database/sql", func(b *testing.B) { benchSQL(b, db) })
	b.Run("in place", func(b *testing.B) { benchInPlace(b, path) })
}

func benchSQL(b *testing.B, db *sql.DB) {
	b.ReportAllocs()
	into := make([]any, 17)
	for i := range into {
		into[i] = new(any)
	}
	for b.Loop() {
		rows, err := db.Query("SELECT * FROM t")
		if err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				b.Fatal(err)
			}
		}
		if err := rows.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}

func benchInPlace(b *testing.B, path string) {
	b.ReportAllocs()
	r, err := sqliterows.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	bytes := 0
	for b.Loop() {
		err := r.Each("SELECT * FROM t", nil, func(row sqliterows.Row) bool {
			for i := range 17 {
				if row.Type(i) == sqliterows.Text {
					bytes += len(row.Text(i))
				} else {
					bytes += int(row.Integer(i) & 1)
				}
			}
			return true
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}
