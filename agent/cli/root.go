// Package cli is plait-agent's command line: one file a subcommand. Commands that
// concern a running agent ask it over its control channel; those that make sense
// without one look into the data folder themselves.
//
// Every command takes --json, ends with a sentence on failure and then with exit
// code 1 (2 where the command itself was mistyped), and prints what comes from a
// POS with control characters escaped.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"plait/agent/daemon/config"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// App is the world around the command line; tests make their own.
type App struct {
	Version string
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
	Environ []string
	Now     func() time.Time
	// Terminal says that a person watches Out, so that bars may move.
	Terminal bool

	json bool
	file string // --config
}

// Main runs the command that the program was started with.
func Main(version string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app := &App{Version: version, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Environ: os.Environ(), Now: time.Now, Terminal: isTerminal(os.Stdout)}
	return app.Run(ctx, os.Args[1:])
}

// Run runs one command and returns its exit code.
func (a *App) Run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errSaid):
		return exitFailed
	}
	a.fail(err)
	if _, usage := errors.AsType[usageError](err); usage {
		return exitUsage
	}
	return exitFailed
}

// errSaid ends a command that has said already why it failed.
var errSaid = errors.New("the command failed")

// usageError is a mistyped command.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func (a *App) root() *cobra.Command {
	root := &cobra.Command{
		Use: "plait-agent", Short: "keeps this salon's POS in step with its network's hub",
		SilenceErrors: true, SilenceUsage: true, Version: a.Version,
		// Without a command: help. With a mistyped one: an error, and what was meant.
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("cannot run %q: there is no such command%s; see plait-agent help", args[0], meant(c, args[0]))}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("cannot run %s: %w; see %s --help", c.CommandPath(), err, c.CommandPath())}
	})
	flags := root.PersistentFlags()
	flags.BoolVar(&a.json, "json", false, "print one JSON value")
	flags.StringVar(&a.file, "config", "", "configuration file (default "+config.DefaultFile+")")
	config.AddFlags(flags, "data", "mapping")
	root.AddCommand(a.enroll(), a.discover(), a.run(), a.status(), a.upload(), a.queue(), a.doctor(),
		a.pause(), a.resume(), a.uninstall(), a.config(), a.service(), a.version())
	return root
}

func meant(c *cobra.Command, typed string) string {
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(typed); len(near) > 0 {
		return fmt.Sprintf("; did you mean %q?", near[0])
	}
	return ""
}

// exactly demands n arguments that are named as in Use.
func exactly(n int) cobra.PositionalArgs { return between(n, n) }

func between(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return usageError{fmt.Errorf("cannot run %s: write it as: %s", c.CommandPath(), c.UseLine())}
		}
		return nil
	}
}

// settings loads the configuration that the command's flags ask for.
func (a *App) settings(c *cobra.Command) (config.Config, error) {
	file := a.file
	if file == "" {
		file = a.env(config.ConfigEnv)
	}
	loaded, err := config.Load(config.Sources{File: file, Environ: a.Environ, Flags: c.Flags()})
	if err != nil {
		return config.Config{}, fmt.Errorf("cannot use the configuration:\n%w", err)
	}
	return loaded, nil
}

func (a *App) env(name string) string {
	for _, e := range a.Environ {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}

// fail prints why a command failed.
func (a *App) fail(err error) {
	if a.json {
		a.print(map[string]string{"error": err.Error()})
		return
	}
	fmt.Fprintln(a.Err, sanitize(err.Error()))
}

// print writes a value as JSON.
func (a *App) print(v any) {
	enc := json.NewEncoder(a.Out)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // whoever reads it is gone
}

// say writes a line for people.
func (a *App) say(format string, args ...any) {
	fmt.Fprintln(a.Out, sanitize(fmt.Sprintf(format, args...)))
}

// quiet logs nothing: for commands that look into the data folder themselves.
func quiet() zerolog.Logger { return zerolog.Nop() }
