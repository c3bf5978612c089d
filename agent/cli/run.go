package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"plait/agent/daemon"
	"plait/agent/daemon/config"
	"plait/agent/service"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
)

func (a *App) run() *cobra.Command {
	asService := false
	c := &cobra.Command{
		Use: "run", Short: "run the agent until it is stopped", Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := a.settings(c)
			if err != nil {
				return err
			}
			log, closeLog, err := a.logger(settings, asService)
			if err != nil {
				return err
			}
			d := daemon.New(daemon.Options{Config: settings, Version: a.Version, Log: log, Now: a.Now})
			return errors.Join(a.runUntilStopped(c.Context(), settings, d, asService), closeLog())
		},
	}
	config.AddFlags(c.Flags(), "schedule", "retry.first", "retry.longest", "retry.jitter", "capture.every", "compare.every", "compare.budget", "log.level", "log.file")
	c.Flags().BoolVar(&asService, "service", false, "run under the service manager, which says when to stop")
	return c
}

// runUntilStopped: under systemd a service is a program like any other; Windows'
// service manager must be spoken with.
func (a *App) runUntilStopped(ctx context.Context, settings config.Config, d *daemon.Daemon, asService bool) error {
	if asService && runtime.GOOS == "windows" {
		return service.Run(ctx, serviceConfig(settings), d)
	}
	return d.Run(ctx)
}

// logger logs to the file of the settings, else to where people look: the event
// log of a Windows service, the standard error output otherwise.
func (a *App) logger(settings config.Config, asService bool) (zerolog.Logger, func() error, error) {
	level, err := zerolog.ParseLevel(settings.Log.Level)
	if err != nil {
		return zerolog.Nop(), nil, fmt.Errorf("cannot log: %w", err)
	}
	out, closeOut, err := a.logOutput(settings, asService)
	if err != nil {
		return zerolog.Nop(), nil, err
	}
	return zerolog.New(out).Level(level).With().Timestamp().Logger(), closeOut, nil
}

func (a *App) logOutput(settings config.Config, asService bool) (io.Writer, func() error, error) {
	nothing := func() error { return nil }
	switch {
	case settings.Log.File != "":
		f, err := os.OpenFile(settings.Log.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot log: %w", err)
		}
		return f, f.Close, nil
	case asService && runtime.GOOS == "windows":
		w, err := service.EventLog(serviceConfig(settings))
		return w, nothing, err
	case a.Terminal:
		return zerolog.ConsoleWriter{Out: a.Err, TimeFormat: "15:04:05"}, nothing, nil
	default:
		return a.Err, nothing, nil
	}
}
