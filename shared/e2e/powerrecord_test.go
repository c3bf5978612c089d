package e2e_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"plait/shared/e2e/rig"
	"plait/shared/wire"
)

// The settings of the process that is recorded.
const (
	powerRecording = "PLAIT_POWER_RECORDING" // the folder
	powerPrograms  = "PLAIT_POWER_PROGRAMS"
	powerCycles    = "PLAIT_POWER_CYCLES"
)

// What stands in the folder of a recording.
const (
	powerNetwork = "network" // the rig's
	powerMarks   = "marks"
	powerTrace   = "trace"
)

// mark is a promise as it is given: it is written to a file when it has been
// heard, and so has its place in the trace.
type mark struct {
	What   promise  `json:"what"`
	Store  string   `json:"store,omitempty"`
	Epoch  string   `json:"epoch,omitempty"` // the agent's
	Number int64    `json:"number,omitempty"`
	Digest string   `json:"digest,omitempty"`
	Upload string   `json:"upload,omitempty"`
	Jobs   []string `json:"jobs,omitempty"`
}

type promise string

const (
	// sent: the agent sent a batch under a number, with the results of jobs. It
	// must send the same again, and the jobs' effects and receipts stay.
	sent promise = "sent"
	// acknowledged: the hub holds that batch, and the results of jobs.
	acknowledged promise = "acknowledged"
	// landed: the full upload is the hub's copy.
	landed promise = "landed"
	// queued: the jobs are in their queues; begun: the agent may begin it.
	queued promise = "queued"
	begun  promise = "begun"
)

// recorder is a network at work, whose promises are noted.
type recorder struct {
	*killHarness
	mu    sync.Mutex
	marks *os.File
	at    int64
}

// record is the life that is recorded.
func record(t *testing.T) {
	dir := os.Getenv(powerRecording)
	cycles, err := strconv.Atoi(os.Getenv(powerCycles))
	if err != nil {
		t.Fatal(err)
	}
	marks, err := os.Create(filepath.Join(dir, powerMarks))
	if err != nil {
		t.Fatal(err)
	}
	defer marks.Close()
	r := &recorder{marks: marks}
	r.killHarness = &killHarness{
		liveNetwork: recordedNetwork(t, filepath.Join(dir, powerNetwork)), seed: *powerSeed,
		noRestores: true, gate: r.watched, journal: map[string]string{"South": "DELETE"},
	}
	r.open()
	for range cycles {
		r.work()
		r.work()
		r.queueNoted()
		r.round() // which kills
	}
	r.settle()
	for _, p := range r.pos {
		r.must(p.Close())
	}
}

func recordedNetwork(t *testing.T, dir string) *liveNetwork {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	t.Cleanup(cancel)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	n, err := rig.New(ctx, rig.Options{Dir: dir, Programs: os.Getenv(powerPrograms)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(n.Logs())
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return &liveNetwork{T: t, Rig: n, ctx: ctx}
}

// work is a round in which nobody is killed: people work, and every salon uploads
// until its jobs are done; one of them in full.
func (r *recorder) work() {
	r.queueNoted()
	var busy sync.WaitGroup
	full := r.rng.IntN(len(killStores))
	for i, name := range killStores {
		r.people(name, 3+r.rng.IntN(5))
		var more []string
		if i == full {
			more = []string{"--full"}
		}
		busy.Go(func() { r.Store(name).Upload(r.ctx, more...) }) //nolint // a full one may be refused
	}
	busy.Wait()
}

// queueNoted queues a sync as an operator, who is promised that it is queued.
func (r *recorder) queueNoted() {
	tested, err := r.Hub.Test(r.ctx, "--kind", "service", "--kind", "product", "--kind", "service_category",
		"--kind", "product_category", "--kind", "vendor", "--all")
	r.must(err)
	y, err := r.Hub.Sync(r.ctx, tested)
	r.must(err)
	m := mark{What: queued}
	for _, s := range y.Stores {
		if s.Job != "" {
			m.Jobs = append(m.Jobs, s.Job)
		}
	}
	r.note(m)
}

// note writes a promise into the trace.
func (r *recorder) note(m mark) {
	line, err := json.Marshal(m)
	if err != nil {
		r.Error(err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := r.marks.WriteAt(append(line, '\n'), r.at)
	if err != nil {
		r.Error(err)
	}
	r.at += int64(n)
}

// watched opens a gate before the hub and notes what passes it.
func (r *recorder) watched(name string) string {
	g, err := r.NewGate()
	r.must(err)
	g.Watch(func(e rig.Exchange) {
		if m, ok := heard(e); ok {
			m.Store = name
			r.note(m)
		}
	})
	return g.URL
}

// heard reads a promise from what passes.
func heard(e rig.Exchange) (m mark, ok bool) {
	answered := e.Status == http.StatusOK
	switch e.Path {
	case "/agent/v1/batch":
		if m, ok = batchOf(e.Sent); !ok || !answered {
			m.What = sent
			return m, ok && e.Status == 0
		}
		var ack wire.BatchAck
		ok = json.Unmarshal(e.Answer, &ack) == nil
		m.What, m.Number, m.Digest = acknowledged, ack.Number, ack.Digest
		return m, ok
	case "/agent/v1/full/commit":
		var state wire.FullState
		ok = answered && json.Unmarshal(e.Answer, &state) == nil && state.State == "landed"
		return mark{What: landed, Upload: state.Upload}, ok
	case "/agent/v1/begin":
		var asked wire.Begin
		var may wire.BeginAnswer
		ok = answered && json.Unmarshal(e.Sent, &asked) == nil && json.Unmarshal(e.Answer, &may) == nil && may.State == "begun"
		return mark{What: begun, Jobs: []string{asked.Job}}, ok
	}
	return m, false
}

// batchOf reads a batch's name and the jobs of which it has finished results.
func batchOf(packed []byte) (m mark, ok bool) {
	lines, err := wire.Decompress(packed, wire.MaxBatchBytes)
	if err != nil {
		return m, false
	}
	h, err := wire.ReadBatch(lines, func(e wire.Entry) error {
		var result wire.Result
		if e.Op != wire.EntryResult {
			return nil
		}
		err := json.Unmarshal(e.Body, &result)
		if result.Done {
			m.Jobs = append(m.Jobs, result.Job)
		}
		return err
	})
	m.Epoch, m.Number, m.Digest = h.AgentEpoch, h.Number, wire.Sum(lines)
	return m, err == nil
}
