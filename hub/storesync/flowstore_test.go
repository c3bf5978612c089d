package storesync

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

// flowStore is a store's POS and its agent. What capture and agent.db do is taken
// for granted: the salon's rows are the record.
type flowStore struct {
	*flowWorld
	*salon

	history  int // of the POS
	receipts []wire.ReceiptRef
	backups  []posBackup

	hubEpoch, agentEpoch string
	before, presented    wire.Chain
	acked, frozenMark    wire.BatchMark
	frozen               []byte
	frozenTo, sent       int64
	results              []flowResult
	created              map[string]string // keys that the last job gave, with what the Test calls them
	equal                bool              // the last conversation ended so
}

type posBackup struct {
	rows     map[item.ID]item.Item
	receipts []wire.ReceiptRef
}

type flowResult struct {
	rev int64
	wire.Result
}

// restorePOS puts the POS back: a new history, in which what came since is gone.
func (s *flowStore) restorePOS(b posBackup) {
	now := s.rows
	s.rows, s.receipts = maps.Clone(b.rows), slices.Clone(b.receipts)
	s.history++
	for id, it := range now {
		if _, ok := s.rows[id]; !ok {
			it.Deleted, it.Link = true, nil
			s.rows[id] = it
		}
	}
	s.touchAll()
}

// touchAll makes everything go up again.
func (s *flowStore) touchAll() {
	for _, it := range s.rows {
		s.put(it)
	}
}

func (s *flowStore) head() wire.ReceiptHead {
	if len(s.receipts) == 0 {
		return wire.ReceiptHead{Known: true}
	}
	last := s.receipts[len(s.receipts)-1]
	h := wire.ReceiptHead{Known: true, Job: last.Job, HubEpoch: "lost", Done: true, Order: last.Order}
	for _, r := range s.results {
		if r.Job == last.Job {
			h.HubEpoch, h.Number = r.HubEpoch, r.Number
		}
	}
	return h
}

func (s *flowStore) holds(job string) (int64, bool) {
	for _, r := range s.receipts {
		if r.Job == job {
			return r.Order, true
		}
	}
	return 0, false
}

func (s *flowStore) switchNow() (to string) {
	s.must(s.db.ViewStore(context.Background(), s.id, func(v *store.StoreView) error { to = v.Store.Switch; return nil }))
	return to
}

// whole is a line that holds.
const whole = 1 << 20

// line is one conversation: it breaks after so many steps, half of which are
// calls that arrive and whose answers are lost.
type line struct {
	*flowStore
	ctx  context.Context
	left int
}

type lineBroke struct{}

// call makes a call, or breaks the line.
func (l *line) call(do func(ctx context.Context) error) {
	for _, arrives := range []bool{true, false} {
		if l.left--; l.left < 0 {
			panic(lineBroke{})
		}
		if arrives {
			l.must(do(l.ctx))
		}
	}
}

// converse holds a conversation, as far as the line holds.
func (s *flowStore) converse(steps int) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(lineBroke); !ok {
				panic(r)
			}
		}
	}()
	s.equal = false
	l := &line{flowStore: s, left: steps}
	l.hello(nil)
	l.upload()
	l.jobs()
	l.call(func(ctx context.Context) error {
		a, err := s.contacts.Bye(ctx, s.id, wire.Bye{Revision: s.rev, Kinds: s.sums()})
		s.equal = a.Equal
		return err
	})
}

func (l *line) hello(receipts *wire.Receipts) {
	if l.presented.Counter == 0 {
		l.presented = wire.Chain{Counter: l.before.Counter + 1, Previous: l.before.Next, Next: store.NewID()}
	}
	m := wire.Hello{Protocol: wire.Protocol, CanonicalForm: wire.CanonicalForm, Installation: "pc-" + l.id, AgentEpoch: l.agentEpoch,
		POSEpoch: fmt.Sprint("pos-", l.history), HubEpoch: l.hubEpoch, Chain: l.presented, Conversation: store.NewID(),
		Frozen: l.frozenMark, Acked: l.acked, Receipt: l.flowStore.head(), Receipts: receipts, NextDue: 60, Profile: "profile of " + l.id}
	l.ctx = store.InConversation(context.Background(), m.Conversation)
	var w wire.Welcome
	l.call(func(context.Context) (err error) {
		w, err = l.contacts.Hello(context.Background(), l.id, m)
		return err
	})
	l.before, l.presented, l.hubEpoch = l.presented, wire.Chain{}, w.HubEpoch
	switch {
	case w.NewAgentEpoch:
		l.newAgentEpoch()
		l.hello(nil)
		return
	case w.Batch == l.frozenMark && l.frozen != nil:
		l.acknowledged()
	case w.Batch != l.acked:
		l.newAgentEpoch()
		l.hello(nil)
		return
	}
	if w.WantProfile {
		l.call(func(ctx context.Context) error {
			return l.db.WithStore(ctx, l.id, func(tx *store.StoreTx) error { return tx.SetProfile("profile of "+l.id, l.profile) })
		})
	}
	if w.WantReceipts {
		list := slices.Clone(l.receipts)
		slices.Reverse(list)
		l.hello(&wire.Receipts{Jobs: list})
		return
	}
	if w.Reconcile != "" {
		l.touchAll()
	}
	if l.weak == looksNotBack {
		l.forgetsTheRestore()
	}
}

// forgetsTheRestore takes every cursor for one of the current hub epoch.
func (l *line) forgetsTheRestore() {
	l.in(l.id, func(tx *store.StoreTx) error {
		all, err := tx.Cursors()
		for _, c := range all {
			if c.Held == "" && err == nil {
				err = tx.SetCursor(c.Source, c.Kind, c.SyncRev)
			}
		}
		return err
	})
}

func (s *flowStore) newAgentEpoch() {
	s.agentEpoch = store.NewID()
	s.before, s.presented, s.acked, s.frozenMark, s.frozen = wire.Chain{}, wire.Chain{}, wire.BatchMark{}, wire.BatchMark{}, nil
	s.sent = 0
}

func (s *flowStore) acknowledged() {
	s.acked, s.sent = s.frozenMark, s.frozenTo
	s.frozen, s.frozenMark = nil, wire.BatchMark{}
}

// upload sends what is pending: what was frozen, then the rest.
func (l *line) upload() {
	for range 2 {
		l.freeze()
		if l.frozen == nil {
			return
		}
		l.call(func(ctx context.Context) error { _, err := l.ingest.Batch(ctx, l.id, l.frozen); return err })
		l.acknowledged()
	}
}

func (l *line) freeze() {
	if l.frozen != nil || l.sent == l.rev {
		return
	}
	w, err := wire.NewBatch(wire.BatchHeader{AgentEpoch: l.agentEpoch, Number: l.acked.Number + 1,
		Mark: wire.Mark{POSEpoch: fmt.Sprint("pos-", l.history), Seq: l.rev, Nonce: 1}})
	l.must(err)
	for _, kind := range l.kinds {
		for _, id := range l.ids(kind) {
			if l.revs[id] > l.sent {
				l.must(w.Put(l.revs[id], item.Append(nil, l.rows[id])))
			}
		}
	}
	for _, r := range l.results {
		if r.rev > l.sent {
			l.must(w.Result(r.rev, wire.EncodeControl(r.Result)))
		}
	}
	lines, digest := w.Finish()
	l.frozen, l.frozenMark, l.frozenTo = wire.Compress(nil, lines), wire.BatchMark{Number: l.acked.Number + 1, Digest: digest}, l.rev
}

// jobs takes, applies and reports jobs until there is none.
func (l *line) jobs() {
	last := ""
	for range 50 {
		var a wire.NextAnswer
		l.call(func(ctx context.Context) (err error) { a, err = l.queue.Next(ctx, l.id, wire.NextAsk{}); return err })
		if a.Job == nil {
			return
		}
		if a.Job.ID == last { // as the agent: something is amiss, and the next conversation settles it
			panic(lineBroke{})
		}
		last = a.Job.ID
		if order, ok := l.holds(a.Job.ID); ok {
			l.report(a.Job, order, wire.Result{})
			l.upload()
			continue
		}
		payload, own := l.content(a.Job)
		var b wire.BeginAnswer
		l.call(func(ctx context.Context) (err error) {
			b, err = l.queue.Begin(ctx, l.id, wire.Begin{Job: a.Job.ID, Receipt: l.flowStore.head()})
			return err
		})
		if b.State == store.Begun {
			result, created, err := l.apply(payload, own)
			l.must(err)
			l.created = created
			order := int64(1)
			if n := len(l.receipts); n > 0 {
				order = l.receipts[n-1].Order + 1
			}
			l.receipts = append(l.receipts, wire.ReceiptRef{Job: a.Job.ID, Order: order})
			l.report(a.Job, order, result)
		}
		l.upload()
	}
	l.fail("the queue of %s never empties", l.id)
}

func (l *line) content(j *wire.Job) (payload wire.Payload, own wire.Own) {
	if j.Payload == "" {
		l.fail("job %d of %s brings nothing: %+v", j.Number, l.id, j)
	}
	payload, err := wire.DecodePayload(l.lines(j.Payload))
	l.must(err)
	if j.Own != "" {
		own, err = wire.DecodeOwn(l.lines(j.Own))
		l.must(err)
	}
	if n := len(payload.Items) + len(own.Items); n != j.Items {
		l.fail("job %d of %s says that it has %d items, and brings %d", j.Number, l.id, j.Items, n)
	}
	return payload, own
}

func (l *line) lines(hash string) []byte {
	var body []byte
	l.call(func(ctx context.Context) (err error) { body, err = l.queue.Payload(ctx, l.id, hash); return err })
	lines, err := wire.Decompress(body, wire.MaxPayloadBytes)
	l.must(err)
	return lines
}

func (s *flowStore) report(j *wire.Job, order int64, r wire.Result) {
	s.rev++
	r.Job, r.HubEpoch, r.Number, r.Order, r.Done, r.POSEpoch = j.ID, j.HubEpoch, j.Number, order, true, fmt.Sprint("pos-", s.history)
	s.results = append(s.results, flowResult{s.rev, r})
}

func (s *flowStore) sums() (out []wire.KindSum) {
	for _, kind := range s.kinds {
		sum := store.KindSum{Kind: kind}
		for _, id := range s.ids(kind) {
			if it := s.rows[id]; !it.Deleted {
				sum.Count++
				sum.Sum = sum.Sum.Xor(item.DigestOf(item.Append(nil, it)))
			}
		}
		if sum.Count > 0 {
			out = append(out, sum.Wire())
		}
	}
	return out
}
