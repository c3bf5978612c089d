package outbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"plait/shared/sqlitedb"
	"plait/shared/sqliterows"
)

// verifyEvery is how often the indexes are looked at, in seconds: a disk goes bad
// slowly, and a comparison with them takes half as long again.
const verifyEvery = 3600

// VerifyIndexes holds the indexes of the record against its rows, at the end of a
// comparison, which reads most rows without them: at the first one after a start, and
// once an hour. An index with a flipped bit leads to no row or to another's; SQLite
// does not look. Nothing is mended in place: with [ErrDamaged] the next Open sets the
// file aside.
func (b *Box) VerifyIndexes(ctx context.Context) error {
	now := b.now().Unix()
	if last := b.verified.Load(); last != 0 && now >= last && now < last+verifyEvery {
		return nil
	}
	same, err := b.sameSums(ctx)
	if err == nil && !same { // or something was put between two of the walks
		err = b.read(ctx, func(tx *sqlitedb.Tx) error { return checkIntegrity(ctx, tx) })
	}
	if err = b.note(err); err != nil {
		return fmt.Errorf("cannot verify the record's indexes: %w", err)
	}
	b.verified.Store(now)
	return nil
}

// sameSums sums up each index and the rows, in whatever order they come.
func (b *Box) sameSums(ctx context.Context) (bool, error) {
	var identities, revisions, ofIdentity, ofRevision indexSum
	for _, walk := range []struct {
		text string
		each func(row sqliterows.Row)
	}{
		{"SELECT id, kind, key, gen, revision FROM items NOT INDEXED", func(row sqliterows.Row) {
			identities.add(row.Text(2), row.Integer(0), row.Integer(1), row.Integer(3))
			revisions.add("", row.Integer(0), row.Integer(4))
		}},
		{"SELECT id, kind, key, gen FROM items INDEXED BY items_identity", func(row sqliterows.Row) {
			ofIdentity.add(row.Text(2), row.Integer(0), row.Integer(1), row.Integer(3))
		}},
		{"SELECT id, revision FROM items INDEXED BY items_revision", func(row sqliterows.Row) {
			ofRevision.add("", row.Integer(0), row.Integer(1))
		}},
	} {
		err := b.db.Rows(ctx, walk.text, nil, func(row sqliterows.Row) bool { walk.each(row); return true })
		if err != nil {
			return false, err
		}
	}
	return identities.sum == ofIdentity.sum && revisions.sum == ofRevision.sum, nil
}

// indexSum adds up the checksums of rows.
type indexSum struct {
	sum     uint64
	scratch []byte
}

func (s *indexSum) add(key string, numbers ...int64) {
	b := append(s.scratch[:0], key...)
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	s.scratch = b
	s.sum += uint64(crc32.Checksum(b, castagnoli))
}

// checkIntegrity lets SQLite compare items with its indexes, entry by entry.
func checkIntegrity(ctx context.Context, tx *sqlitedb.Tx) error {
	var says string
	if err := tx.QueryRowContext(ctx, "PRAGMA integrity_check(items)").Scan(&says); err != nil {
		return err
	}
	if says != "ok" {
		return fmt.Errorf("%s: %w", says, ErrDamaged)
	}
	return nil
}
