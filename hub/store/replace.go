package store

import (
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"plait/shared/item"
)

// Held is what a copy holds under an identity, as far as what replaces it needs to know.
type Held struct {
	Row        int64 // of the table; 0 if the copy holds nothing
	Revision   int64
	SyncRev    int64
	SyncAt     time.Time
	Digest     item.Digest
	SyncDigest item.Digest
	AgentEpoch int64
	AgentRev   int64
	POSEpoch   int64
	UID        string
	Deleted    time.Time
}

// Any reports whether the copy holds something.
func (h *Held) Any() bool { return h.Row != 0 }

// Live reports whether that is no tombstone.
func (h *Held) Live() bool { return h.Deleted.IsZero() }

// Held is that part of an item.
func (i *Item) Held() Held {
	return Held{Revision: i.Revision, SyncRev: i.SyncRev, SyncAt: i.SyncAt, Digest: i.Digest, SyncDigest: i.SyncDigest,
		AgentEpoch: i.AgentEpoch, AgentRev: i.AgentRev, POSEpoch: i.POSEpoch, UID: i.UID, Deleted: i.Deleted}
}

// HeldOf returns what a copy holds under the identities of items, in their order: at
// most some hundreds, and best Look or Stroke, whose statements stay compiled.
func (v *StoreView) HeldOf(copy int64, of []Item) ([]Held, error) {
	text, ok := wholeHeldOf[len(of)]
	if !ok {
		text = heldOfText(len(of))
	}
	s, err := v.prepared(text)
	if err != nil {
		return nil, err
	}
	args := make([]any, 0, 3*len(of)+3)
	for i := range of {
		args = append(args, of[i].Kind, of[i].Key, of[i].Gen)
	}
	rows, err := s.Query(append(args, v.at.network, v.at.store, copy)...)
	if err != nil {
		return nil, fmt.Errorf("cannot read items of store %s: %w", v.Store.Name, err)
	}
	defer rows.Close()
	out := make([]Held, len(of))
	r := newHeldReader()
	for rows.Next() {
		if err := rows.Scan(r.into...); err != nil {
			return nil, err
		}
		n, h, err := r.held()
		if err != nil {
			return nil, fmt.Errorf("cannot read items of store %s: %w", v.Store.Name, err)
		}
		out[n] = h
	}
	return out, rows.Err()
}

// heldReader takes rows as they come from the engine: to have them converted would cost
// a quarter of what it costs to find them.
type heldReader struct {
	numbers            [9]any
	digest, syncDigest sql.RawBytes
	uid                string
	into               []any
}

func newHeldReader() *heldReader {
	r := &heldReader{}
	for i := range r.numbers {
		r.into = append(r.into, &r.numbers[i])
	}
	r.into = append(r.into, &r.digest, &r.syncDigest, &r.uid)
	return r
}

// held is the row that was scanned last, and whose it is.
func (r *heldReader) held() (n int64, h Held, err error) {
	var at, deleted int64
	for i, to := range [...]*int64{&n, &h.Row, &h.Revision, &h.SyncRev, &at, &h.AgentEpoch, &h.AgentRev, &h.POSEpoch, &deleted} {
		number, ok := r.numbers[i].(int64)
		if !ok {
			return 0, h, fmt.Errorf("cannot read a number from %T", r.numbers[i])
		}
		*to = number
	}
	if len(r.digest) != len(h.Digest) || (r.syncDigest != nil && len(r.syncDigest) != len(h.SyncDigest)) {
		return 0, h, fmt.Errorf("cannot read a digest of %d and one of %d bytes", len(r.digest), len(r.syncDigest))
	}
	copy(h.Digest[:], r.digest)
	copy(h.SyncDigest[:], r.syncDigest)
	h.SyncAt, h.Deleted, h.UID = fromMS(at), fromMS(deleted), r.uid
	return n, h, nil
}

// Look is how many rows one statement looks up: a query costs more than a change, for
// its context is watched.
const Look = 200

var wholeHeldOf = map[int]string{1: heldOfText(1), Stroke: heldOfText(Stroke), Look: heldOfText(Look)}

// heldOfText joins across: left to itself, SQLite would go through the whole copy for
// each identity.
func heldOfText(n int) string {
	return `SELECT v.column1, i.rowid, i.revision, i.sync_rev, i.sync_at, i.agent_epoch, i.agent_rev, i.pos_epoch, i.deleted_at, i.digest, i.sync_digest, i.uid
		FROM (VALUES ` + numbered(n, 3) + `) v CROSS JOIN items i WHERE i.network = ? AND i.store = ? AND i.copy = ?
		AND i.kind = v.column2 AND i.key = v.column3 AND i.gen = v.column4`
}

// ReplaceItems overwrites what a copy holds with items of the same identities, in that
// order; it must have been read in this transaction. After an error some may be
// replaced: give the transaction up.
func (tx *StoreTx) ReplaceItems(old []Held, by []Item) error {
	for from := 0; from < len(by); from += Stroke {
		to := min(from+Stroke, len(by))
		if err := tx.replaceItems(old[from:to], by[from:to]); err != nil {
			return fmt.Errorf("cannot change %s %s and %d more of store %s: %w", by[from].Kind, by[from].Key, to-from-1, tx.Store.Name, err)
		}
	}
	return nil
}

// replaceItems is one statement. Where no uid moves, their index is left alone: SQLite
// would write it again as it is.
func (tx *StoreTx) replaceItems(old []Held, by []Item) error {
	text, uids := replaceTexts, false
	for i := range by {
		if by[i].UID != old[i].UID {
			text, uids = replaceUIDTexts, true
			break
		}
	}
	f := formOf(by)
	n, err := tx.execHot(text.of(f), f.replaceArgs(old, by, uids)...)
	if err == nil && int(n) != len(by) {
		err = fmt.Errorf("the copy holds %d of %d: %w", n, len(by), ErrNotFound)
	}
	return err
}

var (
	replaceTexts    = textsOf(func(f itemForm) string { return f.replace(false) })
	replaceUIDTexts = textsOf(func(f itemForm) string { return f.replace(true) })
)

// replace finds rows by their numbers, and so touches no index but the uids'. About OR
// FAIL see insert.
func (f itemForm) replace(uids bool) string {
	set, columns := "revision = v.column6, agent_rev = v.column7, sync_rev = v.column8, sync_at = v.column9, agent_epoch = v.column10, "+
		"pos_epoch = v.column11, birth = v.column12, adopted = v.column13, deleted_at = v.column14", 13
	if f.alike {
		set, columns = "revision = ? + v.column1, agent_rev = ? + v.column1, sync_rev = "+f.syncRev()+", sync_at = ?, agent_epoch = ?, "+
			"pos_epoch = ?, birth = ?, adopted = ?, deleted_at = ?", 4
	}
	if uids {
		columns++
		set += ", uid = v.column" + strconv.Itoa(columns+1)
	}
	return "UPDATE OR FAIL items SET digest = v.column3, sync_digest = v.column4, body = v.column5, " + set +
		" FROM (VALUES " + numbered(f.rows, columns) + ") v WHERE items.rowid = v.column2"
}

func (f itemForm) replaceArgs(old []Held, by []Item, uids bool) []any {
	args := make([]any, 0, 9+14*len(by))
	if f.alike {
		args = by[0].counters(args)
	}
	for i := range by {
		r := &by[i] // what is given points into the item
		args = append(args, old[i].Row, r.Digest[:], r.syncDigest(), r.Body)
		if !f.alike {
			args = r.counters(args)
		}
		if uids {
			args = append(args, r.UID)
		}
	}
	return args
}

// counters are what the items of a batch share, or count up.
func (i *Item) counters(args []any) []any {
	return append(args, i.Revision, i.AgentRev, i.SyncRev, ms(i.SyncAt), i.AgentEpoch, i.POSEpoch, string(i.Birth), flag(i.Adopted), ms(i.Deleted))
}
