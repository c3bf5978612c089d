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

// replace writes an item's new state over its old one and sees to its place.
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
	n.dead, n.digest, n.body, n.revision = it.Deleted, digest[:], body, p.next()
	if err := p.place(o, &n); err != nil {
		return err
	}
	n.chk = n.check()
	*o = n
	return p.exec("UPDATE items SET dead = $1, revision = $2, pos = $3, chk = $4, digest = $5, body = $6 WHERE id = $7",
		n.dead, n.revision, n.pos, n.chk, n.digest, n.body, n.id)
}

// place queues the new state n of the row o. What waits keeps its place, so that
// it never falls behind the result of the job that wrote it; what flies in the
// frozen batch takes a new place behind it; what changed back to what the hub
// holds does not wait any more.
func (p *putter) place(o, n *stored) error {
	q, err := p.queuedAt(o.pos, o.id)
	if err != nil {
		return err
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
	return p.queue(n, sent, nil)
}

// free unparks a key that changes, if the hub had refused it. A refusal names the
// key: whatever else the batch held of it, the tombstone of a generation before
// for one, goes up again as well.
func (p *putter) free(k Key, gen int64) (refused bool, err error) {
	refused, err = p.unpark(k, CauseHub)
	if err != nil || !refused {
		return refused, err
	}
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
	return p.exec("INSERT INTO outbox (pos, sort, kind, ref, at, sent, flying) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		n.pos, sortOf(n), n.kind, n.id, p.now, sent, flying)
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
	st, err := p.get("SELECT pos, sort, kind, ref, sent, flying FROM outbox WHERE pos = $1 AND ref = $2 AND sort <> 3")
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
