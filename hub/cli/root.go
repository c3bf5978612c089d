package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"plait/hub/daemon/config"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// App is one run of the program.
type App struct {
	Version string
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
	Environ []string // as os.Environ gives it

	flags flags
}

// flags are those that every command takes.
type flags struct {
	json      bool
	data      string
	hub       string
	tokenFile string
	ca        string
	network   string
}

// Main runs the program on this process's arguments and returns its exit status.
func Main(version string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &App{Version: version, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Environ: os.Environ()}
	return a.Run(ctx, os.Args[1:]...)
}

// usageError says that the command line itself is wrong.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// Run runs one command line and returns its exit status.
func (a *App) Run(ctx context.Context, args ...string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	a.complain(err)
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

func (a *App) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "plait-hub",
		Short: "The hub that keeps the salons of a network in step",
		Long: "The hub that keeps the salons of a network in step. `plait-hub serve` runs it. The other commands speak to one\n" +
			"that runs: on this machine by its data folder, elsewhere with --hub, --token-file and, if it has a CA of its\n" +
			"own, --ca.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE:          group,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	f := root.PersistentFlags()
	f.BoolVar(&a.flags.json, "json", false, "print JSON")
	f.StringVar(&a.flags.data, "data", "", "data `FOLDER` of the hub on this machine ($PLAIT_HUB_DATA, else "+config.DefaultData+")")
	f.StringVar(&a.flags.hub, "hub", a.env("URL"), "`ADDRESS` of a hub elsewhere, https://host:port ($PLAIT_HUB_URL)")
	f.StringVar(&a.flags.tokenFile, "token-file", a.env("TOKEN_FILE"), "`FILE` with your token ($PLAIT_HUB_TOKEN_FILE, else the administrator's in the data folder)")
	f.StringVar(&a.flags.ca, "ca", a.env("CA"), "`FILE` with the hub's CA certificate, its ca.pem ($PLAIT_HUB_CA, else the one in the data folder)")
	root.AddCommand(
		a.serve(), a.version(), a.config(), a.health(), a.audit(),
		a.networks(), a.policies(), a.stores(), a.queue(), a.jobs(), a.upload(), a.sync(), a.item(), a.setup(), a.drift(), a.lists(), a.tokens(),
	)
	return root
}

// group is what a command does that only has subcommands.
func group(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("there is no command %q: see `%s --help`", args[0], cmd.CommandPath())}
	}
	return cmd.Help()
}

// newGroup makes a command that only has subcommands.
func newGroup(use, short string, subcommands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, RunE: group}
	cmd.AddCommand(subcommands...)
	return cmd
}

// exactly is cobra.ExactArgs with a sentence for people.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usageError{fmt.Errorf("it takes %s: see `%s --help`", words(names), cmd.CommandPath())}
		}
		return nil
	}
}

// atMostOne is exactly, for what may be left out.
func atMostOne(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usageError{fmt.Errorf("it takes one %s at most: see `%s --help`", name, cmd.CommandPath())}
		}
		return nil
	}
}

func words(names []string) string {
	switch len(names) {
	case 0:
		return "nothing more"
	case 1:
		return "one " + names[0]
	}
	return names[0] + " and " + words(names[1:])
}

// env returns one of the commands' own variables.
func (a *App) env(name string) string { return lookup(a.Environ, "PLAIT_HUB_"+name) }

func lookup(environ []string, name string) string {
	for i := len(environ) - 1; i >= 0; i-- {
		if v := environ[i]; len(v) > len(name) && v[:len(name)] == name && v[len(name)] == '=' {
			return v[len(name)+1:]
		}
	}
	return ""
}

// stopWait is how long a hub that is told to stop waits for the calls that it
// is answering.
const stopWait = 30 * time.Second
