package cli

import (
	"fmt"
	"slices"
	"strings"

	"plait/agent/daemon/config"
	"plait/agent/service"

	"github.com/spf13/cobra"
)

// serviceConfig names the service and how it is started.
func serviceConfig(settings config.Config) service.Config {
	arguments := []string{"run", "--service"}
	if settings.File != "" {
		arguments = append(arguments, "--config", settings.File)
	}
	return service.Config{
		Name: "plait-agent", DisplayName: "Plait agent", Description: "Keeps this salon's POS in step with its network.",
		Arguments: arguments, Dependencies: []string{"After=network.target"},
	}
}

func (a *App) service() *cobra.Command {
	return &cobra.Command{
		Use: "service " + strings.Join(service.Acts, "|"), Short: "install, remove, start or stop the agent as a service of this PC", Args: exactly(1),
		ValidArgs: service.Acts,
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(service.Acts, args[0]) {
				return usageError{fmt.Errorf("cannot run %s %q: it is none of %s", c.CommandPath(), args[0], strings.Join(service.Acts, ", "))}
			}
			settings, err := a.settings(c)
			if err != nil {
				return err
			}
			if err := service.Control(serviceConfig(settings), args[0]); err != nil {
				return err
			}
			if a.json {
				a.print(map[string]string{"service": args[0]})
				return nil
			}
			a.say("Done: %s.", args[0])
			return nil
		},
	}
}
