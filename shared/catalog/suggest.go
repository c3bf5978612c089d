package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"plait/shared/suggest"
)

// maxTypos is how far from a known word an unknown one may be to be taken for it.
const maxTypos = 2

// didYouMean ends a message about an unknown word: with the known word that was
// probably meant, or with all of them.
func didYouMean(word string, known []string) string {
	if near := suggest.Nearest(word, known, maxTypos); near != "" {
		return fmt.Sprintf(", did you mean %s?", near)
	}
	if len(known) > 12 {
		return ""
	}
	return " (known: " + strings.Join(known, ", ") + ")"
}

func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// quoted shows a word of a file, shortened and with control characters escaped.
func quoted(s string) string { return fmt.Sprintf("%.60q", s) }
