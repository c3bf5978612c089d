package outbox

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"plait/shared/item"
	"plait/shared/sqliterows"
)

// Key names what the POS holds under one key of a kind, whatever its generation.
type Key struct{ Kind, Key string }

// Row is one row of the record, verified.
type Row struct {
	item.ID
	Dead     bool
	Revision int64
	Digest   item.Digest
	Body     []byte // the item's canonical form
}

// Item decodes the row.
func (r Row) Item() (item.Item, error) { return r.decode(item.Decode) }

// Outline is Item with some of its fields only, by names in their order, or all where
// names is nil, and without what the link knows of single fields.
func (r Row) Outline(names []string) (item.Item, error) {
	return r.decode(func(b []byte) (item.Item, error) { return item.Outline(b, names) })
}

func (r Row) decode(read func([]byte) (item.Item, error)) (item.Item, error) {
	it, err := read(r.Body)
	if err != nil {
		return item.Item{}, fmt.Errorf("cannot read %s %s from the record: %w", r.Kind, r.Key, errors.Join(ErrDamaged, err))
	}
	return it, nil
}

// stored is a row of items as the table has it.
type stored struct {
	id       int64
	kind     int64
	key      string
	gen      int64
	dead     bool
	revision int64
	pos      int64
	chk      int64
	digest   []byte
	body     []byte
	scratch  []byte // of check

	queued *queued // its row of outbox as it was read; nil if it has none
	asked  bool    // that was read, and is so still
	later  bool    // what replaces it is not written yet
}

// storedColumns are the columns that a stored row is read from, in the order of
// its into. The body comes last: a read without it does not touch its pages.
const storedColumns = "i.id, i.kind, i.key, i.gen, i.dead, i.revision, i.pos, i.chk, i.digest"

// Rows of items i that the index x finds, and those of one kind. SQLite reads columns
// that an index has from it: joined by id, they come from the table, whose row the
// checksum is of.
const (
	fromIndex = " FROM items x CROSS JOIN items i ON i.id = x.id"
	byIndex   = fromIndex + " WHERE x.kind = "
)

func (s *stored) into() []any {
	return []any{&s.id, &s.kind, &s.key, &s.gen, &s.dead, &s.revision, &s.pos, &s.chk, &s.digest}
}

// scanHead reads the row of a query for storedColumns. A value that does not fit
// its column was never written so.
func (s *stored) scanHead(rows *sql.Rows) error { return damage(rows.Scan(s.into()...)) }

// scan reads the row of a query for storedColumns and body.
func (s *stored) scan(rows *sql.Rows) error {
	return damage(rows.Scan(append(s.into(), &s.body)...))
}

// scanPlace reads the row of a query for storedColumns, body and queuedColumns.
func (s *stored) scanPlace(rows *sql.Rows) error {
	var pos, sort, kind, ref sql.NullInt64
	q := &queued{}
	err := damage(rows.Scan(append(s.into(), &s.body, &pos, &sort, &kind, &ref, &q.sent, &q.flying)...))
	if err == nil && pos.Valid {
		q.pos, q.sort, q.kind, q.ref = pos.Int64, sort.Int64, kind.Int64, ref.Int64
		s.queued = q
	}
	return err
}

func damage(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot read a row of items: %w", errors.Join(ErrDamaged, err))
}

// check is the checksum over every column but the body, which the digest covers:
// that of the numbers, the key and the digest, as checksum makes it of three parts.
func (s *stored) check() int64 {
	b := append(s.scratch[:0], 0) // for the length of the numbers, which is far below 128
	for _, n := range []int64{s.id, s.kind, s.gen, s.revision, s.pos} {
		b = binary.AppendVarint(b, n)
	}
	if s.dead {
		b = append(b, 1)
	}
	b[0] = byte(len(b) - 1)
	b = append(binary.AppendUvarint(b, uint64(len(s.key))), s.key...)
	b = append(binary.AppendUvarint(b, uint64(len(s.digest))), s.digest...)
	s.scratch = b
	return int64(crc32.Checksum(b, castagnoli))
}

// soundHead reports whether the columns but the body are as they were written.
func (s *stored) soundHead() bool { return len(s.digest) == len(item.Digest{}) && s.chk == s.check() }

// sound verifies the whole row: its columns, its body, and that the body is of
// the state that the columns say.
func (s *stored) sound() bool {
	return s.soundHead() && item.DigestOf(s.body) == s.sum() && s.dead == bytes.HasSuffix(s.body, tombstoneEnd)
}

// tombstoneEnd ends the canonical form of a tombstone and of nothing else.
var tombstoneEnd = []byte(`,"x":true}`)

func (s *stored) sum() (d item.Digest) {
	copy(d[:], s.digest)
	return d
}

func (s *stored) row(kindName string) Row {
	return Row{
		ID:   item.ID{Kind: kindName, Key: s.key, Gen: s.gen},
		Dead: s.dead, Revision: s.revision, Digest: s.sum(), Body: s.body,
	}
}

// take reads the row of a query for storedColumns and body in place. A flipped bit
// can make a text of a blob, whose bytes are the same: it comes as one that is not
// sound.
func (s *stored) take(row sqliterows.Row) {
	s.id, s.kind, s.key, s.gen, s.dead = row.Integer(0), row.Integer(1), row.Text(2), row.Integer(3), row.Integer(4) != 0
	s.revision, s.pos, s.chk, s.digest, s.body = row.Integer(5), row.Integer(6), row.Integer(7), row.Blob(8), row.Blob(9)
	if row.Type(2) != sqliterows.Text || row.Type(8) != sqliterows.Blob || row.Type(9) != sqliterows.Blob {
		s.digest = nil
	}
}

// own is the row in memory of its own.
func (s *stored) own() stored {
	c := *s
	c.key, c.digest, c.body, c.scratch = strings.Clone(s.key), bytes.Clone(s.digest), bytes.Clone(s.body), nil
	return c
}
