package cli

import (
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

func (a *App) storeAdd() *cobra.Command {
	var in operator.NewStore
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a store, and make the code that enrols its PC",
		Long: "Add a store, and make the code that enrols its PC: `plait-agent enroll URL CODE` takes it there. A code that\n" +
			"has expired is made anew by `plait-hub store replace`.",
		Example: "  plait-hub store add Downtown --label north\n  plait-hub store add \"Main Street\" --role head_office",
		Args:    exactly("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Name = args[0]
			out, err := askIn[operator.Enrolment](cmd, a, http.MethodPost, "stores", in)
			if err != nil {
				return err
			}
			return a.show(out, func() {
				a.say("Store %q was added to network %q.", out.Store.Name, out.Store.Network)
				a.sayCode(out)
			})
		},
	}
	cmd.Flags().StringVar(&a.flags.network, "network", "", "in this `NETWORK`, by name or id; not needed if there is only one")
	cmd.Flags().StringVar(&in.Role, "role", "branch", "its `ROLE`: head_office, branch, or single, linked into no network")
	cmd.Flags().StringArrayVar(&in.Labels, "label", nil, "a `LABEL`, by which a sync can choose its stores (repeatable)")
	return cmd
}

func (a *App) sayCode(e operator.Enrolment) {
	a.say("At the store's PC, type this code; it is good once, until %s:\n\n  %s\n", when(e.Expires), e.Code)
}
