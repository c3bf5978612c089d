package model

import (
	"maps"
	"slices"
)

// A row is an item in the hub's copy, with the place of its last change: the
// order of the agent epoch, and the revision within it.
type row struct {
	state
	order, rev int
	posEpoch   int
}

type jobState string

const (
	queued          jobState = "queued"
	begun           jobState = "begun"
	cancelRequested jobState = "cancel_requested"
	applied         jobState = "applied"
	cancelled       jobState = "cancelled"
	rolledBack      jobState = "rolled_back"
	lost            jobState = "lost"
)

// A job writes each of its items once, in their order.
type job struct {
	jobMessage
	state  jobState
	order  int  // of its receipt
	resets bool // it becomes lost, not rolled back
}

func (j job) open() bool { return j.state != applied && j.state != cancelled && j.state != lost }

type jobMessage struct {
	id, number int
	items      [2]int
}

type batchMark struct{ number, digest int }

// A hub is the hub's database, for one store.
type hub struct {
	epoch   int
	copy    [keys]row
	copyRev int
	archive []version

	agentEpoch     int   // of the live chain
	epochs         []int // agent epochs in the order in which they were let in
	counter, nonce int
	conversation   int  // of the hello that was let in last
	due            bool // the live chain missed its due contact
	batch          batchMark
	mark           mark

	jobs    []job
	number  int
	staging *staging
	landed  int            // the last full upload that landed
	want    int            // a full upload that an operator asked for
	live    int            // for the oracle: the PC whose hello was let in last
	let     map[[2]int]int // for the oracle: the nonces let in, by agent epoch and counter
}

// staging is a full upload on its way.
type staging struct {
	upload, base int
	mark         mark
	rows         map[int]row
}

func (h *hub) clone() *hub {
	c := *h
	c.archive, c.epochs, c.jobs = slices.Clone(h.archive), slices.Clone(h.epochs), slices.Clone(h.jobs)
	c.let = maps.Clone(h.let)
	if h.staging != nil {
		s := &staging{h.staging.upload, h.staging.base, h.staging.mark, map[int]row{}}
		for k, r := range h.staging.rows {
			s.rows[k] = r
		}
		c.staging = s
	}
	return &c
}

func (h *hub) open() (n int) {
	for _, j := range h.jobs {
		if j.open() {
			n++
		}
	}
	return n
}

func (h *hub) job(id int) *job {
	for i := range h.jobs {
		if h.jobs[i].id == id {
			return &h.jobs[i]
		}
	}
	return nil
}

// hello is the handshake's message.
type hello struct {
	agentEpoch, hubEpoch int
	counter, prev, next  int
	conversation         int // chosen for this hello and kept nowhere
	acked, frozen        batchMark
	upload               int // the full upload under way
	head                 receipt
	receipts             []receipt
	from                 int // for the oracle: which PC
}

type welcome struct {
	held      bool
	newEpoch  bool // start a new agent epoch and say hello again
	hubEpoch  int
	batch     batchMark
	mark      mark
	reconcile bool
	full      int
}

// The outcomes of looking at a chain.
type verdict int

const (
	hold verdict = iota
	next
	again
	fresh
	hubRestored
)

// judge compares a hello with the chain that the hub holds.
func (h *hub) judge(m hello, r rules) verdict {
	switch {
	case r.chainOff:
		return next
	case m.counter == 1 && m.prev == 0 && !slices.Contains(h.epochs, m.agentEpoch):
		return fresh
	case !r.chainAcrossEpochs && m.agentEpoch != h.agentEpoch && slices.Contains(h.epochs, m.agentEpoch):
		return hold
	case !r.chainAcrossEpochs && m.agentEpoch != h.agentEpoch:
		return hubRestored
	case m.counter == h.counter && m.next == h.nonce:
		return again
	case m.counter == h.counter+1 && m.prev == h.nonce:
		return next
	case m.counter > h.counter+1:
		return hubRestored
	}
	return hold
}

func (h *hub) hello(o *oracle, m hello, r rules) welcome {
	v := h.judge(m, r)
	if v == hold {
		if !h.due {
			return welcome{held: true}
		}
		h.due = false
		return welcome{newEpoch: true}
	}
	old := h.epoch
	if v == hubRestored {
		h.epoch = o.id()
	}
	o.admits(h, m)
	if m.agentEpoch != h.agentEpoch {
		h.agentEpoch, h.batch = m.agentEpoch, batchMark{}
		h.epochs = append(h.epochs, m.agentEpoch)
	}
	h.counter, h.nonce, h.due, h.conversation = m.counter, m.next, false, m.conversation
	h.live = m.from
	if h.ahead(m) && !r.batchesUncompared {
		return welcome{newEpoch: true}
	}
	if m.acked.number > h.batch.number && h.epoch == old && !r.batchesUncompared {
		h.epoch = o.id()
	}
	h.heads(m, r)
	return welcome{hubEpoch: h.epoch, batch: h.batch, mark: h.mark, reconcile: m.hubEpoch != h.epoch || v == fresh, full: h.want}
}

// ahead: the hub has seen a batch that this copy of agent.db has not.
func (h *hub) ahead(m hello) bool {
	switch b := h.batch; {
	case b.number == 0:
		return false
	case b.digest == m.upload: // a full upload counts as a batch; its answer was lost
		return b.number != m.acked.number+1
	case b.number == m.frozen.number:
		return b.digest != m.frozen.digest
	case b.number == m.acked.number:
		return b.digest != m.acked.digest
	default:
		return b.number > m.acked.number
	}
}

// heads finds the jobs that a restored POS has lost, and those that it has after
// all.
func (h *hub) heads(m hello, r rules) {
	for i := range h.jobs {
		j := &h.jobs[i]
		switch {
		case r.rollBackOff:
		case j.state == applied && j.above(m, r) && j.resets:
			j.state = lost
		case j.state == applied && j.above(m, r):
			j.state = rolledBack
		case (j.state == lost || j.state == cancelled) && !j.above(m, r):
			j.state = applied
		}
	}
}

// above: the POS does not hold the job's done receipt.
func (j *job) above(m hello, r rules) bool {
	switch {
	case r.headByNumber:
		return j.number > m.head.number || (j.id == m.head.job && !m.head.done)
	case r.headByOrder:
		return j.order > m.head.order || (j.id == m.head.job && !m.head.done)
	}
	return !slices.ContainsFunc(m.receipts, func(x receipt) bool { return x.job == j.id && x.done })
}

// An entry is one item of a batch.
type entry struct {
	key, rev int
	state    state
	gone     bool // found missing by a comparison
}

type result struct {
	job, order int
	wrote      [2]version // for the oracle
	after      int        // the record's revision that must be ingested before it
}

type batch struct {
	epoch   int
	mark    batchMark // its number and digest
	seen    mark
	entries []entry
	results []result
}

type ack struct {
	stale, conflict bool
	mark            batchMark
}

// stale: the message belongs to no conversation that is still open.
func (h *hub) stale(conversation int, r rules) bool {
	return conversation != h.conversation && !r.unbound
}

func (h *hub) ingest(o *oracle, from, conversation int, b batch, r rules) ack {
	switch {
	case h.stale(conversation, r) || (b.epoch != h.agentEpoch && !r.chainOff):
		return ack{stale: true}
	case b.mark.number == h.batch.number && (b.mark.digest == h.batch.digest || r.ackWithoutDigest):
		return ack{mark: b.mark}
	case b.mark.number != h.batch.number+1 && !r.chainOff:
		return ack{conflict: true}
	}
	o.ingests(h, from)
	for _, e := range b.entries {
		h.put(o, row{e.state, slices.Index(h.epochs, b.epoch), e.rev, b.seen.epoch}, e.key, e.gone, r)
	}
	for _, x := range b.results {
		if j := h.job(x.job); j != nil && j.state != lost {
			j.state, j.order = applied, x.order
			o.reports(h, j, x)
		}
	}
	h.batch = b.mark
	h.sees(b.seen)
	return ack{mark: b.mark}
}

// sees never lowers the mark within one history: an older agent.db knows less.
func (h *hub) sees(m mark) {
	if m.epoch != h.mark.epoch || m.seq > h.mark.seq {
		h.mark = m
	}
}

// put never lowers a row, and archives what exists nowhere else.
func (h *hub) put(o *oracle, now row, key int, gone bool, r rules) {
	was := h.copy[key]
	if now.order < was.order || (now.order == was.order && now.rev <= was.rev) {
		return
	}
	if !same(was.state, now.state) {
		if was.live() && (was.posEpoch != now.posEpoch || gone) && !r.archiveOff {
			h.archive = append(h.archive, was.ver)
		}
		o.replaces(h, key, was.state, now.state)
	}
	h.copy[key] = now
	h.copyRev++
}

// next is the first open job in the order of the queue: one that was begun, and
// those that a restore rolled back, stand before all that never were.
func (h *hub) next(r rules) *job {
	for i := range h.jobs {
		if h.jobs[i].state == rolledBack && r.rolledBackBeforeBegun {
			return &h.jobs[i]
		}
	}
	for i := range h.jobs {
		if h.jobs[i].open() {
			return &h.jobs[i]
		}
	}
	return nil
}

// begin is the compare-and-set before the first slice; has says that the POS
// holds a receipt of the job.
func (h *hub) begin(id int, has bool) jobState {
	j := h.job(id)
	if j == nil {
		return cancelled
	}
	switch j.state {
	case queued, rolledBack:
		j.state = begun
	case cancelRequested:
		if !has {
			j.state = cancelled
		}
	}
	return j.state
}

// A refusal of a full upload.
type fullAnswer struct{ stale, jobs, moved, landed bool }

func (h *hub) fullBegin(upload int, r rules) fullAnswer {
	if h.landed == upload && !r.beginForgets {
		return fullAnswer{landed: true}
	}
	if h.open() > 0 {
		return fullAnswer{jobs: true}
	}
	if h.staging == nil || h.staging.upload != upload {
		h.staging = &staging{upload: upload, rows: map[int]row{}}
	}
	h.staging.base = h.copyRev
	return fullAnswer{}
}

// fullStage stages what differs from copy and staging.
func (h *hub) fullStage(upload int, epoch int, seen mark, entries []entry) fullAnswer {
	if h.staging == nil || h.staging.upload != upload {
		return fullAnswer{moved: true}
	}
	h.staging.mark = seen
	for _, e := range entries {
		if have, ok := h.staging.rows[e.key]; !ok || have.state != e.state {
			h.staging.rows[e.key] = row{e.state, slices.Index(h.epochs, epoch), e.rev, seen.epoch}
		}
	}
	return fullAnswer{}
}

// adds reports whether copy and staging together are what the agent sent.
func (h *hub) adds(sums [keys]state) bool {
	for key, want := range sums {
		have, staged := h.staging.rows[key]
		if !staged {
			have = h.copy[key]
		}
		if !same(have.state, want) {
			return false
		}
	}
	return true
}

// fullCommit swaps the staged snapshot in, in the transaction that looks at the
// queue.
func (h *hub) fullCommit(o *oracle, upload int, sums [keys]state, r rules) fullAnswer {
	switch {
	case h.landed == upload:
		return fullAnswer{landed: true}
	case h.open() > 0 && !r.swapUnchecked:
		return fullAnswer{jobs: true}
	case h.staging == nil || h.staging.upload != upload || (h.staging.base != h.copyRev && !r.swapAnyRevision):
		return fullAnswer{moved: true}
	case !h.adds(sums) && !r.sumsUnchecked:
		return fullAnswer{moved: true}
	}
	o.lands(h)
	for key, now := range h.staging.rows {
		was := h.copy[key]
		if same(was.state, now.state) {
			continue
		}
		if was.live() && (was.posEpoch != now.posEpoch) && !r.archiveOff {
			h.archive = append(h.archive, was.ver)
		}
		o.replaces(h, key, was.state, now.state)
		h.copy[key] = now
		h.copyRev++
	}
	if !r.fullWithoutMark {
		h.sees(h.staging.mark)
	}
	if !r.fullUncounted {
		h.batch = batchMark{h.batch.number + 1, upload}
	}
	h.landed, h.staging = upload, nil
	h.want = 0
	return fullAnswer{landed: true}
}
