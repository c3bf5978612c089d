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

// maxStatements bounds the compiled statements that a Conn keeps.
const maxStatements = 256

// Conn is one connection.
type Conn struct {
	tls   *libc.TLS
	db    uintptr
	stmts map[string]uintptr
	spare memory
}

// Open opens a file that exists. The connection could build a WAL's index after a
// crash, and writes nothing else; it never waits for a lock by itself. Pragmas are as
// in "cache_size(-500)".
func Open(path string, pragmas ...string) (*Conn, error) {
	return OpenToWrite(path, append([]string{"query_only(1)"}, pragmas...)...)
}

// OpenToWrite is Open for a connection that may write.
func OpenToWrite(path string, pragmas ...string) (*Conn, error) {
	c := &Conn{tls: libc.NewTLS(), stmts: map[string]uintptr{}}
	if err := c.open(URI(path, url.Values{"mode": {"rw"}})); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	for _, p := range pragmas {
		if err := c.Each("PRAGMA "+p, nil, func(Row) bool { return true }); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
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

func (c *Conn) open(uri string) error {
	name, err := libc.CString(uri)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, name)
	// Without its mutex: one goroutine at a time uses a Conn.
	const flags = sqlite3.SQLITE_OPEN_READWRITE | sqlite3.SQLITE_OPEN_URI | sqlite3.SQLITE_OPEN_NOMUTEX
	db, code := c.result(func(to uintptr) int32 { return sqlite3.Xsqlite3_open_v2(c.tls, name, to, flags, 0) })
	c.db = db // there is one after a failure, too, to say what it was
	if code == sqlite3.SQLITE_OK {
		code = sqlite3.Xsqlite3_extended_result_codes(c.tls, c.db, 1)
	}
	return c.check(code)
}

// result calls fn with room for the pointer that it gives back.
func (c *Conn) result(fn func(to uintptr) int32) (got uintptr, code int32) {
	to := libc.Xcalloc(c.tls, 1, 8)
	if to == 0 {
		return 0, sqlite3.SQLITE_NOMEM
	}
	defer libc.Xfree(c.tls, to)
	code = fn(to)
	return *(*uintptr)(at(to)), code
}

// Close gives everything back.
func (c *Conn) Close() error {
	c.Forget()
	libc.Xfree(c.tls, c.spare.at)
	code := sqlite3.Xsqlite3_close_v2(c.tls, c.db)
	err := c.check(code)
	c.db = 0
	c.tls.Close()
	return err
}

// Forget gives the compiled statements back, but for those that are running.
func (c *Conn) Forget() {
	for text, st := range c.stmts {
		if sqlite3.Xsqlite3_stmt_busy(c.tls, st) != 0 {
			continue
		}
		sqlite3.Xsqlite3_finalize(c.tls, st) // its error is that of the last run
		delete(c.stmts, text)
	}
}

// Error is SQLite's own word on what went wrong.
type Error struct {
	code int
	text string
}

func (e *Error) Error() string { return fmt.Sprintf("%s (%d)", e.text, e.code) }

// Code returns SQLite's extended result code.
func (e *Error) Code() int { return e.code }

func (c *Conn) check(code int32) error {
	if code == sqlite3.SQLITE_OK {
		return nil
	}
	text := sqlite3.Xsqlite3_errstr(c.tls, code)
	if c.db != 0 && sqlite3.Xsqlite3_extended_errcode(c.tls, c.db) == code {
		text = sqlite3.Xsqlite3_errmsg(c.tls, c.db)
	}
	return &Error{code: int(code), text: libc.GoString(text)}
}

// at turns an address of the library's memory into a pointer. It is never memory
// that Go could move or free.
func at(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }
