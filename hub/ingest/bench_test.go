//go:build unix

package ingest_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// saleOf is a row of W1: about 376 bytes in canonical form.
func saleOf(n int) item.Item {
	var f item.Fields
	for _, name := range []string{"cashier", "currency", "customer", "note", "payment", "sku", "status", "till"} {
		f = f.With(name, item.MustText(fmt.Sprintf("%s of %d, thirty-odd", name, n%97)))
	}
	total, _ := item.Decimal(fmt.Sprintf("%d.25", n%500))
	return item.Item{ID: item.ID{Kind: "sale", Key: fmt.Sprint(1_000_000 + n)}, Fields: f.With("total", total)}
}

// A round is 100 batches of 1,000 rows.
const rounds, rowsInBatch = 100, 1000

// batchesOf makes a round of batches as they travel.
func batchesOf(a *agent, row func(batch, i int) item.Item) (out [][]byte, size int) {
	for n := range rounds {
		entries := make([]entry, rowsInBatch)
		for i := range entries {
			entries[i] = put(int64(n*rowsInBatch+i+1), row(n, i))
			size += len(entries[i].body)
		}
		out = append(out, a.frozen(int64(n+1), entries...))
	}
	return out, size
}

func (a *agent) take(b *testing.B, batches [][]byte) {
	b.Helper()
	for _, body := range batches {
		if _, err := a.ingest.Batch(context.Background(), a.store, body); err != nil {
			b.Fatal(err)
		}
	}
}

func perRow(b *testing.B, rows int) {
	b.Helper()
	b.ReportMetric(float64(b.N)*float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkW1 takes in 100,000 upload-only entries in batches of 1,000,
// decompression and decoding included, each durable (synchronous=FULL) before it
// is acknowledged.
func BenchmarkW1(b *testing.B) {
	var size int
	for range b.N {
		b.StopTimer()
		a := newWorldOn(b, storetest.Open).newAgent("branch", "epoch-1")
		batches, bytes := batchesOf(a, func(n, i int) item.Item { return saleOf(n*rowsInBatch + i) })
		size = bytes
		runtime.GC()
		b.StartTimer()
		a.take(b, batches)
	}
	perRow(b, rounds*rowsInBatch)
	b.ReportMetric(float64(size)/rounds/rowsInBatch, "bytes/row")
	b.Logf("%d batches of %d new rows each, taken in one after the other", rounds, rowsInBatch)
}

// BenchmarkUpdates is W1 over 1,000 rows that the hub holds already, each
// changed a hundred times.
func BenchmarkUpdates(b *testing.B) {
	for range b.N {
		b.StopTimer()
		a := newWorldOn(b, storetest.Open).newAgent("branch", "epoch-1")
		batches, _ := batchesOf(a, func(n, i int) item.Item {
			it := saleOf(i)
			it.Fields = it.Fields.With("status", item.MustText(fmt.Sprint("changed ", n)))
			return it
		})
		runtime.GC()
		b.StartTimer()
		a.take(b, batches)
	}
	perRow(b, rounds*rowsInBatch)
}

// BenchmarkBare is the limit beside W1: the same bytes inserted into a table of
// key and body, nothing decoded or summed.
func BenchmarkBare(b *testing.B) {
	const stroke = 20
	bodies := make([][]any, rounds)
	for n := range bodies {
		for i := range rowsInBatch {
			it := saleOf(n*rowsInBatch + i)
			bodies[n] = append(bodies[n], 1, it.Kind, it.Key, item.Append(nil, it))
		}
	}
	insert := "INSERT INTO t VALUES (?, ?, ?, ?)" + strings.Repeat(", (?, ?, ?, ?)", stroke-1)
	for range b.N {
		b.StopTimer()
		db, err := sqlitedb.Open(b.Context(), filepath.Join(b.TempDir(), "bare.db"), sqlitedb.Options{})
		if err != nil {
			b.Fatal(err)
		}
		write := func(fn func(*sqlitedb.Tx) error) {
			if err := db.Write(context.Background(), fn); err != nil {
				b.Fatal(err)
			}
		}
		write(func(tx *sqlitedb.Tx) error {
			_, err := tx.ExecContext(b.Context(), "CREATE TABLE t (store INTEGER, kind TEXT, key TEXT, body BLOB, PRIMARY KEY (store, kind, key))")
			return err
		})
		runtime.GC()
		b.StartTimer()
		for _, args := range bodies {
			write(func(tx *sqlitedb.Tx) error {
				s, err := tx.PrepareContext(b.Context(), insert)
				for i := 0; err == nil && i < len(args); i += stroke * 4 {
					_, err = s.ExecContext(context.Background(), args[i:i+stroke*4]...)
				}
				return err
			})
		}
		b.StopTimer()
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
	perRow(b, rounds*rowsInBatch)
}

// BenchmarkW2 is the hub's side of results: stores send what a job of 2,000 linked
// products wrote, and the job's result, in two batches each. The products are new at
// the store, or it has them and their prices changed. The stores come one after the
// other, or four at a time, as agents that a sync woke do. Beside it, in the same
// run, stands the bare database: as many rows of a key and a digest, in as many
// transactions, which has one writer whoever comes.
func BenchmarkW2(b *testing.B) {
	b.Run("new", func(b *testing.B) { benchmarkResults(b, 1, false) })
	b.Run("changed", func(b *testing.B) { benchmarkResults(b, 1, true) })
	b.Run("four", func(b *testing.B) { benchmarkResults(b, 4, false) })
}

// In W2, so many of the stores report in turn, each a job of that many products.
const resultStores, jobSize = 200, 2000

// gcPercent is what the hub runs with (hub/main.go).
const gcPercent = 200

func benchmarkResults(b *testing.B, together int, changed bool) {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	w := newWorldOn(b, storetest.Open)
	w.addBranches(resultStores)
	n := 0
	var used time.Duration
	bare := openBare(b)
	for b.Loop() {
		b.StopTimer()
		reports := make([]report, together)
		for i := range reports {
			reports[i] = w.report(n)
			if changed {
				reports[i].send(b)
				reports[i] = reports[i].again(n)
			}
			bare.insert(b, n, 2, jobSize/2)
			n += jobSize
		}
		runtime.GC()
		b.StartTimer()
		before := cpu()
		var all sync.WaitGroup
		for _, r := range reports {
			all.Go(func() { r.send(b) })
		}
		all.Wait()
		used += cpu() - before
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(b.Elapsed().Seconds()/bare.took.Seconds(), "times-bare")
	b.ReportMetric(used.Seconds()/bare.used.Seconds(), "times-bare-CPU")
	b.ReportMetric(float64(used.Microseconds())/float64(n), "CPU-us/row")
	b.Logf("%d reports of %d linked products and a result, in two batches, %d of %d stores at a time: %v; the bare database, one after the other: %v",
		n/jobSize, jobSize, together, resultStores, b.Elapsed(), bare.took)
}

// addBranches adds stores to the network, as branchName names them.
func (w *world) addBranches(count int) {
	w.Helper()
	err := w.db.WithNetwork(context.Background(), "n", func(tx *store.NetworkTx) error {
		for i := range count {
			if _, err := tx.AddStore(store.Store{ID: branchName(i), Name: branchName(i), Role: store.Branch}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

func branchName(i int) string { return fmt.Sprintf("salon %d", i) }

// report is what a store sends after a job.
type report struct {
	*agent
	batches [][]byte
}

// report begins a job at the next store and makes its report; n counts the rows
// before it.
func (w *world) report(n int) report {
	w.Helper()
	name := branchName(n / jobSize % resultStores)
	return w.newAgent(name, fmt.Sprint("epoch-", n)).report(n, 0)
}

// again is the report of another job, which changes the prices of the same products.
func (r report) again(n int) report { return r.agent.report(n, 1) }

func (a *agent) report(n, round int) report {
	a.Helper()
	job, err := a.queueJob(a.store, fmt.Sprint(n, round))
	if err != nil {
		a.Fatal(err)
	}
	if _, err := a.queue.Begin(context.Background(), a.store, wire.Begin{Job: job}); err != nil {
		a.Fatal(err)
	}
	done := result(1, wire.Result{Job: job, HubEpoch: a.hello.HubEpoch, Number: int64(round + 1), Done: true, Counts: wire.Counts{Created: jobSize}, POSEpoch: a.pos})
	first := int64(2*round + 1)
	return report{a, [][]byte{a.frozen(first, linked(n, jobSize/2, round)...), a.frozen(first+1, append(linked(n+jobSize/2, jobSize/2, round), done)...)}}
}

func (r report) send(b *testing.B) {
	for _, body := range r.batches {
		if _, err := r.ingest.Batch(context.Background(), r.store, body); err != nil {
			b.Error(err)
		}
	}
}

// bareRows is a table of keys and digests and nothing else.
type bareRows struct {
	db   *sqlitedb.DB
	took time.Duration
	used time.Duration // of CPU
}

func openBare(b *testing.B) *bareRows {
	b.Helper()
	db, err := sqlitedb.Open(b.Context(), filepath.Join(b.TempDir(), "bare.db"), sqlitedb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	err = db.Write(b.Context(), func(tx *sqlitedb.Tx) error {
		_, err := tx.ExecContext(b.Context(), "CREATE TABLE t (key TEXT PRIMARY KEY, digest BLOB)")
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return &bareRows{db: db}
}

func (r *bareRows) insert(b *testing.B, from, batches, rows int) {
	b.Helper()
	const stroke = 20
	text := "INSERT INTO t (key, digest) VALUES (?, ?)" + strings.Repeat(", (?, ?)", stroke-1)
	digest := make([]byte, len(item.Digest{}))
	began, before := time.Now(), cpu()
	for n := range batches {
		err := r.db.Write(context.Background(), func(tx *sqlitedb.Tx) error {
			s, err := tx.PrepareContext(b.Context(), text)
			for at := 0; err == nil && at < rows; at += stroke {
				args := make([]any, 0, 2*stroke)
				for i := range stroke {
					args = append(args, strconv.Itoa(from+n*rows+at+i), digest)
				}
				_, err = s.ExecContext(context.Background(), args...)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	r.took, r.used = r.took+time.Since(began), r.used+cpu()-before
}

// cpu is the CPU time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// linked are products as a sync leaves them, dearer each round.
func linked(from, count, round int) []entry {
	out := make([]entry, count)
	for i := range out {
		n := from%10_000 + i
		it := product(fmt.Sprint(n), fmt.Sprintf("Shampoo %d for every day", n))
		it.Fields = it.Fields.With("price", item.Integer(int64(n+round)))
		it.Link = &item.Link{UID: fmt.Sprintf("0190aaaa-0000-7000-8000-%012d", n), Birth: item.BornNetwork}
		for _, name := range []string{"name", "price"} {
			v := it.Fields.Get(name)
			it.Link.SetField(item.LinkField{Name: name, Base: v, Sent: item.ShortDigestOf(v), Policy: item.Locked,
				From: item.Origin{Store: "head", HubEpoch: "e1", SyncRev: int64(n + round + 1)}})
		}
		out[i] = put(int64(round*count+i+1), it)
	}
	return out
}
