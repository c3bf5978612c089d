package cli

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

func (a *App) stores() *cobra.Command {
	return newGroup("store", "The stores of a network",
		a.storeAdd(), a.storeList(), a.storeShow(), a.storeSet(), a.storeSwitch(), a.storeLink(), a.storeReplace(), a.storeRevoke(), a.storeRelease())
}

func (a *App) storeList() *cobra.Command {
	var network string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the stores and how they stand",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := url.Values{"network": {network}}
			list, err := ask[[]operator.Store](cmd, a, http.MethodGet, "stores?"+q.Encode(), nil)
			if err != nil {
				return err
			}
			return a.show(list, func() { a.sayStores(list) })
		},
	}
	cmd.Flags().StringVar(&network, "network", "", "of this `NETWORK` alone, by name or id")
	return cmd
}

func (a *App) sayStores(list []operator.Store) {
	var rows [][]string
	for _, s := range list {
		rows = append(rows, []string{s.Network, s.Name, s.Role, s.Switch, s.State, when(s.Contact), when(s.Due), fmt.Sprint(s.OpenJobs), when(s.EqualAt), s.ID})
	}
	a.table("There is no store yet: add one with `plait-hub store add`.",
		[]string{"Network", "Store", "Role", "Switch", "State", "Last contact", "Next due", "Open jobs", "Proven equal", "Id"}, rows)
}
