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

// Each calls visit for every row of a query, until it returns false. Arguments are
// nil, integers, floats, bools, texts and bytes, by position.
func (r *Reader) Each(text string, args []any, visit func(Row) bool) (err error) {
	st, err := r.compiled(text)
	if err != nil {
		return err
	}
	defer func() {
		// What a reset reports is the error of the step before it.
		sqlite3.Xsqlite3_reset(r.tls, st)
		sqlite3.Xsqlite3_clear_bindings(r.tls, st)
	}()
	for i, arg := range args {
		if err := r.bind(st, int32(i+1), arg); err != nil {
			return err
		}
	}
	row := Row{tls: r.tls, st: st}
	for {
		switch code := sqlite3.Xsqlite3_step(r.tls, st); code {
		case sqlite3.SQLITE_ROW:
			if !visit(row) {
				return nil
			}
		case sqlite3.SQLITE_DONE:
			return nil
		default:
			return r.check(code)
		}
	}
}

func (r *Reader) compiled(text string) (uintptr, error) {
	if st, ok := r.stmts[text]; ok {
		return st, nil
	}
	if len(r.stmts) >= maxStatements {
		r.forget()
	}
	source, err := libc.CString(text)
	if err != nil {
		return 0, err
	}
	defer libc.Xfree(r.tls, source)
	st, code := r.result(func(to uintptr) int32 { return sqlite3.Xsqlite3_prepare_v2(r.tls, r.db, source, -1, to, 0) })
	if err := r.check(code); err != nil {
		return 0, err
	}
	r.stmts[text] = st
	return st, nil
}

// transient makes the library copy what is bound.
const transient = ^uintptr(0)

func (r *Reader) bind(st uintptr, i int32, arg any) error {
	switch x := arg.(type) {
	case nil:
		return r.check(sqlite3.Xsqlite3_bind_null(r.tls, st, i))
	case int:
		return r.check(sqlite3.Xsqlite3_bind_int64(r.tls, st, i, int64(x)))
	case int64:
		return r.check(sqlite3.Xsqlite3_bind_int64(r.tls, st, i, x))
	case bool:
		n := int64(0)
		if x {
			n = 1
		}
		return r.check(sqlite3.Xsqlite3_bind_int64(r.tls, st, i, n))
	case float64:
		return r.check(sqlite3.Xsqlite3_bind_double(r.tls, st, i, x))
	case string:
		return r.bindText(st, i, x, sqlite3.Xsqlite3_bind_text)
	case []byte:
		return r.bindText(st, i, string(x), sqlite3.Xsqlite3_bind_blob)
	default:
		return fmt.Errorf("cannot bind a %T to argument %d", arg, i)
	}
}

func (r *Reader) bindText(st uintptr, i int32, s string, bind func(*libc.TLS, uintptr, int32, uintptr, int32, uintptr) int32) error {
	p, err := libc.CString(s)
	if err != nil {
		return err
	}
	defer libc.Xfree(r.tls, p)
	return r.check(bind(r.tls, st, i, p, int32(len(s)), transient))
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
	case *sql.RawBytes: // until the next row
		*d = r.raw(i)
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
