package cli

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/storesync"
)

func (a *App) syncRevert() *cobra.Command {
	var r storesync.RevertRequest
	var items []string
	var details int
	cmd := &cobra.Command{
		Use:   "revert SYNC",
		Short: "Say what taking a sync back would do, store by store and item by item, and do nothing",
		Long: "Say what taking a sync back would do, and do nothing. It is a Test like any other: `plait-hub sync run\n" +
			"DIGEST` carries it out. A field is set back only if it still holds what the sync wrote; what the sync\n" +
			"created is deleted if nobody changed it since and nothing refers to it; what it linked is unlinked, and\n" +
			"what it deleted comes back. What was there before is kept for 90 days.",
		Example: "  plait-hub sync revert 0190… --store Downtown\n  plait-hub sync revert 0190… --item \"service:Men's Cut\" --item product:17",
		Args:    exactly("sync"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, text := range items {
				kind, name, ok := strings.Cut(text, ":")
				if !ok || kind == "" || name == "" {
					return usageError{fmt.Errorf("--item %s: write it as KIND:NAME or KIND:KEY", text)}
				}
				r.Items = append(r.Items, storesync.RevertItem{Kind: kind, Item: name})
			}
			n, err := a.inNetwork(cmd)
			if err != nil {
				return err
			}
			var out tested
			err = n.call(cmd.Context(), http.MethodPost, at("syncs", args[0], "revert"), r, &out.Plan)
			if err == nil {
				err = n.details(cmd, &out, details)
			}
			if err != nil {
				return err
			}
			return a.show(out, func() { a.sayTest(out) })
		},
	}
	cmd.Flags().StringArrayVar(&r.Stores, "store", nil, "at this `STORE` alone (repeatable); else at all that received it")
	cmd.Flags().StringArrayVar(&items, "item", nil, "this item alone, `KIND:ITEM`, by its name or the store's key (repeatable)")
	cmd.Flags().StringVar(&r.Label, "label", "", "what to call the revert")
	cmd.Flags().IntVar(&details, "details", 20, "of how many stores to list items one by one")
	return cmd
}
