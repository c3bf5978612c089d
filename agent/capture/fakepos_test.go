package capture_test

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

// fakePOS is a POS database in memory: rows by kind and key, change rows that its
// own statements write, plait_links. A failure can be put between any two calls.
type fakePOS struct {
	pos.Connector // what capture never calls
	posState
	kinds  []pos.MappedKind
	done   map[int64]bool
	broken map[string]error // Read and Scan of a kind fail
	busy   error            // Prune fails
	most   int              // changes in a snapshot
	saw    wire.Mark        // the newest row that any read saw
	lost   bool             // it was found gone
	// step is called before and after every call; its error ends the call.
	step func() error
}

// posState is what a backup of the file holds.
type posState struct {
	meta    pos.Meta
	rows    map[string]map[string]item.Fields
	trouble map[string]error // by kind + "/" + key
	changes []pos.Change
	links   map[item.ID]pos.LinkRow
	seq     int64
	nonce   int64
	removed int64 // the newest change row that was taken away in this epoch
}

func newFakePOS() *fakePOS {
	return &fakePOS{
		kinds: []pos.MappedKind{{Kind: "service"}, {Kind: "category"}, {Kind: "sale", UploadOnly: true}},
		posState: posState{
			meta: pos.Meta{Store: "s1", Epoch: "p1"}, rows: map[string]map[string]item.Fields{}, trouble: map[string]error{},
			links: map[item.ID]pos.LinkRow{},
		},
		most: 3, done: map[int64]bool{}, broken: map[string]error{}, step: func() error { return nil },
	}
}

// backup copies the file; nonces go on, as random ones would differ.
func (s posState) backup() posState {
	c := s
	c.rows = map[string]map[string]item.Fields{}
	for kind, rows := range s.rows {
		c.rows[kind] = maps.Clone(rows)
	}
	c.trouble, c.links, c.changes = maps.Clone(s.trouble), maps.Clone(s.links), slices.Clone(s.changes)
	return c
}

func (f *fakePOS) restore(s posState) {
	nonce := f.nonce
	f.posState = s.backup()
	f.nonce = nonce
	f.done = map[int64]bool{}
}

// restart is what a new process knows: nothing.
func (f *fakePOS) restart() { f.done, f.saw, f.lost = map[int64]bool{}, wire.Mark{}, false }

// table is the one on which a kind lies.
func (f *fakePOS) table(kind string) map[string]item.Fields {
	if f.rows[kind] == nil {
		f.rows[kind] = map[string]item.Fields{}
	}
	return f.rows[kind]
}

func (f *fakePOS) log(op pos.Op, kind, key, newKey string) {
	f.seq++
	f.nonce++
	f.changes = append(f.changes, pos.Change{Seq: f.seq, Nonce: f.nonce, Kinds: []string{kind}, Op: op, Key: key, NewKey: newKey})
}

// The POS's own statements.

func (f *fakePOS) write(kind, key string, fields item.Fields) {
	op := pos.Insert
	if _, ok := f.table(kind)[key]; ok {
		op = pos.Update
	}
	f.table(kind)[key] = fields
	f.log(op, kind, key, "")
}

// overwrite is REPLACE: an insert over a live key, without a deletion.
func (f *fakePOS) overwrite(kind, key string, fields item.Fields) {
	f.table(kind)[key] = fields
	f.log(pos.Insert, kind, key, "")
}

func (f *fakePOS) delete(kind, key string) {
	if _, ok := f.table(kind)[key]; ok {
		delete(f.table(kind), key)
		f.log(pos.Delete, kind, key, "")
	}
}

func (f *fakePOS) rekey(kind, key, to string) {
	t := f.table(kind)
	fields, ok := t[key]
	if _, taken := t[to]; !ok || taken {
		return
	}
	delete(t, key)
	t[to] = fields
	f.log(pos.Update, kind, key, to)
}

// silently changes a row without a change row, as a broken trigger would.
func (f *fakePOS) silently(kind, key string, fields item.Fields) {
	if fields == nil {
		delete(f.table(kind), key)
		return
	}
	f.table(kind)[key] = fields
}

// link writes a link as a job does.
func (f *fakePOS) link(id item.ID, l *item.Link) {
	f.links[id] = pos.LinkRow{ID: id, UID: l.UID, Link: l}
	f.log(pos.LinkOnly, id.Kind, id.Key, "")
}

// The connector.

func (f *fakePOS) between(fn func() error) error {
	if err := f.step(); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err
	}
	return f.step()
}

func (f *fakePOS) Kinds() []pos.MappedKind {
	out := slices.Clone(f.kinds)
	for i := range out {
		if err := f.broken[out[i].Kind]; err != nil {
			out[i].Paused = err.Error()
		}
	}
	return out
}

func (f *fakePOS) Meta(context.Context) (m pos.Meta, err error) {
	return f.meta, f.between(func() error { return nil })
}

func (f *fakePOS) NewEpoch(_ context.Context, epoch string) error {
	return f.between(func() error { f.meta.Epoch, f.removed = epoch, 0; return nil })
}

func (f *fakePOS) Newest(context.Context) (m wire.Mark, err error) {
	return m, f.between(func() error { m = f.newest(); return nil })
}

func (f *fakePOS) newest() wire.Mark {
	m := wire.Mark{POSEpoch: f.meta.Epoch}
	for _, ch := range f.changes {
		m.Seq, m.Nonce = ch.Seq, ch.Nonce
	}
	return m
}

func (f *fakePOS) Snapshot(_ context.Context, ask pos.Ask) (out pos.Snapshot, err error) {
	return out, f.between(func() error {
		f.look()
		mark := ask.Mark
		if f.lost || mark.POSEpoch != "" && (mark.POSEpoch != f.meta.Epoch || mark.Seq != 0 && !f.holdsRow(mark)) {
			f.lost, f.saw = false, wire.Mark{}
			return pos.ErrRestored
		}
		out.Newest.POSEpoch = f.meta.Epoch
		for _, ch := range f.changes {
			taken := slices.ContainsFunc(ask.Taken, func(t pos.Change) bool { return t.Seq == ch.Seq })
			switch room := len(out.Changes) < min(ask.Limit, f.most); {
			case f.done[ch.Seq] || taken:
			case room:
				out.Changes = append(out.Changes, ch)
			default:
				out.More = true
			}
			out.Newest.Seq, out.Newest.Nonce = ch.Seq, ch.Nonce
		}
		for _, touched := range pos.Touch(out.Changes) {
			found := pos.Found{Touched: touched}
			found.Records, found.Err = f.records(touched.Kind, touched.Keys)
			if pos.Stops(found.Err) {
				return found.Err
			}
			out.Found = append(out.Found, found)
		}
		return nil
	})
}

func (f *fakePOS) Read(_ context.Context, kind string, keys []string) (out []pos.Record, err error) {
	return out, f.between(func() error {
		out, err = f.records(kind, keys)
		return err
	})
}

func (f *fakePOS) records(kind string, keys []string) (out []pos.Record, err error) {
	if err := f.broken[kind]; err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", kind, err)
	}
	for _, key := range keys {
		out = append(out, f.record(kind, key))
	}
	f.look()
	return out, nil
}

// look notes how far the history has come by a read.
func (f *fakePOS) look() {
	f.lost = f.lost || f.saw.Seq != 0 && !f.holdsRow(f.saw)
	f.saw = wire.Mark{}
	for _, ch := range f.changes {
		f.saw = wire.Mark{Seq: ch.Seq, Nonce: ch.Nonce}
	}
}

func (f *fakePOS) record(kind, key string) pos.Record {
	rec := pos.Record{Item: item.Item{ID: item.ID{Kind: kind, Key: key, Gen: 1}}}
	rec.Item.Fields, rec.Exists = f.table(kind)[key]
	rec.Trouble = f.trouble[kind+"/"+key]
	for id, row := range f.links {
		if id.Kind == kind && id.Key == key && id.Gen >= rec.Row.Gen {
			rec.Row, rec.Item.Gen, rec.Item.Link = row, row.Gen, row.Link
		}
	}
	return rec
}

func (f *fakePOS) Scan(_ context.Context, kind, after string, limit int) (out []item.Form, next string, err error) {
	err = f.between(func() error {
		if err := f.broken[kind]; err != nil {
			return fmt.Errorf("cannot scan %s: %w", kind, err)
		}
		for _, key := range slices.Sorted(maps.Keys(f.table(kind))) {
			if key <= after {
				continue
			}
			if len(out) == limit {
				next = out[limit-1].Key
				break
			}
			rec := f.record(kind, key)
			out = append(out, rec.Form(nil))
		}
		return nil
	})
	return out, next, err
}

func (f *fakePOS) Done(_ context.Context, changes []pos.Change) error {
	return f.between(func() error {
		for _, ch := range changes {
			f.done[ch.Seq] = true
		}
		return nil
	})
}

func (f *fakePOS) HasMark(_ context.Context, mark wire.Mark) (there bool, err error) {
	return there, f.between(func() error {
		there = mark.POSEpoch == f.meta.Epoch && f.holds(mark)
		return nil
	})
}

func (f *fakePOS) holds(mark wire.Mark) bool {
	return f.removed <= mark.Seq && (mark.Seq == 0 || f.holdsRow(mark))
}

func (f *fakePOS) holdsRow(mark wire.Mark) bool {
	return slices.ContainsFunc(f.changes, func(ch pos.Change) bool { return ch.Seq == mark.Seq && ch.Nonce == mark.Nonce })
}

func (f *fakePOS) Prune(_ context.Context, settle []pos.LinkRow, keep wire.Mark) (removed int, err error) {
	return removed, f.between(func() error {
		if f.busy != nil {
			return f.busy
		}
		for _, row := range settle {
			f.settle(row)
		}
		before := len(f.changes)
		f.changes = slices.DeleteFunc(f.changes, func(ch pos.Change) bool {
			gone := f.done[ch.Seq] && ch.Seq != keep.Seq && ch.Seq != f.seq
			if gone {
				f.removed = max(f.removed, ch.Seq)
			}
			return gone
		})
		removed = before - len(f.changes)
		return nil
	})
}

// settle does to plait_links what pos's settleLink does.
func (f *fakePOS) settle(row pos.LinkRow) {
	old, there := f.links[row.ID]
	if row.Dead {
		f.links[row.ID] = pos.LinkRow{ID: row.ID, Dead: true, UID: old.UID}
		return
	}
	from, ok := f.links[item.ID{Kind: row.Kind, Key: row.Key, Gen: row.LinkOf}]
	if ok && row.LinkOf < row.Gen && !from.Dead && !there {
		old = pos.LinkRow{ID: row.ID, UID: from.UID, Link: from.Link}
	}
	for id, r := range f.links {
		if id.Kind == row.Kind && id.Key == row.Key && id.Gen < row.Gen && !r.Dead {
			f.links[id] = pos.LinkRow{ID: id, Dead: true}
		}
	}
	if old.Dead || old.Link == nil {
		old = pos.LinkRow{ID: row.ID}
	}
	f.links[row.ID] = old
}
