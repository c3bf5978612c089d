package item

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// reader walks canonical bytes. After the first failure it stays failed and
// reads zero values, so that callers check err once.
type reader struct {
	in   string // a copy of the bytes, which the values that are read share
	pos  int
	err  error
	room room
}

// room is memory that a Decoder uses again from item to item. How much it needs is
// known only when all was read.
type room struct {
	fields  Fields // a stack: a row's lie on those of its item
	link    Link
	links   []LinkField
	places  []int64 // of the origins of links
	origins []Origin
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrNotCanonical}, args...)...)
		r.pos = len(r.in)
	}
}

func (r *reader) check(ok bool, format string, args ...any) {
	if !ok {
		r.fail(format, args...)
	}
}

func (r *reader) peek() byte {
	if r.pos < len(r.in) {
		return r.in[r.pos]
	}
	return 0
}

func (r *reader) skip(lit string) bool {
	if len(r.in)-r.pos >= len(lit) && r.in[r.pos:r.pos+len(lit)] == lit {
		r.pos += len(lit)
		return true
	}
	return false
}

func (r *reader) expect(lit string) {
	if !r.skip(lit) {
		r.fail("%q is missing at byte %d", lit, r.pos)
	}
}

// integer reads digits with one spelling: no "+", no leading zeros, no "-0".
func (r *reader) integer() int64 {
	if n, size := shortInteger(r.in[r.pos:]); size > 0 {
		r.pos += size
		return n
	}
	end := r.pos
	for end < len(r.in) && (r.in[end] == '-' || isDigit(r.in[end])) {
		end++
	}
	text := r.in[r.pos:end]
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		r.fail("integer %.30q", text)
		return 0
	}
	r.pos = end
	return n
}

// shortInteger reads what nearly every integer is: up to eighteen digits, without a
// sign. The size is 0 for any other.
func shortInteger(s string) (n int64, size int) {
	for size < len(s) && isDigit(s[size]) {
		n = n*10 + int64(s[size]-'0')
		size++
		if size > 18 {
			return 0, 0
		}
	}
	if size > 1 && s[0] == '0' || size < len(s) && s[size] == '-' {
		return 0, 0
	}
	return n, size
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// name is a string that is neither empty nor longer than limit bytes.
func (r *reader) name(limit int) string {
	s := r.string()
	if s == "" || len(s) > limit {
		r.fail("a name of %d bytes, where 1 to %d are allowed", len(s), limit)
	}
	return s
}

func (r *reader) string() string {
	r.expect(`"`)
	in, start := r.in, r.pos
	var bits byte // of all characters
	for i := start; i < len(in); i++ {
		switch c := in[i]; {
		case c == '"':
			r.pos = i + 1
			if bits < utf8.RuneSelf {
				return in[start:i]
			}
			return r.valid(in[start:i])
		case c == '\\':
			return r.escaped(start, i)
		case c < ' ':
			r.fail("a control character that is not escaped")
			return ""
		default:
			bits |= c
		}
	}
	r.fail("a string without an end")
	return ""
}

// escaped goes on with a string that began at start and has its first escape at i.
func (r *reader) escaped(start, i int) string {
	var out strings.Builder
	out.WriteString(r.in[start:i])
	for i < len(r.in) {
		c := r.in[i]
		switch {
		case c == '"':
			r.pos = i + 1
			return r.valid(out.String())
		case c == '\\':
			char, size := unescape(r.in[i:])
			if size == 0 {
				r.fail("an escape at byte %d that is not canonical", i)
				return ""
			}
			out.WriteByte(char)
			i += size
			continue
		case c < ' ':
			r.fail("a control character that is not escaped")
			return ""
		}
		out.WriteByte(c)
		i++
	}
	r.fail("a string without an end")
	return ""
}

// unescape reads one canonical escape; size is 0 for any other.
func unescape(b string) (char byte, size int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\':
		return b[1], 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	if len(b) < 6 || b[1:4] != "u00" || !isHex(b[4:6]) {
		return 0, 0
	}
	n, _ := strconv.ParseUint(b[4:6], 16, 8)
	if n >= ' ' || n == '\n' || n == '\r' || n == '\t' {
		return 0, 0
	}
	return byte(n), 6
}

func (r *reader) valid(s string) string {
	r.check(utf8.ValidString(s), "text that is not valid UTF-8")
	return s
}

func (r *reader) bytes() Value {
	s := r.string()
	raw, err := base64.StdEncoding.Strict().DecodeString(s)
	r.check(err == nil && !strings.ContainsAny(s, "\r\n"), "base64 %.20q", s)
	return Value{typ: TypeBytes, str: string(raw)}
}

func isHash(s string) bool { return len(s) == 64 && isHex(s) }

func isHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}
