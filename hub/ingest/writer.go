package ingest

import (
	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

// writer puts items into the live copy of a store, and keeps the copy's
// revision, its sums and the counters of its kinds with them. Nothing of that is
// stored before finish.
type writer struct {
	tx      *store.StoreTx
	copy    store.Copy
	epoch   int64 // of the agent, its place
	pos     int64 // of the POS, its place; 0 if not known
	force   bool  // a full upload: what the store says now counts, whatever its revision
	sums    map[string]*store.KindSum
	syncs   map[string]int64 // the highest sync_rev of a kind that was tried
	stored  map[string]int64 // and the highest that a row has: what cannot be synced needs none
	changed int64            // rows
	there   bool             // the stroke before: the copy held all of it
	old     []store.Held     // rows that are replaced,
	by      []store.Item     // and by what
	seen    map[string]bool  // of once
}

func newWriter(tx *store.StoreTx, epoch, pos int64) (*writer, error) {
	c, err := tx.Copy()
	if err != nil {
		return nil, err
	}
	return &writer{tx: tx, copy: c, epoch: epoch, pos: pos, sums: map[string]*store.KindSum{},
		syncs: map[string]int64{}, stored: map[string]int64{}}, nil
}

// put writes items, in strokes of many, and of more where they are looked up first.
func (w *writer) put(items []incoming) error {
	rows, err := w.rows(items)
	if err != nil {
		return err
	}
	if err := w.peek(rows); err != nil {
		return err
	}
	for from, to := 0, 0; from < len(rows); from = to {
		to = min(from+store.Stroke, len(rows))
		if w.there && from+store.Look <= len(rows) {
			to = from + store.Look
		}
		if err := w.stroke(rows[from:to], items[from:to]); err != nil {
			return err
		}
	}
	return nil
}

// peek judges many rows by the first: see stroke.
func (w *writer) peek(rows []store.Item) error {
	if len(rows) < store.Stroke {
		return nil
	}
	held, err := w.tx.HeldOf(w.copy.Live, rows[:1])
	w.there = err == nil && held[0].Any()
	return err
}

// rows are the rows of items, with revisions that the copy never gave out.
func (w *writer) rows(items []incoming) ([]store.Item, error) {
	rows := make([]store.Item, len(items))
	for i := range items {
		in, r := &items[i], &rows[i]
		*r = in.row
		r.Revision, r.AgentEpoch, r.POSEpoch = w.copy.Revision+int64(i)+1, w.epoch, w.pos
		if in.dead {
			r.Deleted = w.tx.Now()
		}
		if r.SyncRev > 0 {
			n, err := w.nextSync(r.Kind)
			if err != nil {
				return nil, err
			}
			r.SyncRev, r.SyncAt = n, w.tx.Now()
		}
	}
	w.copy.Revision += int64(len(rows))
	return rows, nil
}

// stroke writes a few rows. Either a batch is new to the copy or the copy has most of
// it: where its first row, or the stroke before, was there, the rows are looked up first;
// else they are added, and only those that turn out to be there are looked up.
func (w *writer) stroke(rows []store.Item, items []incoming) error {
	left := make([]int, len(rows)) // places of those that are not written yet
	for i := range left {
		left[i] = i
	}
	var err error
	if !w.there {
		if left, err = w.add(rows, left); err != nil {
			return err
		}
	}
	w.there = len(left) == len(rows)
	for len(left) > 0 {
		now, later := w.once(rows, left)
		absent, err := w.replaceAll(rows, items, now)
		if err == nil && len(absent) > 0 {
			w.there = false
			absent, err = w.add(rows, absent)
		}
		if err != nil {
			return err
		}
		left = append(absent, later...)
	}
	return nil
}

// add adds those of some rows that the copy does not hold, and returns the others.
func (w *writer) add(rows []store.Item, some []int) (present []int, err error) {
	there, err := w.tx.InsertItems(w.copy.Live, pick(rows, some))
	if err != nil {
		return nil, err
	}
	for i, at := range some {
		if len(there) > 0 && there[0] == i {
			there, present = there[1:], append(present, at)
			continue
		}
		w.changed++
		w.count(rows[at].Kind, rows[at].Digest, rows[at].Live(), 1)
		w.moves(&rows[at])
	}
	return present, nil
}

func pick(rows []store.Item, some []int) []store.Item {
	if len(some) == len(rows) {
		return rows
	}
	out := make([]store.Item, len(some))
	for i, at := range some {
		out[i] = rows[at]
	}
	return out
}

// once parts some rows into the first of each key, and those that come again: they meet
// what the first left.
func (w *writer) once(rows []store.Item, some []int) (now, later []int) {
	if w.seen == nil {
		w.seen = make(map[string]bool, store.Look)
	}
	clear(w.seen)
	now = make([]int, 0, len(some))
	for _, at := range some {
		if key := rows[at].Key; w.seen[key] {
			later = append(later, at)
		} else {
			w.seen[key] = true
			now = append(now, at)
		}
	}
	return now, later
}

// replaceAll replaces those of some rows that the copy holds, and returns the others.
func (w *writer) replaceAll(rows []store.Item, items []incoming, some []int) (absent []int, err error) {
	held, err := w.tx.HeldOf(w.copy.Live, pick(rows, some))
	if err != nil {
		return nil, err
	}
	for i, at := range some {
		if !held[i].Any() {
			absent = append(absent, at)
			continue
		}
		if err := w.replace(&held[i], &rows[at], items[at].gone); err != nil {
			return nil, err
		}
	}
	err = w.tx.ReplaceItems(w.old, w.by)
	w.old, w.by = w.old[:0], w.by[:0]
	return absent, err
}

// moves notes that a row has a sync_rev that none had before.
func (w *writer) moves(r *store.Item) {
	if r.SyncRev > 0 {
		w.stored[r.Kind] = max(w.stored[r.Kind], r.SyncRev)
	}
}

func (w *writer) nextSync(kind string) (int64, error) {
	if _, ok := w.syncs[kind]; !ok {
		n, err := w.tx.SyncRev(kind)
		if err != nil {
			return 0, err
		}
		w.syncs[kind] = n
	}
	w.syncs[kind]++
	return w.syncs[kind], nil
}

// replace brings a row that the copy holds to what arrived.
func (w *writer) replace(old *store.Held, r *store.Item, gone bool) error {
	if !w.force && before(r, old) {
		return nil
	}
	if outlived(old, r, gone) {
		if err := w.archive(r.ID, gone); err != nil {
			return err
		}
	}
	if !merge(old, r) && r.AgentEpoch == old.AgentEpoch && r.AgentRev == old.AgentRev && r.POSEpoch == old.POSEpoch {
		return nil
	}
	if r.Revision != old.Revision {
		w.changed++
		w.count(r.Kind, old.Digest, old.Live(), -1)
		w.count(r.Kind, r.Digest, r.Live(), 1)
	}
	if r.SyncRev != old.SyncRev {
		w.moves(r)
	}
	w.old, w.by = append(w.old, *old), append(w.by, *r)
	return nil
}

// archive keeps what the copy holds of an item.
func (w *writer) archive(id item.ID, gone bool) error {
	old, err := w.tx.Item(w.copy.Live, id)
	if err == nil {
		err = w.tx.Archive(archived(old, gone))
	}
	return err
}

// before reports whether what arrived is older than the row (decision 21).
func before(r *store.Item, old *store.Held) bool {
	return r.AgentEpoch < old.AgentEpoch || (r.AgentEpoch == old.AgentEpoch && r.AgentRev < old.AgentRev)
}

// outlived reports whether overwriting the row would lose the only trace of
// another history of the POS database: the store says that the item is gone, or
// its key now holds something else (decision 16).
func outlived(old *store.Held, r *store.Item, gone bool) bool {
	return old.Live() && old.Digest != r.Digest && (gone || (old.POSEpoch > 0 && old.POSEpoch != r.POSEpoch))
}

func archived(old store.Item, gone bool) store.Archived {
	cause := "the key holds something else since the POS database was restored"
	if gone {
		cause = "missing since the POS database was restored"
	}
	return store.Archived{ID: old.ID, POSEpoch: old.POSEpoch, Digest: old.Digest, UID: old.UID, Body: old.Body, Cause: cause}
}

// merge gives r the counters of the row that it replaces where they need not
// move, and reports whether the row changes.
func merge(old *store.Held, r *store.Item) bool {
	if old.SyncRev > 0 && r.SyncRev > 0 && old.SyncDigest == r.SyncDigest {
		r.SyncRev, r.SyncAt = old.SyncRev, old.SyncAt
	}
	if !old.Live() && !r.Live() {
		r.Deleted = old.Deleted
	}
	if old.Digest == r.Digest {
		r.Revision = old.Revision
		return false
	}
	return true
}

// sees keeps capture's mark. It never goes down within one history of the POS
// database: an older agent.db knows less, and with a lower mark the next restored
// POS database would be taken for whole.
func sees(c *store.Copy, m wire.Mark) {
	if m.POSEpoch != "" && (m.POSEpoch != c.Mark.POSEpoch || m.Seq > c.Mark.Seq) {
		c.Mark = m
	}
}

// count adds a live row to its kind's sum, or takes it away.
func (w *writer) count(kind string, digest item.Digest, live bool, n int64) {
	if !live {
		return
	}
	s := w.sums[kind]
	if s == nil {
		s = &store.KindSum{Kind: kind}
		w.sums[kind] = s
	}
	s.Count += n
	s.Sum = s.Sum.Xor(digest)
}

// finish stores sums, counters and the copy's revision.
func (w *writer) finish() error {
	for _, s := range w.sums {
		if s.Count == 0 && s.Sum == (item.Digest{}) {
			continue
		}
		if err := w.tx.AddKindSum(w.copy.Live, *s); err != nil {
			return err
		}
	}
	for kind, last := range w.stored {
		if err := w.tx.SetSyncRev(kind, last); err != nil {
			return err
		}
	}
	if w.changed == 0 {
		now, err := w.tx.Copy()
		if err != nil {
			return err
		}
		w.copy.Revision = now.Revision // nothing took one
	}
	return w.tx.SetCopy(w.copy)
}

// moved reports whether something that can be synced changed.
func (w *writer) moved() bool { return len(w.stored) > 0 }
