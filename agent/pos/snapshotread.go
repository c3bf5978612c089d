package pos

import (
	"context"
	"errors"
	"slices"
	"time"

	"plait/shared/wire"
)

// Snapshot reads in one transaction, which ends in time for the POS not to notice.
func (c *sqlConnector) Snapshot(ctx context.Context, ask Ask) (out Snapshot, err error) {
	err = c.read(ctx, func(s *session, st *state) error {
		out, err = c.snapshot(ctx, s, st, ask)
		if errors.Is(err, ErrRestored) { // its change rows count anew
			c.done = newDoneSet()
			st.healthy = ""
		}
		return err
	})
	return out, err
}

func (c *sqlConnector) snapshot(ctx context.Context, s *session, st *state, ask Ask) (out Snapshot, err error) {
	r := &snapshotReader{c: c, s: s, st: st, until: c.pace.enough(), left: &c.left}
	if err := c.lookForMark(ctx, s); err != nil {
		return out, err
	}
	if out, err = r.changes(ctx, c.done, ask, c.pace.changeRows()); err != nil {
		return out, err
	}
	read := len(out.Changes)
	err = r.items(ctx, &out)
	c.pace.tookChanges(len(out.Changes), len(out.Changes) < read)
	if err == nil && !out.More {
		c.left.passed(out.Newest)
	}
	return out, err
}

// snapshotReader reads a Snapshot within a transaction.
type snapshotReader struct {
	c     *sqlConnector
	s     *session
	st    *state
	until time.Time // when no more is read; zero if it takes as long as it takes
	left  *left     // what need not be read; nil in a transaction, which may have written since
}

// changes reads the change rows, and how far the history has come. Rows appear in
// the order of seq, so those that are taken lie before all that are not.
func (r *snapshotReader) changes(ctx context.Context, d *doneSet, ask Ask, most int) (out Snapshot, err error) {
	if out.Newest, err = history(ctx, r.s, d, ask.Mark); err != nil {
		return out, err
	}
	taken := int64(0)
	for _, ch := range ask.Taken {
		taken = max(taken, ch.Seq)
	}
	out.Changes, out.More, err = pending(ctx, r.s, r.st, d, taken, min(ask.Limit, most))
	if r.left != nil {
		r.left.narrow(out.Changes, out.Newest, r.st)
	}
	return out, err
}

// items reads what stands under the keys of the changes, a piece of them at a time,
// and leaves out the changes that there was no more time for.
func (r *snapshotReader) items(ctx context.Context, out *Snapshot) error {
	f := &finder{snapshotReader: r, touched: newToucher(), asOf: out.Newest}
	n := 0
	for n < len(out.Changes) && (n == 0 || r.until.IsZero() || r.c.opts.Now().Before(r.until)) {
		n += f.piece(out.Changes[n:])
		if err := f.read(ctx); err != nil {
			return err
		}
	}
	out.More = out.More || n < len(out.Changes)
	out.Changes, out.Found = out.Changes[:n], f.found
	return nil
}

// finder gathers what was found, piece by piece.
type finder struct {
	*snapshotReader
	touched *toucher
	found   []Found // in the places of touched.out
	asOf    wire.Mark
	budget  float64 // of the time that a read should take
}

// piece takes so many changes that reading their items should take no longer than
// one read may, and returns how many it took.
func (f *finder) piece(changes []Change) int {
	f.budget = 1
	for i, ch := range changes {
		if f.budget <= 0 {
			return i
		}
		f.touched.touch(ch, f.cost)
	}
	return len(changes)
}

func (f *finder) cost(at int) {
	if at == len(f.found) {
		f.found = append(f.found, Found{})
	}
	f.budget -= 1 / float64(f.c.pace.size(f.touched.out[at].Kind))
}

// read reads the keys that are new since it read last. A kind that cannot be read
// keeps the error, and the others go on.
func (f *finder) read(ctx context.Context) error {
	for i := range f.found {
		found := &f.found[i]
		have := len(found.Records)
		found.Touched = f.touched.out[i]
		if found.Err != nil || have == len(found.Keys) {
			continue
		}
		found.Records = slices.Grow(found.Records, len(found.Keys)-have)[:len(found.Keys)]
		err := f.records(ctx, found.Kind, found.Keys[have:], found.Records[have:])
		if found.Err = f.c.explain("read", err); Stops(found.Err) {
			return found.Err
		}
	}
	return nil
}

// records fills in what stands under keys: what was left there, or what is read.
func (f *finder) records(ctx context.Context, kind string, keys []string, out []Record) error {
	r, err := newReader(f.c.dialect, f.s, f.st, kind)
	if err != nil {
		return err
	}
	lacking, places := f.known(kind, keys, out)
	if len(lacking) == 0 {
		return nil
	}
	start := f.c.opts.Now()
	records, err := r.read(ctx, lacking)
	f.c.pace.took(kind, len(lacking), f.c.opts.Now().Sub(start))
	for i := range records {
		out[places[i]] = records[i]
	}
	return err
}

// known fills in what was left under keys, and tells which are still to be read, and
// where they stand.
func (f *finder) known(kind string, keys []string, out []Record) (lacking []string, places []int) {
	for i, key := range keys {
		ok := false
		if f.left != nil {
			out[i], ok = f.left.take(f.asOf, f.st, touchedKey{kind, key})
		}
		if !ok {
			lacking, places = append(lacking, key), append(places, i)
		}
	}
	return lacking, places
}
