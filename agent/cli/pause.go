package cli

import (
	"context"
	"errors"

	"plait/agent/control"
	"plait/agent/daemon"

	"github.com/spf13/cobra"
)

func (a *App) pause() *cobra.Command {
	return &cobra.Command{
		Use: "pause", Short: "take the triggers out of the POS for an upgrade of it", Args: exactly(0),
		Long: "Pause takes Plait's triggers out of the POS database and leaves it alone, so that the POS can be upgraded.\n" +
			"Uploads go on, jobs wait. plait-agent resume ends it; what changed meanwhile is found by comparison.",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.act(c, "Capture is paused; upgrade the POS, then run: plait-agent resume",
				(*control.Client).Pause, (*daemon.Daemon).Pause)
		},
	}
}

func (a *App) resume() *cobra.Command {
	return &cobra.Command{
		Use: "resume", Short: "put the triggers back after an upgrade of the POS, and compare", Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.act(c, "Capture resumes; the upload that now runs compares everything",
				(*control.Client).Resume, (*daemon.Daemon).Resume)
		},
	}
}

// act does something to the agent that runs, or to the data folder of one that
// does not.
func (a *App) act(c *cobra.Command, done string,
	ask func(*control.Client, context.Context) (control.Status, error), do func(*daemon.Daemon, context.Context) error) error {
	settings, err := a.settings(c)
	if err != nil {
		return err
	}
	status, err := ask(control.NewClient(settings.Data), c.Context())
	if errors.Is(err, control.ErrNotRunning) {
		err = a.inspected(c.Context(), settings, func(d *daemon.Daemon) error {
			if err := do(d, c.Context()); err != nil {
				return err
			}
			status, err = d.Status(c.Context())
			return err
		})
	}
	if err != nil {
		return err
	}
	if a.json {
		a.print(status)
		return nil
	}
	a.say("%s.", done)
	return nil
}
