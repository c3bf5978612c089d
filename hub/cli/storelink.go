package cli

import (
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/operator"
	"plait/hub/store"
)

func (a *App) storeLink() *cobra.Command {
	var in operator.LinkStore
	cmd := &cobra.Command{
		Use:   "link STORE",
		Short: "Give a store its part in the network: head office, branch, or single",
		Long: "Give a store its part in the network. Once it has uploaded, a store that is linked is reviewed, and for a\n" +
			"new head office all branches are (`plait-hub sync review STORE`): until then no continuous sync runs to it,\n" +
			"or from it.",
		Example: "  plait-hub store link Downtown\n  plait-hub store link \"Main Street\" --role head_office",
		Args:    exactly("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := ask[operator.Store](cmd, a, http.MethodPost, at("stores", args[0], "link"), in)
			if err != nil {
				return err
			}
			return a.show(s, func() {
				a.say("Store %s is %s of network %s.", s.Name, s.Role, s.Network)
				a.sayToReview(s)
			})
		},
	}
	cmd.Flags().StringVar(&in.Role, "role", "branch", "its `ROLE`: head_office, branch, or single, linked into no network")
	return cmd
}

// sayToReview says what comes next for a store that was linked.
func (a *App) sayToReview(s operator.Store) {
	switch s.Role {
	case store.Branch:
		a.say("Nothing comes to it by itself before it was reviewed: plait-hub sync review \"%s\"", s.Name)
	case store.HeadOffice:
		a.say("Nothing comes from it by itself before all branches were reviewed: plait-hub sync review \"%s\"", s.Name)
	}
}
