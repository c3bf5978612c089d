package suggest_test

import (
	"strings"
	"testing"

	"plait/shared/suggest"
)

func TestNearest(t *testing.T) {
	long := strings.Repeat("a", 101)
	for _, c := range []struct {
		word   string
		known  []string
		within int
		want   string
	}{
		{"nam", []string{"price", "name"}, 2, "name"},
		{"NAME", []string{"name"}, 0, "name"},
		{"name", []string{"NAME"}, 0, "NAME"},
		{"tset", []string{"test"}, 1, "test"},  // a swap is one error
		{"abcd", []string{"abef"}, 1, ""},      // two are more than one
		{"abcd", []string{"abef"}, 2, "abef"},  // and not more than two
		{"xa", []string{"xc", "xb"}, 2, "xc"},  // the first of equals
		{"xa", []string{"xyz", "xb"}, 2, "xb"}, // the nearest of all
		{"", []string{"id", "key"}, 3, ""},     // nothing is left of it
		{"xy", []string{"id"}, 2, ""},
		{"name", nil, 2, ""},
		{long, []string{long + "b"}, 2, ""},
	} {
		if got := suggest.Nearest(c.word, c.known, c.within); got != c.want {
			t.Errorf("%.10q of %.40q within %d: got %q, want %q", c.word, c.known, c.within, got, c.want)
		}
	}
}
