package cli

import (
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

func (a *App) storeReplace() *cobra.Command {
	return &cobra.Command{
		Use:   "replace STORE",
		Short: "Make a new enrolment code, for a PC that takes another's place",
		Long: "Make a new enrolment code for a store: for a PC that takes another's place, or where the first code\n" +
			"has expired. Once it is redeemed on another PC, the old one's credential ends; the queue stays the store's.",
		Args: exactly("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out, err := ask[operator.Enrolment](cmd, a, http.MethodPost, at("stores", args[0], "code"), nil)
			if err != nil {
				return err
			}
			return a.show(out, func() { a.sayCode(out) })
		},
	}
}
