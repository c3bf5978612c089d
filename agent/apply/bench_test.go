//go:build unix

package apply_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"plait/shared/item"
	"plait/shared/wire"
)

const benchItems = 2000

// benchJob brings 2,000 products of eight fields with a reference each.
func benchJob(rev int64, price string) wire.Payload {
	items := []wire.PayloadItem{hair}
	for i := range benchItems {
		items = append(items, put("product", fmt.Sprintf("uid-%06d", i), fmt.Sprintf("Product number %d of the network", i), rev,
			field("price", item.MustDecimal(price)), field("barcode", item.MustText(fmt.Sprintf("40012345%05d", i))),
			field("stock", item.Integer(int64(i))), field("active", item.Bool(true)), field("since", mustTime("2026-01-02 09:30:00")),
			field("image", item.Bytes(make([]byte, 100))), field("category", item.UIDRef("category", "u-hair"))))
	}
	return payload(items...)
}

func mustTime(s string) item.Value {
	v, err := item.Time(s)
	if err != nil {
		panic(err)
	}
	return v
}

// gcPercent is what the agent runs with (agent/main.go).
const gcPercent = 200

// W3: 2,000 items of about 300 bytes applied at a branch, with the merge, links,
// bases, read-back, receipts and capture of what was written; synchronous=FULL.
func BenchmarkW3Apply(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	for _, step := range []string{"create", "update"} {
		b.Run(step, func(b *testing.B) {
			var used time.Duration
			for b.Loop() {
				b.StopTimer()
				br := newBranch(b, "")
				n := int64(1)
				if step == "update" {
					if _, err := br.applier.Job(b.Context(), jobNumber(n), benchJob(n, "0.99"), wire.Own{}); err != nil {
						b.Fatal(err)
					}
					n++
				}
				job := benchJob(n, "1.99")
				runtime.GC()
				b.StartTimer()
				before := cpu()
				r, err := br.applier.Job(b.Context(), jobNumber(n), job, wire.Own{})
				used += cpu() - before
				if err != nil || r.Counts.Created+r.Counts.Updated < benchItems || r.Counts.Parked != 0 {
					b.Fatal(r.Counts, err)
				}
			}
			b.ReportMetric(float64(benchItems*b.N)/b.Elapsed().Seconds(), "items/s")
			b.ReportMetric(float64(used.Microseconds())/float64(benchItems*b.N), "CPU-us/item")
			b.Logf("%d products of 8 fields and a category, each read, merged, written, read back and linked, in slices of one transaction with a receipt", benchItems)
		})
	}
}

// cpu is the CPU time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
