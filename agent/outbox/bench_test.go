package outbox_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"plait/agent/outbox"
	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// benchRows is the workload of these benchmarks: upload-only items of some 376
// bytes, as in W1.
const benchRows = 100_000

func benchItems(n, from int) []item.Item {
	pad := item.MustText(strings.Repeat("once upon a sale ", 14))
	items := make([]item.Item, n)
	for i := range items {
		at := from + i
		fields, err := item.MakeFields(
			item.Field{Name: "client", Value: item.Ref("client", fmt.Sprint(at%977))},
			item.Field{Name: "note", Value: pad},
			item.Field{Name: "price", Value: item.MustDecimal(fmt.Sprintf("%d.%02d", at%300, at%100))},
			item.Field{Name: "sold", Value: item.MustText("2026-01-02T09:30:00")},
		)
		if err != nil {
			panic(err)
		}
		items[i] = item.Item{ID: item.ID{Kind: "sale", Key: fmt.Sprint(at)}, Fields: fields}
	}
	return items
}

func benchFill(b *testing.B, box *outbox.Box, timed bool) {
	for from := 0; from < benchRows; from += 1000 {
		b.StopTimer()
		items := benchItems(1000, from)
		if timed {
			b.StartTimer()
		}
		if _, err := box.Put(context.Background(), outbox.Change{Items: items}); err != nil {
			b.Fatal(err)
		}
	}
	b.StartTimer()
}

func benchBox(b *testing.B) *outbox.Box {
	box, _, err := outbox.Open(context.Background(), filepath.Join(b.TempDir(), "agent.db"), outbox.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { box.Close() })
	return box
}

// BenchmarkBare is the bound: the same bodies into a table of their own, 1,000
// rows a transaction, one row a statement, as measured for the design.
func BenchmarkBare(b *testing.B) {
	schema := fstest.MapFS{"0001_bare.sql": {Data: []byte("CREATE TABLE bare (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")}}
	for range b.N {
		b.StopTimer()
		db, err := sqlitedb.Open(context.Background(), filepath.Join(b.TempDir(), "bare.db"), sqlitedb.Options{Migrations: schema})
		if err != nil {
			b.Fatal(err)
		}
		for from := 0; from < benchRows; from += 1000 {
			b.StopTimer()
			items := benchItems(1000, from)
			b.StartTimer()
			if err := db.Write(context.Background(), func(tx *sqlitedb.Tx) error { return insertBare(tx, items) }); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}

func insertBare(tx *sqlitedb.Tx, items []item.Item) error {
	insert, err := tx.PrepareContext(context.Background(), "INSERT INTO bare (body) VALUES ($1)")
	if err != nil {
		return err
	}
	for _, it := range items {
		if _, err := insert.Exec(item.Append(nil, it)); err != nil {
			return err
		}
	}
	return nil
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkPut(b *testing.B) {
	for range b.N {
		b.StopTimer()
		box := benchBox(b)
		benchFill(b, box, true)
	}
	perSecond(b)
}

func BenchmarkPutUnchanged(b *testing.B) {
	box := benchBox(b)
	benchFill(b, box, false)
	b.ResetTimer()
	for range b.N {
		benchFill(b, box, true)
	}
	perSecond(b)
}

func BenchmarkFreezeAndAcknowledge(b *testing.B) {
	for _, part := range []string{"freeze", "acknowledge"} {
		b.Run(part, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				box := benchBox(b)
				benchFill(b, box, false)
				drain(b, box, part)
			}
			perSecond(b)
		})
	}
}

func drain(b *testing.B, box *outbox.Box, timed string) {
	ctx := context.Background()
	timer := func(part string) {
		if part == timed {
			b.StartTimer()
		} else {
			b.StopTimer()
		}
	}
	for {
		timer("freeze")
		batch, ok, err := box.Freeze(ctx, "")
		timer("acknowledge")
		if err != nil {
			b.Fatal(err)
		}
		if !ok {
			return
		}
		if err := box.Acknowledge(ctx, wire.BatchAck{Number: batch.Number, Digest: batch.Digest}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNodeSums(b *testing.B) {
	box := benchBox(b)
	benchFill(b, box, false)
	b.ResetTimer()
	for range b.N {
		if _, err := box.NodeSums(context.Background(), "sale"); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}
