package apply_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"plait/agent/apply"
	"plait/agent/capture"
	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/agent/pos/postest"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// branch is a salon's PC: a POS database, the agent's record, and an Applier.
type branch struct {
	t       testing.TB
	db      *sql.DB
	conn    pos.Connector
	box     *outbox.Box
	capture *capture.Capturer
	applier *apply.Applier
}

const storeID = "store-1"

func newBranch(t testing.TB, sql string) *branch {
	t.Helper()
	dir := t.TempDir()
	b := &branch{t: t, db: openPOS(t, filepath.Join(dir, "pos.db"))}
	b.exec(postest.SQLSchema + sql)
	b.open(dir)
	if _, err := b.conn.Install(t.Context(), storeID); err != nil {
		t.Fatal(err)
	}
	newest, err := b.conn.Newest(t.Context())
	if err == nil {
		err = b.box.NewPOSEpoch(t.Context(), newest)
	}
	if err == nil {
		err = b.capture.CompareAll(t.Context(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func openPOS(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func (b *branch) open(dir string) {
	b.t.Helper()
	ctx := context.Background()
	mappingFile := filepath.Join(dir, "mapping.yaml")
	if err := os.WriteFile(mappingFile, []byte(postest.SQLiteMapping), 0o600); err != nil {
		b.t.Fatal(err)
	}
	m, err := pos.LoadMapping(mappingFile)
	if err != nil {
		b.t.Fatal(err)
	}
	if b.conn, err = pos.Open(ctx, m, postest.Catalog(), pos.Options{}); err != nil {
		b.t.Fatal(err)
	}
	if b.box, _, err = outbox.Open(ctx, filepath.Join(dir, "agent.db"), outbox.Options{}); err != nil {
		b.t.Fatal(err)
	}
	b.capture = capture.New(b.conn, b.box, capture.Options{Match: matchOf})
	b.applier = &apply.Applier{
		POS: b.conn, Record: b.box, Capture: b.capture, Now: time.Now,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	b.t.Cleanup(func() { b.conn.Close(); b.box.Close() })
}

var suiteCatalog = postest.Catalog()

func matchOf(kind string) catalog.Match {
	k, _ := suiteCatalog.Kind(kind)
	return k.Match
}

func (b *branch) exec(text string, args ...any) {
	b.t.Helper()
	if _, err := b.db.Exec(text, args...); err != nil {
		b.t.Fatalf("%s: %v", text, err)
	}
}

func (b *branch) value(query string) string {
	b.t.Helper()
	var v sql.NullString
	if err := b.db.QueryRow(query).Scan(&v); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	return v.String
}

func (b *branch) apply(job wire.Job, p wire.Payload, own wire.Own) wire.Result {
	b.t.Helper()
	result, err := b.applier.Job(b.t.Context(), job, p, own)
	if err != nil {
		b.t.Fatal(err)
	}
	b.checkRecord()
	return result
}

// checkRecord: after a job, a comparison of the whole POS with the record finds
// nothing that capture did not know.
func (b *branch) checkRecord() {
	b.t.Helper()
	before, err := b.box.Revision(b.t.Context())
	if err == nil {
		err = b.capture.CompareAll(b.t.Context(), nil)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	if after, err := b.box.Revision(b.t.Context()); err != nil || after != before {
		b.t.Fatalf("comparing found changes that capture missed: revision %d, was %d, %v", after, before, err)
	}
}

func jobNumber(n int64) wire.Job {
	return wire.Job{ID: fmt.Sprintf("job-%d", n), HubEpoch: "epoch-1", Number: n, Label: "test"}
}

// payload carries the suite's kinds with every field locked, but the price.
func payload(items ...wire.PayloadItem) wire.Payload {
	p := wire.Payload{Source: "head", HubEpoch: "epoch-1", Items: items}
	for _, name := range []string{"category", "vendor", "product", "service"} {
		k, _ := postest.Catalog().Kind(name)
		pk := wire.PayloadKind{Name: name, Active: k.Active, Match: wire.PayloadMatch{Code: k.Match.Code, Name: k.Match.Name, Category: k.Match.Category}}
		for _, f := range k.Fields {
			pf := wire.PayloadField{Name: f.Name, Title: f.Name, Policy: item.Locked}
			if f.Name == "price" {
				pf.Policy = item.Unlocked
			}
			for _, c := range f.Columns {
				pf.Columns = append(pf.Columns, wire.PayloadColumn{Name: c.Name, Policy: item.Locked})
			}
			pk.Fields = append(pk.Fields, pf)
		}
		slices.SortFunc(pk.Fields, func(a, b wire.PayloadField) int { return compare(a.Name, b.Name) })
		p.Kinds = append(p.Kinds, pk)
	}
	return p
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func put(kind, uid, name string, rev int64, fields ...item.Field) wire.PayloadItem {
	fields = append(fields, item.Field{Name: "name", Value: item.MustText(name)})
	f, err := item.MakeFields(fields...)
	if err != nil {
		panic(err)
	}
	code := ""
	if kind == "product" {
		code = merge.Code(merge.Parts(f, []string{"barcode"}), nil)
	}
	return wire.PayloadItem{Op: wire.OpPut, Kind: kind, UID: uid, Name: name, SyncRev: rev, Fields: f, Code: code}
}

func field(name string, v item.Value) item.Field { return item.Field{Name: name, Value: v} }
