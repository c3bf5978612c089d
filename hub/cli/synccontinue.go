package cli

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/store"
	"plait/hub/storesync"
)

func (a *App) syncContinue() *cobra.Command {
	return &cobra.Command{
		Use:   "continue SYNC",
		Short: "Let a sync go on that has halted, or that waits for stores to apply it",
		Long: "Let a sync go on that has halted because stores failed, or that waits for stores to apply it. Its next\n" +
			"wave is queued at once; failures that `sync show` listed until now count no more.",
		Args: exactly("sync"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := askIn[storesync.Sync](cmd, a, http.MethodPost, at("syncs", args[0], "continue"), nil)
			if err != nil {
				return err
			}
			return a.show(s, func() { a.saySync(s) })
		},
	}
}

// sayCourse says how far a sync is that does not reach all its stores at once.
func (a *App) sayCourse(s storesync.Sync) {
	c := s.Course
	if c.Of > 1 {
		a.say("%d of %d waves are queued; it halts once %s.", c.Wave, c.Of, some(max(c.HaltAfter, 1), "store")+" failed")
	}
	switch s.State {
	case store.SyncRunning:
		a.say("It waits: %s.", s.Stands)
	case store.SyncHalted:
		a.say("! It has halted: %s. See why (`plait-hub job show JOB`), then `plait-hub sync continue %s` or `sync cancel %s`.", c.Why, s.ID, s.ID)
	case store.SyncEnded:
		a.say("! It has ended: %s.", c.Why)
	}
}

func wave(s storesync.Sync, at storesync.SyncStore) string {
	switch {
	case at.Wave == 0 || s.Course.Of < 2:
		return "-"
	case at.Wave == 1 && len(s.Course.Canary) > 0:
		return "1 (canary)"
	}
	return fmt.Sprint(at.Wave)
}
