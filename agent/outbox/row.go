package outbox

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"plait/shared/item"
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
func (r Row) Item() (item.Item, error) {
	it, err := item.Decode(r.Body)
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
}

// storedColumns are the columns that a stored row is read from, in the order of
// its into. The body comes last: a read without it does not touch its pages.
const storedColumns = "i.id, i.kind, i.key, i.gen, i.dead, i.revision, i.pos, i.chk, i.digest"

func (s *stored) into() []any {
	return []any{
		(*integer)(&s.id), (*integer)(&s.kind), &s.key, (*integer)(&s.gen), (*flag)(&s.dead), (*integer)(&s.revision), (*integer)(&s.pos),
		(*integer)(&s.chk), &s.digest,
	}
}

// check is the checksum over every column but the body, which the digest covers.
func (s *stored) check() int64 {
	b := make([]byte, 0, 64)
	for _, n := range []int64{s.id, s.kind, s.gen, s.revision, s.pos} {
		b = binary.AppendVarint(b, n)
	}
	if s.dead {
		b = append(b, 1)
	}
	return checksum(b, []byte(s.key), s.digest)
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

// rowReader reads many stored rows, with their bodies, each into the same place:
// digest and body are the driver's own bytes and hold until the next.
type rowReader struct {
	stored
	into []any
}

func newRowReader() *rowReader {
	r := &rowReader{}
	r.into = append(r.stored.into(), (*sql.RawBytes)(&r.body))
	r.into[len(r.into)-2] = (*sql.RawBytes)(&r.digest)
	return r
}

// integer and flag take what the driver gives without the detour over reflection
// that database/sql makes for a pointer to a number.
type (
	integer int64
	flag    bool
)

func (n *integer) Scan(src any) error {
	v, ok := src.(int64)
	if !ok {
		return fmt.Errorf("it holds %T in place of an integer: %w", src, ErrDamaged)
	}
	*n = integer(v)
	return nil
}

func (f *flag) Scan(src any) error {
	var n integer
	err := n.Scan(src)
	*f = n != 0
	return err
}
