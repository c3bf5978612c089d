package model

import "slices"

// keys is how many items a store has: few, so that histories collide.
const keys = 3

// A version is one write of one item; the oracle knows which came before it.
type version int

// A state is what an item is: its last write, and whether that was a delete. The
// zero state was never written.
type state struct {
	ver  version
	dead bool
}

func (s state) live() bool { return s.ver != 0 && !s.dead }

// same is what digests of live items compare.
func same(a, b state) bool {
	return a.live() == b.live() && (!a.live() || a.ver == b.ver)
}

// A mark is the newest change row that was seen, with the history it belongs to.
type mark struct{ epoch, seq, nonce int }

// A change is a row of plait_changes.
type change struct{ seq, nonce, key int }

// A receipt is a row of plait_receipts.
type receipt struct {
	job, number, order int
	next               int        // the first item not yet applied
	wrote              [2]version // for the oracle
	done               bool
}

// A pos is a POS database: everything in it commits together and is lost
// together.
type pos struct {
	epoch    int
	items    [keys]state
	seq      int
	changes  []change
	pruned   int // the highest seq ever pruned
	receipts []receipt
	effects  [][2]int // for the oracle: (job, item) as they took effect in this history
}

func (p *pos) clone() *pos {
	c := *p
	c.changes, c.receipts, c.effects = slices.Clone(p.changes), slices.Clone(p.receipts), slices.Clone(p.effects)
	return &c
}

// write is a committed change, with its trigger's row.
func (p *pos) write(o *oracle, key int, dead bool) version {
	v := o.version(p.items[key].ver)
	p.items[key] = state{v, dead}
	if dead {
		o.deletes[v] = true
	}
	p.seq++
	p.changes = append(p.changes, change{p.seq, o.id(), key})
	return v
}

// hasMark: the row is there, in this history; before the first row there is only
// the history.
func (p *pos) hasMark(m mark) bool {
	if m.epoch != p.epoch {
		return m.epoch == 0
	}
	return m.seq == 0 || slices.ContainsFunc(p.changes, func(c change) bool { return c.seq == m.seq && c.nonce == m.nonce })
}

func (p *pos) newest() mark {
	if len(p.changes) == 0 {
		return mark{epoch: p.epoch}
	}
	c := p.changes[len(p.changes)-1]
	return mark{p.epoch, c.seq, c.nonce}
}

// receipt finds a job's receipt by its UUID; by its number if that rule is
// weakened.
func (p *pos) receipt(j jobMessage, byNumber bool) *receipt {
	for i := range p.receipts {
		if r := &p.receipts[i]; r.job == j.id || (byNumber && r.number == j.number) {
			return r
		}
	}
	return nil
}

func (p *pos) head() receipt {
	var head receipt
	for _, r := range p.receipts {
		if r.order > head.order {
			head = r
		}
	}
	return head
}

// slice applies one item of a job: write, change row and receipt in one
// transaction. A receipt outside of it is a rule weakened.
func (p *pos) slice(o *oracle, j jobMessage, byNumber bool, withReceipt bool) {
	next := 0
	if r := p.receipt(j, byNumber); r != nil {
		next = r.next
	}
	wrote := p.write(o, j.items[next], false)
	o.applied(p, j, next)
	p.effects = append(p.effects, [2]int{j.id, next})
	if withReceipt {
		p.putReceipt(j, byNumber, wrote)
	}
}

func (p *pos) putReceipt(j jobMessage, byNumber bool, wrote version) {
	r := p.receipt(j, byNumber)
	if r == nil {
		p.receipts = append(p.receipts, receipt{job: j.id, number: j.number, order: p.head().order + 1})
		r = &p.receipts[len(p.receipts)-1]
	}
	r.wrote[r.next] = wrote
	r.next++
	r.done = r.next == len(j.items)
}
