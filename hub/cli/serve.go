package cli

import (
	"github.com/spf13/cobra"

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
			d := daemon.New(daemon.Options{Config: c, Version: a.Version, Log: daemon.NewLog(a.Err, c.Log), Tell: a.Out})
			return d.Run(cmd.Context(), stopWait)
		},
	}
	a.configFlags(cmd, &file)
	return cmd
}

func (a *App) configFlags(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", a.env("CONFIG"), "configuration file")
	config.AddFlags(cmd.Flags())
}

func (a *App) loadConfig(cmd *cobra.Command, file string) (config.Config, error) {
	return config.Load(config.Sources{File: file, Environ: a.Environ, Flags: cmd.Flags()})
}
