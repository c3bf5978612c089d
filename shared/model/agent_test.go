package model

import "slices"

// A record is what agent.db knows of an item; pending ones are the outbox.
type record struct {
	state   state
	rev     int
	since   int // the revision at which it began to wait; it may have changed again
	pending bool
	gone    bool
}

// An agentDB is an agent's database: it commits as a whole and is lost as a whole.
type agentDB struct {
	epoch, hubEpoch     int
	counter, prev, next int
	open                bool // the last hello is not answered yet

	posEpoch  int
	mark      mark // the newest change row that there was when items were read
	taken     int  // the newest change row whose item was read
	goneMark  mark // the hub's mark that began this POS epoch
	rev       int
	items     [keys]record
	compare   bool // every item must be read again
	reconcile bool // digests must be compared with the hub's

	frozen    *batch // never changed once made
	acked     batchMark
	ackedMark mark
	results   []result
	upload    int  // the full upload under way
	otherMark mark // one that the hub may hold instead of ackedMark
}

func (a *agentDB) clone() *agentDB {
	c := *a
	c.results = slices.Clone(a.results)
	return &c
}

func newAgentDB(o *oracle) *agentDB {
	return &agentDB{epoch: o.id(), compare: true, reconcile: true}
}

// newEpoch forgets everything that was counted within the old agent epoch.
func (a *agentDB) newEpoch(o *oracle) {
	a.epoch, a.counter, a.prev, a.open = o.id(), 0, 0, false
	if a.frozen != nil { // the hub may hold its mark
		a.otherMark = a.frozen.seen
	}
	a.frozen, a.acked = nil, batchMark{}
	a.reconcile = true
}

// newPOSEpoch follows a POS that was restored. What the old history reported is
// void.
func (a *agentDB) newPOSEpoch(o *oracle, p *pos) {
	if !o.restored {
		o.breaks("P7: a POS that nobody restored is taken for a restored one")
	}
	a.posEpoch = o.id()
	p.epoch = a.posEpoch
	a.mark, a.compare, a.reconcile, a.results = p.newest(), true, true, nil
	a.taken = a.mark.seq
	if a.frozen != nil {
		a.newEpoch(o)
	}
}

// check recognises a restored POS, and an agent.db older than what was pruned.
func (a *agentDB) check(o *oracle, p *pos, r rules) {
	switch {
	case a.posEpoch == 0 || r.markUnchecked:
		a.posEpoch, a.mark.epoch = p.epoch, p.epoch
	case a.posEpoch != p.epoch || !p.hasMark(a.mark):
		a.newPOSEpoch(o, p)
	}
	if a.taken < p.pruned && !r.prunedUnchecked {
		a.compare = true
	}
}

// capture moves at most limit changes into the record: one transaction of agent.db.
// meanwhile lets the POS work where rows and items are not read in one snapshot.
func (a *agentDB) capture(o *oracle, p *pos, r rules, limit int, meanwhile func()) {
	a.check(o, p, r)
	page := slices.DeleteFunc(slices.Clone(p.changes), func(c change) bool { return c.seq <= a.taken })
	page = page[:min(limit, len(page))]
	now := p.newest()
	if r.itemsLater {
		meanwhile()
	}
	for _, c := range page {
		a.read(p, c.key, false)
		a.taken = c.seq
		if r.markOfPage {
			now = mark{p.epoch, c.seq, c.nonce}
		}
	}
	for key := 0; a.compare && key < keys; key++ {
		a.read(p, key, true)
	}
	a.compare = false
	if now.seq > a.mark.seq {
		a.mark = now
	}
	a.mark.epoch = p.epoch
}

func (a *agentDB) read(p *pos, key int, compared bool) {
	it, now := &a.items[key], p.items[key]
	if same(it.state, now) {
		return
	}
	a.wait(key, record{state: now, gone: compared && !now.live()})
}

// wait puts an item's newest state into the outbox.
func (a *agentDB) wait(key int, now record) {
	a.rev++
	now.rev, now.since, now.pending = a.rev, a.rev, true
	if was := a.items[key]; was.pending {
		now.since = was.since
	}
	a.items[key] = now
}

// prune removes change rows that are in the record, sparing the marks by which a
// restored POS is recognised.
func (a *agentDB) prune(p *pos, r rules) {
	newest := p.newest()
	spared := func(c change) bool {
		if c.seq == a.taken {
			return true
		}
		for _, m := range []mark{newest, a.mark, a.ackedMark, a.otherMark} {
			if c.seq == m.seq {
				return true
			}
		}
		return a.frozen != nil && c.seq == a.frozen.seen.seq && !r.pruneFrozenMark
	}
	p.changes = slices.DeleteFunc(p.changes, func(c change) bool {
		if c.seq > a.taken || spared(c) {
			return false
		}
		p.pruned = max(p.pruned, c.seq)
		return true
	})
}

// freeze cuts the next batch, of at most two entries; results wait for what must
// be ingested before them. Nothing that was read in a history that is gone is
// sent: what waits is read again first.
func (a *agentDB) freeze(o *oracle, r rules) {
	if a.frozen != nil || (a.compare && !r.freezeUnread) {
		return
	}
	b := &batch{epoch: a.epoch, mark: batchMark{a.acked.number + 1, o.id()}, seen: a.mark}
	for key, it := range a.items {
		if it.pending && len(b.entries) < 2 {
			b.entries = append(b.entries, entry{key, it.rev, it.state, it.gone})
		}
	}
	for _, x := range a.results {
		if r.resultsFirst || (!a.reconcile && !a.waits(b, x.after, r)) {
			b.results = append(b.results, x)
		}
	}
	if len(b.entries)+len(b.results) > 0 || a.mark != a.ackedMark { // a mark alone is worth a batch
		a.frozen = b
	}
}

// waits: an entry that began to wait up to that revision is neither acknowledged
// nor in the batch.
func (a *agentDB) waits(b *batch, rev int, r rules) bool {
	for key, it := range a.items {
		began := it.since
		if r.resultsByRevision {
			began = it.rev
		}
		if it.pending && began <= rev && !slices.ContainsFunc(b.entries, func(e entry) bool { return e.key == key }) {
			return true
		}
	}
	return false
}

// acknowledged drops what was sent, unless it changed since.
func (a *agentDB) acknowledged(r rules) {
	b := a.frozen
	for _, e := range b.entries {
		if it := &a.items[e.key]; it.rev == e.rev || r.dropChanged {
			it.pending = false
		} else if it.pending {
			it.since = e.rev + 1 // it changed at some revision after the one that was sent
		}
	}
	a.results = slices.DeleteFunc(a.results, func(x result) bool {
		return slices.ContainsFunc(b.results, func(y result) bool { return y.job == x.job })
	})
	a.acked, a.ackedMark, a.frozen = b.mark, b.seen, nil
}

func (a *agentDB) empty() bool {
	for _, it := range a.items {
		if it.pending {
			return false
		}
	}
	return len(a.results) == 0 && a.frozen == nil && a.mark == a.ackedMark
}

// differing is what sums and keys find: the items that the hub holds otherwise.
func differing(h *hub, states [keys]state) (out []int) {
	for key, s := range states {
		if !same(h.copy[key].state, s) {
			out = append(out, key)
		}
	}
	return out
}

func (a *agentDB) states() (out [keys]state) {
	for key, it := range a.items {
		out[key] = it.state
	}
	return out
}

// again sends items that the hub holds otherwise, as the record has them: a state
// read from the POS by the way would be newer than the mark that goes with it.
func (a *agentDB) again(p *pos, differ []int, r rules) {
	for _, key := range differ {
		s := a.items[key].state
		if r.readPastMark {
			s = p.items[key]
		}
		a.wait(key, record{state: s, gone: !s.live()})
	}
	for i := range a.results { // the hub has lost what they told of
		a.results[i].after = a.rev
	}
}
