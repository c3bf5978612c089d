package postest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"

	"plait/agent/pos"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// MemoryOptions describe the POS that Memory plays.
type MemoryOptions struct {
	Catalog *catalog.Catalog
	Kinds   []pos.MappedKind // kinds with the same Table share it
	// Unique names a field that must be unique in its kind's table, by kind.
	Unique map[string]string
	// Check refuses an item, as a CHECK or NOT NULL would; nil accepts all.
	Check func(kind string, f item.Fields) error
}

// Memory is a connector to a POS that lives in memory. Several of its POS's
// transactions can be open, and each takes the sequence numbers of its change
// rows when it writes but shows them when it commits, as MySQL and PostgreSQL
// do. It may be used by several goroutines.
type Memory struct {
	db *memoryDB

	mu   sync.Mutex
	done map[int64]bool
	fail func(call string) error
}

// memoryDB is what several connectors to one database share.
type memoryDB struct {
	o        MemoryOptions
	applying chan struct{} // one token: whose holder may apply

	mu  sync.Mutex
	st  *memoryState
	seq int64 // rises whether or not a transaction commits
	key int64
}

// memoryState is what is committed. Transactions work on a copy.
type memoryState struct {
	rows     map[string]map[string]memoryRow // by table and key
	links    map[item.ID]pos.LinkRow
	receipts map[string]pos.Receipt
	changes  map[int64]pos.Change
	removed  int64    // the newest change row that was taken away in this epoch
	meta     pos.Meta // zero: not installed
	triggers bool
}

// memoryRow is one row of a table.
type memoryRow struct {
	kind   string
	hidden bool // deleted softly
	fields item.Fields
}

// NewMemory makes an empty POS database.
func NewMemory(o MemoryOptions) *Memory {
	db := &memoryDB{o: o, applying: make(chan struct{}, 1), st: newMemoryState(), key: 100}
	return &Memory{db: db, done: map[int64]bool{}}
}

// SalonMemory is a Memory of the suite's catalogue, with the rules of SQLSchema.
func SalonMemory() *Memory {
	return NewMemory(MemoryOptions{
		Catalog: Catalog(),
		Kinds: []pos.MappedKind{
			{Kind: "category", Table: "Category"}, {Kind: "vendor", Table: "Vendor"}, {Kind: "product", Table: "Item"},
			{Kind: "service", Table: "Item"}, {Kind: "sale", Table: "Sale", UploadOnly: true},
		},
		Unique: map[string]string{"product": "barcode"},
		Check: func(kind string, f item.Fields) error {
			price := f.Get("price")
			if price.Type() == item.TypeDecimal && price.Str()[0] == '-' {
				return fmt.Errorf("%w: a price below zero", pos.ErrConstraint)
			}
			if name := f.Get("name"); name.IsNull() && kind != "sale" && kind != "vendor" {
				return fmt.Errorf("%w: a %s without a name", pos.ErrConstraint, kind)
			}
			return nil
		},
	})
}

// Reopen returns another connector to the same database.
func (m *Memory) Reopen() *Memory { return &Memory{db: m.db, done: map[int64]bool{}} }

// Fail has hook asked before each call of the connector and its transactions, by
// the method's name; an error of it fails the call. "Committed" is asked after a
// commit took effect: an ErrUnknown there is a commit whose answer was lost.
func (m *Memory) Fail(hook func(call string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = hook
}

func (m *Memory) ask(call string) error {
	m.mu.Lock()
	hook := m.fail
	m.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(call)
}

func newMemoryState() *memoryState {
	return &memoryState{rows: map[string]map[string]memoryRow{}, links: map[item.ID]pos.LinkRow{}, receipts: map[string]pos.Receipt{}, changes: map[int64]pos.Change{}}
}

func (st *memoryState) clone() *memoryState {
	c := *st
	c.rows = make(map[string]map[string]memoryRow, len(st.rows))
	for table, rows := range st.rows {
		c.rows[table] = maps.Clone(rows)
	}
	c.links, c.receipts, c.changes = maps.Clone(st.links), maps.Clone(st.receipts), maps.Clone(st.changes)
	return &c
}

func (st *memoryState) put(table, key string, r memoryRow) {
	if st.rows[table] == nil {
		st.rows[table] = map[string]memoryRow{}
	}
	st.rows[table][key] = r
}

// snapshot returns the committed state; nobody changes it in place.
func (db *memoryDB) snapshot() *memoryState {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.st
}

// change replaces the committed state by what steps make of a copy.
func (db *memoryDB) change(steps ...func(*memoryState) error) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	st := db.st.clone()
	for _, step := range steps {
		if err := step(st); err != nil {
			return err
		}
	}
	db.st = st
	return nil
}

func (db *memoryDB) table(kind string) string {
	for _, k := range db.o.Kinds {
		if k.Kind == kind {
			return k.Table
		}
	}
	return ""
}

func (db *memoryDB) kinds(table string) []string {
	var out []string
	for _, k := range db.o.Kinds {
		if k.Table == table {
			out = append(out, k.Kind)
		}
	}
	return out
}

// trace makes a step that writes a change row, with a number taken now.
func (db *memoryDB) trace(op pos.Op, kinds []string, key, newKey string) func(*memoryState) error {
	db.mu.Lock()
	db.seq++
	ch := pos.Change{Seq: db.seq, Nonce: rand.Int64(), Kinds: kinds, Op: op, Key: key, NewKey: newKey}
	db.mu.Unlock()
	return func(st *memoryState) error {
		if st.meta.Store != "" && (st.triggers || op == pos.LinkOnly) {
			st.changes[ch.Seq] = ch
		}
		return nil
	}
}

// snapshotOf is a Snapshot of one state.
func (m *Memory) snapshotOf(st *memoryState, ask pos.Ask) (out pos.Snapshot, err error) {
	if st.meta.Store == "" {
		return out, pos.ErrAbsent
	}
	if ask.Mark.POSEpoch != "" && !st.holds(ask.Mark) {
		return out, pos.ErrRestored
	}
	out.Newest = st.mark()
	out.Changes, out.More = m.pendingOf(st, ask)
	for _, touched := range pos.Touch(out.Changes) {
		found := pos.Found{Touched: touched}
		found.Records, found.Err = m.db.read(st, touched.Kind, touched.Keys)
		out.Found = append(out.Found, found)
	}
	return out, nil
}

func (m *Memory) pendingOf(st *memoryState, ask pos.Ask) (out []pos.Change, more bool) {
	taken := map[int64]bool{}
	for _, ch := range ask.Taken {
		taken[ch.Seq] = true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, seq := range slices.Sorted(maps.Keys(st.changes)) {
		if m.done[seq] || taken[seq] {
			continue
		}
		if len(out) == ask.Limit {
			return out, true
		}
		out = append(out, st.changes[seq])
	}
	return out, false
}

// holds reports whether the mark's row is there; before the first row there is
// only the epoch.
func (st *memoryState) holds(mark wire.Mark) bool {
	ch, ok := st.changes[mark.Seq]
	return st.meta.Epoch == mark.POSEpoch && (mark.Seq == 0 || ok && ch.Nonce == mark.Nonce)
}

func (st *memoryState) mark() wire.Mark {
	seq := st.newest()
	return wire.Mark{POSEpoch: st.meta.Epoch, Seq: seq, Nonce: st.changes[seq].Nonce}
}

// Snapshot reads the oldest changes that are not done, and what they name.
func (m *Memory) Snapshot(_ context.Context, ask pos.Ask) (pos.Snapshot, error) {
	if err := m.ask("Snapshot"); err != nil {
		return pos.Snapshot{}, err
	}
	return m.snapshotOf(m.db.snapshot(), ask)
}

// Done notes that these changes are in the record.
func (m *Memory) Done(_ context.Context, changes []pos.Change) error {
	if err := m.ask("Done"); err != nil {
		return err
	}
	m.settled(changes)
	return nil
}

func (m *Memory) settled(changes []pos.Change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, ch := range changes {
		m.done[ch.Seq] = true
	}
}

// Prune removes done change rows, sparing the newest and keep.
func (m *Memory) Prune(_ context.Context, settle []pos.LinkRow, keep wire.Mark) (int, error) {
	if err := m.ask("Prune"); err != nil {
		return 0, err
	}
	m.mu.Lock()
	done := maps.Clone(m.done)
	m.mu.Unlock()
	removed := 0
	err := m.db.change(func(st *memoryState) error {
		for _, row := range settle {
			if err := settleLink(row)(st); err != nil {
				return err
			}
		}
		newest := st.newest()
		for seq := range st.changes {
			if done[seq] && seq != newest && seq != keep.Seq {
				delete(st.changes, seq)
				st.removed = max(st.removed, seq)
				removed++
			}
		}
		return nil
	})
	return removed, err
}

func (st *memoryState) newest() int64 {
	var n int64
	for seq := range st.changes {
		n = max(n, seq)
	}
	return n
}
