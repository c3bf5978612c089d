package item

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NormalName folds a name for matching (1-domain, "Match"): NFKC, case folded,
// surrounding and repeated white space collapsed to single spaces.
func NormalName(s string) string {
	if isPlainLower(s) {
		return s
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
