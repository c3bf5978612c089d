package outbox

import (
	"context"
	"database/sql"
	"errors"

	"plait/shared/item"
)

// The sorts of a row of outbox.
const (
	sortItem      = 0
	sortTombstone = 1
	sortGone      = 2 // a tombstone of a row that only the hub has
	sortResult    = 3
	sortIdle      = 4 // an item that changed back to what the hub holds; Freeze sweeps it up
)

// queued is a row of outbox.
type queued struct {
	pos    int64
	sort   int64
	kind   int64
	ref    int64
	sent   []byte
	flying []byte
}

// queuedColumns are the columns that a queued row is read from. That of an item is the
// one with the item's place and reference for which isQueued holds.
const (
	queuedColumns = "o.pos, o.sort, o.kind, o.ref, o.sent, o.flying"
	isQueued      = "o.sort <> 3 AND"
)

// replace writes an item's new state over its old one, with the next flush, and sees to
// its place.
func (p *putter) replace(k *kind, it *item.Item, o *stored, digest item.Digest, body []byte) error {
	if !o.soundHead() {
		p.wrong[k] = true
	}
	if !o.dead {
		k.remove(o.sum())
	}
	if !it.Deleted {
		k.add(digest)
	}
	n := *o
	n.queued, n.asked, n.later = nil, false, true
	n.dead, n.digest, n.body, n.revision = it.Deleted, digest[:], body, p.next()
	if err := p.place(o, &n); err != nil {
		return err
	}
	n.chk = n.check()
	*o = n
	p.over = append(p.over, n.id, n.dead, n.revision, n.pos, n.chk, n.digest, n.body)
	return nil
}

// wide is a statement that writes several rows at once.
type wide struct {
	columns int
	text    func(rows int) string
	texts   map[int]string // by the number of rows
}

func newWide(columns int, text func(rows int) string) wide {
	w := wide{columns, text, map[int]string{}}
	for _, n := range wideRows {
		w.texts[n] = text(n)
	}
	return w
}

// wideRows are the numbers of rows that one of them writes: few, so that they stay
// compiled.
var wideRows = [...]int{bulk, 8, 1}

var (
	updateItems = newWide(7, func(n int) string {
		return "UPDATE items SET dead = v.column2, revision = v.column3, pos = v.column4, chk = v.column5, digest = v.column6, body = v.column7 FROM (VALUES " +
			values(n, 7) + ") v WHERE items.id = v.column1"
	})
	queueItems = newWide(7, func(n int) string {
		return "INSERT INTO outbox (pos, sort, kind, ref, at, sent, flying) VALUES " + values(n, 7)
	})
)

func values(rows, columns int) string {
	row := ",(?" + repeat(",?", columns-1) + ")"
	return repeat(row, rows)[1:]
}

// each runs the statement for rows, given by their arguments.
func (w *wide) each(p *putter, args []any) error {
	for _, n := range wideRows {
		for size := n * w.columns; len(args) >= size; args = args[size:] {
			if err := p.exec(w.texts[n], args[:size]...); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes what was put so far, but for the new rows' places.
func (p *putter) flush() error {
	err := p.insertFresh()
	if err == nil {
		err = updateItems.each(p, p.over)
	}
	if err == nil {
		err = queueItems.each(p, p.waits)
	}
	p.over, p.waits = p.over[:0], p.waits[:0]
	return err
}

// place queues the new state n of the row o. What waits keeps its place, so that
// it never falls behind the result of the job that wrote it; what flies in the
// frozen batch takes a new place behind it; what changed back to what the hub
// holds does not wait any more.
func (p *putter) place(o, n *stored) error {
	q := o.queued
	if !o.asked {
		var err error
		if q, err = p.queuedAt(o.pos, o.id); err != nil {
			return err
		}
	}
	switch {
	case q == nil:
		return p.queueAgain(o, n)
	case o.pos <= p.flying:
		return p.moveBehind(q, o, n)
	case p.flying == 0 && string(q.sent) == string(n.digest):
		return p.resort(q, sortIdle)
	default:
		return p.resort(q, sortOf(n))
	}
}

func (p *putter) resort(q *queued, sort int64) error {
	if q.sort == sort {
		return nil
	}
	return p.exec("UPDATE outbox SET sort = $1 WHERE pos = $2", sort, q.pos)
}

// queueAgain queues a row that did not wait: the hub holds its old state, unless
// it refused that one.
func (p *putter) queueAgain(o, n *stored) error {
	sent := o.digest
	if !o.soundHead() {
		sent = nil
	}
	k := p.kinds.byID[o.kind]
	refused, err := p.free(Key{k.name, o.key}, o.gen)
	if err != nil {
		return err
	}
	if refused {
		sent = nil
		n.revision = p.next() // behind what was freed with it
	}
	n.pos = n.revision
	p.waits = p.queueing(p.waits, n, sent, nil)
	return nil
}

// free unparks a key that changes, if the hub had refused it. A refusal names the
// key: whatever else the batch held of it, the tombstone of a generation before
// for one, goes up again as well.
func (p *putter) free(k Key, gen int64) (refused bool, err error) {
	if !p.refused {
		return false, nil
	}
	if err := p.flush(); err != nil {
		return false, err
	}
	refused, err = p.unpark(k, CauseHub)
	if err != nil || !refused {
		return refused, err
	}
	p.freed = true
	return true, p.requeue(k.Kind, []string{k.Key}, func(s *stored) bool { return s.gen != gen })
}

// moveBehind takes a row that flies out of the frozen batch's range.
func (p *putter) moveBehind(q *queued, o, n *stored) error {
	if err := p.exec("DELETE FROM outbox WHERE pos = $1", q.pos); err != nil {
		return err
	}
	n.pos = n.revision
	return p.queue(n, q.sent, o.digest)
}

func (p *putter) queue(n *stored, sent, flying []byte) error {
	return queueItems.each(p, p.queueing(nil, n, sent, flying))
}

func (p *putter) queueing(args []any, n *stored, sent, flying []byte) []any {
	return append(args, n.pos, sortOf(n), n.kind, n.id, p.now, sent, flying)
}

func sortOf(n *stored) int64 {
	if n.dead {
		return sortTombstone
	}
	return sortItem
}

// queuedAt returns the row of outbox at a place if it is this item's; nil if the
// item is not pending.
func (p *putter) queuedAt(pos, id int64) (*queued, error) {
	st, err := p.get("SELECT " + queuedColumns + " FROM outbox o WHERE " + isQueued + " o.pos = $1 AND o.ref = $2")
	if err != nil {
		return nil, err
	}
	q := &queued{}
	err = st.QueryRowContext(context.WithoutCancel(p.ctx), pos, id).Scan(&q.pos, &q.sort, &q.kind, &q.ref, &q.sent, &q.flying)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return q, err
}
