package wire

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// BatchHeader is a batch's first line.
type BatchHeader struct {
	AgentEpoch string
	Number     int64 // from 1, rising by one within the agent epoch
	// Mark is capture's mark once everything in the batch is in the record. Its
	// POSEpoch is "" where the POS has not been seen yet.
	Mark Mark
}

// ChunkHeader is the first line of a chunk of a full upload.
type ChunkHeader struct {
	Upload string
	Number int64 // from 1, rising by one within the upload
}

// The operations of an entry.
const (
	EntryPut    byte = 'p' // an item's newest state, or tombstone
	EntryGone   byte = 'g' // a tombstone: gone after a restore
	EntryResult byte = 'r' // a job's result; not in chunks
	EntryBody   byte = 'b' // the body of a blob
)

// Entry is one entry of a batch or chunk.
type Entry struct {
	Op       byte
	Revision int64  // of the record; 0 for a body
	Body     []byte // canonical item, result's JSON, or the blob's bytes
	Hash     string // of a body, hex SHA-256; "" for the others
}

// ErrFull says that an entry does not fit into this batch or chunk any more; it
// belongs into the next.
var ErrFull = errors.New("the batch is full")

// BatchWriter builds a batch or chunk in memory.
type BatchWriter struct {
	buf     []byte
	entries int
	chunk   bool
	ended   bool
}

// endRoom is what the last line needs at most.
const endRoom = len("end 2000\n")

// NewBatch starts a batch. It fails if an id of the header could not be read
// again.
func NewBatch(h BatchHeader) (*BatchWriter, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	epoch := h.Mark.POSEpoch
	if epoch == "" {
		epoch = noEpoch
	}
	line := fmt.Sprintf("plait-batch 1 %s %d %s %d %d\n", h.AgentEpoch, h.Number, epoch, h.Mark.Seq, h.Mark.Nonce)
	return &BatchWriter{buf: []byte(line)}, nil
}

// NewChunk starts a chunk. It fails if an id of the header could not be read
// again.
func NewChunk(h ChunkHeader) (*BatchWriter, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	return &BatchWriter{buf: fmt.Appendf(nil, "plait-chunk 1 %s %d\n", h.Upload, h.Number), chunk: true}, nil
}

func (h BatchHeader) check() error {
	switch {
	case !isToken(h.AgentEpoch):
		return badRequest("agent epoch %.40q is not an id", h.AgentEpoch)
	case h.Number < 1:
		return badRequest("batch number %d: they begin at 1", h.Number)
	case h.Mark.POSEpoch != "" && !isToken(h.Mark.POSEpoch):
		return badRequest("pos epoch %.40q is not an id", h.Mark.POSEpoch)
	case h.Mark.Seq < 0:
		return badRequest("mark %d is negative", h.Mark.Seq)
	default:
		return nil
	}
}

func (h ChunkHeader) check() error {
	switch {
	case !isToken(h.Upload):
		return badRequest("upload %.40q is not an id", h.Upload)
	case h.Number < 1:
		return badRequest("chunk number %d: they begin at 1", h.Number)
	default:
		return nil
	}
}

// Put adds an item's newest state or its tombstone, in canonical form. Like
// Gone, Result and Body it answers ErrFull, and adds nothing, once the limits of
// a batch are reached.
func (w *BatchWriter) Put(revision int64, canonical []byte) error {
	return w.add(EntryPut, revision, canonical)
}

// Gone adds the tombstone of an item that was found missing after a restore.
func (w *BatchWriter) Gone(revision int64, tombstone []byte) error {
	return w.add(EntryGone, revision, tombstone)
}

// Result adds a job's result, given as JSON (EncodeControl of a Result).
func (w *BatchWriter) Result(revision int64, result []byte) error {
	return w.add(EntryResult, revision, result)
}

func (w *BatchWriter) add(op byte, revision int64, body []byte) error {
	switch {
	case revision < 1:
		return fmt.Errorf("cannot add entry %c: revision %d", op, revision)
	case len(body) == 0 || bytes.IndexByte(body, '\n') >= 0:
		return fmt.Errorf("cannot add entry %c of revision %d: its body is not one line", op, revision)
	case !w.allows(op):
		return fmt.Errorf("cannot add entry %c to a chunk", op)
	case !w.fits(len(body) + 24):
		return ErrFull
	}
	w.grow(len(body) + 24)
	w.buf = append(w.buf, op, ' ')
	w.buf = strconv.AppendInt(w.buf, revision, 10)
	w.buf = append(w.buf, ' ')
	w.buf = append(append(w.buf, body...), '\n')
	w.entries++
	return nil
}

// grow makes room for more. A batch that is not small mostly becomes a whole one,
// which would be copied again and again on its way there.
func (w *BatchWriter) grow(size int) {
	const small = 32 << 10
	if len(w.buf)+size > max(cap(w.buf), small) {
		w.buf = slices.Grow(w.buf, max(size, TargetBatchBytes+small-len(w.buf)))
	}
}

// Body adds the body of a blob, at most MaxBodyBytes.
func (w *BatchWriter) Body(body []byte) error {
	if len(body) > MaxBodyBytes {
		return fmt.Errorf("cannot add a body of %d bytes: at most %d are allowed", len(body), MaxBodyBytes)
	}
	if !w.fits(base64.StdEncoding.EncodedLen(len(body)) + 72) {
		return ErrFull
	}
	w.buf = append(w.buf, EntryBody, ' ')
	w.buf = append(append(w.buf, Sum(body)...), ' ')
	w.buf = append(base64.StdEncoding.AppendEncode(w.buf, body), '\n')
	w.entries++
	return nil
}

func (w *BatchWriter) allows(op byte) bool { return !w.chunk || op != EntryResult }

func (w *BatchWriter) fits(size int) bool {
	return !w.ended && w.entries < MaxBatchEntries && len(w.buf)+size+endRoom <= MaxBatchBytes
}

// Len is the number of entries so far.
func (w *BatchWriter) Len() int { return w.entries }

// Bytes is the size so far, before compression.
func (w *BatchWriter) Bytes() int { return len(w.buf) }

// Finish writes the last line and returns all lines and their digest, hex
// SHA-256. Nothing can be added after it.
func (w *BatchWriter) Finish() (lines []byte, digest string) {
	if !w.ended {
		w.buf = fmt.Appendf(w.buf, "end %d\n", w.entries)
		w.ended = true
	}
	return w.buf, Sum(w.buf)
}
