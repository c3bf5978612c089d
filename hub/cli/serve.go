package cli

import (
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"plait/hub/daemon"
	"plait/hub/daemon/config"
)

func (a *App) serve() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the hub",
		Long: "Run the hub until it is interrupted. Settings come from a file (" + config.DefaultFile + " unless\n" +
			"--config names another), variables (PLAIT_HUB_TLS_CERT) and flags, each overruling the one before.",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.loadConfig(cmd, file)
			if err != nil {
				return err
			}
			o := daemon.Options{Config: c, Version: a.Version, Log: daemon.NewLog(a.Err, c.Log)}
			if isTerminal(a.Out) {
				o.Tell = a.Out
			}
			return daemon.New(o).Run(cmd.Context(), stopWait)
		},
	}
	a.configFlags(cmd, &file)
	return cmd
}

// isTerminal: a secret is shown to a person, and never to a service's journal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (a *App) configFlags(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", a.env("CONFIG"), "configuration `FILE` ($PLAIT_HUB_CONFIG, else "+config.DefaultFile+")")
	config.AddFlags(cmd.Flags())
}

func (a *App) loadConfig(cmd *cobra.Command, file string) (config.Config, error) {
	return config.Load(config.Sources{File: file, Environ: a.Environ, Flags: cmd.Flags()})
}
