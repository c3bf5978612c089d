package outbox

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"plait/shared/sqlitedb"
	"plait/shared/wire"
)

// Batch is the batch in flight, as it was frozen.
type Batch struct {
	Number  int64
	Digest  string // hex SHA-256 of the lines before compression
	Entries int
	Body    []byte // zstd
}

// ConflictError says that the hub acknowledges, or holds, another batch than the
// one in flight.
type ConflictError struct {
	Frozen wire.BatchMark // zero if none is in flight
	Got    wire.BatchMark
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("cannot take the hub's word for batch %d (%.12s): batch %d (%.12s) is in flight; a new agent epoch settles it",
		e.Got.Number, e.Got.Digest, e.Frozen.Number, e.Frozen.Digest)
}

// frozenBatch is a row of batch.
type frozenBatch struct {
	Batch
	last int64 // the last place in the outbox that it covers
}

func (f *frozenBatch) check() int64 {
	b := binary.AppendVarint(nil, f.Number)
	b = binary.AppendVarint(b, f.last)
	b = binary.AppendVarint(b, int64(f.Entries))
	return checksum(b, []byte(f.Digest), f.Body)
}

// frozen reads the batch in flight; ok is false if there is none.
func frozen(ctx context.Context, tx *sqlitedb.Tx) (f frozenBatch, ok bool, err error) {
	var chk int64
	err = tx.QueryRowContext(ctx, "SELECT number, digest, last, entries, body, chk FROM batch").
		Scan(&f.Number, &f.Digest, &f.last, &f.Entries, &f.Body, &chk)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return frozenBatch{}, false, nil
	case err != nil:
		return frozenBatch{}, false, fmt.Errorf("cannot read the batch in flight: %w", err)
	case chk != f.check():
		return frozenBatch{}, false, fmt.Errorf("cannot read the batch in flight: %w", ErrDamaged)
	default:
		return f, true, nil
	}
}

// InFlight returns the batch in flight; ok is false if there is none. The bytes
// are those that were frozen (P13).
func (b *Box) InFlight(ctx context.Context) (batch Batch, ok bool, err error) {
	err = b.read(ctx, func(tx *sqlitedb.Tx) error {
		var f frozenBatch
		f, ok, err = frozen(ctx, tx)
		batch = f.Batch
		return err
	})
	return batch, ok, err
}

// inFlight demands that the mark names the batch in flight.
func inFlight(ctx context.Context, tx *sqlitedb.Tx, got wire.BatchMark) (frozenBatch, error) {
	f, _, err := frozen(ctx, tx)
	if err != nil {
		return f, err
	}
	if f.Number == 0 || got.Number != f.Number || got.Digest != f.Digest {
		return f, &ConflictError{Frozen: wire.BatchMark{Number: f.Number, Digest: f.Digest}, Got: got}
	}
	return f, nil
}
