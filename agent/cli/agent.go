package cli

import (
	"context"
	"errors"
	"fmt"

	"plait/agent/control"
	"plait/agent/daemon"
	"plait/agent/daemon/config"

	"github.com/spf13/cobra"
)

// answerer answers the commands that only ask: the agent that runs, or its data
// folder where none does.
type answerer interface {
	Status(ctx context.Context) (control.Status, error)
	Queue(ctx context.Context, limit int) (control.Queue, error)
	Doctor(ctx context.Context) (control.Findings, error)
}

// asked lets fn ask whoever can answer.
func (a *App) asked(c *cobra.Command, fn func(context.Context, answerer) error) error {
	settings, err := a.settings(c)
	if err != nil {
		return err
	}
	client := control.NewClient(settings.Data)
	err = fn(c.Context(), client)
	if !errors.Is(err, control.ErrNotRunning) {
		return err
	}
	return a.inspected(c.Context(), settings, func(d *daemon.Daemon) error { return fn(c.Context(), d) })
}

// inspected opens the data folder of an agent that does not run.
func (a *App) inspected(ctx context.Context, settings config.Config, fn func(*daemon.Daemon) error) error {
	d, release, err := daemon.Inspect(ctx, daemon.Options{Config: settings, Version: a.Version, Log: quiet(), Now: a.Now})
	if err != nil {
		return fmt.Errorf("the agent is not running, and its data cannot be opened: %w", err)
	}
	return errors.Join(fn(d), release())
}

// running returns a client of the agent that must run.
func (a *App) running(c *cobra.Command) (*control.Client, error) {
	settings, err := a.settings(c)
	if err != nil {
		return nil, err
	}
	return control.NewClient(settings.Data), nil
}
