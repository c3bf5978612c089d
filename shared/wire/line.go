package wire

import "strings"

// Line makes a text one that a message may carry: valid UTF-8 without control
// characters, of at most limit bytes, with "…" where it was cut. A message with
// another text is refused whole, and what a POS or a program says has many forms.
func Line(s string, limit int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), isControl), " ")
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit-len("…")], "") + "…"
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }
