package sqliterows

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Type is what a column of a row holds, whatever was declared.
type Type int32

// The types.
const (
	Integer Type = sqlite3.SQLITE_INTEGER
	Float   Type = sqlite3.SQLITE_FLOAT
	Text    Type = sqlite3.SQLITE_TEXT
	Blob    Type = sqlite3.SQLITE_BLOB
	Null    Type = sqlite3.SQLITE_NULL
)

// Row is the row at which a query stands. Columns are counted from 0, and read by
// the type that they have.
type Row struct {
	tls *libc.TLS
	st  uintptr
}

// Type returns the type of a column.
func (r Row) Type(i int) Type { return Type(sqlite3.Xsqlite3_column_type(r.tls, r.st, int32(i))) }

// Integer returns an integer.
func (r Row) Integer(i int) int64 { return sqlite3.Xsqlite3_column_int64(r.tls, r.st, int32(i)) }

// Float returns a floating point number.
func (r Row) Float(i int) float64 { return sqlite3.Xsqlite3_column_double(r.tls, r.st, int32(i)) }

// Text returns a text, in UTF-8 whatever the file's encoding, in place.
func (r Row) Text(i int) string {
	p := sqlite3.Xsqlite3_column_text(r.tls, r.st, int32(i)) // first: it may change the length
	n := sqlite3.Xsqlite3_column_bytes(r.tls, r.st, int32(i))
	if p == 0 || n == 0 {
		return ""
	}
	return unsafe.String((*byte)(at(p)), n)
}

// Blob returns the bytes of a blob, in place. They must not be changed.
func (r Row) Blob(i int) []byte {
	p := sqlite3.Xsqlite3_column_blob(r.tls, r.st, int32(i))
	n := sqlite3.Xsqlite3_column_bytes(r.tls, r.st, int32(i))
	if p == 0 || n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(at(p)), n)
}

// Scan copies columns as database/sql does: to integers, bools, texts, bytes, and
// what implements sql.Scanner.
func (r Row) Scan(dest ...any) error {
	for i, d := range dest {
		if err := r.scan(i, d); err != nil {
			return fmt.Errorf("cannot read column %d: %w", i, err)
		}
	}
	return nil
}

func (r Row) scan(i int, dest any) error {
	switch d := dest.(type) {
	case *int64:
		return r.integer(i, d)
	case *int:
		var n int64
		err := r.integer(i, &n)
		*d = int(n)
		return err
	case *bool:
		var n int64
		err := r.integer(i, &n)
		if err == nil && n != 0 && n != 1 {
			err = fmt.Errorf("it holds %d, which is neither true nor false", n)
		}
		*d = n == 1
		return err
	case *string:
		switch r.Type(i) {
		case Null:
			return errors.New("it holds nothing, where a text is expected")
		case Blob: // which SQLite would take for a text of the file's encoding
			*d = string(r.Blob(i))
		default:
			*d = strings.Clone(r.Text(i))
		}
		return nil
	case *[]byte:
		*d = bytes.Clone(r.raw(i))
		return nil
	case sql.Scanner:
		return d.Scan(r.value(i))
	default:
		return fmt.Errorf("it cannot be read into a %T", dest)
	}
}

func (r Row) integer(i int, to *int64) error {
	if r.Type(i) != Integer {
		return errors.New("it does not hold an integer")
	}
	*to = r.Integer(i)
	return nil
}

// raw is a text in UTF-8, or a blob, in place.
func (r Row) raw(i int) []byte {
	if r.Type(i) != Text {
		return r.Blob(i)
	}
	s := r.Text(i)
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// value is a column as a driver gives it.
func (r Row) value(i int) any {
	switch r.Type(i) {
	case Integer:
		return r.Integer(i)
	case Float:
		return r.Float(i)
	case Text:
		return strings.Clone(r.Text(i))
	case Blob:
		return bytes.Clone(r.Blob(i))
	default:
		return nil
	}
}
