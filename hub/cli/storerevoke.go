package cli

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

func (a *App) storeRevoke() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "revoke STORE",
		Short: "Take a store's credential away and cancel its open jobs",
		Args:  exactly("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := ask[operator.StoreDetail](cmd, a, http.MethodGet, at("stores", args[0]), nil)
			if err != nil {
				return err
			}
			if !yes {
				question := fmt.Sprintf("Its PC can no longer speak to this hub, and %s cancelled. Type the store's name (%s) to revoke it:",
					some(len(s.Queue), "open job")+" "+are(len(s.Queue)), escape(s.Name))
				if err := a.confirm(question, s.Name); err != nil {
					return err
				}
			}
			out, err := ask[operator.Revoked](cmd, a, http.MethodPost, at("stores", s.ID, "revoke"), operator.RevokeStore{Jobs: len(s.Queue)})
			if err != nil {
				return err
			}
			return a.show(out, func() {
				a.say("Store %s was revoked.", out.Store.Name)
				for _, j := range out.Cancelled {
					a.say("  job %d %q was cancelled", j.Number, j.Label)
				}
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}
