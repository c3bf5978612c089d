package model

import (
	"fmt"
	"slices"
)

// rules are what the protocol demands, each as a switch that takes it away.
type rules struct {
	weights []int // of happenings, where a control needs rare ones together

	markUnchecked         bool // a restored POS is not looked for
	prunedUnchecked       bool // nor an agent.db older than what was pruned
	pruneFrozenMark       bool // pruning spares the newest row and the acknowledged mark alone
	ackWithoutDigest      bool // a batch's number is enough
	dropChanged           bool // an acknowledgement drops what changed since the batch was frozen
	resultsFirst          bool // a result does not wait for what the job wrote
	resultsByRevision     bool // … if that changed again since
	fullUncounted         bool // a full upload takes no batch number
	sumsUnchecked         bool // a full upload lands without its sums
	beginForgets          bool // a full upload that has landed may begin again under its id
	receiptByNumber       bool // receipts are found by the job's number, not its UUID
	receiptOutside        bool // the receipt commits in a transaction of its own
	rollBackOff           bool // a restored POS rolls no job back
	headByNumber          bool // jobs above the receipt head are found by their numbers
	headByOrder           bool // … by the order of their receipts
	swapUnchecked         bool // a full upload does not look at the queue
	swapAnyRevision       bool // … nor at the copy's revision
	commitAgain           bool // a full upload that was refused is not staged anew
	chainOff              bool // every hello is let in
	chainAcrossEpochs     bool // counters are compared whatever the agent epoch
	batchesUncompared     bool // a hello does not compare the batches of agent and hub
	unbound               bool // messages after hello name no conversation
	boundByNonce          bool // … or name it by the chain's nonce, which a clone may share
	goOnAfterRestore      bool // a POS restored within a conversation does not end it
	forgetGoneMark        bool // a hub's mark that is gone begins a new POS epoch each time
	freezeUnread          bool // what was read in a history that is gone is sent
	fullWithoutMark       bool // a full upload leaves the hub's mark as it is
	readPastMark          bool // a batch holds states that are newer than its mark
	itemsLater            bool // change rows are read first, the items under their keys a moment later
	markOfPage            bool // the mark is the last change row that was taken, not the newest that there was
	rolledBackBeforeBegun bool // a job rolled back goes before one that was begun
	archiveOff            bool // the hub keeps nothing of a history that is gone
}

// A world is one salon, its hub, and what people keep of both in cupboards.
type world struct {
	rules  rules
	oracle *oracle
	choose func(label string, n int) int
	log    []string

	closed bool // the salon is closed: its POS writes no more
	hub    *hub
	pcs    []*pc
	late   []func(*hub)

	weights []int // of happenings, in this history
	total   int
	hubs    []*hub
}

// An image is a copy of a PC's disk.
type image struct {
	pos *pos
	db  *agentDB
}

func newWorld(r rules, choose func(string, int) int) *world {
	o := &oracle{deletes: map[version]bool{}}
	w := &world{rules: r, oracle: o, choose: choose, hub: &hub{epoch: o.id(), let: map[[2]int]int{}}}
	c := &pc{pos: &pos{epoch: o.id()}, db: newAgentDB(o)}
	w.pcs = []*pc{c}
	o.pcs = w.pcs
	c.images = []image{{c.pos.clone(), c.db.clone()}}
	w.hubs = []*hub{w.hub.clone()}
	return w
}

func (w *world) pick(label string, n int) int { return w.choose(label, n) }

func (w *world) trace(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

// What may happen. Each history weighs them anew: some never happen in it, some
// often, so that rare things meet.
var happenings = []struct {
	usual int
	do    func(w *world, c *pc)
}{
	{8, (*world).sell},
	{3, func(w *world, c *pc) {
		limit := 1 + w.pick("page", 2)*len(c.pos.changes)
		w.trace("pc %d: capture of at most %d changes", c.name, limit)
		w.read(c, limit)
	}},
	{2, func(w *world, c *pc) {
		w.trace("pc %d: prune", c.name)
		c.db.prune(c.pos, w.rules)
	}},
	{2, func(w *world, c *pc) {
		w.trace("pc %d: a batch is frozen", c.name)
		c.db.freeze(w.oracle, w.rules)
	}},
	{12, func(w *world, c *pc) {
		for range 1 + w.pick("steps", 8)*w.pick("in one go", 2) {
			w.step(c, arrives, false)
		}
	}},
	{6, func(w *world, c *pc) { w.step(c, fault(1+w.pick("fault", 3)), w.pick("crash", 2) == 0) }},
	{2, func(w *world, c *pc) {
		w.trace("pc %d: the agent crashes", c.name)
		c.conv = nil
	}},
	{5, func(w *world, _ *pc) { w.operate() }},
	{2, (*world).arriveLate},
	{1, func(w *world, _ *pc) {
		w.trace("the live PC misses its due contact")
		w.hub.due = true
	}},
	{3, (*world).keep},
	{4, (*world).restore},
}

// Weights under which rare things meet more often than by chance.
var (
	quiet     = []int{6, 1, 1, 2, 12, 1, 1, 3, 0, 1, 2, 3}
	busy      = []int{6, 1, 0, 0, 14, 4, 1, 4, 0, 0, 0, 0} // nothing is restored
	restoring = []int{8, 0, 0, 0, 14, 1, 2, 0, 0, 0, 3, 4} // nothing is asked for
	paging    = []int{8, 5, 1, 1, 10, 1, 1, 0, 0, 0, 4, 4} // … and capture is cut off between pages
)

// weigh draws how often each thing happens in this history.
func (w *world) weigh() {
	if w.rules.weights != nil {
		for _, weight := range w.rules.weights {
			w.weights, w.total = append(w.weights, weight), w.total+weight
		}
		return
	}
	for _, h := range happenings {
		weight := h.usual * []int{0, 1, 1, 3}[w.pick("weight", 4)]
		w.weights, w.total = append(w.weights, weight), w.total+weight
	}
}

// act is one thing that happens.
func (w *world) act() {
	if w.total == 0 {
		return
	}
	c := w.pcs[w.pick("pc", len(w.pcs))]
	n := w.pick("what", w.total)
	for i, weight := range w.weights {
		if n -= weight; n < 0 {
			happenings[i].do(w, c)
			return
		}
	}
}

// read captures, and may let the POS work meanwhile.
func (w *world) read(c *pc, limit int) {
	c.db.capture(w.oracle, c.pos, w.rules, limit, func() {
		if !w.closed && w.pick("meanwhile", 3) == 0 {
			w.sell(c)
		}
	})
}

// sell is the POS at its own work.
func (w *world) sell(c *pc) {
	key := w.pick("key", keys)
	dead := w.pick("delete", 4) == 0 && c.pos.items[key].live()
	w.trace("pc %d: the POS writes item %d as %d (delete: %v)", c.name, key, c.pos.write(w.oracle, key, dead), dead)
}

func (w *world) arriveLate(*pc) {
	if len(w.late) > 0 {
		w.trace("a late message arrives")
		w.late[w.pick("late", len(w.late))](w.hub)
	}
}

// operate is what an operator does at the hub.
func (w *world) operate() {
	h := w.hub
	switch n := w.pick("operate", 8); {
	case n < 5:
		h.number++
		j := job{jobMessage: jobMessage{id: w.oracle.id(), number: h.number, items: [2]int{w.pick("key", keys), w.pick("key", keys)}}, state: queued}
		j.resets = w.pick("resets", 4) == 0
		h.jobs = append(h.jobs, j)
		w.oracle.queue = append(w.oracle.queue, j.id)
		w.trace("hub: job %d is queued (number %d, items %v, resets: %v)", j.id, j.number, j.items, j.resets)
	case n < 6 && len(h.jobs) > 0:
		w.cancel(&h.jobs[w.pick("job", len(h.jobs))])
	case n >= 6:
		h.want = w.oracle.id()
		w.trace("hub: a full upload is asked for")
	}
}

func (w *world) cancel(j *job) {
	switch j.state {
	case queued, rolledBack:
		j.state = cancelled
	case begun:
		j.state = cancelRequested
	}
	w.oracle.unwanted = append(w.oracle.unwanted, j.id)
	w.trace("hub: job %d is to be cancelled: %s", j.id, j.state)
}

// keep puts a copy into the cupboard, of a PC or of the hub.
func (w *world) keep(c *pc) {
	if w.pick("keep", 2) == 0 {
		w.trace("pc %d: image %d is kept", c.name, len(c.images))
		c.images = append(c.images, image{c.pos.clone(), c.db.clone()})
		return
	}
	w.trace("hub: backup %d is kept", len(w.hubs))
	w.hubs = append(w.hubs, w.hub.clone())
}

// restore brings something back from the cupboard, or loses it.
func (w *world) restore(c *pc) {
	i := w.pick("image", len(c.images))
	w.oracle.restored = true
	switch w.pick("restore", 7) {
	case 0:
		w.trace("pc %d: the POS is restored from image %d", c.name, i)
		c.pos = c.images[i].pos.clone()
	case 1:
		w.trace("pc %d: agent.db is restored from image %d", c.name, i)
		c.db, c.conv = c.images[i].db.clone(), nil
	case 2:
		w.trace("pc %d: agent.db is lost", c.name)
		c.db, c.conv = newAgentDB(w.oracle), nil
	case 3:
		w.trace("pc %d: image %d is restored", c.name, i)
		c.pos, c.db, c.conv = c.images[i].pos.clone(), c.images[i].db.clone(), nil
	case 4, 5:
		i = w.pick("backup", len(w.hubs))
		w.trace("hub: restored from backup %d", i)
		w.hub, w.oracle.hubRestored = w.hubs[i].clone(), true
	case 6:
		if len(w.pcs) == 1 {
			w.trace("pc 0: its disk is cloned into pc 1")
			w.pcs = append(w.pcs, &pc{name: 1, pos: c.pos.clone(), db: c.db.clone(), images: slices.Clone(c.images)})
			w.oracle.pcs = w.pcs
		}
	}
}

// maxConversations is how many conversations may be needed until all is settled
// once faults are healed (P12).
const maxConversations = 12

// settle unplugs one of two PCs, heals everything and lets conversations run.
func (w *world) settle() {
	c := w.pcs[w.pick("stays", len(w.pcs))]
	w.trace("all is healed; pc %d stays", c.name)
	w.closed = true
	c.conv = nil
	for range maxConversations {
		if w.converse(c) {
			w.oracle.settled(w.hub, c)
			return
		}
	}
	w.oracle.breaks("P12: not settled after %d conversations", maxConversations)
}

// converse runs one conversation to its end and reports whether all is settled.
func (w *world) converse(c *pc) bool {
	for range 60 + 12*len(w.hub.jobs) { // a bounded number of messages for each job that waits
		w.step(c, arrives, false)
		switch {
		case c.conv == nil:
			return false
		case c.conv.held:
			w.trace("the live PC misses its due contact")
			w.hub.due = true
			return false
		case c.conv.phase == ended:
			return c.conv.equal && c.conv.open == 0 && w.hub.want == 0
		}
	}
	w.oracle.breaks("P12: a conversation does not end")
	return false
}

// run lets steps things happen, then settles; it returns what was broken first.
func (w *world) run(steps int) string {
	w.weigh()
	for range steps {
		w.act()
		if len(w.oracle.broken) > 0 {
			return w.oracle.broken[0]
		}
	}
	w.settle()
	if len(w.oracle.broken) > 0 {
		return w.oracle.broken[0]
	}
	return ""
}
