package outbox_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"plait/agent/outbox"
	"plait/shared/item"
	"plait/shared/wire"
)

// fataler is a test or a rapid check.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

var began = time.Unix(1_790_000_000, 0)

// agent is an agent.db and the hub that it sends to.
type agent struct {
	*outbox.Box
	t    fataler
	path string
	now  time.Time
	hub  hub
}

// hub is what a hub keeps of one store.
type hub struct {
	items   map[item.ID]hubRow
	results []string
	batches map[string]string // epoch and number → digest
	order   []string          // of what arrived, as "p 7", "r job"
	refuses func(it item.Item) string
}

type hubRow struct {
	revision int64
	body     string
	dead     bool
}

func newAgent(t *testing.T) *agent {
	a := openAgent(t, filepath.Join(t.TempDir(), "agent.db"))
	t.Cleanup(func() { a.Close() })
	return a
}

func openAgent(t fataler, path string) *agent {
	a := &agent{t: t, path: path, now: began, hub: hub{items: map[item.ID]hubRow{}, batches: map[string]string{}}}
	a.reopen()
	return a
}

func (a *agent) reopen() outbox.Opened {
	a.t.Helper()
	if a.Box != nil {
		a.must(a.Close())
	}
	box, opened, err := outbox.Open(context.Background(), a.path, outbox.Options{Now: func() time.Time { return a.now }})
	a.must(err)
	a.Box = box
	return opened
}

func (a *agent) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func service(key string, gen int64, price int) item.Item {
	f, err := item.MakeFields(item.Field{Name: "name", Value: item.MustText("Service " + key)}, item.Field{Name: "price", Value: item.Integer(int64(price))})
	if err != nil {
		panic(err)
	}
	return item.Item{ID: item.ID{Kind: "service", Key: key, Gen: gen}, Fields: f}
}

func dead(it item.Item) item.Item {
	it.Deleted = true
	return it
}

func (a *agent) put(items ...item.Item) int {
	a.t.Helper()
	n, err := a.Put(context.Background(), outbox.Change{Items: items})
	a.must(err)
	return n
}

func (a *agent) freeze() (outbox.Batch, bool) {
	a.t.Helper()
	batch, ok, err := a.Freeze(context.Background(), "")
	a.must(err)
	return batch, ok
}

// ingest takes a batch in as the hub does, once for each number.
// thaw has the hub refuse a batch whole.
func (a *agent) thaw(batch outbox.Batch, why string) (parked []outbox.Parked) {
	a.t.Helper()
	parked, err := a.Thaw(context.Background(), wire.BatchMark{Number: batch.Number, Digest: batch.Digest}, why)
	a.must(err)
	return parked
}

func (a *agent) ingest(batch outbox.Batch) wire.BatchAck {
	a.t.Helper()
	ack := wire.BatchAck{Number: batch.Number, Digest: batch.Digest}
	lines, err := wire.Decompress(batch.Body, wire.MaxBatchBytes)
	a.must(err)
	if wire.Sum(lines) != batch.Digest {
		a.t.Fatalf("batch %d has the digest %s, its lines %s", batch.Number, batch.Digest, wire.Sum(lines))
	}
	head, err := wire.ReadBatchHeader(lines)
	a.must(err)
	name := fmt.Sprint(head.AgentEpoch, " ", head.Number)
	held, again := a.hub.batches[name]
	if again && held != batch.Digest {
		a.t.Fatalf("batch %s came with two digests", name)
	}
	a.hub.batches[name] = batch.Digest
	_, err = wire.ReadBatch(lines, func(e wire.Entry) error { return a.hub.take(e, &ack) })
	a.must(err)
	return ack
}

func (h *hub) take(e wire.Entry, ack *wire.BatchAck) error {
	if e.Op == wire.EntryResult {
		h.results = append(h.results, string(e.Body))
		h.order = append(h.order, "r")
		return nil
	}
	it, err := item.Decode(e.Body)
	if err != nil {
		return err
	}
	h.order = append(h.order, fmt.Sprintf("%c %s", e.Op, it.Key))
	if h.refuses != nil && h.refuses(it) != "" {
		ack.Refused = append(ack.Refused, wire.Refused{Kind: it.Kind, Key: it.Key, Why: h.refuses(it)})
	} else if h.items[it.ID].revision <= e.Revision {
		h.items[it.ID] = hubRow{e.Revision, string(e.Body), it.Deleted}
	}
	return nil
}

// upload sends until nothing is pending.
func (a *agent) upload() {
	a.t.Helper()
	for {
		batch, ok := a.freeze()
		if !ok {
			return
		}
		a.must(a.Acknowledge(context.Background(), a.ingest(batch)))
	}
}

func (a *agent) pending() int {
	a.t.Helper()
	n, err := a.Pending(context.Background())
	a.must(err)
	return n
}

// checkLevel compares the live items of record and hub, and the kept sums.
func (a *agent) checkLevel() {
	a.t.Helper()
	live := map[item.ID]string{}
	a.must(a.Walk(context.Background(), "service", nil, func(it item.Item) error {
		live[it.ID] = string(item.Append(nil, it))
		return nil
	}, func(string, int64) {}))
	sum := item.Digest{}
	for id, row := range a.hub.items {
		if row.dead {
			continue
		}
		sum = sum.Xor(item.DigestOf([]byte(row.body)))
		if live[id] != row.body {
			a.t.Fatalf("%v: the hub holds %s, the record %s", id, row.body, live[id])
		}
		delete(live, id)
	}
	if len(live) > 0 {
		a.t.Fatalf("the hub lacks %v", live)
	}
	_, sums, err := a.Sums(context.Background())
	a.must(err)
	for _, s := range sums {
		if s.Sum != sum.String() {
			a.t.Fatalf("the sum of %s is %s, of the hub's rows %s", s.Kind, s.Sum, sum)
		}
	}
}

func tempFolder(t fataler) (folder string, remove func()) {
	folder, err := os.MkdirTemp("", "outbox")
	if err != nil {
		t.Fatal(err)
	}
	return folder, func() { os.RemoveAll(folder) }
}
