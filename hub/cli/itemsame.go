package cli

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/storesync"
)

func (a *App) itemSame() *cobra.Command {
	return &cobra.Command{
		Use:     "same KIND",
		Short:   "List the items that operators marked as the same as others (sync review --same)",
		Example: "  plait-hub item same service",
		Args:    exactly("kind"),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := askItem[[]storesync.SameMark](cmd, a, args[0], "same", url.Values{})
			if err != nil {
				return err
			}
			return a.show(list, func() {
				var rows [][]string
				for _, m := range list {
					rows = append(rows, []string{m.UID, orDash(m.Name), orDash(storeNames(m.Stores)), orDash(m.As), m.SameAs, m.By, when(m.At)})
				}
				a.table("None is.", []string{"Item", "Name", "At", "Is the same as", "Item", "By", "When"}, rows)
			})
		},
	}
}

func storeNames(list []storesync.StoreName) string {
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

func (a *App) itemApart() *cobra.Command {
	return &cobra.Command{
		Use:   "apart KIND UID",
		Short: "Take back that an item is the same as another",
		Long: "Take back that an item is the same as another; its uid is in `plait-hub item same KIND`. At the stores nothing\n" +
			"changes by it: the next sync tells the two apart, and its Test says how. What a sync has linked by the mark\n" +
			"stays linked until that sync is taken back.",
		Example: "  plait-hub item apart service 741457ab-5d63-5ded-a493-65f03e7879c8",
		Args:    exactly("kind", "uid"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out, err := askIn[storesync.Apart](cmd, a, http.MethodDelete, at("items", args[0], "same", args[1]), nil)
			if err != nil {
				return err
			}
			return a.show(out, func() {
				a.say("%s %s is no longer the same as %s.", out.Kind, cmp.Or(out.Name, out.UID), cmp.Or(out.As, out.SameAs))
				a.say("%s.", out.Says)
			})
		},
	}
}
