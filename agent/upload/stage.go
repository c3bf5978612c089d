package upload

import (
	"context"
	"errors"
	"fmt"

	"plait/agent/outbox"
	"plait/shared/item"
	"plait/shared/wire"
)

// stager cuts the rows that differ into chunks and sends them.
type stager struct {
	*conversation
	upload string
	number int64 // of the last chunk that the hub holds
	chunk  *wire.BatchWriter
}

// pageRows bounds the rows of the record that are held at once.
const pageRows = 1000

// putAll adds the record's rows of these identities.
func (s *stager) putAll(ctx context.Context, kind string, want []wire.KeyHash) error {
	for len(want) > 0 {
		ids := make([]item.ID, min(pageRows, len(want)))
		for i := range ids {
			ids[i] = item.ID{Kind: kind, Key: want[i].Key, Gen: want[i].Gen}
		}
		want = want[len(ids):]
		var rows []outbox.Row
		err := s.Box.Each(ctx, ids, func(r outbox.Row) error {
			rows = append(rows, r)
			return nil
		})
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := s.put(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *stager) put(ctx context.Context, r outbox.Row) error {
	s.report.Full.Sent++
	return s.add(ctx, func(w *wire.BatchWriter) error { return w.Put(r.Revision, r.Body) })
}

// gone adds a tombstone for what only the hub holds.
func (s *stager) gone(ctx context.Context, kind string, k wire.KeyHash) error {
	dead := item.Append(nil, item.Item{ID: item.ID{Kind: kind, Key: k.Key, Gen: k.Gen}, Deleted: true})
	s.report.Full.Sent++
	return s.add(ctx, func(w *wire.BatchWriter) error { return w.Gone(1, dead) })
}

func (s *stager) add(ctx context.Context, write func(*wire.BatchWriter) error) error {
	for range 2 {
		if s.chunk == nil {
			w, err := wire.NewChunk(wire.ChunkHeader{Upload: s.upload, Number: s.number + 1})
			if err != nil {
				return err
			}
			s.chunk = w
		}
		err := write(s.chunk)
		if err == nil && s.chunk.Bytes() >= wire.TargetBatchBytes {
			return s.flush(ctx)
		}
		if !errors.Is(err, wire.ErrFull) {
			return err
		}
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	return wire.ErrFull
}

func (s *stager) flush(ctx context.Context) error {
	if s.chunk == nil || s.chunk.Len() == 0 {
		return nil
	}
	lines, _ := s.chunk.Finish()
	packed := wire.Compress(nil, lines)
	state, err := s.Hub.FullChunk(ctx, packed)
	if err == nil {
		err = believeFull(s.upload, state, stateStaging)
	}
	if err != nil {
		return fmt.Errorf("cannot send chunk %d of the full upload: %w", s.number+1, err)
	}
	if state.Chunk != s.number+1 {
		return fmt.Errorf("cannot send chunk %d of the full upload: the hub says that it holds %d; tell the hub's operator", s.number+1, state.Chunk)
	}
	s.report.Full.Bytes += int64(len(packed))
	s.number, s.chunk = state.Chunk, nil
	s.step(PhaseFull, "Sent %d rows that differ.", s.report.Full.Sent)
	return nil
}
