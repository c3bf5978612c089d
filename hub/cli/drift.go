package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/storesync"
)

func (a *App) drift() *cobra.Command {
	var f driftFlags
	cmd := &cobra.Command{
		Use:   "drift [STORE]",
		Short: "List locked fields that a store changed, and synced items that it deleted, moved or converted",
		Long: "List drift at a store: locked fields of synced items that were changed there, with the value of the last sync\n" +
			"and the store's, and synced items that were deleted, moved to another category or converted though a store may\n" +
			"not do that. The next sync undoes it; where the network asks for it (network set --repair on), the store sets\n" +
			"fields back by itself, and --repaired lists that. Without a store: how many items there are, store by store.",
		Args: atMostOne("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && f.repaired {
				page, err := ask[storesync.RepairsPage](cmd, a, http.MethodGet, at("stores", args[0], "repairs")+"?"+f.query().Encode(), nil)
				if err != nil {
					return err
				}
				return a.show(page, func() { a.sayRepairs(page, f) })
			}
			if len(args) == 1 {
				page, err := ask[storesync.DriftPage](cmd, a, http.MethodGet, at("stores", args[0], "drift")+"?"+f.query().Encode(), nil)
				if err != nil {
					return err
				}
				return a.show(page, func() { a.sayDrift(page, f) })
			}
			if f.kind != "" || f.repaired {
				return usageError{fmt.Errorf("--kind and --repaired need a store")}
			}
			all, err := askIn[storesync.DriftCounts](cmd, a, http.MethodGet, "drift?"+f.query().Encode(), nil)
			if err != nil {
				return err
			}
			return a.show(all, func() { a.sayDrifts(all) })
		},
	}
	f.define(cmd)
	cmd.Flags().StringVar(&a.flags.network, "network", "", "without a store: of this `NETWORK`, by name or id; not needed if there is only one")
	return cmd
}

// driftFlags choose what of a list of drift is shown.
type driftFlags struct {
	kind, after string
	limit       int
	repaired    bool
}

func (f *driftFlags) define(cmd *cobra.Command) {
	g := cmd.Flags()
	g.StringVar(&f.kind, "kind", "", "items of this `KIND` alone")
	g.BoolVar(&f.repaired, "repaired", false, "list what the store set back by itself instead")
	g.StringVar(&f.after, "after", "", "go on after a `PLACE`, as the page before says")
	g.IntVar(&f.limit, "limit", storesync.DefaultItemsPage, fmt.Sprintf("how many items, or stores, at most %d", storesync.MaxItemsPage))
}

func (f driftFlags) query() url.Values {
	return url.Values{"kind": {f.kind}, "after": {f.after}, "limit": {fmt.Sprint(max(f.limit, 1))}}
}

func (a *App) sayDrift(p storesync.DriftPage, f driftFlags) {
	if p.Lifted != "" {
		a.say("Nothing is held at %s: %s.", p.Store.Name, p.Lifted)
		return
	}
	var rows [][]string
	for _, it := range p.Items {
		why := it.Why + ": " + it.Mend
		if len(it.Fields) == 0 {
			rows = append(rows, []string{it.Kind, it.Name, it.Key, "-", "-", "-", why})
		}
		for _, x := range it.Fields {
			rows = append(rows, []string{it.Kind, it.Name, it.Key, x.Title, shown(x.Base), shown(x.Value), why})
		}
	}
	a.table(fmt.Sprintf("Nothing drifted at %s.", p.Store.Name), []string{"Kind", "Item", "Key", "Field", "Last sync", "Here", "Why"}, rows)
	a.moreDrift(p.Store.Name, p.Next, f)
}

func (a *App) moreDrift(store, next string, f driftFlags) {
	if next == "" {
		return
	}
	more := []string{"--after " + next}
	if f.kind != "" {
		more = append(more, "--kind "+f.kind)
	}
	if f.repaired {
		more = append(more, "--repaired")
	}
	a.say("More: plait-hub drift \"%s\" %s", store, strings.Join(more, " "))
}

func (a *App) sayRepairs(p storesync.RepairsPage, f driftFlags) {
	var rows [][]string
	for _, it := range p.Items {
		what := "repaired"
		if it.Refused != "" {
			what = "not repaired: " + it.Refused
		}
		if len(it.Fields) == 0 {
			rows = append(rows, []string{it.Kind, it.Name, it.Key, "-", "-", "-", fmt.Sprint(it.Times), when(it.At), what})
		}
		for _, x := range it.Fields {
			rows = append(rows, []string{it.Kind, it.Name, it.Key, x.Title, shown(x.Base), shown(x.Value), fmt.Sprint(it.Times), when(it.At), what})
		}
	}
	a.table(fmt.Sprintf("%s has repaired nothing by itself.", p.Store.Name),
		[]string{"Kind", "Item", "Key", "Field", "Last sync", "Was", "Times", "Told", "Became of it"}, rows)
	a.moreDrift(p.Store.Name, p.Next, f)
}

func (a *App) sayDrifts(all storesync.DriftCounts) {
	var rows [][]string
	for _, s := range all.Stores {
		rows = append(rows, []string{s.Store.Name, fmt.Sprint(s.Fields), fmt.Sprint(s.Deleted), fmt.Sprint(s.Moved), fmt.Sprint(s.Converted)})
	}
	a.table("Nothing drifted at any store.", []string{"Store", "Fields changed", "Deleted", "Moved", "Converted"}, rows)
	a.sayAfter(all.Next)
}
