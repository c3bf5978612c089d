package ingest

import (
	"context"
	"errors"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

// builder puts a large full upload together as a new copy of the store: the live
// copy with the staged rows laid over it, in transactions of bounded size, none
// of which changes what is live. The last one flips. If the hub stops half-way,
// the next attempt builds again, and Sweep removes what was left behind.
type builder struct {
	*landing
	upload  store.Upload
	copy    store.Copy
	pos     int64
	live    item.ID // the last row copied
	staged  item.ID // the last row laid over it
	sums    map[string]*store.KindSum
	syncs   map[string]int64
	changed int64
}

func (l *landing) build(ctx context.Context, u store.Upload) (wire.FullState, error) {
	b := &builder{landing: l, upload: u, sums: map[string]*store.KindSum{}, syncs: map[string]int64{}}
	if err := l.in.db.WithStore(ctx, l.storeID, b.begin); err != nil {
		return wire.FullState{}, err
	}
	for done := false; !done; {
		err := l.in.db.WithStore(ctx, l.storeID, func(tx *store.StoreTx) (err error) {
			done, err = b.step(tx)
			return err
		})
		if err != nil {
			return wire.FullState{}, err
		}
	}
	var state wire.FullState
	err := l.in.db.WithStore(ctx, l.storeID, func(tx *store.StoreTx) (err error) {
		state, err = b.flip(tx)
		return err
	})
	return state, err
}

// begin chooses the new copy's number.
func (b *builder) begin(tx *store.StoreTx) error {
	u, c, err := b.check(tx)
	if err != nil {
		return err
	}
	pos, err := tx.AddEpoch(store.POSEpoch, b.commit.Mark.POSEpoch)
	if err != nil {
		return err
	}
	next, err := tx.NextCopy()
	if err != nil {
		return err
	}
	c.Building = next
	b.upload, b.copy, b.pos = u, c, pos
	return tx.SetCopy(c)
}

// step copies the next rows. Rows of the live copy and staged rows come in the
// same order; it stops where one of the pages ends, for the next row might come
// before the other page's.
func (b *builder) step(tx *store.StoreTx) (done bool, err error) {
	if err := b.still(tx); err != nil {
		return false, err
	}
	live, err := tx.PageOf(b.copy.Live, b.live, stagePage)
	if err != nil {
		return false, err
	}
	staged, err := tx.StagedRows(b.upload.ID, b.staged, stagePage)
	if err != nil {
		return false, err
	}
	moreLive, moreStaged := len(live) == stagePage, len(staged) == stagePage
	var out []store.Item
	for len(live) > 0 || len(staged) > 0 {
		if (len(live) == 0 && moreLive) || (len(staged) == 0 && moreStaged) {
			break
		}
		row, err := b.next(tx, &live, &staged)
		if err != nil {
			return false, err
		}
		out = append(out, row)
	}
	present, err := tx.InsertItems(b.copy.Building, out)
	if err != nil {
		return false, err
	}
	if len(present) > 0 {
		return false, errors.New("cannot build a new copy: it holds rows already")
	}
	return !moreLive && !moreStaged, nil
}

// still: nobody changed what is being built upon.
func (b *builder) still(tx *store.StoreTx) error {
	_, c, err := b.check(tx)
	if err == nil && (c.Building != b.copy.Building || c.Live != b.copy.Live) {
		err = wire.Refuse(wire.CodeConflict, "another full upload of store %s is landing: commit again", tx.Store.Name)
	}
	return err
}

// next takes the first row of both pages.
func (b *builder) next(tx *store.StoreTx, live *[]store.Item, staged *[]store.StagedRow) (store.Item, error) {
	order := -1
	if len(*live) == 0 {
		order = 1
	} else if len(*staged) > 0 {
		order = compareIDs((*live)[0].ID, (*staged)[0].ID)
	}
	var row, old store.Item
	if order <= 0 {
		old = (*live)[0]
		row, *live, b.live = old, (*live)[1:], old.ID
	}
	if order >= 0 {
		r := (*staged)[0]
		*staged, b.staged = (*staged)[1:], r.ID
		var err error
		if row, err = b.lay(tx, r, old, order == 0); err != nil {
			return row, err
		}
	}
	b.count(row)
	return row, nil
}

// lay makes the row of a staged one, over the copy's if there is one.
func (b *builder) lay(tx *store.StoreTx, r store.StagedRow, old store.Item, replaces bool) (store.Item, error) {
	items, err := b.decode([]store.StagedRow{r})
	if err != nil {
		return store.Item{}, err
	}
	row := items[0].row
	row.AgentEpoch, row.POSEpoch = b.upload.AgentEpoch, b.pos
	row.Revision = b.copy.Revision + b.changed + 1
	if r.Dead {
		row.Deleted = tx.Now()
	}
	if row.SyncRev > 0 {
		if _, ok := b.syncs[row.Kind]; !ok {
			if b.syncs[row.Kind], err = tx.SyncRev(row.Kind); err != nil {
				return row, err
			}
		}
		row.SyncRev, row.SyncAt = b.syncs[row.Kind]+1, tx.Now()
	}
	if replaces {
		held := old.Held()
		if outlived(&held, &row, r.Gone) {
			// Kept even if the landing is refused: an archived row is one too many at worst.
			if err := tx.Archive(archived(old, r.Gone)); err != nil {
				return row, err
			}
		}
		if !merge(&held, &row) {
			return row, nil
		}
	}
	b.changed++
	b.syncs[row.Kind] = max(b.syncs[row.Kind], row.SyncRev)
	return row, nil
}

func (b *builder) count(row store.Item) {
	if !row.Live() {
		return
	}
	s := b.sums[row.Kind]
	if s == nil {
		s = &store.KindSum{Kind: row.Kind}
		b.sums[row.Kind] = s
	}
	s.Count++
	s.Sum = s.Sum.Xor(row.Digest)
}

// flip makes the new copy the live one: the transaction in which it counts that
// no job is open.
func (b *builder) flip(tx *store.StoreTx) (wire.FullState, error) {
	if err := b.still(tx); err != nil {
		return wire.FullState{}, err
	}
	for _, s := range b.sums {
		if err := tx.AddKindSum(b.copy.Building, *s); err != nil {
			return wire.FullState{}, err
		}
	}
	for kind, last := range b.syncs {
		if err := tx.SetSyncRev(kind, last); err != nil {
			return wire.FullState{}, err
		}
	}
	c, err := tx.Copy()
	if err != nil {
		return wire.FullState{}, err
	}
	c.Live, c.Building = b.copy.Building, 0
	sees(&c, b.commit.Mark)
	c.Revision += b.changed
	if err := tx.SetCopy(c); err != nil {
		return wire.FullState{}, err
	}
	return b.landed(tx, b.upload, c.Live, b.changed)
}

// Sweep removes, in bounded steps, what full uploads of a store left behind:
// copies that are no longer live, and rows of uploads that landed or were given
// up. It returns how many rows it removed.
func (in *Ingest) Sweep(ctx context.Context, storeID string) (removed int64, err error) {
	defer in.landing.take(storeID)()
	for {
		var n int64
		err := in.db.WithStore(ctx, storeID, func(tx *store.StoreTx) (err error) {
			n, err = sweepStep(tx)
			return err
		})
		removed += n
		if err != nil || n == 0 {
			return removed, err
		}
	}
}

func sweepStep(tx *store.StoreTx) (int64, error) {
	c, err := tx.Copy()
	if err != nil {
		return 0, err
	}
	if c.Building != 0 { // of a hub that stopped: nobody is building now
		c.Building = 0
		if err := tx.SetCopy(c); err != nil {
			return 0, err
		}
	}
	old, err := tx.OldCopies()
	if err != nil {
		return 0, err
	}
	for _, copy := range old {
		if n, err := tx.RemoveItems(copy, stagePage); err != nil || n > 0 {
			return n, err
		}
	}
	return tx.Unstage(stagePage)
}
