package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/storesync"
)

func (a *App) setup() *cobra.Command {
	var after string
	var limit int
	cmd := &cobra.Command{
		Use:   "setup [STORE]",
		Short: "Say what needs local setup at a store, or how much of it at every store",
		Long: "Say what needs a person at a store: items that syncs created and whose fields that never travel are empty\n" +
			"or have the mapping's default still, references that were left empty, and parked items. Without a store:\n" +
			"how many there are, store by store.",
		Args: atMostOne("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := url.Values{"after": {after}, "limit": {fmt.Sprint(max(limit, 1))}}
			if len(args) == 1 {
				page, err := ask[storesync.SetupPage](cmd, a, http.MethodGet, at("stores", args[0], "setup")+"?"+q.Encode(), nil)
				if err != nil {
					return err
				}
				return a.show(page, func() { a.saySetup(page) })
			}
			all, err := askIn[storesync.SetupCounts](cmd, a, http.MethodGet, "setup?"+q.Encode(), nil)
			if err != nil {
				return err
			}
			return a.show(all, func() { a.saySetups(all) })
		},
	}
	g := cmd.Flags()
	g.StringVar(&a.flags.network, "network", "", "without a store: of this `NETWORK`, by name or id; not needed if there is only one")
	g.StringVar(&after, "after", "", "go on after a `PLACE`, as the page before says")
	g.IntVar(&limit, "limit", storesync.DefaultItemsPage, fmt.Sprintf("how many items, or stores, at most %d", storesync.MaxItemsPage))
	return cmd
}

func (a *App) saySetup(p storesync.SetupPage) {
	var rows [][]string
	for _, it := range p.Items {
		var fields []string
		for _, f := range it.Fields {
			text := f.Title
			if f.Value != nil {
				text += " " + shown(f.Value)
			}
			fields = append(fields, text)
		}
		rows = append(rows, []string{it.Sort, it.Kind, it.Name, it.Key, strings.Join(fields, ", "), it.Why + ": " + it.Mend})
	}
	a.table(fmt.Sprintf("Nothing needs local setup at %s.", p.Store.Name), []string{"What", "Kind", "Item", "Key", "Fields", "Why"}, rows)
	if p.Next != "" {
		a.say("More: plait-hub setup \"%s\" --after %s", p.Store.Name, p.Next)
	}
}

func (a *App) saySetups(all storesync.SetupCounts) {
	var rows [][]string
	for _, s := range all.Stores {
		rows = append(rows, []string{s.Store.Name, fmt.Sprint(s.Parked), fmt.Sprint(s.References), fmt.Sprint(s.Local)})
	}
	a.table("Nothing needs local setup at any store.", []string{"Store", "Parked", "References", "To set locally"}, rows)
	a.sayAfter(all.Next)
}
