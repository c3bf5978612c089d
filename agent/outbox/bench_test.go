package outbox_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"plait/agent/outbox"
	"plait/shared/item"
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

func benchFill(b *testing.B, box *outbox.Box) {
	for from := 0; from < benchRows; from += 1000 {
		b.StopTimer()
		items := benchItems(1000, from)
		b.StartTimer()
		if _, err := box.Put(context.Background(), outbox.Change{Items: items}); err != nil {
			b.Fatal(err)
		}
	}
}

func benchBox(b *testing.B) *outbox.Box {
	box, _, err := outbox.Open(context.Background(), filepath.Join(b.TempDir(), "agent.db"), outbox.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { box.Close() })
	return box
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkPut(b *testing.B) {
	for range b.N {
		b.StopTimer()
		box := benchBox(b)
		b.StartTimer()
		benchFill(b, box)
	}
	perSecond(b)
}

func BenchmarkPutUnchanged(b *testing.B) {
	box := benchBox(b)
	benchFill(b, box)
	b.ResetTimer()
	for range b.N {
		benchFill(b, box)
	}
	perSecond(b)
}

func BenchmarkFreezeAndAcknowledge(b *testing.B) {
	for _, part := range []string{"freeze", "acknowledge"} {
		b.Run(part, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				box := benchBox(b)
				benchFill(b, box)
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
		batch, ok, err := box.Freeze(ctx)
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
	benchFill(b, box)
	b.ResetTimer()
	for range b.N {
		if _, err := box.NodeSums(context.Background(), "sale"); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}
