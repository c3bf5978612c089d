package power

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strconv"
	"time"
)

// longestLine bounds a line of a trace: each byte of a write takes four.
const longestLine = 5*longestWrite + 64<<10

// Read reads a trace of strace's and calls each for every event, in order. The
// data of an event is good for as long as it is wanted. It fails on a line that
// it does not understand, so that no write is overlooked.
func Read(trace io.Reader, each func(Event) error) error {
	lines := bufio.NewScanner(trace)
	lines.Buffer(make([]byte, 1<<20), longestLine)
	r := reader{each: each, open: map[string]Event{}}
	for n := 1; lines.Scan(); n++ {
		if err := r.line(lines.Bytes()); err != nil {
			return fmt.Errorf("cannot read the trace, line %d (%.80q…): %w", n, lines.Bytes(), err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("cannot read the trace: %w", err)
	}
	return nil
}

type reader struct {
	each  func(Event) error
	calls int
	open  map[string]Event // begun and not ended, by thread
}

var (
	unfinished = []byte(" <unfinished ...>")
	detached   = []byte(" <detached ...>") // strace lost sight of it: it was killed
	resumed    = []byte("<... ")
	exited     = []byte("+++ ")
	nameless   = []byte("???") // killed before it could be told what it called
	pointer    = []byte("0x")  // stands for a text that could not be read any more
	legible    = []byte(`\x`)  // in whatever could be read: texts, and the paths of files
	answer     = []byte(" = ")
	none       = []byte("?") // for an answer
)

// line reads "thread time call(arguments) = result", either half of it, or a
// thread's end.
func (r *reader) line(b []byte) error {
	thread, rest, ok1 := bytes.Cut(b, []byte(" "))
	stamp, rest, ok2 := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
	if !ok1 || !ok2 {
		return errors.New("it has no thread and time")
	}
	at, err := parseTime(string(stamp))
	switch {
	case err != nil:
		return err
	case bytes.HasPrefix(rest, exited):
		return r.ended(string(thread), at, Unknown)
	case bytes.HasPrefix(rest, nameless):
		return nil
	case bytes.HasPrefix(rest, resumed):
		return r.end(string(thread), at, rest)
	}
	return r.begin(string(thread), at, rest)
}

// begin reads a call with its arguments, and its result if that follows at once.
func (r *reader) begin(thread string, at time.Time, b []byte) error {
	call, half := bytes.CutSuffix(b, unfinished)
	e, err := parseCall(call)
	if err != nil {
		if skipped(call, half) {
			return nil
		}
		return err
	}
	r.calls++
	e.At, e.Call, e.Begin = at, r.calls, true
	if err := r.each(e); err != nil {
		return err
	}
	r.open[thread] = e
	if half {
		return nil
	}
	return r.end(thread, at, b)
}

// skipped is true for a call that has no answer and whose arguments could not be
// read: its thread was killed before the call began, and the system skips such
// a call.
func skipped(call []byte, half bool) bool {
	word, answered := afterLast(call, answer)
	unanswered := half || bytes.HasSuffix(call, detached) || answered && bytes.HasPrefix(word, none)
	return unanswered && (bytes.Contains(call, pointer) || !bytes.Contains(call, legible))
}

func afterLast(b, mark []byte) (after []byte, ok bool) {
	i := bytes.LastIndex(b, mark)
	if i < 0 {
		return nil, false
	}
	return b[i+len(mark):], true
}

// end reads a result. A call that is not among those we know has none for us.
func (r *reader) end(thread string, at time.Time, b []byte) error {
	if bytes.HasSuffix(b, detached) {
		return r.ended(thread, at, Unknown)
	}
	word, ok := afterLast(b, answer)
	if !ok {
		return errors.New("it has no result")
	}
	if bytes.HasPrefix(word, none) {
		return r.ended(thread, at, Unknown)
	}
	if end := bytes.IndexAny(word, " <"); end >= 0 {
		word = word[:end]
	}
	result, err := strconv.ParseInt(string(word), 10, 64)
	if err != nil {
		return fmt.Errorf("its result: %w", err)
	}
	return r.ended(thread, at, result)
}

// ended ends the call that a thread is in, if it is in one.
func (r *reader) ended(thread string, at time.Time, result int64) error {
	e, ok := r.open[thread]
	if !ok {
		return nil
	}
	delete(r.open, thread)
	if e.Sort == Write && result > int64(len(e.Data)) {
		result = Unknown // no write's: the tracer took the thread's next call for its end
	}
	e.At, e.Begin, e.Result = at, false, result
	return r.each(e)
}

func parseTime(word string) (time.Time, error) {
	seconds, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("its time: %w", err)
	}
	return time.UnixMicro(int64(math.Round(seconds * 1e6))), nil
}

// parseCall reads a call that was begun.
func parseCall(b []byte) (e Event, err error) {
	name, rest, ok := bytes.Cut(b, []byte("("))
	if !ok {
		return e, errors.New("it is no call")
	}
	a := arguments{rest: rest}
	switch string(name) {
	case "open", "openat":
		e.Sort, e.Path = Open, a.path(string(name) == "openat")
		e.Create, e.Clear = bytes.Contains(a.rest, []byte("O_CREAT")), bytes.Contains(a.rest, []byte("O_TRUNC"))
	case "pwrite64":
		e.Sort, e.Path, e.Data = Write, a.file(), a.text()
		a.number() // as long as the data
		e.Offset = a.number()
	case "ftruncate":
		e.Sort, e.Path, e.Offset = Truncate, a.file(), a.number()
	case "fsync", "fdatasync":
		e.Sort, e.Path = Sync, a.file()
	case "unlink", "unlinkat":
		e.Sort, e.Path = Unlink, a.path(string(name) == "unlinkat")
	case "rename", "renameat", "renameat2":
		at := string(name) != "rename"
		e.Sort, e.Path, e.To = Rename, a.path(at), a.path(at)
	default:
		return e, fmt.Errorf("it calls %s, which is not understood", name)
	}
	return e, a.err
}

// arguments are those of a call that were not read yet. The first error stays.
type arguments struct {
	rest []byte
	err  error
}

func (a *arguments) fail(what string) {
	if a.err == nil {
		a.err = fmt.Errorf("it has no %s at %.60q", what, a.rest)
	}
}

// between cuts what stands between two marks and goes on behind the second.
func (a *arguments) between(from, to byte, what string) []byte {
	i := bytes.IndexByte(a.rest, from)
	if i < 0 {
		a.fail(what)
		return nil
	}
	n := bytes.IndexByte(a.rest[i+1:], to)
	if n < 0 {
		a.fail(what)
		return nil
	}
	found := a.rest[i+1:][:n]
	a.rest = a.rest[i+n+2:]
	return found
}

// file is the path of an open file: 7<\x2f\x74…>.
func (a *arguments) file() string { return string(a.unhex(a.between('<', '>', "file"))) }

// text is what stands in quotes, whole.
func (a *arguments) text() []byte {
	text := a.unhex(a.between('"', '"', "text"))
	if bytes.HasPrefix(a.rest, []byte("...")) {
		a.fail("whole text")
	}
	return text
}

// path is a name in quotes; with at, it is one within a folder that is open.
func (a *arguments) path(at bool) string {
	folder := ""
	if at {
		folder = a.file()
	}
	name := string(a.text())
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(folder, name)
}

// number is the next number behind a comma.
func (a *arguments) number() (n int64) {
	word := bytes.TrimLeft(a.rest, ", ")
	end := 0
	for end < len(word) && (word[end] == '-' || (word[end] >= '0' && word[end] <= '9')) {
		end++
	}
	n, err := strconv.ParseInt(string(word[:end]), 10, 64)
	if err != nil {
		a.fail("number")
		return 0
	}
	a.rest = word[end:]
	return n
}

// unhex reads \x2f\x74….
func (a *arguments) unhex(b []byte) []byte {
	out := make([]byte, len(b)/4)
	for i := range out {
		four := b[4*i:][:4]
		if four[0] != '\\' || four[1] != 'x' {
			a.fail("text in hexadecimal")
			return nil
		}
		if _, err := hex.Decode(out[i:i+1], four[2:]); err != nil {
			a.fail("text in hexadecimal")
			return nil
		}
	}
	return out
}
