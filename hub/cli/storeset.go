package cli

import (
	"errors"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

func (a *App) storeSet() *cobra.Command {
	var in operator.SetStore
	var labels []string
	var none bool
	cmd := &cobra.Command{
		Use:     "set STORE",
		Short:   "Rename a store, or give it other labels",
		Example: "  plait-hub store set Downtown --label north --label canary",
		Args:    exactly("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case none && len(labels) > 0:
				return usageError{errors.New("a store has either labels or none")}
			case none:
				in.Labels = &[]string{}
			case len(labels) > 0:
				in.Labels = &labels
			case in.Name == "":
				return usageError{errors.New("there is nothing to change: give --name, --label or --no-labels")}
			}
			s, err := ask[operator.Store](cmd, a, http.MethodPatch, at("stores", args[0]), in)
			if err != nil {
				return err
			}
			return a.show(s, func() {
				a.say("Store %s of network %s has the labels: %s.", s.Name, s.Network, orDash(strings.Join(s.Labels, ", ")))
			})
		},
	}
	cmd.Flags().StringVar(&in.Name, "name", "", "its new `NAME`")
	cmd.Flags().StringArrayVar(&labels, "label", nil, "a `LABEL`, by which a sync can choose its stores, in place of those it has (repeatable)")
	cmd.Flags().BoolVar(&none, "no-labels", false, "take all its labels away")
	return cmd
}
