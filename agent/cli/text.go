package cli

import (
	"fmt"
	"os"
	"strings"
	"time"
	"unicode"

	"golang.org/x/term"
)

// clean makes a name from the POS fit for a line of a terminal: what a terminal
// would obey, or what would reorder the line, is shown as an escape.
func clean(s string) string {
	return escape(s, func(r rune) bool { return false })
}

// sanitize is clean for a text of our own, whose line breaks and tabs are meant.
func sanitize(s string) string {
	return escape(s, func(r rune) bool { return r == '\n' || r == '\t' })
}

func escape(s string, keep func(rune) bool) string {
	if strings.IndexFunc(s, func(r rune) bool { return obeyed(r) && !keep(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !obeyed(r) || keep(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// obeyed reports whether a terminal acts on the rune instead of showing it:
// control characters, bytes that are no UTF-8, and what changes the direction of
// writing or shows nothing.
func obeyed(r rune) bool {
	return unicode.Is(unicode.C, r) || r == unicode.ReplacementChar || r == '\u2028' || r == '\u2029'
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// at names a time, "never" if there was none.
func at(t, now time.Time) string {
	switch {
	case t.IsZero():
		return "never"
	case t.In(now.Location()).Format(time.DateOnly) == now.Format(time.DateOnly):
		return "at " + t.In(now.Location()).Format("15:04")
	default:
		return "on " + t.In(now.Location()).Format("2006-01-02 at 15:04")
	}
}

// ago names an age in its largest sensible unit.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "a moment"
	case d < time.Hour:
		return plural(int(d/time.Minute), "minute", "minutes")
	case d < 48*time.Hour:
		return plural(int(d/time.Hour), "hour", "hours")
	default:
		return plural(int(d/(24*time.Hour)), "day", "days")
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
