package capture_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"plait/agent/capture"
	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/agent/pos/postest"
	"plait/shared/catalog"
	"plait/shared/item"
)

// sqlitePOS is a SQLite POS database with its triggers, and a record beside it.
type sqlitePOS struct {
	folder string
	db     *sql.DB // the POS's own connection
	conn   pos.Connector
	box    *outbox.Box
}

func newSQLitePOS(t testing.TB, folder string) *sqlitePOS {
	t.Helper()
	p := &sqlitePOS{folder: folder}
	var err error
	p.db, err = sql.Open("sqlite", "file:"+filepath.Join(folder, "pos.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_pragma=synchronous(NORMAL)")
	check(t, err)
	t.Cleanup(func() { p.db.Close() })
	_, err = p.db.Exec(postest.SQLSchema)
	check(t, err)
	p.open(t)
	t.Cleanup(p.close)
	_, err = p.conn.Install(t.Context(), "store-1")
	check(t, err)
	mark, err := p.conn.Newest(t.Context())
	check(t, err)
	check(t, p.box.NewPOSEpoch(t.Context(), mark))
	return p
}

// open starts the agent; close ends it.
func (p *sqlitePOS) open(t testing.TB) {
	t.Helper()
	path := filepath.Join(p.folder, "mapping.yaml")
	check(t, os.WriteFile(path, []byte(postest.SQLiteMapping), 0o600))
	m, err := pos.LoadMapping(path)
	check(t, err)
	m.Path = filepath.Join(p.folder, "pos.db")
	p.conn, err = pos.Open(t.Context(), m, postest.Catalog(), pos.Options{})
	check(t, err)
	p.box, _, err = outbox.Open(t.Context(), filepath.Join(p.folder, "agent.db"), outbox.Options{})
	check(t, err)
}

func (p *sqlitePOS) close() {
	p.conn.Close()
	p.box.Close()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// statements is how many random statements the everyday run makes; PLAIT_SCALE
// multiplies it.
func statements() int {
	scale, err := strconv.Atoi(os.Getenv("PLAIT_SCALE"))
	if err != nil || scale < 1 {
		scale = 1
	}
	return 2000 * scale
}

// TestHarnessSQLite lets a POS on SQLite run random SQL while capture drains,
// compares, prunes and is restarted, and compares POS and record item by item.
func TestHarnessSQLite(t *testing.T) {
	p := newSQLitePOS(t, t.TempDir())
	match := func(kind string) catalog.Match { return catalog.Match{Name: "name"} }
	c := capture.New(p.conn, p.box, capture.Options{Match: match})
	source := rand.New(rand.NewPCG(9, 9))
	for i := range statements() {
		p.db.Exec(randomSQL(source)) // a refusal by the POS's constraints is a statement too
		switch source.IntN(60) {
		case 0:
			check(t, c.RunOnce(t.Context()))
		case 1:
			check(t, c.Drain(t.Context()))
		case 2:
			p.close()
			p.open(t)
			c = capture.New(p.conn, p.box, capture.Options{Match: match})
		case 3:
			check(t, p.drainInTransaction(t.Context(), c, source.IntN(2) == 0))
		}
		if i%400 == 399 {
			check(t, c.Drain(t.Context()))
			check(t, c.CompareAll(t.Context(), nil)) // REPLACE may delete without a trigger
			p.checkEqual(t)
		}
	}
}

// drainInTransaction captures as apply does, and commits or not.
func (p *sqlitePOS) drainInTransaction(ctx context.Context, c *capture.Capturer, commit bool) error {
	tx, err := p.conn.Begin(ctx)
	if err != nil {
		return err
	}
	if err := c.DrainFrom(ctx, tx); err != nil {
		tx.Rollback()
		return err
	}
	if !commit {
		return tx.Rollback()
	}
	return tx.Commit()
}

func randomSQL(r *rand.Rand) string {
	n, name := r.IntN(12), fmt.Sprint("Name ", r.IntN(5))
	kind := []string{"P", "S"}[r.IntN(2)]
	return []string{
		fmt.Sprintf("INSERT INTO Item (Type, Name, Price) VALUES ('%s', '%s', %d)", kind, name, n),
		fmt.Sprintf("REPLACE INTO Item (Id, Type, Name, Price, Barcode) VALUES (%d, '%s', '%s', %d, 'b%d')", n, kind, name, n, r.IntN(6)),
		fmt.Sprintf("UPDATE Item SET Price = Price + 1, Name = '%s' WHERE Id = %d", name, n),
		fmt.Sprintf("UPDATE Item SET Id = %d WHERE Id = %d", r.IntN(12), n),
		fmt.Sprintf("UPDATE Item SET Deleted = 1 - Deleted, Type = '%s' WHERE Id = %d", kind, n),
		fmt.Sprintf("DELETE FROM Item WHERE Id = %d", n),
		fmt.Sprintf("DELETE FROM Item WHERE Id > %d", n),
		fmt.Sprintf("INSERT INTO Vendor VALUES ('v%d', '%s')", r.IntN(3), name),
		fmt.Sprintf("INSERT INTO ItemVendor VALUES (%d, 'v%d', %d)", n, r.IntN(3), n),
		fmt.Sprintf("UPDATE ItemVendor SET ItemId = %d WHERE ItemId = %d", r.IntN(12), n),
		fmt.Sprintf("REPLACE INTO Sale VALUES ('t/%d', %d, %d, NULL, '%s')", r.IntN(3), n, n, name),
		fmt.Sprintf("DELETE FROM Sale WHERE No = %d", n),
	}[r.IntN(12)]
}

// checkEqual compares POS and record item by item.
func (p *sqlitePOS) checkEqual(t *testing.T) {
	t.Helper()
	for _, k := range p.conn.Kinds() {
		want := map[string]item.Fields{}
		for after, first := "", true; first || after != ""; first = false {
			forms, next, err := p.conn.Scan(t.Context(), k.Kind, after, 500)
			check(t, err)
			keys := make([]string, len(forms))
			for i, f := range forms {
				keys[i] = f.Key
			}
			records, err := p.conn.Read(t.Context(), k.Kind, keys)
			check(t, err)
			for _, r := range records {
				want[r.Item.Key] = r.Item.Fields
			}
			after = next
		}
		check(t, p.box.Walk(t.Context(), k.Kind, nil, func(it item.Item) error {
			if !it.Fields.Equal(want[it.Key]) {
				t.Fatalf("%s %s: the record has %v, the POS %v", k.Kind, it.Key, it.Fields, want[it.Key])
			}
			delete(want, it.Key)
			return nil
		}, func(string, int64) {}))
		if len(want) > 0 {
			t.Fatalf("the record lacks %s: %v", k.Kind, want)
		}
	}
}
