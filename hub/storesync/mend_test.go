package storesync

import (
	"strings"
	"testing"
)

// What is summed up is a sentence about items of a kind, and says a way out.
func TestEverySummedWarningHasItsMend(t *testing.T) {
	for reason, w := range summed {
		if !strings.HasPrefix(w.text, "%s ") || strings.Count(w.text, "%") != 1 || w.mend == "" {
			t.Errorf("%s: %q, mend %q", reason, w.text, w.mend)
		}
	}
}
