package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/storesync"
)

func (a *App) item() *cobra.Command {
	cmd := newGroup("item", "Questions about one item: where it is, who lags behind, and why; and which are the same", a.itemWhere(), a.itemLag(), a.itemWhy(), a.itemSame(), a.itemApart())
	cmd.PersistentFlags().StringVar(&a.flags.network, "network", "", "the `NETWORK`, by name or id; not needed if there is only one")
	return cmd
}

// itemFlags name an item and page through stores.
type itemFlags struct {
	at, after string
	limit     int
}

func (f *itemFlags) define(cmd *cobra.Command) {
	g := cmd.Flags()
	g.StringVar(&f.at, "at", "", "`STORE` whose key or name of the item it is; the kind's usual source if none is named")
	g.StringVar(&f.after, "after", "", "begin after the `STORE` of this name")
	g.IntVar(&f.limit, "limit", storesync.DefaultStoresPage, fmt.Sprintf("how many stores, at most %d", storesync.MaxStoresPage))
}

func (f itemFlags) query(item string) url.Values {
	return url.Values{"item": {item}, "at": {f.at}, "after": {f.after}, "limit": {fmt.Sprint(max(f.limit, 1))}}
}

// askItem asks one question about an item of a kind.
func askItem[Out any](cmd *cobra.Command, a *App, kind, question string, q url.Values) (Out, error) {
	return askIn[Out](cmd, a, http.MethodGet, at("items", kind, question)+"?"+q.Encode(), nil)
}

func (a *App) itemWhere() *cobra.Command {
	var f itemFlags
	var fields []string
	var lacking bool
	cmd := &cobra.Command{
		Use:     "where KIND ITEM",
		Short:   "Say which stores have an item, with which value, since which sync",
		Long:    "Say which stores have an item, named by its name, key or uid: as source, created or adopted by a sync,\nwith the value of fields, and the job that brought the newest of them.",
		Example: "  plait-hub item where service \"Men's Cut\" --field price",
		Args:    exactly("kind", "item"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := f.query(args[1])
			q["field"] = fields
			if lacking {
				q.Set("lacking", "true")
			}
			page, err := askItem[storesync.WherePage](cmd, a, args[0], "where", q)
			if err != nil {
				return err
			}
			return a.show(page, func() { a.sayWhere(page, lacking) })
		},
	}
	f.define(cmd)
	cmd.Flags().StringArrayVar(&fields, "field", nil, "a `FIELD` whose value is shown, as price (repeatable; else its name, and whether it is active)")
	cmd.Flags().BoolVar(&lacking, "lacking", false, "list the stores that lack it instead, and why")
	return cmd
}

func (a *App) sayWhere(p storesync.WherePage, lacking bool) {
	if p.Item.Gone {
		a.say("%s %s (%s) is no longer at %s.", p.Item.Kind, p.Item.Name, p.Item.UID, p.Item.At.Name)
	} else {
		a.say("%s %s (%s), %s at %s.", p.Item.Kind, p.Item.Name, p.Item.UID, p.Item.Key, p.Item.At.Name)
	}
	var rows [][]string
	for _, s := range p.Stores {
		if lacking {
			rows = append(rows, []string{s.Store.Name, s.Why})
			continue
		}
		var values []string
		for _, v := range s.Values {
			values = append(values, v.Title+" "+shown(v.Value)+locked(v))
		}
		if m := s.Moved; m != nil {
			values = append(values, fmt.Sprintf("moved to %s at %s by %q", m.To.Name, when(m.At), m.Label))
		}
		rows = append(rows, []string{s.Store.Name, s.How, s.Key, strings.Join(values, ", "), since(s.Since)})
	}
	if lacking {
		a.table("Every store has it.", []string{"Store", "Why it lacks it"}, rows)
	} else {
		a.table("No store has it.", []string{"Store", "How", "Key", "Values", "Since"}, rows)
	}
	a.sayAfter(p.Next)
}

func locked(v storesync.ValueAt) string {
	if v.Policy == "" {
		return ""
	}
	return " (" + string(v.Policy) + ")"
}

func since(s *storesync.Since) string {
	if s == nil {
		return "-"
	}
	return fmt.Sprintf("%s, job %d %q", when(s.At), s.Number, s.Label)
}

func (a *App) sayAfter(next string) {
	if next != "" {
		a.say("More: the same with --after \"%s\"", next)
	}
}

func (a *App) itemLag() *cobra.Command {
	var f itemFlags
	var field, value string
	cmd := &cobra.Command{
		Use:     "lag KIND ITEM --field FIELD",
		Short:   "Say which stores still have another value than the source: the old price, or their own, and why",
		Example: "  plait-hub item lag service \"Men's Cut\" --field price",
		Args:    exactly("kind", "item"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if field == "" {
				return usageError{fmt.Errorf("say which field with --field")}
			}
			q := f.query(args[1])
			q.Set("field", field)
			q.Set("value", value)
			page, err := askItem[storesync.LagPage](cmd, a, args[0], "lag", q)
			if err != nil {
				return err
			}
			return a.show(page, func() { a.sayLag(page) })
		},
	}
	f.define(cmd)
	cmd.Flags().StringVar(&field, "field", "", "the `FIELD`, as price")
	cmd.Flags().StringVar(&value, "value", "", "only stores that have this very `VALUE`")
	return cmd
}

func (a *App) sayLag(p storesync.LagPage) {
	a.say("%s of %s %s is %s at %s.", p.Title, p.Item.Kind, p.Item.Name, shown(p.Value), p.Source.Name)
	var rows [][]string
	for _, s := range p.Stores {
		rows = append(rows, []string{s.Store.Name, s.State, shown(s.Value), s.Why, since(s.Since)})
	}
	a.table("No store has another.", []string{"Store", "State", "Value there", "Why", "Since"}, rows)
	a.sayAfter(p.Next)
}

func (a *App) itemWhy() *cobra.Command {
	var at, store, field string
	cmd := &cobra.Command{
		Use:   "why KIND ITEM --store STORE --field FIELD",
		Short: "Say why a field of an item was not synced at a store, or what the next sync would do and why",
		Long: "Say why a field of an item stands as it does at a store: the merge is run again over what the hub has of\n" +
			"the store, from link, base and policy, and what the store told of it after its last jobs is listed.",
		Example: "  plait-hub item why service \"Men's Cut\" --store Downtown --field price",
		Args:    exactly("kind", "item"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if store == "" || field == "" {
				return usageError{fmt.Errorf("say which store and which field with --store and --field")}
			}
			w, err := askItem[storesync.Why](cmd, a, args[0], "why", url.Values{"item": {args[1]}, "at": {at}, "store": {store}, "field": {field}})
			if err != nil {
				return err
			}
			return a.show(w, func() { a.sayWhy(w) })
		},
	}
	g := cmd.Flags()
	g.StringVar(&at, "at", "", "`STORE` whose key or name of the item it is; the kind's usual source if none is named")
	g.StringVar(&store, "store", "", "the `STORE`")
	g.StringVar(&field, "field", "", "the `FIELD`, as price")
	return cmd
}

func (a *App) sayWhy(w storesync.Why) {
	a.say("%s of %s %s at %s (%s):", w.Title, w.Item.Kind, w.Item.Name, w.Store.Name, string(w.Policy))
	for _, s := range w.Says {
		a.say("  %s.", s)
	}
	if n := w.Now; n != nil {
		a.say("")
		a.sayFields([]storesync.FieldDetail{*n})
	}
	if l := w.Link; l != nil {
		a.say("")
		how := "created by a sync"
		if l.Adopted {
			how = "the store's own, adopted by a sync"
		}
		a.pairs([2]string{"linked", how}, [2]string{"base", shown(l.Base)}, [2]string{"policy then", string(l.Policy)},
			[2]string{"came from", l.Source}, [2]string{"since", since(l.Since)})
	}
	for _, t := range w.Told {
		a.say("Job %d, %q, told at %s: %s.", t.Job, t.Label, when(t.At), t.Why)
	}
}
