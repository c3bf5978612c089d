package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"plait/shared/item"
	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// Freeze makes the oldest entries of the outbox the batch in flight, durably, and
// returns it. It holds at most wire.MaxBatchEntries and, one entry aside,
// wire.TargetBatchBytes. If one is in flight already that one is returned; ok is
// false if nothing is pending. Damaged rows are left out, dropped, and their keys
// marked to be read again. A new batch is frozen in the given history of the POS
// database, which the hub was told of; "" is any.
//
// Errors: ErrJudging, ErrAnotherHistory.
func (b *Box) Freeze(ctx context.Context, history string) (batch Batch, ok bool, err error) {
	err = b.write(ctx, func(tx *sqlitedb.Tx) error {
		var f frozenBatch
		if f, ok, err = frozen(ctx, tx); err == nil && !ok {
			if err = whole(metaOf(ctx, tx), history); err == nil {
				f, ok, err = b.freeze(ctx, tx)
			}
		}
		batch = f.Batch
		return err
	})
	if err != nil {
		return Batch{}, false, fmt.Errorf("cannot freeze a batch: %w", err)
	}
	return batch, ok, nil
}

// ErrJudging says that the POS database was restored and has not been compared
// yet: what waits may be of the history before, and must not be sent as of this.
var ErrJudging = errors.New("the POS database was restored; compare first")

// ErrAnotherHistory says that the record has gone on to another history of the POS
// database than the given one: the hub has to hear of it first, in a hello.
var ErrAnotherHistory = errors.New("another history of the POS database has begun; say hello first")

func whole(m *meta, history string) error {
	var mark wire.Mark
	m.json(metaMark, &mark)
	switch {
	case m.err != nil:
		return m.err
	case m.text(metaJudging) != "" && m.int(metaCompared) == 0:
		return ErrJudging
	case history != "" && mark.POSEpoch != history:
		return ErrAnotherHistory
	default:
		return nil
	}
}

func (b *Box) freeze(ctx context.Context, tx *sqlitedb.Tx) (f frozenBatch, ok bool, err error) {
	p, err := newPutter(ctx, tx, b.now().Unix())
	if err != nil {
		return f, false, err
	}
	var acked wire.BatchMark
	var h wire.BatchHeader
	p.meta.json(metaAcked, &acked)
	p.meta.json(metaMark, &h.Mark)
	h.Number, h.AgentEpoch = acked.Number+1, p.meta.text(metaAgentEpoch)
	fr := freezer{putter: p, limit: wire.MaxBatchEntries}
	if limit := p.meta.int(metaLimit); limit > 0 {
		fr.limit = int(min(limit, wire.MaxBatchEntries))
	}
	if p.meta.err != nil {
		return f, false, p.meta.err
	}
	if fr.w, err = wire.NewBatch(h); err != nil {
		return f, false, err
	}
	if err := fr.collect(); err != nil {
		return f, false, err
	}
	if fr.w.Len() > 0 {
		f, ok, err = fr.store(h.Number)
	}
	return f, ok, errors.Join(err, p.finish())
}

// freezer fills one batch.
type freezer struct {
	*putter
	w     *wire.BatchWriter
	limit int
	last  int64   // the last place taken
	drop  []int64 // places whose entries need not go, or must not
	bad   []stored
}

// store compresses what was collected and keeps it.
func (f *freezer) store(number int64) (frozenBatch, bool, error) {
	lines, digest := f.w.Finish()
	b := frozenBatch{last: f.last, Batch: Batch{Number: number, Digest: digest, Entries: f.w.Len(), Body: wire.Compress(nil, lines)}}
	err := f.exec("INSERT INTO batch (number, digest, last, entries, body, chk) VALUES ($1, $2, $3, $4, $5, $6)",
		b.Number, b.Digest, b.last, b.Entries, b.Body, b.check())
	return b, err == nil, err
}

const pendingQuery = "SELECT o.pos, o.sort, o.ref, o.sent, " + storedColumns + `, i.body
	FROM outbox o LEFT JOIN items i ON i.id = o.ref AND o.sort <> 3
	WHERE o.pos > $1 ORDER BY o.pos LIMIT $2 + 0`

// collect takes entries from the front until the batch is full or nothing is
// left. Entries that prove to be idle are passed over, however many.
func (f *freezer) collect() error {
	for after := int64(0); ; {
		full, scanned, last, err := f.page(after)
		if err != nil {
			return err
		}
		if err := f.sweep(); err != nil {
			return err
		}
		if full || scanned == 0 {
			return nil
		}
		after = last
	}
}

// entry is one pending row with what it stands for.
type entry struct {
	queued
	item stored
	some bool // the item is there
}

// errBatchFull ends the reading of a page.
var errBatchFull = errors.New("the batch is full")

func (f *freezer) page(after int64) (full bool, scanned int, last int64, err error) {
	var e entry
	each := func(rows *sql.Rows) error {
		if err := scanEntry(rows, &e); err != nil {
			return err
		}
		scanned++
		last = e.pos
		return f.take(&e)
	}
	err = f.query(each, pendingQuery, after, f.limit)
	if errors.Is(err, errBatchFull) {
		return true, scanned, last, nil
	}
	return f.w.Len() >= f.limit, scanned, last, err
}

func scanEntry(rows *sql.Rows, e *entry) error {
	var id, kind, gen, revision, pos, chk sql.NullInt64
	var key sql.NullString
	var dead sql.NullBool
	var digest, body sql.RawBytes
	err := rows.Scan(&e.pos, &e.sort, &e.ref, &e.sent, &id, &kind, &key, &gen, &dead, &revision, &pos, &chk, &digest, &body)
	e.some = id.Valid
	e.item = stored{
		id: id.Int64, kind: kind.Int64, key: key.String, gen: gen.Int64, dead: dead.Bool, revision: revision.Int64,
		pos: pos.Int64, chk: chk.Int64, digest: digest, body: body,
	}
	return err
}

// take adds one entry to the batch, or notes why it does not go.
func (f *freezer) take(e *entry) error {
	switch {
	case e.sort == sortResult:
		return f.takeResult(e)
	case !e.some:
		f.drop = append(f.drop, e.pos)
		return nil
	case !e.item.sound():
		f.drop = append(f.drop, e.pos)
		f.bad = append(f.bad, e.item.copied())
		return nil
	case e.item.pos != e.pos || (e.sent != nil && string(e.sent) == string(e.item.digest)):
		f.drop = append(f.drop, e.pos) // it moved to another place, or changed back
		return nil
	}
	op := wire.EntryPut
	if e.sort == sortGone {
		op = wire.EntryGone
	}
	return f.add(e.pos, op, e.item.revision, e.item.body)
}

func (f *freezer) add(pos int64, op byte, revision int64, body []byte) error {
	if f.w.Len() > 0 && (f.w.Len() >= f.limit || f.w.Bytes()+len(body) > wire.TargetBatchBytes) {
		return errBatchFull
	}
	var err error
	switch op {
	case wire.EntryGone:
		err = f.w.Gone(revision, body)
	case wire.EntryResult:
		err = f.w.Result(revision, body)
	default:
		err = f.w.Put(revision, body)
	}
	if errors.Is(err, wire.ErrFull) && f.w.Len() > 0 {
		return errBatchFull
	}
	if err != nil {
		return fmt.Errorf("place %d: %w", pos, err)
	}
	f.last = pos
	return nil
}

// sweep removes what page noted.
func (f *freezer) sweep() error {
	for _, pos := range f.drop {
		if err := f.exec("DELETE FROM outbox WHERE pos = $1", pos); err != nil {
			return err
		}
	}
	for i := range f.bad {
		if err := f.discard(&f.bad[i]); err != nil {
			return err
		}
	}
	f.drop, f.bad = nil, nil
	return nil
}

// copied returns the row with memory of its own.
func (s *stored) copied() stored {
	c := *s
	c.digest = append([]byte(nil), s.digest...)
	c.body = append([]byte(nil), s.body...)
	return c
}

// discard drops a damaged row from the record. Whatever key it may have held, as
// its columns or its body say, is read from the POS again.
func (p *putter) discard(s *stored) error {
	if k := p.kinds.byID[s.kind]; k != nil {
		p.wrong[k] = true
		if err := p.markDirty(Dirty{Key: Key{k.name, s.key}}); err != nil {
			return err
		}
	}
	if it, err := item.Decode(s.body); err == nil {
		p.wrong[p.kinds.named(it.Kind)] = true
		if err := p.markDirty(Dirty{Key: Key{it.Kind, it.Key}}); err != nil {
			return err
		}
	}
	return p.exec("DELETE FROM items WHERE id = $1", s.id)
}
