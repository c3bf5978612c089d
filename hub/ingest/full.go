package ingest

import (
	"context"
	"errors"
	"fmt"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/shared/wire"
)

// FullBegin starts a full upload, or goes on with the one of that id: what it
// staged is kept, whatever refused it before. It is refused with CodeJobsOpen
// while a job is open, naming each and its ways out.
func (in *Ingest) FullBegin(ctx context.Context, storeID string, f wire.FullBegin) (wire.FullState, error) {
	var state wire.FullState
	err := in.db.WithStore(ctx, storeID, func(tx *store.StoreTx) (err error) {
		state, err = in.fullBegin(tx, f)
		return err
	})
	return state, err
}

func (in *Ingest) fullBegin(tx *store.StoreTx, f wire.FullBegin) (wire.FullState, error) {
	u, err := tx.Upload(f.Upload)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return wire.FullState{}, err
	}
	if u.State == store.Landed {
		return *u.Answer, nil
	}
	if err := in.noOpenJobs(tx.StoreView); err != nil {
		return wire.FullState{}, err
	}
	contact, err := tx.Contact()
	if err != nil {
		return wire.FullState{}, err
	}
	if u.State == store.Dropped || (u.State == store.Staging && u.AgentEpoch != contact.AgentEpoch) {
		return wire.FullState{}, wire.Refuse(wire.CodeConflict, "full upload %s was given up: begin another", f.Upload)
	}
	c, err := tx.Copy()
	if err != nil {
		return wire.FullState{}, err
	}
	if u.State == "" {
		if err := dropStaging(tx); err != nil {
			return wire.FullState{}, err
		}
		u = store.Upload{ID: f.Upload, Request: f.Request, State: store.Staging, AgentEpoch: contact.AgentEpoch}
	}
	u.Revision, u.Rows, u.CopyRevision = f.Revision, f.Rows, c.Revision
	return stateOf(u), tx.SetUpload(u)
}

// dropStaging gives the full upload up that is under way: its agent began
// another, so it will not come again. Sweep removes its rows.
func dropStaging(tx *store.StoreTx) error {
	u, ok, err := tx.StagingUpload()
	if err != nil || !ok {
		return err
	}
	u.State = store.Dropped
	return tx.SetUpload(u)
}

// noOpenJobs is rule 5. It stands in the transaction that begins and in the one
// that lands.
func (in *Ingest) noOpenJobs(v *store.StoreView) error {
	if in.landOverJobs {
		return nil
	}
	blocking, err := queue.Blocking(v)
	if err != nil || len(blocking) == 0 {
		return err
	}
	e := wire.Refuse(wire.CodeJobsOpen, "a full upload of store %s is refused while jobs are open for it (%d, the first is %q): take and apply them, or cancel them at the hub; what was staged is kept",
		v.Store.Name, len(blocking), blocking[0].Label)
	e.Blocking = blocking
	return e
}

func stateOf(u store.Upload) wire.FullState {
	if u.Answer != nil {
		return *u.Answer
	}
	return wire.FullState{Upload: u.ID, State: u.State, Staged: u.Staged, Chunk: u.Chunk}
}

// stagingUpload returns the full upload of that id if it can still be added to.
func stagingUpload(v *store.StoreView, id string) (store.Upload, error) {
	u, err := v.Upload(id)
	if errors.Is(err, store.ErrNotFound) || (err == nil && u.State != store.Staging) {
		return u, wire.Refuse(wire.CodeConflict, "full upload %s is not under way: begin it", id)
	}
	return u, err
}

// FullChunk stages one chunk, compressed as it travelled. The same chunk again
// is answered the same. A chunk with an item that cannot be taken is refused
// whole, by name: a full upload with a hole would not be one.
func (in *Ingest) FullChunk(ctx context.Context, storeID string, compressed []byte) (wire.FullState, error) {
	lines, err := wire.Decompress(compressed, wire.MaxBatchBytes)
	if err != nil {
		return wire.FullState{}, err
	}
	s, err := in.store(ctx, storeID)
	if err != nil {
		return wire.FullState{}, err
	}
	known, err := in.schemaOf(ctx, s)
	if err != nil {
		return wire.FullState{}, err
	}
	c, err := readChunk(known, storeID, lines)
	if err != nil {
		return wire.FullState{}, err
	}
	var state wire.FullState
	err = in.db.WithStore(ctx, storeID, func(tx *store.StoreTx) (err error) {
		state, err = takeChunk(tx, c)
		return err
	})
	return state, err
}

type chunk struct {
	head   wire.ChunkHeader
	digest string
	rows   []store.StagedRow
	bodies []wire.Entry
}

func readChunk(known *schema, storeID string, lines []byte) (chunk, error) {
	c, items := chunk{digest: wire.Sum(lines)}, known.reader(storeID)
	var err error
	c.head, err = wire.ReadChunk(lines, func(e wire.Entry) error {
		if e.Op == wire.EntryBody {
			c.bodies = append(c.bodies, e)
			return nil
		}
		it, err := items.read(e.Body, e.Revision, e.Op == wire.EntryGone)
		if err != nil {
			kind, key := nameOf(e.Body)
			return wire.Refuse(wire.CodeBadRequest, "cannot stage %s %q: %v", kind, key, err)
		}
		c.rows = append(c.rows, store.StagedRow{ID: it.row.ID, AgentRev: e.Revision, Gone: it.gone, Dead: it.dead,
			Digest: it.row.Digest, Body: it.row.Body})
		return nil
	})
	return c, err
}

func takeChunk(tx *store.StoreTx, c chunk) (wire.FullState, error) {
	u, err := tx.Upload(c.head.Upload)
	if errors.Is(err, store.ErrNotFound) || (err == nil && u.State == store.Dropped) {
		return wire.FullState{}, wire.Refuse(wire.CodeConflict, "full upload %s is not under way: begin it", c.head.Upload)
	}
	if err != nil {
		return wire.FullState{}, err
	}
	if c.head.Number == u.Chunk && c.digest == u.ChunkDigest {
		return stateOf(u), nil
	}
	if u.State != store.Staging || c.head.Number != u.Chunk+1 {
		return wire.FullState{}, batchConflict(store.Batch{BatchMark: wire.BatchMark{Number: u.Chunk, Digest: u.ChunkDigest}},
			"chunk %d cannot follow chunk %d of full upload %s (%s)", c.head.Number, u.Chunk, u.ID, u.State)
	}
	for _, e := range c.bodies {
		if err := tx.AddBody(e.Hash, e.Body); err != nil {
			return wire.FullState{}, err
		}
	}
	added, err := tx.Stage(u.ID, c.rows)
	if err != nil {
		return wire.FullState{}, fmt.Errorf("cannot take in chunk %d of store %s: %w", c.head.Number, tx.Store.Name, err)
	}
	u.Staged += added
	u.Chunk, u.ChunkDigest = c.head.Number, c.digest
	return stateOf(u), tx.SetUpload(u)
}
