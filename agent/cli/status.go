package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"plait/agent/control"

	"github.com/spf13/cobra"
)

func (a *App) status() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "say whether all is well, what waits, and when the next upload runs", Args: exactly(0),
		Long: "Status says in one sentence whether all is well, what waits, and when the next upload runs.\nIts exit code is 0 if no person is needed.",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.asked(c, func(ctx context.Context, agent answerer) error {
				s, err := agent.Status(ctx)
				if err != nil {
					return err
				}
				return a.showStatus(s)
			})
		},
	}
}

func (a *App) showStatus(s control.Status) error {
	if a.json {
		a.print(s)
	} else {
		a.writeStatus(s)
	}
	switch s.State {
	case control.Trouble, control.NotRunning, control.NotEnrolled:
		return errSaid
	}
	return nil
}

func (a *App) writeStatus(s control.Status) {
	a.say("%s", s.Sentence)
	row := func(name, format string, args ...any) { a.say("  %-20s %s", name, fmt.Sprintf(format, args...)) }
	if s.Store != "" {
		row("store", "%s (%s) at %s", clean(s.StoreName), s.Role, s.Hub)
	}
	row("waits to go up", "%s", waiting(s.Waiting))
	row("jobs at the hub", "%d", s.OpenJobs)
	if s.Parked > 0 {
		row("parked", "%d; see plait-agent queue", s.Parked)
	}
	for _, k := range s.PausedKinds {
		row("paused", "%s: %s", k.Kind, clean(k.Why))
	}
	for _, u := range s.Unrepaired {
		row("not set back", "%s %s: %s", u.Kind, clean(u.Name), clean(u.Why))
	}
	if a := s.AfterApply; a != nil && a.Error != "" {
		row("after applying", "the command did not succeed %s: %s", at(a.Ran, s.Now), clean(a.Error))
	}
	if !s.Next.IsZero() {
		row("next upload", "%s (%s)", at(s.Next, s.Now), s.NextReason)
	}
	row("last upload", "%s", lastUpload(s))
	row("proven equal", "%s", at(s.Proven, s.Now))
	row("compared with POS", "%s", at(s.Compared, s.Now))
}

// waiting names what waits, by kind.
func waiting(p control.Pending) string {
	if p.Total+p.Dirty == 0 {
		return "nothing"
	}
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(p.Kinds)) {
		parts = append(parts, fmt.Sprintf("%d of %s", p.Kinds[kind], clean(kind)))
	}
	if p.Results > 0 {
		parts = append(parts, plural(p.Results, "result of a job", "results of jobs"))
	}
	if p.Dirty > 0 {
		parts = append(parts, plural(p.Dirty, "row to be read again", "rows to be read again"))
	}
	return fmt.Sprintf("%s, the oldest for %s", strings.Join(parts, ", "), ago(time.Duration(p.Oldest*float64(time.Second))))
}

func lastUpload(s control.Status) string {
	if s.Last == nil {
		return "never"
	}
	did := fmt.Sprintf("%s (%s): %s up, %s applied", at(s.Last.Ended, s.Now), s.Last.Reason,
		plural(int(s.Last.RowsUp), "row", "rows"), plural(s.Last.JobsApplied, "job", "jobs"))
	if s.Last.Error != "" {
		return did + "; it did not succeed"
	}
	return did
}
