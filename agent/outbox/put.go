package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// Change is what capture learned in one step. All of it becomes durable in one
// transaction.
type Change struct {
	Items []item.Item // newest states and tombstones
	// Mark is the newest change row that the POS had when these items were read: none
	// of them holds more. Zero leaves the mark as it is.
	Mark wire.Mark
	// Seen are the change rows whose effect is in the record with this.
	Seen []Seen
	// Clean are keys that were read again, Dirty are keys to be read again.
	Clean []Key
	Dirty []Dirty
	// Trouble are keys whose rows cannot be items; Readable are keys that can.
	Trouble  []Trouble
	Readable []Key
	// Unsettled are generations that plait_links must learn; Settled are those that
	// it turned out to know, or that do not hold any more.
	Unsettled []Generation
	Settled   []Generation
}

// Empty reports whether there is nothing to record.
func (c *Change) Empty() bool {
	return len(c.Items) == 0 && c.Mark.Seq == 0 && len(c.Seen) == 0 && len(c.Clean) == 0 && len(c.Dirty) == 0 &&
		len(c.Trouble) == 0 && len(c.Readable) == 0 && len(c.Unsettled) == 0 && len(c.Settled) == 0
}

// Put is a Step that knows nothing before. It returns how many items changed.
func (b *Box) Put(ctx context.Context, c Change) (changed int, err error) {
	err = b.Step(ctx, func(s *Step) error {
		err := s.Put(c)
		changed = s.p.changed
		return err
	})
	return changed, err
}

// putter is one writing transaction on items and outbox.
type putter struct {
	*statements
	meta     *meta
	kinds    *kindTable
	now      int64 // Unix seconds
	revision int64 // the newest given out
	flying   int64 // the last place of the batch in flight; 0 if there is none
	lastID   int64 // of items
	newFrom  int64 // the first id that this transaction inserts
	fresh    []any // arguments of rows to insert, not yet inserted
	over     []any // and of rows to update, not yet updated
	waits    []any // and of their rows of outbox
	refused  bool  // the hub has refused something that is still parked
	freed    bool  // and something of it was queued again: rows have other places now
	changed  int
	size     int            // bytes of the last body: the next one will have about as many
	notNew   bool           // rows that were taken for new were not: look them up first
	wrong    map[*kind]bool // kinds whose kept sums may hold a damaged row
	met      map[int64]*met // by kind: what was read, as this transaction has left it
}

// leastBody is the least room for a body, in bytes.
const leastBody = 200

func newPutter(ctx context.Context, tx *sqlitedb.Tx, now int64) (*putter, error) {
	p := &putter{statements: newStatements(ctx, tx), meta: metaOf(ctx, tx), now: now, size: leastBody, wrong: map[*kind]bool{}, met: map[int64]*met{}}
	p.revision = p.meta.int(metaRevision)
	if p.meta.err != nil {
		return nil, p.meta.err
	}
	var err error
	if p.kinds, err = loadKinds(ctx, tx); err != nil {
		return nil, err
	}
	row := tx.QueryRowContext(ctx, "SELECT coalesce((SELECT max(id) FROM items), 0), coalesce((SELECT max(last) FROM batch), 0), EXISTS (SELECT 1 FROM parked WHERE cause = $1)", CauseHub)
	if err := row.Scan(&p.lastID, &p.flying, &p.refused); err != nil {
		return nil, fmt.Errorf("cannot read the agent's record: %w", err)
	}
	p.newFrom = p.lastID + 1
	return p, nil
}

// finish writes what was counted along the way.
func (p *putter) finish() error {
	for k := range p.wrong {
		if err := recount(p.ctx, p.tx, k); err != nil {
			return err
		}
	}
	if err := p.kinds.save(p.ctx, p.tx); err != nil {
		return err
	}
	p.meta.setInt(metaRevision, p.revision)
	return p.meta.err
}

func (p *putter) next() int64 {
	p.revision++
	return p.revision
}

// items puts items in stretches of one kind, at most bulk at a time.
func (p *putter) items(items []item.Item) error {
	for len(items) > 0 {
		n := 1
		for n < min(len(items), bulk) && items[n].Kind == items[0].Kind {
			n++
		}
		if err := p.stretch(items[:n]); err != nil {
			return err
		}
		items = items[n:]
	}
	return p.queueFresh()
}

func (p *putter) stretch(items []item.Item) error {
	k := p.kinds.named(items[0].Kind)
	if m := p.met[k.id]; m.has(items) {
		return p.each(k, items, m.rows)
	}
	delete(p.met, k.id) // what was read of some of these keys is not so any more
	// Of kinds that only go up (generation 0) nearly all rows are new: they are
	// written at once, and looked up only if one turns out to be there.
	if items[0].Gen == 0 && len(items) == bulk && !p.notNew {
		return p.allNew(k, items)
	}
	old, err := p.olds(k.id, items)
	if err != nil {
		return err
	}
	return p.each(k, items, old)
}

// each puts items, given what the rows of their identities are.
func (p *putter) each(k *kind, items []item.Item, old map[keyGen]*stored) error {
	for i := range items {
		if p.freed {
			if err := p.flush(); err != nil {
				return err
			}
			var err error
			clear(p.met)
			if old, err = p.olds(k.id, items[i:]); err != nil {
				return err
			}
			p.freed = false
		}
		if err := p.one(k, &items[i], old); err != nil {
			return err
		}
	}
	return p.flush()
}

// allNew inserts a whole stretch with one statement. Rows that are there already
// it leaves alone, and they are put the long way.
func (p *putter) allNew(k *kind, items []item.Item) error {
	if err := p.insertFresh(); err != nil {
		return err
	}
	bodies := make([][]byte, len(items))
	for i := range items {
		bodies[i] = item.Append(make([]byte, 0, p.size+p.size/8), items[i])
		p.size = max(len(bodies[i]), leastBody)
		if len(bodies[i]) > item.MaxBytes { // it is to be parked, the long way
			p.notNew = true
			return p.stretch(items)
		}
	}
	first := p.lastID + 1
	for i := range items {
		p.insert(k, &items[i], item.DigestOf(bodies[i]), bodies[i])
	}
	st, err := p.get(insertItems + " ON CONFLICT DO NOTHING")
	if err != nil {
		return err
	}
	res, err := st.ExecContext(context.WithoutCancel(p.ctx), p.fresh...)
	p.fresh = p.fresh[:0]
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == bulk {
		p.changed += bulk
		return err
	}
	p.notNew = true
	return p.someOld(k, items, bodies, first)
}

// someOld sorts out a stretch of which not every row was new.
func (p *putter) someOld(k *kind, items []item.Item, bodies [][]byte, first int64) error {
	old, err := p.olds(k.id, items)
	if err != nil {
		return err
	}
	for i := range items {
		if o := old[keyGen{items[i].Key, items[i].Gen}]; o != nil && o.id == first+int64(i) {
			p.changed++
			continue
		}
		if !items[i].Deleted {
			k.remove(item.DigestOf(bodies[i])) // counted, and not inserted
		}
		if err := p.one(k, &items[i], old); err != nil {
			return err
		}
	}
	return p.flush()
}

// olds reads the rows that hold the items' identities now, and where they wait. What
// is put is put there as well.
func (p *putter) olds(kind int64, items []item.Item) (map[keyGen]*stored, error) {
	keys := make([]string, len(items))
	for i := range items {
		keys[i] = items[i].Key
	}
	m := newMet(len(items))
	return m.rows, m.read(p, kind, keys)
}

func (p *putter) one(k *kind, it *item.Item, old map[keyGen]*stored) error {
	body := item.Append(make([]byte, 0, p.size+p.size/8), *it)
	p.size = max(len(body), leastBody)
	if len(body) > item.MaxBytes {
		why := fmt.Sprintf("it has %d bytes, more than %d", len(body), item.MaxBytes)
		return p.park(Parked{Key: Key{it.Kind, it.Key}, Cause: CausePOS, Why: why})
	}
	digest := item.DigestOf(body)
	id := keyGen{it.Key, it.Gen}
	o := old[id]
	if o != nil && o.later { // twice in this stretch
		if err := p.flush(); err != nil {
			return err
		}
		o.later = false
	}
	if o != nil && o.sum() == digest && o.soundHead() {
		return p.refresh(o, body)
	}
	p.changed++
	if o != nil && o.id >= p.newFrom { // it is new, and queued with the others
		if err := p.queueFresh(); err != nil {
			return err
		}
	}
	if o != nil {
		return p.replace(k, it, o, digest, body)
	}
	if it.Gen > 1 { // the key is known, and may be parked
		if _, err := p.free(Key{it.Kind, it.Key}, it.Gen); err != nil {
			return err
		}
	}
	old[id] = p.insert(k, it, digest, body)
	return nil
}

// refresh writes the body again where the one on the disk is damaged: whoever
// puts an item has it from the POS.
func (p *putter) refresh(o *stored, body []byte) error {
	if bytes.Equal(o.body, body) {
		return nil
	}
	return p.exec("UPDATE items SET body = $1 WHERE id = $2 AND body <> $1", body, o.id)
}

func (p *putter) insert(k *kind, it *item.Item, digest item.Digest, body []byte) *stored {
	p.lastID++
	rev := p.next()
	s := &stored{
		id: p.lastID, kind: k.id, key: it.Key, gen: it.Gen, dead: it.Deleted,
		revision: rev, pos: rev, digest: digest[:],
	}
	if !s.dead {
		k.add(digest)
	}
	s.chk = s.check()
	p.fresh = append(p.fresh, s.id, s.kind, s.key, s.gen, s.dead, s.revision, s.pos, s.chk, s.digest, body)
	return s
}

const (
	itemColumns = 10
	insertItem  = "INSERT INTO items (id, kind, key, gen, dead, revision, pos, chk, digest, body) VALUES (?,?,?,?,?,?,?,?,?,?)"
)

var insertItems = insertItem + repeat(",(?,?,?,?,?,?,?,?,?,?)", bulk-1)

func repeat(s string, n int) string {
	out := make([]byte, 0, n*len(s))
	for range n {
		out = append(out, s...)
	}
	return string(out)
}

// insertFresh writes the new rows, many with one statement.
func (p *putter) insertFresh() error {
	for len(p.fresh) > 0 {
		text, n := insertItem, itemColumns
		if len(p.fresh) >= bulk*itemColumns {
			text, n = insertItems, bulk*itemColumns
		}
		err := p.exec(text, p.fresh[:n]...)
		if sqlitedb.IsUnique(err) { // they were looked up: the index tells of a row that is not there
			err = errors.Join(ErrDamaged, err)
		}
		if err != nil {
			return err
		}
		p.fresh = p.fresh[n:]
	}
	return nil
}

// queueFresh queues the new rows without carrying them through Go again.
func (p *putter) queueFresh() error {
	if err := p.insertFresh(); err != nil || p.lastID < p.newFrom {
		return err
	}
	err := p.exec("INSERT INTO outbox (pos, sort, kind, ref, at) SELECT pos, dead, kind, id, $1 FROM items WHERE id >= $2", p.now, p.newFrom)
	p.newFrom = p.lastID + 1
	return err
}
