package e2e_test

import (
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"plait/shared/e2e/rig"
)

var (
	kills    = flag.Int("plait.kills", 0, "rounds of TestHarnessKills; 0 means 15, times PLAIT_SCALE")
	killTime = flag.Duration("plait.killtime", 5*time.Minute, "how long TestHarnessKills may go on; the rounds done by then count")
	killSeed = flag.Uint64("plait.killseed", 0, "seed of TestHarnessKills; 0 takes one from the clock")
)

func killRounds() int {
	if *kills > 0 {
		return *kills
	}
	if scale, err := strconv.Atoi(os.Getenv("PLAIT_SCALE")); err == nil && scale > 0 {
		return 15 * scale
	}
	return 15
}

// TestHarnessKills ends hub and agents with kill -9 at random points of capture,
// upload, apply and full upload, copies older POS files, agent.db and hub
// databases back in between, and then demands that everything comes level again:
// nothing acknowledged is lost, nothing doubled, and no job overwritten, skipped,
// or applied twice in one history of a POS database.
func TestHarnessKills(t *testing.T) {
	h := newKillHarness(t, "")
	h.report(h.rounds(killRounds(), *killTime))
}

// TestHarnessKillsCatchesItsControls: a harness that could not fail would prove
// nothing. Each control is a program weakened on purpose.
func TestHarnessKillsCatchesItsControls(t *testing.T) {
	for tag, says := range map[string]string{
		"plait_weak_receipt": "created",
		"plait_weak_swap":    " over job ",
	} {
		// A short name: a folder named after it holds sockets, whose paths have a limit.
		t.Run(strings.TrimPrefix(tag, "plait_weak_"), func(t *testing.T) {
			h := newKillHarness(t, tag)
			h.noRestores = true
			const most = 200
			for done := 0; done < most; done += 5 {
				for range 5 {
					h.round()
				}
				h.settle()
				for _, breach := range h.breaches() {
					if strings.Contains(breach, says) {
						t.Logf("caught after %d rounds: %s", done+5, breach)
						return
					}
				}
			}
			h.report(most)
			t.Errorf("%d rounds did not catch it", most)
		})
	}
}

func newKillHarness(t *testing.T, tag string) *killHarness {
	t.Helper()
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", seed)
	h := &killHarness{liveNetwork: openNetworkFor(t, rig.Options{Tag: tag}, *killTime+5*time.Minute), seed: seed}
	h.open()
	return h
}
