package upload_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plait/agent/apply"
	"plait/agent/capture"
	"plait/agent/outbox"
	"plait/agent/pos/postest"
	"plait/agent/upload"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

const storeID = "store-1"

// salon is a PC: a POS in memory, a real agent.db, an Uploader, and a hub at the
// other end of the line.
type salon struct {
	t     fataler
	mem   *memory
	box   *outbox.Box
	up    *upload.Uploader
	hub   *hub
	file  string
	now   time.Time
	steps []upload.Step
}

// memory is a POS that may describe itself otherwise.
type memory struct {
	*postest.Memory
	describe func(*wire.Profile)
}

func (m *memory) Profile(ctx context.Context) (wire.Profile, error) {
	p, err := m.Memory.Profile(ctx)
	if m.describe != nil {
		m.describe(&p)
	}
	return p, err
}

func newSalon(t *testing.T) *salon {
	s := openSalon(t, t.TempDir())
	t.Cleanup(func() { s.close() })
	return s
}

func openSalon(t fataler, folder string) *salon {
	s := &salon{t: t, mem: &memory{Memory: postest.SalonMemory()}, hub: newHub(t), file: filepath.Join(folder, "agent.db"), now: time.Unix(1_790_000_000, 0)}
	s.start()
	return s
}

// start is the agent's process beginning; what is in memory is new.
func (s *salon) start() {
	s.t.Helper()
	var err error
	s.mem.Memory = s.mem.Reopen()
	if s.box, _, err = outbox.Open(context.Background(), s.file, outbox.Options{Now: s.clock}); err != nil {
		s.t.Fatal(err)
	}
	s.must(s.box.SetInstallation(context.Background(), "pc-1"))
	match := func(kind string) catalog.Match {
		k, _ := postest.Catalog().Kind(kind)
		return k.Match
	}
	capturer := capture.New(s.mem, s.box, capture.Options{Match: match, Now: s.clock})
	applier := &apply.Applier{POS: s.mem, Record: s.box, Capture: capturer, Now: s.clock, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	s.up, err = upload.New(upload.Config{
		Store: storeID, Version: "test", POS: s.mem, Box: s.box, Capture: capturer, Hub: s.hub, Now: s.clock,
		Apply: applier, Repair: &apply.Repairer{Applier: applier, Log: s.box, Catalog: postest.Catalog()},
	})
	s.must(err)
}

func (s *salon) clock() time.Time {
	s.now = s.now.Add(time.Millisecond)
	return s.now
}

func (s *salon) close() { s.must(s.box.Close()) }

func (s *salon) restart() {
	s.close()
	s.start()
}

// lose takes agent.db away.
func (s *salon) lose() {
	s.close()
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(s.file + end); err != nil && !os.IsNotExist(err) {
			s.t.Fatal(err)
		}
	}
	s.start()
}

func (s *salon) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// try holds one conversation.
func (s *salon) try(req upload.Request) (upload.Report, error) {
	s.hub.calls, s.steps = nil, nil
	req.Progress = func(step upload.Step) { s.steps = append(s.steps, step) }
	return s.up.Run(context.Background(), req)
}

// talk holds one that must succeed.
func (s *salon) talk(req upload.Request) upload.Report {
	s.t.Helper()
	report, err := s.try(req)
	if err != nil {
		s.t.Fatalf("%v\nafter %v", err, s.hub.calls)
	}
	return report
}

// do changes the POS.
func (s *salon) do(ops ...postest.Op) {
	s.t.Helper()
	tx, err := s.mem.POS().Start()
	s.must(err)
	for _, op := range ops {
		s.must(tx.Do(op))
	}
	s.must(tx.Commit())
}

func service(name, price string) item.Fields {
	p, err := item.Decimal(price)
	if err != nil {
		panic(err)
	}
	f, err := item.MakeFields(item.Field{Name: "name", Value: item.MustText(name)}, item.Field{Name: "price", Value: p})
	if err != nil {
		panic(err)
	}
	return f
}

func sells(key, name, price string) postest.Op {
	return postest.Op{Verb: postest.Put, Kind: "service", Key: key, Fields: service(name, price)}
}

func (s *salon) pending() int {
	s.t.Helper()
	n, err := s.box.Pending(context.Background())
	s.must(err)
	return n
}

// unlike says how the hub's copy differs from the POS itself; "" if it does not.
func (s *salon) unlike() string {
	s.t.Helper()
	copied := s.hub.live(nil)
	for _, k := range s.mem.Kinds() {
		forms, next, err := s.mem.Scan(context.Background(), k.Kind, "", 100_000)
		s.must(err)
		if next != "" {
			s.t.Fatal("the POS has more than a test needs")
		}
		for _, f := range forms {
			it, err := item.Decode(f.Body)
			s.must(err)
			if !bytes.Equal(copied[it.ID], f.Body) {
				return "the POS holds " + string(f.Body) + ", the hub " + string(copied[it.ID])
			}
			delete(copied, it.ID)
		}
	}
	for id, body := range copied {
		return "only the hub holds " + id.Kind + " " + id.Key + ": " + string(body)
	}
	return ""
}

// level demands that all is level and proven, with nothing waiting.
func (s *salon) level(r upload.Report) {
	s.t.Helper()
	if text := s.unlike(); text != "" {
		s.t.Errorf("%s", text)
	}
	if n := s.pending(); n != 0 || !r.Equal || len(r.Differ) > 0 || r.OpenJobs != 0 {
		s.t.Errorf("%d entries wait after %+v", n, r)
	}
}

// told reports whether a step or note says it.
func (s *salon) told(r upload.Report, text string) bool {
	return slices.ContainsFunc(s.steps, func(step upload.Step) bool { return strings.Contains(step.Text, text) }) ||
		slices.ContainsFunc(r.Notes, func(note string) bool { return strings.Contains(note, text) })
}

// cut has the n-th message of that name, from 1, fail once.
func cut(call string, n int, f fault) func(string) fault {
	return func(c string) fault {
		if c != call {
			return fault{}
		}
		if n--; n == 0 {
			return f
		}
		return fault{}
	}
}

// always has every message of that name fail.
func always(call string, f fault) func(string) fault {
	return func(c string) fault {
		if c == call {
			return f
		}
		return fault{}
	}
}
