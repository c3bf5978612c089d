//go:build unix

package storesync_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// A Test of 2,000 items at one store, as W2 syncs them. BenchmarkTest prints its
// workload; the goal is 300 ms.
func BenchmarkTest(b *testing.B) {
	h := newHub(b)
	h.put("head", thing("category", "2", "name", "Hair"))
	h.put("head", many(2000)...)
	h.put("uptown", thing("category", "2", "name", "Hair"))
	h.put("uptown", many(1500)...)
	b.ReportAllocs()
	for b.Loop() {
		p := h.test(request(all("service", "category"), "uptown"))
		if p.Counts.Adopted != 1501 || p.Counts.Created != 500 {
			b.Fatal(fmt.Sprint(p.Counts))
		}
	}
	b.ReportMetric(2001, "items")
}

const (
	benchStores = 5000
	benchItems  = 2000
)

// wide is a hub with so many stores, and a Test of so many items of all of them.
func wide(b *testing.B) (*hub, storesync.Plan, []storesync.StoreName) {
	b.Helper()
	h, names := network(b, benchStores)
	h.put("head", thing("category", "2", "name", "Hair"))
	h.put("head", many(benchItems-1)...)
	return h, h.test(request(all("service", "category"), names[0].ID)), names
}

// network is a hub with so many stores that have uploaded once.
func network(b *testing.B, stores int) (*hub, []storesync.StoreName) {
	b.Helper()
	h := newHub(b)
	names := make([]storesync.StoreName, stores)
	err := h.db.WithNetwork(b.Context(), "n", func(tx *store.NetworkTx) error {
		for i := range names {
			names[i] = storesync.StoreName{ID: fmt.Sprintf("s%04d", i), Name: fmt.Sprintf("Salon %04d", i)}
			if _, err := tx.AddStore(store.Store{ID: names[i].ID, Name: names[i].Name, Role: store.Branch}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	h.uploadsOf(names)
	return h, names
}

// uploadsOf lets many stores have uploaded once.
func (h *hub) uploadsOf(names []storesync.StoreName) {
	h.Helper()
	for len(names) > 0 {
		n := min(len(names), 500)
		ids := make([]string, n)
		for i := range ids {
			ids[i] = names[i].ID
		}
		err := h.db.WithStores(context.Background(), ids, func(all store.StoresTx) error {
			for _, tx := range all {
				if err := hasUploaded(tx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			h.Fatal(err)
		}
		names = names[n:]
	}
}

// gcPercent is what the hub runs with (hub/main.go).
const gcPercent = 200

// BenchmarkW2Queue queues one sync of 2,000 items to 5,000 stores and shows what
// became of it. Beside it, in the same run, stands what it saves: a row for each item
// and store, of which as many as 50 stores have are inserted; their time counts
// a hundred times.
func BenchmarkW2Queue(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	h, one, names := wide(b)
	const sample = benchStores / 100
	var used, naive, naiveUsed time.Duration
	for b.Loop() {
		b.StopTimer()
		p, err := h.sync.Widen(b.Context(), one, names)
		if err != nil {
			b.Fatal(err)
		}
		wall, spent := rowsForEach(b, sample)
		naive, naiveUsed = naive+100*wall, naiveUsed+100*spent
		runtime.GC()
		b.StartTimer()
		before := cpu()
		if y := h.run(p); y.States[store.Queued] != benchStores {
			b.Fatal(y.States)
		}
		used += cpu() - before
	}
	b.ReportMetric(naive.Seconds()/b.Elapsed().Seconds(), "times-faster")
	b.ReportMetric(naiveUsed.Seconds()/used.Seconds(), "times-less-CPU")
	b.ReportMetric(float64(used.Microseconds())/float64(b.N*benchStores), "CPU-us/store")
	b.Logf("%d rounds of %d items to %d stores: %v and %v CPU; a row for each item and store: %v and %v CPU, of which a hundredth was run",
		b.N, benchItems, benchStores, b.Elapsed(), used, naive, naiveUsed)
}

// rowsForEach queues 2,000 items to each of some stores the naive way: one row each,
// of a key and an item's uid, a store in a transaction.
func rowsForEach(b *testing.B, stores int) (wall, used time.Duration) {
	b.Helper()
	db, err := sqlitedb.Open(b.Context(), filepath.Join(b.TempDir(), "naive.db"), sqlitedb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	err = db.Write(b.Context(), func(tx *sqlitedb.Tx) error {
		_, err := tx.ExecContext(b.Context(), "CREATE TABLE q (store INTEGER, n INTEGER, uid TEXT, PRIMARY KEY (store, n))")
		return err
	})
	const stroke = 20
	text := "INSERT INTO q VALUES (?, ?, ?)" + strings.Repeat(", (?, ?, ?)", stroke-1)
	start, before := time.Now(), cpu()
	for s := 0; err == nil && s < stores; s++ {
		err = db.Write(b.Context(), func(tx *sqlitedb.Tx) error {
			st, err := tx.PrepareContext(b.Context(), text)
			args := make([]any, 0, 3*stroke)
			for n := 0; err == nil && n < benchItems; n += stroke {
				args = args[:0]
				for i := range stroke {
					args = append(args, s, n+i, "0190aaaa-0000-7000-8000-000000000000")
				}
				_, err = st.ExecContext(context.Background(), args...)
			}
			return err
		})
	}
	if err != nil {
		b.Fatal(err)
	}
	return time.Since(start), cpu() - before
}

// BenchmarkW2Deliver is the hub's side of a delivery, its HTTP left out: what is the
// next job, may it begin, and its 2,000 items, compressed once for all stores.
func BenchmarkW2Deliver(b *testing.B) {
	h, one, names := wide(b)
	q := queue.New(h.db, nil)
	p, err := h.sync.Widen(b.Context(), one, names)
	if err != nil {
		b.Fatal(err)
	}
	h.run(p)
	runtime.GC()
	var used time.Duration
	var bytes, n int
	deliver := func(id string) error {
		next, err := q.Next(b.Context(), id, wire.NextAsk{})
		if err != nil {
			return err
		}
		body, err := q.Payload(b.Context(), id, next.Job.Payload)
		if err != nil {
			return err
		}
		bytes += len(body)
		begun, err := q.Begin(b.Context(), id, wire.Begin{Job: next.Job.ID})
		if err == nil && begun.State != store.Begun {
			err = fmt.Errorf("store %s may not begin: %+v", id, begun)
		}
		return err
	}
	for b.Loop() {
		before := cpu()
		if err := deliver(names[n%benchStores].ID); err != nil {
			b.Fatal(err)
		}
		used += cpu() - before
		n++
	}
	b.ReportMetric(float64(used.Microseconds())/float64(n), "CPU-us/delivery")
	b.Logf("%d deliveries of a job of %d items, %d bytes each: %v, %v CPU", n, benchItems, bytes/n, b.Elapsed(), used)
}

// BenchmarkWhere asks by name which of 5,000 stores have an item that three have, of
// 2,000 at the source.
func BenchmarkWhere(b *testing.B) {
	h, names := network(b, benchStores)
	h.put("head", many(benchItems)...)
	cut := many(benchItems)[benchItems-1]
	for _, at := range []int{0, benchStores / 2, benchStores - 1} {
		h.put(names[at].ID, linked(service("7", cut.Fields.Get("name").Str(), "2"), cut, "head"))
	}
	ask := storesync.WhereAsk{ItemRef: storesync.ItemRef{Kind: "service", Item: cut.Fields.Get("name").Str(), At: "head"}}
	var used time.Duration
	for b.Loop() {
		before := cpu()
		page, err := h.sync.Where(b.Context(), "n", ask)
		if err != nil || len(page.Stores) != 4 || page.Next != "" {
			b.Fatal(page, err)
		}
		used += cpu() - before
	}
	b.ReportMetric(float64(used.Microseconds())/float64(b.N)/1000, "CPU-ms/ask")
	b.Logf("an item that 3 of %d stores have, by its name among %d", benchStores, benchItems)
}

// BenchmarkSetup asks again how much local setup 200 stores need, each with 500 items
// that a sync made and none of which needs any.
func BenchmarkSetup(b *testing.B) {
	const stores, items = 200, 500
	h, names := network(b, stores)
	list := many(items)
	for i := range list {
		list[i].Fields = list[i].Fields.With("tax", item.MustText("19"))
		list[i] = linked(list[i], list[i], "head")
	}
	for _, s := range names {
		h.put(s.ID, list...)
	}
	first := cpu()
	count := func() {
		if out, err := h.sync.SetupOfAll(b.Context(), "n", storesync.StoresAsk{}); err != nil || out.Next != "" {
			b.Fatal(out, err)
		}
	}
	count()
	first = cpu() - first
	var used time.Duration
	for b.Loop() {
		before := cpu()
		count()
		used += cpu() - before
	}
	b.ReportMetric(float64(used.Microseconds())/float64(b.N)/1000, "CPU-ms/ask")
	b.Logf("%d stores of %d items: %v CPU for the first to ask", stores, items, first)
}

// cpu is the CPU time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
