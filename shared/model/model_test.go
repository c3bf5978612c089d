package model

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var (
	runs  = flag.Int("plait.runs", 20_000, "histories that TestHarnessProtocol runs; PLAIT_SCALE multiplies it")
	first = flag.Uint64("plait.seed", 1, "the first seed of TestHarnessProtocol")
)

func scaled(n int) int {
	if s, err := strconv.Atoi(os.Getenv("PLAIT_SCALE")); err == nil && s > 0 {
		return n * s
	}
	return n
}

// seeded chooses by a generator of its own: fast, and repeatable by its seed.
func seeded(seed uint64) func(string, int) int {
	r := rand.New(rand.NewPCG(seed, 1))
	return func(_ string, n int) int { return r.IntN(n) }
}

// steps of a history: short ones among them, whose traces a person can read.
func steps(seed uint64) int { return 10 + int(seed*7%110) }

// A finding is a broken promise and the history that led there.
type finding struct {
	seed   uint64
	broken string
	log    []string
}

func (f finding) String() string {
	return fmt.Sprintf("seed %d: %s\n%s", f.seed, f.broken, strings.Join(f.log, "\n"))
}

// find runs histories until one of the promises is broken; any, if none is named.
func find(r rules, from uint64, n int, promises ...string) (f finding, histories int) {
	for seed := from; seed < from+uint64(n); seed++ {
		w := newWorld(r, seeded(seed))
		histories++
		broken := w.run(steps(seed))
		if broken != "" && (promises == nil || slices.Contains(promises, promiseOf(broken))) {
			return finding{seed, broken, w.log}, histories
		}
	}
	return finding{}, histories
}

// shorten looks for a shorter history to the same end.
func (f finding) shorten(r rules, n int) finding {
	for seed := f.seed + 1; seed < f.seed+uint64(n); seed++ {
		w := newWorld(r, seeded(seed))
		if broken := w.run(steps(seed)); broken != "" && promiseOf(broken) == f.promise() && len(w.log) < len(f.log) {
			f = finding{seed, broken, w.log}
		}
	}
	return f
}

func (f finding) promise() string { return promiseOf(f.broken) }

// TestHarnessProtocol holds P1 and P3 to P8 and P12 over many histories, which are
// weighed in five ways.
func TestHarnessProtocol(t *testing.T) {
	each := scaled(*runs) / 5
	for _, weights := range [][]int{nil, quiet, busy, restoring, paging} {
		r := rules{weights: weights}
		f, histories := find(r, *first, each)
		if f.broken != "" {
			t.Fatal(f.shorten(r, 20_000))
		}
		t.Logf("%d histories weighed as %v", histories, weights)
	}
}

// TestProtocol is the same under rapid, which shortens what it finds.
func TestProtocol(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(rules{}, func(label string, n int) int { return rapid.IntRange(0, n-1).Draw(t, label) })
		if broken := w.run(rapid.IntRange(5, 60).Draw(t, "steps")); broken != "" {
			t.Fatalf("%s\n%s", broken, strings.Join(w.log, "\n"))
		}
	})
}
