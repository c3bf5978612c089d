package sqliterows

import (
	"fmt"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Each calls visit for every row of a query, until it returns false. Arguments are
// nil, integers, floats, bools, texts and bytes, by position.
func (c *Conn) Each(text string, args []any, visit func(Row) bool) (err error) {
	st, err := c.compiled(text)
	if err != nil {
		return err
	}
	held, err := c.bind(st, args)
	defer func() {
		// What a reset reports is the error of the step before it.
		sqlite3.Xsqlite3_reset(c.tls, st)
		sqlite3.Xsqlite3_clear_bindings(c.tls, st)
		c.giveBack(held)
	}()
	if err != nil {
		return err
	}
	row := Row{tls: c.tls, st: st}
	for {
		switch code := sqlite3.Xsqlite3_step(c.tls, st); code {
		case sqlite3.SQLITE_ROW:
			if !visit(row) {
				return nil
			}
		case sqlite3.SQLITE_DONE:
			return nil
		default:
			return c.check(code)
		}
	}
}

// Exec runs a statement to its end and returns how many rows it inserted, changed or
// deleted; of one that does none of this, that is of no meaning.
func (c *Conn) Exec(text string, args []any) (changed int64, err error) {
	if err := c.Each(text, args, func(Row) bool { return true }); err != nil {
		return 0, err
	}
	return sqlite3.Xsqlite3_changes64(c.tls, c.db), nil
}

func (c *Conn) compiled(text string) (uintptr, error) {
	if st, ok := c.stmts[text]; ok {
		return st, nil
	}
	if len(c.stmts) >= maxStatements {
		c.Forget()
	}
	source, err := libc.CString(text)
	if err != nil {
		return 0, err
	}
	defer libc.Xfree(c.tls, source)
	st, code := c.result(func(to uintptr) int32 { return sqlite3.Xsqlite3_prepare_v2(c.tls, c.db, source, -1, to, 0) })
	if err := c.check(code); err != nil {
		return 0, err
	}
	c.stmts[text] = st
	return st, nil
}

// memory is the library's, for the texts and bytes of one statement's arguments.
type memory struct {
	at   uintptr
	size int
}

// take returns memory that nobody else uses until it is given back.
func (c *Conn) take(size int) (memory, error) {
	m := c.spare
	c.spare = memory{}
	if m.at != 0 && m.size >= size {
		return m, nil
	}
	libc.Xfree(c.tls, m.at)
	size = max(2*m.size, size, 1000)
	if m = (memory{libc.Xmalloc(c.tls, libc.Tsize_t(size)), size}); m.at == 0 {
		return memory{}, &Error{code: sqlite3.SQLITE_NOMEM, text: "out of memory"}
	}
	return m, nil
}

// mostSpare is how much of it is kept for the next statement.
const mostSpare = 1 << 20

// giveBack keeps memory for the next statement; that of one that ran within another's
// rows is not needed twice.
func (c *Conn) giveBack(m memory) {
	if m.at == 0 {
		return
	}
	if c.spare.at != 0 || m.size > mostSpare {
		libc.Xfree(c.tls, m.at)
		return
	}
	c.spare = m
}

// static tells the library that what is bound stays where it is until it is unbound.
const static = 0

// bind binds all arguments. Their texts and bytes are in the memory that is held until
// the statement is reset.
func (c *Conn) bind(st uintptr, args []any) (held memory, err error) {
	size := 0
	for _, arg := range args {
		switch x := arg.(type) {
		case string:
			size += len(x)
		case []byte:
			size += len(x)
		}
	}
	if held, err = c.take(size); err != nil {
		return held, err
	}
	free := unsafe.Slice((*byte)(at(held.at)), held.size)
	next := held.at
	for i, arg := range args {
		n := 0
		switch x := arg.(type) {
		case string:
			n = copy(free, x)
		case []byte:
			n = copy(free, x)
		}
		if err := c.bindOne(st, int32(i+1), arg, next, int32(n)); err != nil {
			return held, err
		}
		free, next = free[n:], next+uintptr(n)
	}
	return held, nil
}

// bindOne binds one argument; that of a text or of bytes is n bytes at a place.
func (c *Conn) bindOne(st uintptr, i int32, arg any, place uintptr, n int32) error {
	switch x := arg.(type) {
	case nil:
		return c.check(sqlite3.Xsqlite3_bind_null(c.tls, st, i))
	case int:
		return c.check(sqlite3.Xsqlite3_bind_int64(c.tls, st, i, int64(x)))
	case int64:
		return c.check(sqlite3.Xsqlite3_bind_int64(c.tls, st, i, x))
	case bool:
		n := int64(0)
		if x {
			n = 1
		}
		return c.check(sqlite3.Xsqlite3_bind_int64(c.tls, st, i, n))
	case float64:
		return c.check(sqlite3.Xsqlite3_bind_double(c.tls, st, i, x))
	case string:
		return c.check(sqlite3.Xsqlite3_bind_text(c.tls, st, i, place, n, static))
	case []byte:
		if x == nil {
			return c.check(sqlite3.Xsqlite3_bind_null(c.tls, st, i))
		}
		return c.check(sqlite3.Xsqlite3_bind_blob(c.tls, st, i, place, n, static))
	default:
		return fmt.Errorf("cannot bind a %T to argument %d", arg, i)
	}
}
