package ingest

import (
	"context"
	"errors"
	"fmt"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

// landAtOnce is how many staged rows are put in place in one transaction; more
// go to a new copy of the store, row by row, and the last transaction makes that
// copy the live one. A variable for tests.
var landAtOnce int64 = 20_000

// stagePage is how many rows one reading, or one transaction of a large landing,
// takes.
const stagePage = 2000

// FullCommit lands a full upload. In one transaction, under the store's row
// lock, it demands that no job is open (CodeJobsOpen otherwise), that the copy
// has not changed since FullBegin, and that the copy's sums become those of the
// record (CodeConflict otherwise: begin again, what was staged is kept). Once it
// has landed, the answer is repeated.
func (in *Ingest) FullCommit(ctx context.Context, storeID string, f wire.FullCommit) (wire.FullState, error) {
	defer in.landing.take(storeID)()
	u, s, err := in.uploadToLand(ctx, storeID, f)
	if err != nil || u.State == store.Landed {
		return stateOf(u), err
	}
	known, err := in.schemaOf(ctx, s)
	if err != nil {
		return wire.FullState{}, err
	}
	weaken()
	l := &landing{in: in, known: known, storeID: storeID, commit: f}
	var state wire.FullState
	if u.Staged > landAtOnce {
		state, err = l.build(ctx, u)
	} else {
		err = in.db.WithStore(ctx, storeID, func(tx *store.StoreTx) (err error) {
			state, err = l.inPlace(tx)
			return err
		})
	}
	if err == nil {
		in.moved(s)
	}
	return state, err
}

func (in *Ingest) uploadToLand(ctx context.Context, storeID string, f wire.FullCommit) (u store.Upload, s store.Store, err error) {
	err = in.db.ViewStore(ctx, storeID, func(v *store.StoreView) (err error) {
		s = v.Store
		u, err = v.Upload(f.Upload)
		if errors.Is(err, store.ErrNotFound) || (err == nil && u.State == store.Dropped) {
			return wire.Refuse(wire.CodeConflict, "full upload %s is not under way: begin it", f.Upload)
		}
		return err
	})
	return u, s, err
}

// landing is one attempt to land a full upload.
type landing struct {
	in      *Ingest
	known   *schema
	storeID string
	commit  wire.FullCommit
}

// check is what must hold in every transaction of a landing, the last above all.
func (l *landing) check(tx *store.StoreTx) (store.Upload, store.Copy, error) {
	u, err := stagingUpload(tx.StoreView, l.commit.Upload)
	if err != nil {
		return u, store.Copy{}, err
	}
	if err := l.in.noOpenJobs(tx.StoreView); err != nil {
		return u, store.Copy{}, err
	}
	c, err := tx.Copy()
	switch {
	case err != nil:
		return u, c, err
	case l.commit.Chunks != u.Chunk:
		return u, c, wire.Refuse(wire.CodeConflict, "full upload %s has %d chunks at the hub, not %d: send what is missing", u.ID, u.Chunk, l.commit.Chunks)
	case c.Revision != u.CopyRevision:
		return u, c, wire.Refuse(wire.CodeConflict, "the hub's copy of store %s changed since full upload %s began: begin again, what was staged is kept", tx.Store.Name, u.ID)
	}
	return u, c, nil
}

// inPlace lands a small full upload on the live copy.
func (l *landing) inPlace(tx *store.StoreTx) (wire.FullState, error) {
	u, _, err := l.check(tx)
	if err != nil {
		return wire.FullState{}, err
	}
	pos, err := tx.AddEpoch(store.POSEpoch, l.commit.Mark.POSEpoch)
	if err != nil {
		return wire.FullState{}, err
	}
	w, err := newWriter(tx, u.AgentEpoch, pos)
	if err != nil {
		return wire.FullState{}, err
	}
	w.force = true
	sees(&w.copy, l.commit.Mark)
	staged := pages[store.StagedRow]{read: func(after item.ID) ([]store.StagedRow, error) { return tx.StagedRows(u.ID, after, stagePage) },
		id: func(r store.StagedRow) item.ID { return r.ID }}
	for {
		if _, ok, err := staged.peek(); err != nil || !ok {
			if err != nil {
				return wire.FullState{}, err
			}
			break
		}
		items, err := l.decode(staged.page)
		if err != nil {
			return wire.FullState{}, err
		}
		if err := w.put(items); err != nil {
			return wire.FullState{}, err
		}
		staged.page = nil
	}
	if err := w.finish(); err != nil {
		return wire.FullState{}, err
	}
	return l.landed(tx, u, w.copy.Live, w.changed)
}

func (l *landing) decode(rows []store.StagedRow) ([]incoming, error) {
	items, reader := make([]incoming, len(rows)), l.known.reader(l.storeID)
	for i, r := range rows {
		it, err := reader.read(r.Body, r.AgentRev, r.Gone)
		if err != nil {
			return nil, fmt.Errorf("cannot land %s %s: %w", r.Kind, r.Key, err)
		}
		if it.row.Digest != r.Digest {
			return nil, fmt.Errorf("cannot land %s %s: its staged row is damaged; begin another full upload", r.Kind, r.Key)
		}
		items[i] = it
	}
	return items, nil
}

// landed compares the copy's sums with the record's, and ends the upload.
func (l *landing) landed(tx *store.StoreTx, u store.Upload, copy, changed int64) (wire.FullState, error) {
	sums, err := tx.KindSums(copy)
	if err != nil {
		return wire.FullState{}, err
	}
	if differ := store.Differing(sums, l.commit.Kinds); len(differ) > 0 {
		return wire.FullState{}, wire.Refuse(wire.CodeConflict, "with what was staged the hub's copy of store %s would not equal the record (%v): begin again and send what differs",
			tx.Store.Name, differ)
	}
	var rows int64
	for _, s := range sums {
		rows += s.Count
	}
	u.State = store.Landed
	u.Answer = &wire.FullState{Upload: u.ID, State: store.Landed, Staged: u.Staged, Chunk: u.Chunk, Rows: rows, Changed: changed}
	if err := tx.SetUpload(u); err != nil {
		return wire.FullState{}, err
	}
	if r := tx.Store.Full; r.ID != "" && (r.ID == u.Request || r.At.Before(u.Began)) {
		if err := tx.RequestFull(store.FullRequest{}); err != nil {
			return wire.FullState{}, err
		}
	}
	return *u.Answer, tx.Audit("store "+tx.Store.Name, "full.landed", map[string]any{"upload": u.ID, "rows": rows, "changed": changed})
}
