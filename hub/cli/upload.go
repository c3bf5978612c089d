package cli

import (
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

func (a *App) upload() *cobra.Command {
	var in operator.AskUpload
	cmd := &cobra.Command{
		Use:   "upload STORE",
		Short: "Ask for an upload at the store's next contact",
		Args:  exactly("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out, err := ask[operator.AskedUpload](cmd, a, http.MethodPost, at("stores", args[0], "upload"), in)
			if err != nil {
				return err
			}
			return a.show(out, func() {
				a.say("%s", out.Says)
				for _, b := range out.Blocking {
					a.say("  job %d %q, %s, %s", b.Number, b.Label, b.State, some(b.Items, "item"))
				}
				if !out.Due.IsZero() {
					a.say("The next contact is due %s.", when(out.Due))
				}
			})
		},
	}
	cmd.Flags().BoolVar(&in.Full, "full", false, "a full upload: the store's whole snapshot replaces the hub's copy")
	return cmd
}
