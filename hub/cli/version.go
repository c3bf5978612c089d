package cli

import (
	"runtime"

	"github.com/spf13/cobra"

	"plait/shared/wire"
)

func (a *App) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program",
		Args:  exactly(),
		RunE: func(*cobra.Command, []string) error {
			v := map[string]any{"version": a.Version, "protocol": wire.Protocol, "go": runtime.Version(), "os": runtime.GOOS + "/" + runtime.GOARCH}
			return a.show(v, func() {
				a.say("plait-hub %s (protocol %d, %s)", a.Version, wire.Protocol, runtime.GOOS+"/"+runtime.GOARCH)
			})
		},
	}
}
