package pos_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"plait/agent/pos/postest"
)

// scale is how many times their everyday number of rounds the harnesses run.
func scale() int {
	n, err := strconv.Atoi(os.Getenv("PLAIT_SCALE"))
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// TestHarnessCapture is promise P9 on SQLite: without REPLACE over other rows
// the triggers alone find every change; with it, the comparison finds the rest.
func TestHarnessCapture(t *testing.T) {
	const statements = 400
	for seed := range uint64(2 * scale()) {
		journal := []string{"WAL", "DELETE"}[seed%2]
		missed, left := postest.Capture(t, sqliteBench(journal)(t), seed, statements, postest.CaptureOptions{})
		if len(missed)+len(left) > 0 {
			t.Fatalf("seed %d: not captured:\n%s\nafter comparison:\n%s", seed, strings.Join(missed, "\n"), strings.Join(left, "\n"))
		}
		missed, left = postest.Capture(t, sqliteBench(journal)(t), seed, statements, postest.CaptureOptions{Replaces: true})
		for _, m := range missed {
			if !strings.HasSuffix(m, "is in the record, not in the POS") {
				t.Errorf("seed %d: only what a REPLACE took away may wait for the comparison: %s", seed, m)
			}
		}
		if len(left) > 0 {
			t.Fatalf("seed %d: the comparison left:\n%s", seed, strings.Join(left, "\n"))
		}
	}
	t.Logf("%d statements, 0 missed after comparison", 4*statements*scale())
}

// The control: without triggers the harness must find changes missing.
func TestHarnessCaptureControl(t *testing.T) {
	missed, left := postest.Capture(t, sqliteBench("WAL")(t), 1, 200, postest.CaptureOptions{Paused: true})
	if len(missed) == 0 || len(left) > 0 {
		t.Errorf("without triggers: %d missed, %d left after comparison; the harness sees nothing", len(missed), len(left))
	}
}
