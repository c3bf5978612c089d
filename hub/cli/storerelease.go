package cli

import (
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

func (a *App) storeRelease() *cobra.Command {
	return &cobra.Command{
		Use:   "release STORE",
		Short: "Make the code by which a technician lets an older copy of the agent in",
		Long: "Make the code by which a technician lets an older copy of the agent in, as after its PC was restored from an\n" +
			"image: `plait-agent upload --release CODE`. Without it the copy waits, and is let in once the newer one is overdue.",
		Args: exactly("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out, err := ask[operator.Release](cmd, a, http.MethodPost, at("stores", args[0], "release"), nil)
			if err != nil {
				return err
			}
			return a.show(out, func() {
				a.say("At the PC that waits, type this release code; it is good once, until %s:\n\n  %s\n", when(out.Expires), out.Code)
			})
		},
	}
}
