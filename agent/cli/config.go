package cli

import (
	"errors"
	"fmt"

	"plait/agent/pos"
	"plait/configs"

	"github.com/spf13/cobra"
)

func (a *App) config() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "look at the configuration", Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(a.configCheck())
	return c
}

func (a *App) configCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "check configuration and mapping, and name whatever is wrong, by line", Args: exactly(0),
		Long: "Check reads the configuration and the mapping that it names, and the permissions of both.\n" +
			"The mapping is held against the catalogue that Plait ships; plait-agent doctor holds it against the network's own and the POS's schema.",
		RunE: func(c *cobra.Command, _ []string) error {
			settings, err := a.settings(c)
			if err != nil {
				return err
			}
			if err := errors.Join(settings.CheckFolders(), settings.After.Check(), checkMapping(settings.Mapping)); err != nil {
				return err
			}
			if a.json {
				a.print(map[string]any{"ok": true, "config": settings.File, "mapping": settings.Mapping, "data": settings.Data})
				return nil
			}
			from := settings.File
			if from == "" {
				from = "the defaults (there is no configuration file)"
			}
			a.say("OK: %s\nOK: %s", from, settings.Mapping)
			return nil
		},
	}
}

func checkMapping(path string) error {
	mapping, err := pos.LoadMapping(path)
	if err != nil {
		return err
	}
	cat, err := configs.Catalog()
	if err != nil {
		return fmt.Errorf("cannot check the mapping: %w", err)
	}
	return mapping.Validate(cat)
}
