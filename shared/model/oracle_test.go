package model

import (
	"fmt"
	"slices"
	"strings"
)

// An oracle sees everything and rules nothing: it knows which write came after
// which, and says when a promise is broken.
type oracle struct {
	ids         int
	parent      []version // of each version
	deletes     map[version]bool
	pcs         []*pc
	hubRestored bool
	restored    bool  // anything was, or was cloned
	queue       []int // jobs in the order in which they were ever queued
	unwanted    []int // those that were to be cancelled: two PCs may disagree on them
	broken      []string
}

func (o *oracle) id() int { o.ids++; return o.ids }

func (o *oracle) version(after version) version {
	if len(o.parent) == 0 {
		o.parent = append(o.parent, 0)
	}
	o.parent = append(o.parent, after)
	return version(len(o.parent) - 1)
}

// after reports whether v is w or was written over it.
func (o *oracle) after(v, w version) bool {
	for ; v != 0; v = o.parent[v] {
		if v == w {
			return true
		}
	}
	return w == 0
}

// deletedSince reports whether v, or what it was written over, back to w, is a
// delete: w may then have gone before anybody saw it.
func (o *oracle) deletedSince(v, w version) bool {
	for ; v > w; v = o.parent[v] {
		if o.deletes[v] {
			return true
		}
	}
	return false
}

func (o *oracle) breaks(format string, args ...any) {
	o.broken = append(o.broken, fmt.Sprintf(format, args...))
}

// replaces: what the hub acknowledged is replaced by what was written over it, or
// is kept in the archive (P6, P7). An old batch may set the copy back for a moment
// where the PC itself still has what it replaces.
func (o *oracle) replaces(h *hub, key int, was, now state) {
	if !was.live() || o.after(now.ver, was.ver) || slices.Contains(h.archive, was.ver) {
		return
	}
	if live := o.pcs[h.live].pos.items[key]; !o.after(live.ver, was.ver) {
		o.breaks("P7: the hub's version %d gave way to %d, which was not written over it, and is in no archive", was.ver, now.ver)
	}
}

// ingests: one chain is live at a time (P8).
func (o *oracle) ingests(h *hub, from int) {
	if from != h.live {
		o.breaks("P8: PC %d wrote while PC %d is the live one", from, h.live)
	}
}

// dropped: what the agent drops from its outbox, the hub holds (P1).
func (o *oracle) dropped(h *hub, a *agentDB, b batch) {
	for _, e := range b.entries {
		if it := a.items[e.key]; !it.pending && !same(it.state, h.copy[e.key].state) {
			o.breaks("P1: version %d left the outbox, and the hub holds %d", it.state.ver, h.copy[e.key].ver)
		}
	}
}

// reports: a job counts as applied when the copy shows what it wrote (rule 13).
func (o *oracle) reports(h *hub, j *job, x result) {
	for i, key := range j.items {
		if !o.deletedSince(o.pcs[h.live].pos.items[key].ver, x.wrote[i]) && !o.after(h.copy[key].ver, x.wrote[i]) {
			o.breaks("P5: job %d is reported before version %d, which it wrote", j.id, x.wrote[i])
		}
	}
}

// landed: what a full upload takes out of the outbox, the hub holds (P1).
func (o *oracle) landed(h *hub, c *pc) {
	for key, it := range c.db.items {
		if it.rev == c.conv.sent[key].rev && !same(it.state, h.copy[key].state) {
			o.breaks("P1: version %d left the outbox, and the full upload did not bring it", it.state.ver)
		}
	}
}

// admits: of two copies that go on from one place, one is let in; and none whose
// agent epoch another has superseded (P8).
func (o *oracle) admits(h *hub, m hello) {
	at := [2]int{m.agentEpoch, m.counter}
	if nonce, known := h.let[at]; known && nonce != m.next {
		o.breaks("P8: two copies of one agent.db were let in at its %dth conversation", m.counter)
	}
	if m.agentEpoch != h.agentEpoch && slices.Contains(h.epochs, m.agentEpoch) {
		o.breaks("P8: PC %d was let in under an agent epoch that is superseded", m.from)
	}
	h.let[at] = m.next
}

// lands: no full upload lands over an open job (P4).
func (o *oracle) lands(h *hub) {
	if n := h.open(); n > 0 {
		o.breaks("P4: a full upload landed over %d open jobs", n)
	}
	for key, r := range h.staging.rows {
		if was := h.copy[key]; was.posEpoch == r.posEpoch && !same(was.state, r.state) && r.ver != 0 && o.after(was.ver, r.ver) {
			o.breaks("P4: a full upload set item %d back from version %d to %d", key, was.ver, r.ver)
		}
	}
}

// applied: each job once per history of the POS, in order (P3, P5).
func (o *oracle) applied(p *pos, j jobMessage, item int) {
	for _, e := range p.effects {
		if e == [2]int{j.id, item} {
			o.breaks("P3: item %d of job %d was applied twice", item, j.id)
		}
		if !o.hubRestored && !slices.Contains(o.unwanted, j.id) && slices.Index(o.queue, e[0]) > slices.Index(o.queue, j.id) {
			o.breaks("P5: job %d was applied after job %d", j.id, e[0])
		}
	}
}

// settled holds the whole to the promises once everything is healed and quiet.
func (o *oracle) settled(h *hub, c *pc) {
	for key, it := range c.pos.items {
		if !same(it, h.copy[key].state) {
			o.breaks("P7: item %d is version %d in the POS and %d in the hub's copy", key, it.ver, h.copy[key].ver)
		}
	}
	for _, j := range h.jobs {
		n := 0
		for _, e := range c.pos.effects {
			if e[0] == j.id {
				n++
			}
		}
		switch {
		case j.open():
			o.breaks("P12: job %d is still %s", j.id, j.state)
		case j.state == applied && n != len(j.items):
			o.breaks("P5: job %d is applied, and %d of its %d items are in the POS", j.id, n, len(j.items))
		case j.state == cancelled && n == len(j.items):
			o.breaks("P5: job %d is cancelled, and is in the POS", j.id)
		case j.state == lost && n == len(j.items):
			o.breaks("P5: job %d is lost, and is in the POS", j.id)
		}
	}
}

// promiseOf is the number that a complaint begins with.
func promiseOf(broken string) string {
	promise, _, _ := strings.Cut(broken, ":")
	return promise
}
