package cli

import (
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

func (a *App) storeLink() *cobra.Command {
	var in operator.LinkStore
	cmd := &cobra.Command{
		Use:   "link STORE",
		Short: "Give a store its part in the network: head office, branch, or single",
		Args:  exactly("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := ask[operator.Store](cmd, a, http.MethodPost, at("stores", args[0], "link"), in)
			if err != nil {
				return err
			}
			return a.show(s, func() { a.say("Store %s is %s of network %s.", s.Name, s.Role, s.Network) })
		},
	}
	cmd.Flags().StringVar(&in.Role, "role", "branch", "head_office, branch or single")
	return cmd
}
