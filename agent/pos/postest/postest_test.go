package postest_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"plait/agent/pos"
	"plait/agent/pos/postest"
)

func memoryBench(*testing.T) postest.Bench {
	m := postest.SalonMemory()
	return postest.Bench{Connector: m, Reopen: func() pos.Connector { return m.Reopen() }, POS: m.POS()}
}

func TestMemoryConforms(t *testing.T) { postest.Run(t, memoryBench) }

func TestHarnessMemoryCapture(t *testing.T) {
	scale, _ := strconv.Atoi(os.Getenv("PLAIT_SCALE"))
	for seed := range uint64(max(scale, 1)) {
		missed, left := postest.Capture(t, memoryBench(t), seed, 1000, postest.CaptureOptions{})
		if len(missed)+len(left) > 0 {
			t.Fatalf("seed %d: not captured:\n%s\nafter comparison:\n%s", seed, strings.Join(missed, "\n"), strings.Join(left, "\n"))
		}
	}
}
