package postest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"plait/agent/pos"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// memoryTx is one transaction, of the POS or of Plait: a copy of the state to
// read from, and the steps that its commit repeats on the newest state.
type memoryTx struct {
	m     *Memory
	st    *memoryState
	steps []func(*memoryState) error
	over  bool
}

func (m *Memory) start() *memoryTx { return &memoryTx{m: m, st: m.db.snapshot().clone()} }

var errMemoryOver = errors.New("cannot use the transaction: it is over")

// do runs steps as one statement: all of them or none.
func (tx *memoryTx) do(steps ...func(*memoryState) error) error {
	if tx.over {
		return errMemoryOver
	}
	st := tx.st.clone()
	for _, step := range steps {
		if err := step(st); err != nil {
			return err
		}
	}
	tx.st = st
	tx.steps = append(tx.steps, steps...)
	return nil
}

func (tx *memoryTx) commit() error {
	if tx.over {
		return errMemoryOver
	}
	tx.over = true
	return tx.m.db.change(tx.steps...)
}

// write is a step that checks a row by the POS's rules and stores it.
func (db *memoryDB) write(table, key string, r memoryRow) func(*memoryState) error {
	return func(st *memoryState) error {
		if err := db.allowed(st, table, key, r); err != nil {
			return err
		}
		st.put(table, key, r)
		return nil
	}
}

func (db *memoryDB) allowed(st *memoryState, table, key string, r memoryRow) error {
	kind, _ := db.o.Catalog.Kind(r.kind)
	for _, f := range r.fields {
		field, ok := kind.Field(f.Name)
		if !ok {
			continue // a column of another kind on the same table
		}
		if err := db.allowedValue(st, field, f.Value); err != nil {
			return err
		}
	}
	if name := db.o.Unique[r.kind]; name != "" {
		for other, o := range st.rows[table] {
			if v := r.fields.Get(name); other != key && !v.IsEmpty() && o.fields.Get(name).Equal(v) {
				return fmt.Errorf("%w: %s %s", pos.ErrUnique, name, v.Display())
			}
		}
	}
	if db.o.Check != nil {
		return db.o.Check(r.kind, db.project(r.kind, r.fields))
	}
	return nil
}

func (db *memoryDB) allowedValue(st *memoryState, field catalog.Field, v item.Value) error {
	if v.IsNull() {
		return nil
	}
	if v.Type().String() != field.Type {
		return fmt.Errorf("%w: field %q is a %s, the value a %s", pos.ErrType, field.Name, field.Type, v.Type())
	}
	refs := []item.Value{v}
	if field.Type == "rows" {
		refs = nil
		for _, row := range v.Rows() {
			refs = append(refs, row.Key)
		}
	}
	for _, ref := range refs {
		if ref.Type() != item.TypeRef {
			continue
		}
		if _, ok := st.rows[db.table(ref.RefKind())][ref.Str()]; !ok {
			return fmt.Errorf("%w: there is no %s %q", pos.ErrReference, ref.RefKind(), ref.Str())
		}
	}
	return nil
}

// remove is a step that takes a row away unless others refer to it.
func (db *memoryDB) remove(table, key string) func(*memoryState) error {
	return func(st *memoryState) error {
		if by := db.referredBy(st, table, key); by != "" {
			return fmt.Errorf("%w: a %s refers to it", pos.ErrReference, by)
		}
		delete(st.rows[table], key)
		return nil
	}
}

func (db *memoryDB) referredBy(st *memoryState, table, key string) string {
	refers := func(v item.Value) bool {
		return v.Type() == item.TypeRef && v.Str() == key && db.table(v.RefKind()) == table
	}
	for from, rows := range st.rows {
		for other, r := range rows {
			if from == table && other == key {
				continue
			}
			for _, f := range r.fields {
				if refers(f.Value) || slices.ContainsFunc(f.Value.Rows(), func(e item.Row) bool { return refers(e.Key) }) {
					return r.kind
				}
			}
		}
	}
	return ""
}

// applying is Plait's write transaction on a Memory.
type applying struct {
	*memoryTx
	done []pos.Change
	end  func() // gives the token back, once
}

// Begin waits for the transaction before it.
func (m *Memory) Begin(ctx context.Context) (pos.Tx, error) {
	if err := m.ask("Begin"); err != nil {
		return nil, err
	}
	if m.db.snapshot().meta.Store == "" {
		return nil, pos.ErrAbsent
	}
	select {
	case m.db.applying <- struct{}{}:
		return &applying{memoryTx: m.start(), end: sync.OnceFunc(func() { <-m.db.applying })}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (tx *applying) Snapshot(_ context.Context, ask pos.Ask) (pos.Snapshot, error) {
	ask.Taken = slices.Concat(tx.done, ask.Taken)
	return tx.m.snapshotOf(tx.st, ask)
}

func (tx *applying) Read(_ context.Context, kind string, keys []string) ([]pos.Record, error) {
	return tx.m.db.read(tx.st, kind, keys)
}

// UpdateAll leaves out what Read says of links.
func (tx *applying) UpdateAll(ctx context.Context, kind string, keys []string, list []item.Fields) ([]pos.Record, error) {
	err := tx.Together(ctx, func() error {
		for i, key := range keys {
			if err := tx.Update(ctx, kind, key, list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	records, err := tx.m.db.read(tx.st, kind, keys)
	for i := range records {
		records[i].Row, records[i].Item.Link = pos.LinkRow{}, nil
	}
	return records, err
}

// Apart: a Memory has no triggers.
func (tx *applying) Apart(string) bool { return true }

// Apart is as within a transaction.
func (m *Memory) Apart(string) bool { return true }

// Stand cannot tell.
func (tx *applying) Stand(context.Context) (pos.Stand, error) { return pos.Stand{}, nil }

// Rest is never: a Memory has no lock to keep anybody from.
func (m *Memory) Rest() time.Duration { return 0 }

// Stand cannot tell.
func (m *Memory) Stand(context.Context) (pos.Stand, error) { return pos.Stand{}, nil }

// Together goes back to where it began if fn fails with a data error.
func (tx *applying) Together(_ context.Context, fn func() error) error {
	st, steps := tx.st, len(tx.steps)
	err := fn()
	if err != nil && !pos.Stops(err) {
		tx.st, tx.steps = st, tx.steps[:steps]
	}
	return err
}

// Newest cannot tell: a row below the newest may be committed after it.
func (tx *applying) Newest(context.Context) (wire.Mark, error) { return wire.Mark{}, nil }

func (tx *applying) Receipt(_ context.Context, job string) (pos.Receipt, bool, error) {
	r, ok := tx.st.receipts[job]
	return r, ok, nil
}

func (tx *applying) Head(context.Context) (pos.Receipt, bool, error) {
	r, ok := tx.st.head()
	return r, ok, nil
}

// known refuses fields that the catalogue does not have.
func (tx *applying) known(kind string, f item.Fields) error {
	k, _ := tx.m.db.o.Catalog.Kind(kind)
	for _, x := range f {
		if _, ok := k.Field(x.Name); !ok {
			return fmt.Errorf("%w: field %q of kind %q is not mapped", pos.ErrType, x.Name, kind)
		}
	}
	return nil
}

func (tx *applying) Insert(_ context.Context, kind string, f item.Fields) (string, error) {
	if err := errors.Join(tx.m.ask("Insert"), tx.known(kind, f)); err != nil {
		return "", err
	}
	db := tx.m.db
	db.mu.Lock()
	db.key++
	key := strconv.FormatInt(db.key, 10)
	db.mu.Unlock()
	table := db.table(kind)
	return key, tx.do(db.write(table, key, memoryRow{kind: kind, fields: f}), db.trace(pos.Insert, db.kinds(table), key, ""))
}

func (tx *applying) InsertAll(ctx context.Context, kind string, list []item.Fields) ([]pos.Record, error) {
	keys := make([]string, len(list))
	err := tx.Together(ctx, func() (err error) {
		for i, f := range list {
			if keys[i], err = tx.Insert(ctx, kind, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return tx.Read(ctx, kind, keys)
}

func (tx *applying) Restore(_ context.Context, kind, key string, f item.Fields) error {
	if err := errors.Join(tx.m.ask("Restore"), tx.known(kind, f)); err != nil {
		return err
	}
	db := tx.m.db
	table := db.table(kind)
	if r, ok := tx.st.rows[table][key]; ok && (r.kind != kind || !r.hidden) {
		return fmt.Errorf("%w: there is a %s %q", pos.ErrUnique, r.kind, key)
	}
	return tx.do(db.write(table, key, memoryRow{kind: kind, fields: f}), db.trace(pos.Insert, db.kinds(table), key, ""))
}

func (tx *applying) Revivable(_ context.Context, kind string, uids []string) (bool, error) {
	return tx.st.revivable(kind, uids), nil
}

// Revivable looks at what is committed.
func (m *Memory) Revivable(_ context.Context, kind string, uids []string) (bool, error) {
	return m.db.snapshot().revivable(kind, uids), nil
}

func (st *memoryState) revivable(kind string, uids []string) bool {
	for _, link := range st.links {
		if link.Kind == kind && slices.Contains(uids, link.UID) {
			return true
		}
	}
	return false
}

func (tx *applying) Revive(_ context.Context, kind, uid string, f item.Fields) (string, bool, error) {
	if err := errors.Join(tx.m.ask("Revive"), tx.known(kind, f)); err != nil {
		return "", false, err
	}
	db := tx.m.db
	table := db.table(kind)
	for _, link := range tx.st.links {
		r, ok := tx.st.rows[table][link.Key]
		_, another := tx.st.links[item.ID{Kind: kind, Key: link.Key, Gen: link.Gen + 1}]
		if link.Kind != kind || link.UID != uid || !ok || r.kind != kind || !r.hidden || another {
			continue
		}
		r.hidden = false
		for _, x := range f {
			r.fields = r.fields.With(x.Name, x.Value)
		}
		err := tx.do(db.write(table, link.Key, r), db.trace(pos.Update, db.kinds(table), link.Key, ""))
		return link.Key, err == nil, err
	}
	return "", false, nil
}

func (tx *applying) row(kind, key string) (string, memoryRow, error) {
	table := tx.m.db.table(kind)
	r, ok := tx.st.rows[table][key]
	if !ok || r.kind != kind || r.hidden {
		return "", memoryRow{}, fmt.Errorf("%w: there is no %s %q", pos.ErrConstraint, kind, key)
	}
	return table, r, nil
}

func (tx *applying) Update(_ context.Context, kind, key string, f item.Fields) error {
	if err := errors.Join(tx.m.ask("Update"), tx.known(kind, f)); err != nil {
		return err
	}
	table, r, err := tx.row(kind, key)
	if err != nil {
		return err
	}
	for _, x := range f {
		r.fields = r.fields.With(x.Name, x.Value)
	}
	db := tx.m.db
	return tx.do(db.write(table, key, r), db.trace(pos.Update, db.kinds(table), key, ""))
}

func (tx *applying) Delete(_ context.Context, kind, key string) error {
	if err := tx.m.ask("Delete"); err != nil {
		return err
	}
	table, _, err := tx.row(kind, key)
	if err != nil {
		return err
	}
	db := tx.m.db
	return tx.do(db.remove(table, key), db.trace(pos.Delete, db.kinds(table), key, ""))
}

func (tx *applying) Referred(_ context.Context, kind, key string) (string, error) {
	return tx.m.db.referredBy(tx.st, tx.m.db.table(kind), key), nil
}

func (tx *applying) PutLink(_ context.Context, rows ...pos.LinkRow) error {
	if err := tx.m.ask("PutLink"); err != nil {
		return err
	}
	var steps []func(*memoryState) error
	for _, row := range rows {
		steps = append(steps, putLink(row), tx.m.db.trace(pos.LinkOnly, []string{row.Kind}, row.Key, ""))
	}
	return tx.do(steps...)
}

func putLink(row pos.LinkRow) func(*memoryState) error {
	row.Link = row.Link.Clone()
	return func(st *memoryState) error {
		if !row.Dead {
			st.endOlder(row.ID)
		}
		st.links[row.ID] = row
		return nil
	}
}

// settleLink writes what capture found of a generation. It knows nothing of the
// link itself: one that a job has given the living generation meanwhile stays, and
// one of an older generation goes over where capture decided so.
func settleLink(row pos.LinkRow) func(*memoryState) error {
	return func(st *memoryState) error {
		row := row // this runs again at the commit
		old := st.links[row.ID]
		if !row.Dead && row.Link == nil && old.ID == (item.ID{}) {
			from := st.links[item.ID{Kind: row.Kind, Key: row.Key, Gen: row.LinkOf}]
			if row.LinkOf > 0 && row.LinkOf < row.Gen && !from.Dead {
				row.UID, row.Link = from.UID, from.Link
			}
		}
		row.LinkOf = 0
		if row.Dead && old.UID != "" {
			row.UID = old.UID // whose it was stays known
		}
		if row.Dead || row.Link != nil || old.Dead || old.Link == nil {
			st.links[row.ID] = row
		}
		if !row.Dead {
			st.endOlder(row.ID)
		}
		return nil
	}
}

// endOlder marks the older generations of a living one dead.
func (st *memoryState) endOlder(of item.ID) {
	for gen := of.Gen - 1; gen > 0; gen-- {
		if id := (item.ID{Kind: of.Kind, Key: of.Key, Gen: gen}); st.links[id].ID == id {
			st.links[id] = pos.LinkRow{ID: id, Dead: true}
		}
	}
}

func (tx *applying) PutReceipt(_ context.Context, r pos.Receipt) error {
	if err := tx.m.ask("PutReceipt"); err != nil {
		return err
	}
	return tx.do(func(st *memoryState) error {
		head, _ := st.head()
		now := r // this runs again at the commit
		if r.Order == 0 {
			now.Order = head.Order + 1
		}
		if old, ok := st.receipts[r.Job]; ok {
			now.Body = slices.Concat(old.Body, r.Body)
			if r.Order == 0 {
				now.Order = old.Order
			}
		}
		st.receipts[r.Job] = now
		return nil
	})
}

func (tx *applying) Done(_ context.Context, changes []pos.Change, settle []pos.LinkRow) error {
	if err := tx.m.ask("TxDone"); err != nil {
		return err
	}
	tx.done = append(tx.done, changes...)
	for _, row := range settle {
		if err := tx.do(settleLink(row)); err != nil {
			return err
		}
	}
	return nil
}

func (tx *applying) Commit() error {
	defer tx.end()
	if err := tx.m.ask("Commit"); err != nil {
		tx.over = true
		return err
	}
	if err := tx.commit(); err != nil {
		return err
	}
	tx.m.settled(tx.done)
	return tx.m.ask("Committed")
}

func (tx *applying) Rollback() error {
	tx.over = true
	tx.end()
	return nil
}
