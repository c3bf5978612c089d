package model

import "fmt"

// A phase is the next message of a conversation.
type phase string

const (
	sayHello     phase = "hello"
	sayReconcile phase = "reconcile"
	sayBatch     phase = "batch"
	askNext      phase = "next"
	askBegin     phase = "begin"
	doSlice      phase = "slice"
	noteResult   phase = "result"
	beginFull    phase = "full/begin"
	stageFull    phase = "full/chunk"
	commitFull   phase = "full/commit"
	sayBye       phase = "bye"
	ended        phase = "ended"
)

// A conversation is what an agent's process keeps in memory; a crash ends it.
type conversation struct {
	phase    phase
	id       int // chosen for each hello, in memory alone
	posEpoch int // of the receipts that the hello presented
	job      jobMessage
	full     int
	sent     [keys]record
	equal    bool
	held     bool
	refused  bool
	open     int
}

func (c *conversation) String() string {
	if c.phase == askBegin || c.phase == doSlice || c.phase == noteResult {
		return fmt.Sprintf("%s of job %d", c.phase, c.job.id)
	}
	return string(c.phase)
}

// A pc is a salon's PC: two media and a process.
type pc struct {
	name int
	pos  *pos
	db   *agentDB
	conv *conversation

	images []image // in the salon's cupboard
}

// A fault is what becomes of one message.
type fault int

const (
	arrives     fault = iota
	lostRequest       // the hub never sees it; the same message is sent again, or a new conversation begins
	lostAnswer        // the hub did it
	late              // given up, and arrives at some later time
)

// step carries out the next step of the PC's conversation; one begins if there is
// none. Everything durable is in pos, db and hub.
func (w *world) step(c *pc, f fault, crash bool) {
	if c.conv == nil || c.conv.phase == ended {
		c.conv = &conversation{phase: sayHello}
	}
	w.trace("pc %d: %s %s", c.name, c.conv, []string{"", "(request lost)", "(answer lost)", "(late)"}[f])
	switch c.conv.phase {
	case sayHello:
		w.hello(c, f)
	case sayReconcile:
		w.reconcile(c, f)
	case sayBatch:
		w.batch(c, f)
	case askNext:
		w.askNext(c, f)
	case askBegin:
		w.begin(c, f)
	case doSlice:
		w.slice(c)
	case noteResult:
		w.result(c)
	case beginFull, stageFull, commitFull:
		w.full(c, f)
	case sayBye:
		w.bye(c, f)
	}
	if crash {
		c.conv = nil
	}
}

// send gives a message to the hub, and its answer to the agent, as far as the
// fault lets it.
func send[A any](w *world, f fault, handle func(h *hub) A, answer func(A)) {
	switch f {
	case arrives:
		answer(handle(w.hub))
	case lostAnswer:
		handle(w.hub)
	case late:
		w.late = append(w.late, func(h *hub) { handle(h) })
	}
}

func (w *world) hello(c *pc, f fault) {
	a := c.db
	a.check(w.oracle, c.pos, w.rules)
	if !a.open {
		a.counter, a.next, a.open = a.counter+1, w.oracle.id(), true
	}
	m := hello{
		agentEpoch: a.epoch, hubEpoch: a.hubEpoch, counter: a.counter, prev: a.prev, next: a.next, acked: a.acked, upload: a.upload,
		head: c.pos.head(), receipts: append([]receipt(nil), c.pos.receipts...), from: c.name,
	}
	if a.frozen != nil {
		m.frozen = a.frozen.mark
	}
	m.conversation = w.oracle.id()
	if w.rules.boundByNonce {
		m.conversation = m.next
	}
	c.conv.id, c.conv.posEpoch = m.conversation, a.posEpoch
	send(w, f, func(h *hub) welcome { return h.hello(w.oracle, m, w.rules) }, func(x welcome) { w.welcomed(c, x) })
}

// welcomed takes in the hub's answer to a hello.
func (w *world) welcomed(c *pc, x welcome) {
	a := c.db
	if x.held {
		c.conv.phase, c.conv.held = ended, true
		return
	}
	if x.newEpoch {
		a.newEpoch(w.oracle)
		c.conv = nil
		return
	}
	a.prev, a.open = a.next, false
	a.reconcile = a.reconcile || x.reconcile || a.hubEpoch != x.hubEpoch
	a.hubEpoch = x.hubEpoch
	switch {
	case a.frozen != nil && x.batch == a.frozen.mark:
		a.acknowledged(w.rules)
	case a.upload != 0 && x.batch == (batchMark{a.acked.number + 1, a.upload}):
		a.acked, a.ackedMark = x.batch, a.otherMark
	case x.batch != a.acked && !w.rules.batchesUncompared:
		a.newEpoch(w.oracle) // the hub has lost batches
		c.conv = nil
		return
	}
	if !w.rules.markUnchecked && !c.pos.hasMark(x.mark) && (x.mark != a.goneMark || w.rules.forgetGoneMark) {
		a.newPOSEpoch(w.oracle, c.pos) // and this conversation ends
		a.goneMark = x.mark
	}
	if c.pos.hasMark(x.mark) {
		a.ackedMark = x.mark // what the hub holds is what pruning must spare
	}
	c.conv.full, c.conv.phase = x.full, sayBatch
	if !w.capture(c) {
		return
	}
	if a.reconcile {
		c.conv.phase = sayReconcile
	}
}

func (w *world) reconcile(c *pc, f fault) {
	states, id := c.db.states(), c.conv.id
	send(w, f, func(h *hub) []int {
		if h.stale(id, w.rules) {
			return []int{-1}
		}
		return differing(h, states)
	}, func(differ []int) {
		if len(differ) > 0 && differ[0] < 0 {
			c.conv = nil
			return
		}
		c.db.again(c.pos, differ, w.rules)
		c.db.reconcile = false
		c.conv.phase = sayBatch
	})
}

func (w *world) batch(c *pc, f fault) {
	a := c.db
	if !w.capture(c) {
		return
	}
	a.freeze(w.oracle, w.rules)
	if a.frozen == nil {
		c.conv.phase = askNext
		return
	}
	b, id := *a.frozen, c.conv.id
	send(w, f, func(h *hub) ack { return h.ingest(w.oracle, c.name, id, b, w.rules) }, func(x ack) {
		if x.stale || x.conflict || a.frozen == nil || x.mark.number != a.frozen.mark.number || (x.mark != a.frozen.mark && !w.rules.ackWithoutDigest) {
			c.conv = nil
			return
		}
		a.acknowledged(w.rules)
		w.oracle.dropped(w.hub, a, b)
	})
}

// capture, within a conversation: a POS that was restored under its feet ends it.
// Which jobs are to come is for the next hello to say.
func (w *world) capture(c *pc) (ok bool) {
	w.read(c, len(c.pos.changes))
	if c.db.posEpoch != c.conv.posEpoch && !w.rules.goOnAfterRestore {
		c.conv = nil
	}
	return c.conv != nil
}

type nextAnswer struct {
	stale bool
	job   *job
}

func (w *world) askNext(c *pc, f fault) {
	id := c.conv.id
	send(w, f, func(h *hub) nextAnswer {
		if h.stale(id, w.rules) {
			return nextAnswer{stale: true}
		}
		return nextAnswer{job: h.next(w.rules)}
	}, func(x nextAnswer) {
		switch {
		case x.stale:
			c.conv = nil
		case x.job == nil && c.conv.full != 0 && c.conv.refused && w.rules.commitAgain:
			c.conv.phase = commitFull
		case x.job == nil && c.conv.full != 0:
			c.conv.phase = beginFull
		case x.job == nil:
			c.conv.phase = sayBye
		default:
			c.conv.job = x.job.jobMessage
			c.conv.phase = askBegin
			if r := c.pos.receipt(c.conv.job, w.rules.receiptByNumber); r != nil && r.done {
				c.conv.phase = noteResult
			}
		}
	})
}

func (w *world) begin(c *pc, f fault) {
	job, id := c.conv.job.id, c.conv.id
	has := c.pos.receipt(c.conv.job, w.rules.receiptByNumber) != nil
	send(w, f, func(h *hub) jobState {
		if h.stale(id, w.rules) {
			return ""
		}
		return h.begin(job, has)
	}, func(s jobState) {
		switch s {
		case "":
			c.conv = nil
		case begun, cancelRequested:
			c.conv.phase = doSlice
		default:
			c.conv.phase = askNext
		}
	})
}

// slice is one transaction in the POS.
func (w *world) slice(c *pc) {
	if !w.capture(c) {
		return
	}
	r := c.pos.receipt(c.conv.job, w.rules.receiptByNumber)
	if r != nil && r.done {
		c.conv.phase = noteResult
		return
	}
	if w.rules.receiptOutside {
		c.pos.slice(w.oracle, c.conv.job, w.rules.receiptByNumber, false)
		if w.pick("crash before the receipt", 8) == 0 {
			c.conv = nil
			return
		}
		c.pos.putReceipt(c.conv.job, w.rules.receiptByNumber, 0)
		return
	}
	c.pos.slice(w.oracle, c.conv.job, w.rules.receiptByNumber, true)
}

// result puts a job's outcome into the outbox, behind what the job wrote.
func (w *world) result(c *pc) {
	a := c.db
	if !w.capture(c) {
		return
	}
	r := c.pos.receipt(c.conv.job, w.rules.receiptByNumber)
	if r == nil || !r.done { // the POS was restored
		c.conv = nil
		return
	}
	a.results = append(a.results, result{job: c.conv.job.id, order: r.order, wrote: r.wrote, after: a.rev})
	c.conv.phase = sayBatch
}

func (w *world) full(c *pc, f fault) {
	a, id := c.db, c.conv.id
	if a.frozen != nil { // it is settled first (decision 25)
		c.conv.phase = sayBatch
		return
	}
	if a.upload == 0 {
		a.upload, a.compare = w.oracle.id(), true
	}
	upload, epoch := a.upload, a.epoch
	if !w.capture(c) {
		return
	}
	phase, seen := c.conv.phase, a.mark
	var entries []entry
	var sums [keys]state
	for key, it := range c.conv.sent {
		sums[key] = it.state
	}
	if phase == stageFull {
		a.otherMark = a.mark
		c.conv.sent = a.items
		for key, it := range a.items {
			entries = append(entries, entry{key: key, rev: it.rev, state: it.state})
		}
	}
	send(w, f, func(h *hub) fullAnswer {
		switch {
		case h.stale(id, w.rules):
			return fullAnswer{stale: true}
		case phase == beginFull:
			return h.fullBegin(upload, w.rules)
		case phase == stageFull:
			return h.fullStage(upload, epoch, seen, entries)
		}
		return h.fullCommit(w.oracle, upload, sums, w.rules)
	}, func(x fullAnswer) { w.fullAnswered(c, phase, x) })
}

func (w *world) fullAnswered(c *pc, at phase, x fullAnswer) {
	switch {
	case x.stale:
		c.conv = nil
	case x.landed:
		w.landed(c, at == commitFull)
	case x.jobs:
		c.conv.phase, c.conv.refused = askNext, at == commitFull
	case x.moved:
		c.conv.phase = beginFull
	case at == beginFull:
		c.conv.phase = stageFull
	case at == stageFull:
		c.conv.phase = commitFull
	}
}

// landed drops what the full upload brought, unless it changed since. Of one that
// landed unheard in an earlier conversation nothing is dropped.
func (w *world) landed(c *pc, sent bool) {
	for key, it := range c.conv.sent {
		if now := &c.db.items[key]; sent && now.rev == it.rev {
			now.pending = false
		}
	}
	if sent && !w.rules.fullWithoutMark {
		c.db.ackedMark = c.db.otherMark
	}
	if sent && c.db.acked.digest != c.db.upload && !w.rules.fullUncounted {
		c.db.acked = batchMark{c.db.acked.number + 1, c.db.upload}
	}
	if sent {
		w.oracle.landed(w.hub, c)
	}
	c.db.upload, c.conv.full, c.conv.phase = 0, 0, sayBatch
}

type byeAnswer struct {
	stale, equal bool
	open         int
}

func (w *world) bye(c *pc, f fault) {
	a, id := c.db, c.conv.id
	if !w.capture(c) {
		return
	}
	if !a.empty() {
		c.conv.phase = sayBatch
		return
	}
	states := a.states()
	send(w, f, func(h *hub) byeAnswer {
		return byeAnswer{stale: h.stale(id, w.rules), equal: len(differing(h, states)) == 0, open: h.open()}
	}, func(x byeAnswer) {
		if x.stale {
			c.conv = nil
			return
		}
		if !x.equal {
			a.reconcile = true
		}
		c.conv.phase, c.conv.equal, c.conv.open = ended, x.equal, x.open
	})
}
