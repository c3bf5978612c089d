package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"plait/hub/store"
	"plait/shared/wire"
)

// Batch takes in one batch, compressed as it travelled, and answers what is
// durable then. The same batch again is answered the same. Refusals are
// *wire.Error: CodeBadRequest and CodeTooLarge for what cannot be read,
// CodeBatchConflict with the last batch held for another digest or a number out
// of order, CodeConflict for an agent epoch that said no hello.
func (in *Ingest) Batch(ctx context.Context, storeID string, compressed []byte) (wire.BatchAck, error) {
	lines, err := wire.Decompress(compressed, wire.MaxBatchBytes)
	if err != nil {
		return wire.BatchAck{}, err
	}
	s, err := in.store(ctx, storeID)
	if err != nil {
		return wire.BatchAck{}, err
	}
	known, err := in.schemaOf(ctx, s)
	if err != nil {
		return wire.BatchAck{}, err
	}
	b, err := readBatch(known, storeID, lines)
	if err != nil {
		return wire.BatchAck{}, err
	}
	var ack wire.BatchAck
	err = in.db.WithStore(ctx, storeID, func(tx *store.StoreTx) (err error) {
		ack, err = in.takeBatch(tx, &b)
		return err
	})
	if err == nil && b.moved {
		in.moved(s)
	}
	return ack, err
}

func (in *Ingest) store(ctx context.Context, id string) (s store.Store, err error) {
	err = in.db.View(ctx, func(v *store.View) (err error) {
		s, err = v.StoreByID(id)
		return err
	})
	return s, err
}

// batch is a batch as it was read.
type batch struct {
	head    wire.BatchHeader
	digest  string
	items   []incoming
	results []wire.Result
	bodies  []wire.Entry
	refused []wire.Refused
	moved   bool // something that can be synced changed, once it was written
}

var newline = []byte("\n")

// readBatch reads and checks a whole batch before anything is written. Items
// that cannot be taken are named in refused; a frame that cannot be read refuses
// the batch.
func readBatch(known *schema, storeID string, lines []byte) (batch, error) {
	b := batch{digest: wire.Sum(lines), items: make([]incoming, 0, min(bytes.Count(lines, newline), wire.MaxBatchEntries))}
	items := known.reader(storeID)
	var err error
	b.head, err = wire.ReadBatch(lines, func(e wire.Entry) error {
		switch e.Op {
		case wire.EntryBody:
			b.bodies = append(b.bodies, e)
		case wire.EntryResult:
			b.addResult(e)
		default:
			b.addItem(items, e)
		}
		return nil
	})
	return b, err
}

func (b *batch) addItem(reader *itemReader, e wire.Entry) {
	it, err := reader.read(e.Body, e.Revision, e.Op == wire.EntryGone)
	if err == nil {
		b.items = append(b.items, it)
		return
	}
	kind, key := nameOf(e.Body)
	b.refuse(kind, key, err)
}

func (b *batch) addResult(e wire.Entry) {
	var r wire.Result
	err := wire.UnmarshalStrict(e.Body, &r)
	if err == nil {
		err = r.Validate()
	}
	if err == nil {
		b.results = append(b.results, r)
		return
	}
	key := r.Job
	if key == "" {
		key = "revision " + strconv.FormatInt(e.Revision, 10)
	}
	b.refuse("result", key, err)
}

func (b *batch) refuse(kind, key string, err error) {
	why := err.Error()
	b.refused = append(b.refused, wire.Refused{Kind: kind, Key: key, Why: why[:min(len(why), wire.MaxReasonBytes)]})
}

// takeBatch holds the order of batches, and writes one.
func (in *Ingest) takeBatch(tx *store.StoreTx, b *batch) (wire.BatchAck, error) {
	var ack wire.BatchAck
	epoch, err := currentEpoch(tx, b.head.AgentEpoch)
	if err != nil {
		return ack, err
	}
	last, err := tx.LastBatch(epoch)
	if err != nil {
		return ack, err
	}
	switch {
	case b.head.Number == last.Number && b.digest == last.Digest:
		return ack, json.Unmarshal(last.Ack, &ack)
	case b.head.Number != last.Number+1:
		return ack, batchConflict(last, "batch %d with its digest cannot follow batch %d: go on from there", b.head.Number, last.Number)
	}
	pos, err := tx.AddEpoch(store.POSEpoch, b.head.Mark.POSEpoch)
	if err != nil {
		return ack, err
	}
	if err := in.write(tx, b, epoch, pos); err != nil {
		return ack, fmt.Errorf("cannot take in batch %d of store %s: %w", b.head.Number, tx.Store.Name, err)
	}
	ack = wire.BatchAck{Number: b.head.Number, Digest: b.digest, Refused: b.refused}
	text, err := json.Marshal(ack)
	if err != nil {
		return ack, err
	}
	mark := wire.BatchMark{Number: b.head.Number, Digest: b.digest}
	return ack, tx.SetLastBatch(epoch, store.Batch{BatchMark: mark, Ack: text})
}

// currentEpoch returns the place of the agent epoch, which must be the one that
// the store's chain of conversations is in.
func currentEpoch(tx *store.StoreTx, agentEpoch string) (int64, error) {
	place, err := tx.Epoch(store.AgentEpoch, agentEpoch)
	if err != nil {
		return 0, err
	}
	c, err := tx.Contact()
	if err != nil {
		return 0, err
	}
	if place == 0 || place != c.AgentEpoch {
		return 0, wire.Refuse(wire.CodeConflict, "agent epoch %s is not the one that said hello last: say hello", agentEpoch)
	}
	return place, nil
}

func batchConflict(last store.Batch, format string, args ...any) error {
	e := wire.Refuse(wire.CodeBatchConflict, format, args...)
	e.Batch = &last.BatchMark
	return e
}

func (in *Ingest) write(tx *store.StoreTx, b *batch, epoch, pos int64) error {
	for _, e := range b.bodies {
		if err := tx.AddBody(e.Hash, e.Body); err != nil {
			return err
		}
	}
	w, err := newWriter(tx, epoch, pos)
	if err != nil {
		return err
	}
	if err := w.put(b.items); err != nil {
		return err
	}
	sees(&w.copy, b.head.Mark)
	if err := w.finish(); err != nil {
		return err
	}
	b.moved = w.moved()
	for _, r := range b.results {
		if err := in.result(tx, r); err != nil {
			return err
		}
	}
	return nil
}
