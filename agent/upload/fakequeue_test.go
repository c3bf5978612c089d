package upload_test

import (
	"context"
	"fmt"
	"slices"

	"plait/shared/item"
	"plait/shared/wire"
)

// queue puts a sync of some services into the queue.
func (h *hub) queue(label string, items ...wire.PayloadItem) wire.Job {
	h.t.Helper()
	lines, hash, err := wire.EncodePayload(wire.Payload{Source: "head", HubEpoch: h.epoch, Kinds: []wire.PayloadKind{{
		Name: "service", Match: wire.PayloadMatch{Name: "name"}, Fields: []wire.PayloadField{
			{Name: "name", Title: "Name", Policy: item.Locked}, {Name: "price", Title: "Price", Policy: item.Locked}},
	}}, Items: items})
	if err != nil {
		h.t.Fatal(err)
	}
	h.payloads[hash] = lines
	n := int64(len(h.jobs) + 1)
	j := wire.Job{ID: fmt.Sprint("job-", n), HubEpoch: h.epoch, Number: n, Sort: "sync", Label: label, State: "queued", Payload: hash, Items: len(items)}
	h.jobs = append(h.jobs, job{Job: j})
	return j
}

// brings is an item of a job.
func brings(name, price string, rev int64) wire.PayloadItem {
	return wire.PayloadItem{Op: wire.OpPut, Kind: "service", UID: "uid-" + name, Name: name, SyncRev: rev, Fields: service(name, price)}
}

func isOpen(state string) bool { return state != "applied" && state != "cancelled" && state != "lost" }

func (h *hub) open() (n int) {
	for _, j := range h.jobs {
		if isOpen(j.State) {
			n++
		}
	}
	return n
}

func (h *hub) first() *job {
	i := slices.IndexFunc(h.jobs, func(j job) bool { return isOpen(j.State) })
	if i < 0 {
		return nil
	}
	return &h.jobs[i]
}

func (h *hub) state(label string) string {
	h.t.Helper()
	for _, j := range h.jobs {
		if j.Label == label {
			return j.State
		}
	}
	h.t.Fatalf("there is no job %q", label)
	return ""
}

func (h *hub) Next(ctx context.Context, m wire.NextAsk) (wire.NextAnswer, error) {
	return within(h, ctx, "next", func() (a wire.NextAnswer, err error) {
		if err := m.Validate(); err != nil {
			return a, err
		}
		a.Open = h.open()
		if j := h.first(); j != nil {
			copied := j.Job
			a.Job = &copied
		}
		return a, nil
	})
}

func (h *hub) Begin(ctx context.Context, m wire.Begin) (wire.BeginAnswer, error) {
	return within(h, ctx, "begin", func() (a wire.BeginAnswer, err error) {
		if err := m.Validate(); err != nil {
			return a, err
		}
		i := slices.IndexFunc(h.jobs, func(j job) bool { return j.ID == m.Job })
		if i < 0 {
			return a, wire.Refuse(wire.CodeNotFound, "there is no job %s", m.Job)
		}
		j := &h.jobs[i]
		switch {
		case j.State == "cancelled":
		case j.State == "cancel_requested" && m.Receipt.Known && m.Receipt.Job != j.ID:
			j.State = "cancelled"
		case j.State == "cancel_requested":
		case !isOpen(j.State) || h.first() != j:
			return a, wire.Refuse(wire.CodeConflict, "job %d cannot be begun", j.Number)
		default:
			j.State = "begun"
		}
		a.State = j.State
		return a, nil
	})
}

// blocked is the refusal of a full upload while jobs are open; nil if none is.
func (h *hub) blocked() error {
	if h.open() == 0 {
		return nil
	}
	e := wire.Refuse(wire.CodeJobsOpen, "a full upload is refused while jobs are open")
	for _, j := range h.jobs {
		if isOpen(j.State) {
			e.Blocking = append(e.Blocking, wire.Blocking{Job: j.ID, Number: j.Number, Label: j.Label, State: j.State, Items: j.Items, Ways: []string{"Deliver it now.", "Cancel it at the hub."}})
		}
	}
	return e
}

func (h *hub) FullBegin(ctx context.Context, m wire.FullBegin) (wire.FullState, error) {
	return within(h, ctx, "full/begin", func() (s wire.FullState, err error) {
		if err := m.Validate(); err != nil {
			return s, err
		}
		u, known := h.uploads[m.Upload]
		if u.answer != nil {
			return *u.answer, nil
		}
		if err := h.blocked(); err != nil {
			return s, err
		}
		if known && u.epoch != h.agentEpoch {
			return s, wire.Refuse(wire.CodeConflict, "full upload %s was given up: begin another", m.Upload)
		}
		if !known {
			u = staging{request: m.Request, epoch: h.agentEpoch, rows: map[item.ID]row{}}
		}
		u.copyRevision = h.revision
		h.uploads[m.Upload] = u
		return wire.FullState{Upload: m.Upload, State: "staging", Staged: int64(len(u.rows)), Chunk: u.chunk}, nil
	})
}

func (h *hub) FullChunk(ctx context.Context, zstd []byte) (wire.FullState, error) {
	return within(h, ctx, "full/chunk", func() (s wire.FullState, err error) {
		lines, err := wire.Decompress(zstd, wire.MaxBatchBytes)
		if err != nil {
			return s, err
		}
		added := map[item.ID]row{}
		head, err := wire.ReadChunk(lines, func(e wire.Entry) error { return h.take(added, e) })
		if err != nil {
			return s, err
		}
		u, known := h.uploads[head.Upload]
		if !known || u.answer != nil {
			return s, wire.Refuse(wire.CodeConflict, "full upload %s is not under way: begin it", head.Upload)
		}
		if head.Number != u.chunk+1 {
			return s, wire.Refuse(wire.CodeBatchConflict, "chunk %d cannot follow chunk %d", head.Number, u.chunk)
		}
		rows := map[item.ID]row{}
		for _, part := range []map[item.ID]row{u.rows, added} {
			for id, r := range part {
				rows[id] = r
			}
		}
		u.rows, u.chunk = rows, head.Number
		h.uploads[head.Upload] = u
		return wire.FullState{Upload: head.Upload, State: "staging", Staged: int64(len(u.rows)), Chunk: u.chunk}, nil
	})
}

func (h *hub) FullCommit(ctx context.Context, m wire.FullCommit) (wire.FullState, error) {
	return within(h, ctx, "full/commit", func() (s wire.FullState, err error) {
		if err := m.Validate(); err != nil {
			return s, err
		}
		u, known := h.uploads[m.Upload]
		switch {
		case !known:
			return s, wire.Refuse(wire.CodeConflict, "full upload %s is not under way: begin it", m.Upload)
		case u.answer != nil:
			return *u.answer, nil
		}
		if err := h.blocked(); err != nil {
			return s, err
		}
		if m.Chunks != u.chunk || u.copyRevision != h.revision || len(differing(h.sums(u.rows), m.Kinds)) > 0 {
			return s, wire.Refuse(wire.CodeConflict, "what was staged would not equal the record: begin again")
		}
		return h.land(m, u), nil
	})
}

func (h *hub) land(m wire.FullCommit, u staging) wire.FullState {
	s := wire.FullState{Upload: m.Upload, State: "landed", Staged: int64(len(u.rows)), Chunk: u.chunk, Changed: int64(len(u.rows))}
	for id, r := range u.rows {
		h.items[id] = r
	}
	s.Rows = int64(len(h.live(nil)))
	u.answer = &s
	h.uploads[m.Upload] = u
	h.sees(m.Mark)
	h.revision++
	if h.request == u.request {
		h.request = ""
	}
	return s
}
