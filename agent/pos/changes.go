package pos

import (
	"context"
	"database/sql"

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
	// newest is the newest row that anyone was given. A mark may name it, so it is
	// never pruned; if it is gone, the file's history is another one.
	newest rowID
	// top is the highest row that was done, keep the one that Prune was told to
	// spare last: a mark may name them too.
	top, keep int64
}

// spared lists the rows that are never removed, whatever was done.
func (d *doneSet) spared() []any { return []any{d.newest.seq, d.top, d.keep} }

// rowID is one change row, told from one of another history by its nonce.
type rowID struct{ seq, nonce int64 }

func newDoneSet() *doneSet { return &doneSet{beyond: map[int64]int64{}} }

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

// advance moves upTo over the done rows at the beginning of order.
func (d *doneSet) advance(order []rowID) {
	for len(order) > 0 && (d.has(order[0]) || order[0].seq <= d.upTo) {
		d.upTo = max(d.upTo, order[0].seq)
		delete(d.beyond, order[0].seq)
		order = order[1:]
	}
	d.order = order
}

// Pending returns the oldest changes that are not done.
func (c *sqlConnector) Pending(ctx context.Context, limit int) ([]Change, error) {
	var out []Change
	err := c.read(ctx, func(s *session, st *state) error {
		err := c.checkHistory(ctx, s)
		if err == nil {
			err = c.lookForMark(ctx, s)
		}
		if err != nil {
			return err
		}
		out, err = pending(ctx, s, st, c.done, min(limit, c.pace.changeRows()))
		return err
	})
	return out, err
}

// checkHistory forgets which rows are done if the newest one that was seen is
// gone: a backup was copied over the file, and its rows count anew (P7).
func (c *sqlConnector) checkHistory(ctx context.Context, s *session) error {
	if c.done.newest.seq == 0 {
		return nil
	}
	there, err := hasRow(ctx, s, c.done.newest)
	if err == nil && !there {
		c.done = newDoneSet()
		c.state.healthy = ""
	}
	return err
}

func hasRow(ctx context.Context, s *session, r rowID) (bool, error) {
	var n int
	err := s.row(ctx, `SELECT count(*) FROM plait_changes WHERE seq = ? AND nonce = ?`, []any{r.seq, r.nonce}, &n)
	return n == 1, err
}

// lookForMark starts after the mark of a former run, if its row is there.
func (c *sqlConnector) lookForMark(ctx context.Context, s *session) error {
	if c.resume.Seq == 0 {
		return nil
	}
	there, err := hasMark(ctx, s, c.resume)
	if err != nil {
		return err
	}
	if there {
		c.done.upTo = max(c.done.upTo, c.resume.Seq)
		c.done.see(rowID{c.resume.Seq, c.resume.Nonce})
	}
	c.resume = wire.Mark{}
	return nil
}

const sqlPending = `SELECT seq, nonce, tbl, op, key, new_key FROM plait_changes WHERE seq > ? ORDER BY seq LIMIT ?`

// pending reads on until it has limit changes or there are no more rows.
func pending(ctx context.Context, s *session, st *state, d *doneSet, limit int) ([]Change, error) {
	var out []Change
	var order []rowID
	for from := d.upTo; ; from = order[len(order)-1].seq {
		want := limit - len(out)
		rows, err := changeRows(ctx, s, from, want)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			id := rowID{r.Seq, r.Nonce}
			order = append(order, id)
			d.see(id)
			if !d.has(id) {
				out = append(out, r.change(st))
			}
		}
		if len(rows) < want || len(out) >= limit {
			break
		}
	}
	d.advance(order)
	return out, nil
}

// changeRow is one row of plait_changes as it stands.
type changeRow struct {
	Seq, Nonce  int64
	Table, Op   string
	Key, NewKey sql.NullString
}

func changeRows(ctx context.Context, s *session, after int64, limit int) ([]changeRow, error) {
	out := make([]changeRow, 0, limit)
	rows, err := s.query(ctx, sqlPending, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r changeRow
		if err := rows.Scan(&r.Seq, &r.Nonce, &r.Table, &r.Op, &r.Key, &r.NewKey); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
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
// came after it was taken away.
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
	return hasRow(ctx, s, rowID{mark.Seq, mark.Nonce})
}

// Newest returns the mark of the newest change row.
func (c *sqlConnector) Newest(ctx context.Context) (wire.Mark, error) {
	var mark wire.Mark
	err := c.read(ctx, func(s *session, _ *state) error {
		meta, err := readMeta(ctx, s)
		if err != nil {
			return err
		}
		mark = wire.Mark{POSEpoch: meta.Epoch}
		err = s.each(ctx, `SELECT seq, nonce FROM plait_changes ORDER BY seq DESC LIMIT 1`, nil,
			func(scan func(...any) error) error { return scan(&mark.Seq, &mark.Nonce) })
		c.done.see(rowID{mark.Seq, mark.Nonce})
		return err
	})
	return mark, err
}
