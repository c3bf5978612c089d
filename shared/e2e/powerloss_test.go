package e2e_test

import (
	"context"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"plait/shared/e2e/power"
	"plait/shared/e2e/rig"
)

var (
	powerImages = flag.Int("plait.images", 300, "power losses for each recording of TestHarnessPowerLoss; PLAIT_SCALE says how many recordings, 1 if unset")
	powerTime   = flag.Duration("plait.powertime", 20*time.Second, "how long the power may fail in one recording; the losses until then count")
	powerSeed   = flag.Uint64("plait.powerseed", 0, "seed of TestHarnessPowerLoss; 0 takes one from the clock")
	powerAgain  = flag.String("plait.recording", "", "folder of a recording, kept where something was lost, that is to be cut off again; with its seed, at the same moments")
)

// TestHarnessPowerLoss records what a hub and three salons ask of their disks
// while people work, jobs are applied and processes are killed, and lets the power
// fail at random moments of it, of the hub or of a salon's PC: writes that no
// fsync covered are missing, cut short or torn. Whatever had been acknowledged by
// then must be in the databases, and they must be sound. One salon's POS has a
// rollback journal, the others' are in WAL mode.
func TestHarnessPowerLoss(t *testing.T) {
	if os.Getenv(powerRecording) != "" {
		record(t) // in the process that is recorded
		return
	}
	recordings := 1
	if scale, err := strconv.Atoi(os.Getenv("PLAIT_SCALE")); err == nil && scale > 0 {
		recordings = scale
	}
	for range recordings {
		l := newPowerLosses(t, recording{cycles: 3})
		l.happen(*powerImages, *powerTime, func(loss string) bool { t.Error(loss); return true })
		t.Log(l)
		for what, n := range l.proved {
			if n == 0 {
				t.Errorf("no image had anything of %q to lose", what)
			}
		}
	}
}

// TestHarnessPowerLossCatchesItsControl: with synchronous=NORMAL a commit is not
// durable when it returns, and the harness must see it in all three databases.
func TestHarnessPowerLossCatchesItsControl(t *testing.T) {
	l := newPowerLosses(t, recording{tag: "plait_weak_sync", cycles: 1})
	caught := map[string]int{}
	l.happen(*powerImages, 3*time.Minute, func(loss string) bool {
		for _, what := range []string{hubLost, recordLost, posLost} {
			if caught[what] == 0 && strings.Contains(loss, what) {
				caught[what] = l.images
				t.Logf("caught after %d images: %s", l.images, loss)
			}
		}
		return len(caught) < 3
	})
	for _, what := range []string{hubLost, recordLost, posLost} {
		if caught[what] == 0 {
			t.Errorf("%d images did not catch it: %q", l.images, what)
		}
	}
}

// recording says what is recorded.
type recording struct {
	tag    string // of the programs
	cycles int    // of work and kills
}

// newPowerLosses makes a recording and reads it.
func newPowerLosses(t *testing.T, r recording) *powerLosses {
	t.Helper()
	seed, dir := *powerSeed, *powerAgain
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	if dir == "" {
		dir = r.make(t, seed)
	}
	l, err := readPowerLosses(dir, seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d, %s: %s", seed, dir, l.recording())
	return l
}

// make runs this very test in a process of its own, under strace.
func (r recording) make(t *testing.T, seed uint64) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "power-*") // short: a socket's path has 100 bytes
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir) // the trace has real paths
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			_ = os.RemoveAll(dir) // a folder for passing files
		}
	})
	programs, err := rig.Build(r.tag)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	env := []string{powerRecording + "=" + dir, powerPrograms + "=" + programs, powerCycles + "=" + strconv.Itoa(r.cycles)}
	said, err := power.Record(ctx, filepath.Join(dir, powerTrace), env, os.Args[0],
		"-test.run", "^TestHarnessPowerLoss$", "-test.timeout", "2m", "-plait.powerseed", strconv.FormatUint(seed, 10))
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return dir
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
