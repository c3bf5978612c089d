package item

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NormalName folds a name for matching (1-domain, "Match"): NFKC, case folded,
// surrounding and repeated white space collapsed to single spaces.
func NormalName(s string) string {
	if isPlainLower(s) {
		return s
	}
	if folded, ok := foldASCII(s); ok {
		return folded
	}
	folded := cases.Fold().String(norm.NFKC.String(s))
	return strings.Join(strings.Fields(norm.NFKC.String(folded)), " ")
}

// isPlainLower is the fast path: lower-case ASCII words with single spaces fold
// to themselves.
func isPlainLower(s string) bool {
	space := true // a leading space is not plain
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			if space {
				return false
			}
			space = true
			continue
		case c <= ' ' || c >= 0x7f || ('A' <= c && c <= 'Z'):
			return false
		}
		space = false
	}
	return s == "" || !space
}

// foldASCII folds what is ASCII alone, of which only upper case and white space change;
// ok is false if it is not. The tables of Unicode cost as much as the rest of matching.
func foldASCII(s string) (folded string, ok bool) {
	out := make([]byte, 0, len(s))
	gap := false // white space that is not the first
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			return "", false
		case c == ' ' || ('\t' <= c && c <= '\r'):
			gap = len(out) > 0
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		if gap {
			out, gap = append(out, ' '), false
		}
		out = append(out, c)
	}
	return string(out), true
}
