package pos

import (
	"sync"

	"plait/shared/wire"
)

// A job's transaction reads back what it wrote, and a moment later capture asks for
// the same rows: to read them once more would be a tenth of all that an item costs. So
// what transactions left is kept until a snapshot takes it. It counts only in one whose
// newest change row is that of the last of these transactions, under the same schema:
// nobody has committed anything since then.

// maxLeft bounds how many records are kept: about 4 MB.
const maxLeft = 2000

// left is what transactions left under the keys that they wrote.
type left struct {
	mu      sync.Mutex
	since   wire.Mark // the newest change row before the first of them
	asOf    wire.Mark
	under   *state
	records map[touchedKey]Record
}

// commit takes over from a transaction that was committed. What was there before it
// stays good where nobody else came between.
func (l *left) commit(by *leaving, st *state) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !by.known() {
		l.forget()
		return
	}
	if l.records == nil || l.asOf != by.from || l.under != st {
		l.records, l.since = make(map[touchedKey]Record, len(by.keys)), by.from
	}
	for key, k := range by.keys {
		delete(l.records, key)
		if k.whole && len(l.records) < maxLeft {
			l.records[key] = k.rec
		}
	}
	l.asOf, l.under = by.to, st
}

func (l *left) forget() { l.since, l.asOf, l.under, l.records = wire.Mark{}, wire.Mark{}, nil, nil }

// narrow leaves out of change rows, as of a mark, the kinds that they concern by their
// table alone: of kinds that divide a table's rows between them, a transaction that
// wrote one's item wrote none of another's under that key.
func (l *left) narrow(changes []Change, asOf wire.Mark, st *state) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asOf != asOf || l.under != st {
		return
	}
	for i := range changes {
		ch := &changes[i]
		if ch.Seq <= l.since.Seq || ch.NewKey != "" || (ch.Op != Insert && ch.Op != Update) {
			continue
		}
		for j, kind := range ch.Kinds {
			if _, ok := l.records[touchedKey{kind, ch.Key}]; ok {
				ch.Kinds = ch.Kinds[j : j+1 : j+1]
				break
			}
		}
	}
}

// take returns what was left under a key, as of a mark, and forgets it.
func (l *left) take(asOf wire.Mark, st *state, key touchedKey) (Record, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asOf != asOf || l.under != st {
		return Record{}, false
	}
	rec, ok := l.records[key]
	delete(l.records, key)
	return rec, ok
}

// passed ends what no snapshot will take any more, after one of everything that there
// was.
func (l *left) passed(newest wire.Mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if newest.Seq >= l.asOf.Seq || newest.POSEpoch != l.asOf.POSEpoch {
		l.forget()
	}
}

// leaving is what a transaction will leave.
type leaving struct {
	from, to wire.Mark // the newest change row before and after its writes; zero: not known
	wrote    bool
	unsure   bool // something was written that may have changed anything
	keys     map[touchedKey]*leftKey
}

// leftKey is a key under which a transaction wrote.
type leftKey struct {
	rec   Record
	read  bool // rec was read back, all but what plait_links says
	whole bool // that too
	named bool // a change row names it: the POS's own row was written, and its trigger is there
}

func (l *leaving) known() bool {
	return l != nil && !l.unsure && l.from.Seq != 0 && l.to.Seq != 0
}

// newest notes the newest change row as it is between writes.
func (l *leaving) newest(mark wire.Mark) {
	if !l.wrote {
		l.from = mark
	}
	l.to = mark
}

// anything notes a write of which it is not known what it changed.
func (l *leaving) anything() {
	l.wrote, l.unsure, l.to = true, true, wire.Mark{}
	clear(l.keys)
}

// one notes a write of one item, and of nothing else.
func (l *leaving) one(key touchedKey) *leftKey {
	l.wrote, l.to = true, wire.Mark{}
	k := l.keys[key]
	if k == nil {
		if l.keys == nil {
			l.keys = map[touchedKey]*leftKey{}
		}
		k = &leftKey{}
		l.keys[key] = k
	}
	k.read, k.whole = false, false
	return k
}

// back notes what was read back.
func (k *leftKey) back(rec Record) {
	if rec.Exists && rec.Trouble == nil {
		k.rec, k.read, k.whole = rec, true, false
	}
}

// linked notes a row of plait_links, the newest of its key, and reports whether a
// change row names the key already.
func (l *leaving) linked(row LinkRow) bool {
	key := touchedKey{row.Kind, row.Key}
	k := l.keys[key]
	if k == nil {
		l.one(key) // what was left there before is stale
		return false
	}
	l.to = wire.Mark{}
	k.rec.Row = LinkRow{}
	k.rec.take(row)
	k.whole = k.read
	return k.named
}
