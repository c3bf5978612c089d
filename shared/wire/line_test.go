package wire

import (
	"strings"
	"testing"
)

// A line is always one that a check lets pass, and only what no message may carry
// is taken out of it.
func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"as it is":           "as it is",
		"two  spaces":        "two  spaces",
		"\r\na\tb\x7f\n":     "a b",
		"a\xff\xfeb":         "a?b",
		"":                   "",
		"12345678901234567":  "12345678901234567",
		"123456789012345678": "12345678901234…",
		"1234567890123éabc":  "1234567890123…",
	} {
		got := Line(in, 17)
		if got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
		var c check
		if c.text("it", got, 17); c.result() != nil {
			t.Errorf("%q: %v", got, c.result())
		}
	}
	if got := Line(strings.Repeat("é", 200), MaxNameBytes); len(got) > MaxNameBytes {
		t.Errorf("%d bytes", len(got))
	}
}
