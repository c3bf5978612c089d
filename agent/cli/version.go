package cli

import (
	"runtime"

	"plait/shared/wire"

	"github.com/spf13/cobra"
)

func (a *App) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "print the version of the program and of its protocol", Args: exactly(0),
		RunE: func(*cobra.Command, []string) error {
			if a.json {
				a.print(map[string]any{"version": a.Version, "protocol": wire.Protocol, "canonical_form": wire.CanonicalForm,
					"go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH})
				return nil
			}
			a.say("plait-agent %s, protocol %d, for %s/%s", a.Version, wire.Protocol, runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}
