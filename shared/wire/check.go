package wire

import (
	"strings"
	"unicode/utf8"
)

// check collects what is wrong with a message; the first finding counts.
type check struct{ err *Error }

func (c *check) result() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

func (c *check) fail(format string, args ...any) {
	if c.err == nil {
		c.err = badRequest(format, args...)
	}
}

func (c *check) require(ok bool, format string, args ...any) {
	if !ok {
		c.fail(format, args...)
	}
}

// name: 1 to MaxNameBytes bytes of one line.
func (c *check) name(what, s string) {
	if s == "" {
		c.fail("%s is missing", what)
	}
	c.optional(what, s)
}

// optional is a name that may be left out.
func (c *check) optional(what, s string) { c.text(what, s, MaxNameBytes) }

// text is UTF-8 without control characters: it ends up in logs, pages and
// terminals.
func (c *check) text(what, s string, limit int) {
	switch {
	case len(s) > limit:
		c.fail("%s has %d bytes, more than %d", what, len(s), limit)
	case !utf8.ValidString(s):
		c.fail("%s is not valid UTF-8", what)
	case strings.IndexFunc(s, isControl) >= 0:
		c.fail("%s has a control character", what)
	}
}

// id stands in header lines too, so it has no spaces.
func (c *check) id(what, s string) {
	c.require(isToken(s), "%s %.40q is not an id", what, s)
}

func (c *check) optionalID(what, s string) {
	if s != "" {
		c.id(what, s)
	}
}

// hex is exactly n lower-case hexadecimal digits.
func (c *check) hex(what, s string, n int) {
	ok := len(s) == n
	for i := 0; i < len(s) && ok; i++ {
		ok = ('0' <= s[i] && s[i] <= '9') || ('a' <= s[i] && s[i] <= 'f')
	}
	c.require(ok, "%s %.70q is not %d hexadecimal digits", what, s, n)
}

func (c *check) optionalHex(what, s string, n int) {
	if s != "" {
		c.hex(what, s, n)
	}
}

func (c *check) atLeast(what string, n, low int64) {
	c.require(n >= low, "%s is %d, less than %d", what, n, low)
}

func (c *check) atMost(what string, n, high int) {
	if n > high && c.err == nil {
		c.err = tooLarge("%d %s, more than %d", n, what, high)
	}
}
