package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Cursor is how far a store has got with a kind of a source, in the source's
// sync_revs: every change up to there has been applied at the store, or is in a
// job that is open. Without one, nothing is known of the kind at the store.
type Cursor struct {
	Source  string // id
	Kind    string
	SyncRev int64
	Epoch   int64  // place of the hub epoch in which it was set
	Held    string // why it moves no more until a person has seen a Test; "" if it moves
	At      time.Time
}

// Why a cursor is held.
const (
	HeldCancelled  = "cancelled"   // a job that it rested upon was cancelled
	HeldLost       = "lost"        // a job that it rested upon was lost with a restored POS database
	HeldSwitchedOn = "switched_on" // the store was off in between
	HeldReverted   = "reverted"    // what it rested upon was taken back
	HeldLinked     = "linked"      // the store, or its source, was linked anew
)

const cursorsOf = `SELECT s.id, c.kind, c.sync_rev, c.epoch, c.held, c.at FROM cursors c
	JOIN stores s ON s.network = c.network AND s.store = c.source WHERE c.network = $1 AND c.store = $2 `

func readCursor(s scanner) (c Cursor, err error) {
	return c, s.Scan(&c.Source, &c.Kind, &c.SyncRev, &c.Epoch, &c.Held, msTime{&c.At})
}

// Cursor returns the store's cursor for a kind of a source; ok is false if it
// has none.
func (v *StoreView) Cursor(source, kind string) (c Cursor, ok bool, err error) {
	c, err = one(v.View, readCursor, cursorsOf+`AND s.id = $3 AND c.kind = $4`, v.at.network, v.at.store, source, kind)
	if errors.Is(err, ErrNotFound) {
		return c, false, nil
	}
	return c, err == nil, err
}

// Cursors returns all cursors of the store, by source and kind.
func (v *StoreView) Cursors() ([]Cursor, error) {
	all, err := many(v.View, readCursor, cursorsOf+`ORDER BY s.id, c.kind`, v.at.network, v.at.store)
	if err != nil {
		return nil, fmt.Errorf("cannot read how far store %s has got: %w", v.Store.Name, err)
	}
	return all, nil
}

// CursorsFrom returns the cursors of each store for the kinds of a source, by kind:
// Kind, SyncRev and Held of each. All are of one network.
func (all StoresTx) CursorsFrom(source string) ([][]Cursor, error) {
	out, at := make([][]Cursor, len(all)), all.indexes()
	for from, to := range strokes(len(all)) {
		some := all[from:to]
		found, err := many(some[0].View, func(s scanner) (c placedCursor, err error) {
			return c, s.Scan(&c.at.network, &c.at.store, &c.Kind, &c.SyncRev, &c.Held)
		}, these(len(some))+`SELECT c.network, c.store, c.kind, c.sync_rev, c.held FROM l
			JOIN cursors c ON c.network = l.network AND c.store = l.store
			AND c.source = (SELECT s.store FROM stores s WHERE s.network = ? AND s.id = ?)`, append(some.places(), some[0].at.network, source)...)
		if err != nil {
			return nil, fmt.Errorf("cannot read how far %s got: %w", some.named(), err)
		}
		for _, c := range found {
			i := at[c.at]
			out[i] = append(out[i], c.Cursor)
		}
	}
	for i := range out {
		slices.SortFunc(out[i], func(a, b Cursor) int { return cmp.Compare(a.Kind, b.Kind) })
	}
	return out, nil
}

type placedCursor struct {
	Cursor
	at place
}

// SetCursor stores how far the store has got with a kind of a source, as of the
// current hub epoch, and lets the cursor move.
func (tx *StoreTx) SetCursor(source, kind string, syncRev int64) error {
	return StoresTx{tx}.SetCursors(source, kind, syncRev)
}

// SetCursors is SetCursor for each store.
func (all StoresTx) SetCursors(source, kind string, syncRev int64) error {
	for from, to := range strokes(len(all)) {
		some := all[from:to]
		epoch, err := some[0].HubEpoch()
		if err != nil {
			return err
		}
		n, err := some[0].exec(these(len(some))+`INSERT INTO cursors (network, store, source, kind, sync_rev, epoch, at)
			SELECT l.network, l.store, s.store, ?, ?, ?, ? FROM l JOIN stores s ON s.network = l.network AND s.id = ? WHERE true
			ON CONFLICT (network, store, source, kind) DO UPDATE SET sync_rev = excluded.sync_rev, epoch = excluded.epoch, held = '', at = excluded.at`,
			append(some.places(), kind, syncRev, epoch.Place, ms(some[0].now), source)...)
		if err == nil && n != int64(len(some)) {
			err = ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("cannot keep how far %s got with %s of store %s: %w", some.named(), kind, source, err)
		}
	}
	return nil
}

// HoldCursors holds all cursors of the store.
func (tx *StoreTx) HoldCursors(why string) error {
	_, err := tx.exec(`UPDATE cursors SET held = $1, at = $2 WHERE network = $3 AND store = $4`, why, ms(tx.now), tx.at.network, tx.at.store)
	if err != nil {
		return fmt.Errorf("cannot hold the cursors of store %s: %w", tx.Store.Name, err)
	}
	return nil
}

// HoldCursorsFrom holds the cursors of all stores that get something of this one.
func (tx *StoreTx) HoldCursorsFrom(why string) error {
	_, err := tx.exec(`UPDATE cursors SET held = $1, at = $2 WHERE network = $3 AND source = $4`, why, ms(tx.now), tx.at.network, tx.at.store)
	if err != nil {
		return fmt.Errorf("cannot hold what comes from store %s: %w", tx.Store.Name, err)
	}
	return nil
}

// DropCursors removes all cursors of the store.
func (tx *StoreTx) DropCursors() error {
	if _, err := tx.exec(`DELETE FROM cursors WHERE network = $1 AND store = $2`, tx.at.network, tx.at.store); err != nil {
		return fmt.Errorf("cannot remove the cursors of store %s: %w", tx.Store.Name, err)
	}
	return nil
}

// Reach says which cursors rest upon a job, and where each stood before it: the
// source's id, then kind=sync_rev for each kind, -1 where there was none. "" says
// that none does.
type Reach string

// Add returns the reach with one more cursor.
func (r Reach) Add(source, kind string, before int64) Reach {
	if r == "" {
		r = Reach(source)
	}
	return r + Reach(" "+kind+"="+strconv.FormatInt(before, 10))
}

// each calls visit with every cursor.
func (r Reach) each(visit func(source, kind string, before int64) error) error {
	words := strings.Fields(string(r))
	for _, word := range words[min(1, len(words)):] {
		kind, rev, _ := strings.Cut(word, "=")
		before, err := strconv.ParseInt(rev, 10, 64)
		if err == nil {
			err = visit(words[0], kind, before)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// HoldReach puts the cursors that rest upon a job back to where they stood before
// it, and holds them: what it brought did not arrive, so what comes after it
// would leave a gap that nobody sees.
func (tx *StoreTx) HoldReach(j Job, why string) error {
	err := j.Reach.each(func(source, kind string, before int64) error {
		if before < 0 {
			_, err := tx.exec(`DELETE FROM cursors WHERE network = $1 AND store = $2 AND kind = $3
				AND source = (SELECT s.store FROM stores s WHERE s.network = $1 AND s.id = $4)`, tx.at.network, tx.at.store, kind, source)
			return err
		}
		_, err := tx.exec(`UPDATE cursors SET sync_rev = CASE WHEN sync_rev > $5 THEN $5 ELSE sync_rev END, held = $6, at = $7 WHERE network = $1 AND store = $2 AND kind = $3
			AND source = (SELECT s.store FROM stores s WHERE s.network = $1 AND s.id = $4)`, tx.at.network, tx.at.store, kind, source, before, why, ms(tx.now))
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot hold what rests upon job %d of store %s: %w", j.Number, tx.Store.Name, err)
	}
	return nil
}
