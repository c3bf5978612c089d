// Package suggest guesses which known word was meant by one that is not known,
// for errors that end in "did you mean …?". It is pure: it knows no file and no
// program, and how a guess is put is its callers' business.
package suggest

import "strings"

// maxWord bounds the words that are compared, in bytes: the work grows with the
// product of two lengths, and nobody mistypes a longer name by a letter or two.
const maxWord = 100

// Nearest returns the known word that is the fewest typing errors away from
// word, at most within, and the first of those that are equally near; "" if
// there is none. Capitals and small letters count as the same. A word of which
// no letter would be left is never suggested.
func Nearest(word string, known []string, within int) string {
	best, least := "", within+1
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < min(least, len(k)) {
			best, least = k, d
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b. Words that are too long are far apart.
func distance(a, b string) int {
	if len(a) > maxWord || len(b) > maxWord {
		return maxWord
	}
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
