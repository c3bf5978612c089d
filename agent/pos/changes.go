package pos

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"sort"

	"plait/shared/wire"
)

// maxChangeRows bounds the change rows that one read transaction takes: two to
// four milliseconds of reading, less where reading keeps the POS waiting.
const (
	maxChangeRows   = 2000
	shortChangeRows = 500
)

// doneSet knows which change rows are in the record already. On SQLite writers
// follow one another, so rows appear in the order of seq, and all up to one seq
// can be done for good; done rows past a gap are kept one by one.
type doneSet struct {
	upTo   int64
	beyond map[int64]int64 // seq to nonce: a row of another history is not done
	order  []rowID         // rows after upTo as last read, without a gap
	// newest is the newest row that any read saw. A mark may name it, so it is never
	// pruned; once it was found gone (lost), the file's history is another one.
	newest rowID
	lost   bool
	// top is the highest row that was done, keep the one that Prune was told to
	// spare last: a mark may name them too.
	top, keep int64
}

// spared lists the rows that are never removed, whatever was done.
func (d *doneSet) spared() []any { return []any{d.newest.seq, d.top, d.keep} }

// rowID is one change row, told from one of another history by its nonce.
type rowID struct{ seq, nonce int64 }

func newDoneSet() *doneSet { return &doneSet{beyond: map[int64]int64{}} }

// aside is a copy for a transaction, whose own rows may never be there for others.
func (d *doneSet) aside() *doneSet {
	c := *d
	c.order, c.beyond = slices.Clip(d.order), maps.Clone(d.beyond)
	return &c
}

func (d *doneSet) add(changes []Change) {
	for _, ch := range changes {
		d.top = max(d.top, ch.Seq)
		if ch.Seq > d.upTo {
			d.beyond[ch.Seq] = ch.Nonce
		}
	}
	d.advance(d.order)
}

func (d *doneSet) has(r rowID) bool {
	nonce, ok := d.beyond[r.seq]
	return ok && nonce == r.nonce
}

func (d *doneSet) see(r rowID) {
	if r.seq > d.newest.seq {
		d.newest = r
	}
}

const sqlLook = `SELECT seq, nonce, EXISTS (SELECT 1 FROM plait_changes WHERE seq = ? AND nonce = ?)
	FROM plait_changes ORDER BY seq DESC LIMIT 1`

// look notes how far the history has come by this read, and whether it is still the
// one that the reads before it saw.
func (d *doneSet) look(ctx context.Context, s *session) (row rowID, err error) {
	there := false
	err = s.each(ctx, sqlLook, []any{d.newest.seq, d.newest.nonce},
		func(scan func(...any) error) error { return scan(&row.seq, &row.nonce, &there) })
	if err != nil {
		return row, err
	}
	d.lost = d.lost || d.newest.seq != 0 && !there
	d.see(row)
	return row, nil
}

// extend adds the rows that follow one to what was read without a gap.
func (d *doneSet) extend(from int64, rows []rowID) {
	if from <= d.upTo {
		d.order = nil
	}
	end := d.upTo
	if len(d.order) > 0 {
		end = d.order[len(d.order)-1].seq
	}
	if from <= end {
		rows = rows[sort.Search(len(rows), func(i int) bool { return rows[i].seq > end }):]
		d.order = append(d.order, rows...)
	}
	d.advance(d.order)
}

// advance moves upTo over the done rows at the beginning of order.
func (d *doneSet) advance(order []rowID) {
	for len(order) > 0 && (d.has(order[0]) || order[0].seq <= d.upTo) {
		d.upTo = max(d.upTo, order[0].seq)
		delete(d.beyond, order[0].seq)
		order = order[1:]
	}
	d.order = order
}

// history returns how far this one has come, or ErrRestored where the mark, or what
// any read before saw, is not in it: a backup was copied over the file (P7).
func history(ctx context.Context, s *session, d *doneSet, mark wire.Mark) (wire.Mark, error) {
	newest, err := newestRow(ctx, s, d)
	if err != nil {
		return newest, err
	}
	there, err := holds(ctx, s, newest, mark)
	if err == nil && (!there || d.lost) {
		err = ErrRestored
	}
	return newest, err
}

// holds reports whether the history that has come as far as newest has the mark.
func holds(ctx context.Context, s *session, newest, mark wire.Mark) (bool, error) {
	switch {
	case mark.POSEpoch == "" || mark == newest:
		return true, nil
	case mark.POSEpoch != newest.POSEpoch || mark.Seq == 0:
		return mark.POSEpoch == newest.POSEpoch, nil
	}
	return hasRow(ctx, s, rowID{mark.Seq, mark.Nonce})
}

func hasRow(ctx context.Context, s *session, r rowID) (bool, error) {
	var n int
	err := s.row(ctx, `SELECT count(*) FROM plait_changes WHERE seq = ? AND nonce = ?`, []any{r.seq, r.nonce}, &n)
	return n == 1, err
}

// lookForMark starts after the last row that a former run took, if it is there.
func (c *sqlConnector) lookForMark(ctx context.Context, s *session) error {
	if c.resume.Seq == 0 {
		return nil
	}
	there, err := hasMark(ctx, s, c.resume)
	if err != nil {
		return err
	}
	if there {
		c.done.upTo, c.done.top = max(c.done.upTo, c.resume.Seq), max(c.done.top, c.resume.Seq)
		c.done.see(rowID{c.resume.Seq, c.resume.Nonce})
	}
	c.resume = wire.Mark{}
	return nil
}

const sqlPending = `SELECT seq, nonce, tbl, op, key, new_key FROM plait_changes WHERE seq > ? ORDER BY seq LIMIT ? + 0`

// pending reads on, behind the rows that were taken, until it has limit changes or
// there are no more rows.
func pending(ctx context.Context, s *session, st *state, d *doneSet, taken int64, limit int) (out []Change, more bool, err error) {
	var read []rowID
	start := max(d.upTo, taken)
	for from := start; ; from = read[len(read)-1].seq {
		want := limit - len(out)
		rows, err := changeRows(ctx, s, from, want)
		if err != nil {
			return nil, false, err
		}
		for _, r := range rows {
			id := rowID{r.Seq, r.Nonce}
			read = append(read, id)
			d.see(id)
			if !d.has(id) {
				out = append(out, r.change(st))
			}
		}
		if more = len(out) >= limit; more || len(rows) < want {
			break
		}
	}
	d.extend(start, read)
	return out, more, nil
}

// changeRow is one row of plait_changes as it stands.
type changeRow struct {
	Seq, Nonce  int64
	Table, Op   string
	Key, NewKey sql.NullString
}

func changeRows(ctx context.Context, s *session, after int64, limit int) ([]changeRow, error) {
	out := make([]changeRow, 0, min(limit, firstReadRows))
	err := s.each(ctx, sqlPending, []any{after, limit}, func(scan func(...any) error) error {
		var r changeRow
		err := scan(&r.Seq, &r.Nonce, &r.Table, &r.Op, &r.Key, &r.NewKey)
		out = append(out, r)
		return err
	})
	return out, err
}

// change names the kinds that the row concerns. A row without a usable key, or
// on a table that is no longer mapped, concerns none.
func (r changeRow) change(st *state) Change {
	ch := Change{Seq: r.Seq, Nonce: r.Nonce, Op: Update, Key: r.Key.String, NewKey: r.NewKey.String}
	if r.Op != "" {
		ch.Op = Op(r.Op[0])
	}
	if !validKey(ch.NewKey) {
		ch.NewKey = ""
	}
	if !validKey(ch.Key) {
		ch.Key, ch.NewKey = ch.NewKey, ""
	}
	switch {
	case ch.Key == "":
	case ch.Op == LinkOnly:
		ch.Kinds = []string{r.Table}
	default:
		ch.Kinds = st.kinds[r.Table]
	}
	return ch
}

// Done notes that these changes are in the record. On SQLite their rows stay
// until Prune: capture does not write.
func (c *sqlConnector) Done(_ context.Context, changes []Change) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done.add(changes)
	return nil
}

// HasMark reports whether the mark's row is there, in this epoch, and nothing that
// came after it was taken away. A mark of no row stands before the first.
func (c *sqlConnector) HasMark(ctx context.Context, mark wire.Mark) (bool, error) {
	var there bool
	err := c.read(ctx, func(s *session, _ *state) (err error) {
		there, err = hasMark(ctx, s, mark)
		return err
	})
	return there, err
}

func hasMark(ctx context.Context, s *session, mark wire.Mark) (bool, error) {
	meta, err := readMeta(ctx, s)
	if err != nil || meta.Epoch != mark.POSEpoch {
		return false, err
	}
	removed, err := removedUpTo(ctx, s)
	if err != nil || removed > mark.Seq {
		return false, err // whoever is no further than the mark has missed something
	}
	if mark.Seq == 0 {
		return true, nil
	}
	return hasRow(ctx, s, rowID{mark.Seq, mark.Nonce})
}

// Newest returns the mark of the newest change row.
func (c *sqlConnector) Newest(ctx context.Context) (wire.Mark, error) {
	var mark wire.Mark
	err := c.read(ctx, func(s *session, _ *state) (err error) {
		mark, err = newestRow(ctx, s, c.done)
		return err
	})
	return mark, err
}

func newestRow(ctx context.Context, s *session, d *doneSet) (wire.Mark, error) {
	meta, err := readMeta(ctx, s)
	if err != nil {
		return wire.Mark{}, err
	}
	row, err := d.look(ctx, s)
	return wire.Mark{POSEpoch: meta.Epoch, Seq: row.seq, Nonce: row.nonce}, err
}
