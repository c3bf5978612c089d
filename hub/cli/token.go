package cli

import (
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

func (a *App) tokens() *cobra.Command {
	return newGroup("token", "Who may use this hub", a.tokenAdd(), a.tokenList(), a.tokenRevoke())
}

func (a *App) tokenAdd() *cobra.Command {
	var in operator.NewToken
	cmd := &cobra.Command{
		Use:     "add NAME",
		Short:   "Make a token for somebody; its secret is shown once",
		Example: "  plait-hub token add ann --role operator --network \"Harbour Hair\" --days 90",
		Args:    exactly("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			in.Name = args[0]
			t, err := ask[operator.MadeToken](cmd, a, http.MethodPost, "tokens", in)
			if err != nil {
				return err
			}
			return a.show(t, func() {
				a.say("A token for %s, who may act as %s. It is shown once:\n\n  %s\n", t.Name, t.Role, t.Secret)
			})
		},
	}
	cmd.Flags().StringVar(&in.Role, "role", "viewer", "its `ROLE`: viewer, who reads; operator, who also runs syncs; admin, who also adds networks, stores and tokens")
	cmd.Flags().StringVar(&in.Network, "network", "", "for this `NETWORK` alone, by name or id; else for the whole hub")
	cmd.Flags().IntVar(&in.Days, "days", 0, "good for so many days; 0: until it is revoked")
	return cmd
}

func (a *App) tokenList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the tokens",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := ask[[]operator.Token](cmd, a, http.MethodGet, "tokens", nil)
			if err != nil {
				return err
			}
			return a.show(list, func() { a.sayTokens(list) })
		},
	}
}

func (a *App) sayTokens(list []operator.Token) {
	var rows [][]string
	for _, t := range list {
		state := "good"
		if !t.Revoked.IsZero() {
			state = "revoked " + when(t.Revoked)
		} else if !t.Expires.IsZero() {
			state = "until " + when(t.Expires)
		}
		network := t.Network
		if network == "" {
			network = "whole hub"
		}
		rows = append(rows, []string{t.Name, t.Role, network, state, when(t.Used), t.By, t.ID})
	}
	a.table("There is no token.", []string{"Name", "Role", "Network", "State", "Last used", "Made by", "Id"}, rows)
}

func (a *App) tokenRevoke() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke TOKEN",
		Short: "End a token, by its id (plait-hub token list)",
		Args:  exactly("token"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out, err := ask[struct{}](cmd, a, http.MethodDelete, at("tokens", args[0]), nil)
			if err != nil {
				return err
			}
			return a.show(out, func() { a.say("The token %s was revoked.", args[0]) })
		},
	}
}
