package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/storesync"
)

// detailFlags say which items of a Test are shown.
type detailFlags struct {
	kind, item, action string
	after, limit       int
}

func (f *detailFlags) define(cmd *cobra.Command) {
	g := cmd.Flags()
	g.StringVar(&f.kind, "kind", "", "items of this `KIND` alone")
	g.StringVar(&f.item, "item", "", "one `ITEM` by its name, uid or the store's key")
	g.StringVar(&f.action, "action", "", "items whose `ACTION` is: create, adopt, update, equal, keep, delete, retire, unlink, skip or park (an error)")
	g.IntVar(&f.after, "after", -1, "begin after the item of this number; -1: at the first")
	g.IntVar(&f.limit, "limit", storesync.DefaultItemsPage, fmt.Sprintf("how many items, at most %d", storesync.MaxItemsPage))
}

// path is where these items of a Test are, below its network.
func (f detailFlags) path(digest, store string) string {
	q := url.Values{"kind": {f.kind}, "item": {f.item}, "action": {f.action}, "limit": {fmt.Sprint(max(f.limit, 1))}}
	if f.after >= 0 {
		q.Set("after", fmt.Sprint(f.after))
	}
	return at("tests", digest, "stores", store, "items") + "?" + q.Encode()
}

func (a *App) syncDetail() *cobra.Command {
	var f detailFlags
	cmd := &cobra.Command{
		Use:   "detail DIGEST STORE",
		Short: "Show what a Test said of a store, item by item and field by field: base, branch, source, result, and why",
		Long: "Show what a Test said of a store, item by item and field by field: what the last sync left there, what\n" +
			"stands there, what the source has, what will stand there, and why. The Test's own items are run again\n" +
			"over what the hub has of the store by now; where that has moved since the Test, it is said.",
		Example: "  plait-hub sync detail DIGEST Downtown --action park",
		Args:    exactly("digest", "store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			page, err := askIn[storesync.ItemsPage](cmd, a, http.MethodGet, f.path(args[0], args[1]), nil)
			if err != nil {
				return err
			}
			return a.show(page, func() { a.sayItems(page); a.sayNext(page, args[0]) })
		},
	}
	f.define(cmd)
	return cmd
}

func (a *App) sayItems(p storesync.ItemsPage) {
	a.say("%s: %s.", p.Store.Name, some(p.Matching, "item"))
	if p.Moved {
		a.say("! The store has moved since the Test: this is what would happen by now.")
	}
	for _, it := range p.Items {
		key := it.Key
		if key != "" {
			key = " (" + key + ")"
		}
		a.say("\n%d  %s  %s %s%s: %s.", it.N, it.Action, it.Kind, it.Name, key, it.Why)
		a.sayFields(it.Fields)
	}
}

func (a *App) sayFields(list []storesync.FieldDetail) {
	var rows [][]string
	for _, f := range list {
		rows = append(rows, []string{f.Title, shown(f.Base), shown(f.Branch), shown(f.Source), shown(f.Result), f.Why})
		for _, p := range f.Parts {
			name := "  " + strings.TrimSpace(p.Element+" "+p.Column)
			rows = append(rows, []string{name, shown(p.Base), shown(p.Branch), shown(p.Source), shown(p.Result), ""})
		}
		if f.More > 0 {
			rows = append(rows, []string{fmt.Sprintf("  … and %d more", f.More), "", "", "", "", ""})
		}
	}
	if len(rows) > 0 {
		a.table("", []string{"Field", "Base", "Branch", "Source", "Result", "Why"}, rows)
	}
}

// maxShown bounds a value in a table; --json has the whole.
const maxShown = 60

func shown(v *string) string {
	if v == nil {
		return "-"
	}
	if r := []rune(*v); len(r) > maxShown {
		return string(r[:maxShown-1]) + "…"
	}
	return *v
}

func (a *App) sayNext(p storesync.ItemsPage, digest string) {
	if p.Next >= 0 {
		a.say("\nMore: plait-hub sync detail %s \"%s\" --after %d", digest, p.Store.Name, p.Next)
	}
}
