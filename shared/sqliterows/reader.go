package sqliterows

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// maxStatements bounds the compiled statements that a Reader keeps.
const maxStatements = 256

// Reader is one connection for reading.
type Reader struct {
	tls   *libc.TLS
	db    uintptr
	stmts map[string]uintptr
}

// Open opens a file that exists. The connection could build a WAL's index after a
// crash, and writes nothing else; it never waits for a lock by itself. Pragmas are as
// in "cache_size(-500)".
func Open(path string, pragmas ...string) (*Reader, error) {
	r := &Reader{tls: libc.NewTLS(), stmts: map[string]uintptr{}}
	if err := r.open(URI(path, url.Values{"mode": {"rw"}})); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	for _, p := range append([]string{"query_only(1)"}, pragmas...) {
		if err := r.Each("PRAGMA "+p, nil, func(Row) bool { return true }); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

// URI spells path as a file URI, so that no character of a folder's name is taken
// for the beginning of the parameters.
func URI(path string, q url.Values) string {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/data becomes file:///C:/data
	}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: q.Encode()}
	return u.String()
}

func (r *Reader) open(uri string) error {
	name, err := libc.CString(uri)
	if err != nil {
		return err
	}
	defer libc.Xfree(r.tls, name)
	// Without its mutex: one goroutine at a time uses a Reader.
	const flags = sqlite3.SQLITE_OPEN_READWRITE | sqlite3.SQLITE_OPEN_URI | sqlite3.SQLITE_OPEN_NOMUTEX
	db, code := r.result(func(to uintptr) int32 { return sqlite3.Xsqlite3_open_v2(r.tls, name, to, flags, 0) })
	r.db = db // there is one after a failure, too, to say what it was
	if code == sqlite3.SQLITE_OK {
		code = sqlite3.Xsqlite3_extended_result_codes(r.tls, r.db, 1)
	}
	return r.check(code)
}

// result calls fn with room for the pointer that it gives back.
func (r *Reader) result(fn func(to uintptr) int32) (got uintptr, code int32) {
	to := libc.Xcalloc(r.tls, 1, 8)
	if to == 0 {
		return 0, sqlite3.SQLITE_NOMEM
	}
	defer libc.Xfree(r.tls, to)
	code = fn(to)
	return *(*uintptr)(at(to)), code
}

// Close gives everything back.
func (r *Reader) Close() error {
	r.forget()
	code := sqlite3.Xsqlite3_close_v2(r.tls, r.db)
	err := r.check(code)
	r.db = 0
	r.tls.Close()
	return err
}

func (r *Reader) forget() {
	for _, st := range r.stmts {
		sqlite3.Xsqlite3_finalize(r.tls, st) // its error is that of the last run
	}
	clear(r.stmts)
}

// Error is SQLite's own word on what went wrong.
type Error struct {
	code int
	text string
}

func (e *Error) Error() string { return fmt.Sprintf("%s (%d)", e.text, e.code) }

// Code returns SQLite's extended result code.
func (e *Error) Code() int { return e.code }

func (r *Reader) check(code int32) error {
	if code == sqlite3.SQLITE_OK {
		return nil
	}
	text := sqlite3.Xsqlite3_errstr(r.tls, code)
	if r.db != 0 && sqlite3.Xsqlite3_extended_errcode(r.tls, r.db) == code {
		text = sqlite3.Xsqlite3_errmsg(r.tls, r.db)
	}
	return &Error{code: int(code), text: libc.GoString(text)}
}

// at turns an address of the library's memory into a pointer. It is never memory
// that Go could move or free.
func at(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }
