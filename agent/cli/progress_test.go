package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"plait/agent/upload"
)

// An upload that ends at once (no agent runs, nothing to do) ends before the bars
// have begun to draw themselves: the command must still come back.
func TestBarsEndHoweverSoon(t *testing.T) {
	for range 200 {
		b := newBars(&App{Out: &bytes.Buffer{}})
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			b.end()
		}()
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			t.Fatal("the bars do not end")
		}
	}
}

// Lines for a file: one for each phase, and one in two seconds within it.
func TestLinesAreNotOneForEachBatch(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	l := &lines{app: &App{Out: &out, Now: func() time.Time { return now }}}
	for i := range 100 {
		l.step(upload.Step{Phase: upload.PhaseUpload, Text: fmt.Sprint("Sending ", i), RowsUp: int64(i), RowsUpLeft: int64(99 - i)})
		now = now.Add(100 * time.Millisecond)
	}
	l.step(upload.Step{Phase: upload.PhaseDone, Text: "Done."})
	l.end()
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(got) != 6 || !strings.Contains(got[0], "Sending 0") || !strings.Contains(got[1], "up 20, left 79") || !strings.Contains(got[5], "Done.") {
		t.Errorf("%d lines:\n%s", len(got), &out)
	}
}
