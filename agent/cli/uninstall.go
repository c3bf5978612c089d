package cli

import (
	"errors"
	"fmt"

	"plait/agent/daemon"
	"plait/agent/datafolder"

	"github.com/spf13/cobra"
)

func (a *App) uninstall() *cobra.Command {
	return &cobra.Command{
		Use: "uninstall", Short: "take Plait's triggers and tables out of the POS database, for good", Args: exactly(0),
		Long: "Uninstall takes Plait's triggers, then its tables, out of the POS database. Stop the agent first.\n" +
			"It leaves the data folder as it is; the hub keeps this store's copy until an operator removes it.",
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := a.settings(c)
			if err != nil {
				return err
			}
			err = a.inspected(c.Context(), settings, func(d *daemon.Daemon) error { return d.Uninstall(c.Context()) })
			if errors.Is(err, datafolder.ErrInUse) {
				return fmt.Errorf("cannot uninstall while the agent runs: stop it first (plait-agent service stop): %w", err)
			}
			if err != nil {
				return fmt.Errorf("cannot uninstall: %w", err)
			}
			if a.json {
				a.print(map[string]bool{"uninstalled": true})
				return nil
			}
			a.say("Plait's triggers and tables are out of the POS database.")
			return nil
		},
	}
}
