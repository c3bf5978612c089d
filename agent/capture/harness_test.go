package capture_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"plait/agent/capture"
	"plait/agent/outbox"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// fataler is a test or a rapid check.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// salon is a POS, an agent's record and capture between them, with a hub that
// takes in batches.
type salon struct {
	t    fataler
	path string
	pos  *fakePOS
	box  *outbox.Box
	cap  *capture.Capturer
	hub  map[item.ID]held
}

// held is what the hub holds of an item.
type held struct {
	revision int64
	body     string
	dead     bool
}

var clock = func() time.Time { return time.Unix(1_790_000_000, 0) }

func match(kind string) catalog.Match {
	switch kind {
	case "service":
		return catalog.Match{Code: []string{"code"}, Name: "name"}
	case "category":
		return catalog.Match{Name: "name"}
	default:
		return catalog.Match{}
	}
}

func newSalon(t fataler, folder string) *salon {
	s := &salon{t: t, path: filepath.Join(folder, "agent.db"), pos: newFakePOS(), hub: map[item.ID]held{}}
	s.open()
	s.must(s.box.NewPOSEpoch(context.Background(), s.pos.newest()))
	s.must(s.cap.CompareAll(context.Background(), nil))
	return s
}

func startSalon(t *testing.T) *salon {
	s := newSalon(t, t.TempDir())
	t.Cleanup(func() { s.box.Close() })
	return s
}

// open opens the record without waiting for the disk at each commit: these tests
// cut capture off between calls, not the power.
func (s *salon) open() {
	box, _, err := outbox.Open(context.Background(), s.path, outbox.Options{Now: clock, Sync: sqlitedb.SyncNormal})
	s.must(err)
	s.box = box
	s.cap = capture.New(s.pos, box, capture.Options{Match: match, Now: clock})
	s.cap.SetPageRows(4)
}

// restart ends the agent's process and starts it again.
func (s *salon) restart() {
	s.must(s.box.Close())
	s.pos.restart()
	s.open()
}

func (s *salon) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *salon) drain() {
	s.t.Helper()
	s.must(s.cap.Drain(context.Background()))
}

func (s *salon) compare() {
	s.t.Helper()
	s.must(s.cap.CompareAll(context.Background(), nil))
}

var errCut = errors.New("cut off here")

// cutAt makes the nth step from now fail, and every later one too.
func (s *salon) cutAt(n int) {
	s.pos.step = func() error {
		if n--; n < 0 {
			return errCut
		}
		return nil
	}
}

func (s *salon) mend() { s.pos.step = func() error { return nil } }

// upload sends until the outbox is empty; the hub never lowers a revision.
func (s *salon) upload() {
	s.t.Helper()
	ctx := context.Background()
	for {
		batch, ok, err := s.box.Freeze(ctx, "")
		if errors.Is(err, outbox.ErrJudging) {
			s.compare() // after a restore nothing goes up before it
			continue
		}
		s.must(err)
		if !ok {
			return
		}
		lines, err := wire.Decompress(batch.Body, wire.MaxBatchBytes)
		s.must(err)
		_, err = wire.ReadBatch(lines, func(e wire.Entry) error {
			it, err := item.Decode(e.Body)
			if err == nil && s.hub[it.ID].revision <= e.Revision {
				s.hub[it.ID] = held{e.Revision, string(e.Body), it.Deleted}
			}
			return err
		})
		s.must(err)
		s.must(s.box.Acknowledge(ctx, wire.BatchAck{Number: batch.Number, Digest: batch.Digest}))
	}
}

// recorded is the live item of a key; ok is false if the record has none.
func (s *salon) recorded(kind, key string) (item.Item, bool) {
	s.t.Helper()
	it, ok, err := s.box.Latest(context.Background(), kind, key)
	s.must(err)
	return it, ok && !it.Deleted
}

// gen is the live generation of a key, 0 if it is not there.
func (s *salon) gen(kind, key string) int64 {
	it, _ := s.recorded(kind, key)
	if it.Deleted {
		return 0
	}
	return it.Gen
}

// checkEqual compares POS and record item by item, and the hub after an upload.
func (s *salon) checkEqual() {
	s.t.Helper()
	s.upload()
	live := 0
	for _, k := range s.pos.kinds {
		count := int64(0)
		for key, fields := range s.pos.table(k.Kind) {
			count++
			it, ok := s.recorded(k.Kind, key)
			if !ok || !it.Fields.Equal(fields) {
				s.t.Fatalf("%s %s: the record has %v (%v), the POS %v", k.Kind, key, it.Fields, ok, fields)
			}
			body := string(item.Append(nil, it))
			if h := s.hub[it.ID]; h.dead || h.body != body {
				s.t.Fatalf("%s %s: the hub has %s, the record %s", k.Kind, key, h.body, body)
			}
		}
		n, err := s.box.Live(context.Background(), k.Kind)
		s.must(err)
		if n != count {
			s.t.Fatalf("%s: the record holds %d items alive, the POS %d", k.Kind, n, count)
		}
		live += int(count)
	}
	for id, h := range s.hub {
		if !h.dead {
			live--
		}
		_ = id
	}
	if live != 0 {
		s.t.Fatalf("the hub holds %d items more alive than the POS", -live)
	}
	s.checkSums()
}

// checkSums compares the kept sums with the hub's rows.
func (s *salon) checkSums() {
	s.t.Helper()
	_, sums, err := s.box.Sums(context.Background())
	s.must(err)
	want := map[string]item.Digest{}
	for id, h := range s.hub {
		if !h.dead {
			want[id.Kind] = want[id.Kind].Xor(item.DigestOf([]byte(h.body)))
		}
	}
	for _, sum := range sums {
		if want[sum.Kind].String() != sum.Sum {
			s.t.Fatalf("the sum of %s is %s, of the hub's rows %s", sum.Kind, sum.Sum, want[sum.Kind])
		}
	}
}

func copyFile(t fataler, from, to string) {
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func fields(name string, price int) item.Fields {
	f, err := item.MakeFields(
		item.Field{Name: "name", Value: item.MustText(name)},
		item.Field{Name: "price", Value: item.MustDecimal(fmt.Sprint(price))},
	)
	if err != nil {
		panic(err)
	}
	return f
}

func coded(name, code string) item.Fields {
	return fields(name, 1).With("code", item.MustText(code))
}
