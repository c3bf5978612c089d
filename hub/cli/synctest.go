package cli

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/operator"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/merge"
	"plait/shared/wire"
)

func (a *App) syncTest() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Say what a sync would do, store by store and item by item, and do nothing",
		Long: "Say what a sync would do, and do nothing. The Test is kept for a day under its digest, by which\n" +
			"`plait-hub sync run DIGEST` carries out exactly what it says.",
		Example: "  plait-hub sync test --kind service --kind product --all\n" +
			"  plait-hub sync test --from \"Head Office\" --name \"service=Men's Cut\" --to Downtown --add-missing",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			out, err := a.test(cmd, f)
			if err != nil {
				return err
			}
			return a.show(out, func() { a.sayTest(out) })
		},
	}
	f.define(cmd)
	f.defineDetails(cmd)
	cmd.Flags().StringVar(&f.saved, "saved", "", "the options that plait-hub sync save keeps under this `NAME`, in place of the other flags")
	return cmd
}

// tested is a Test with its details.
type tested struct {
	Plan    storesync.Plan          `json:"plan"`
	Details []storesync.StoreDetail `json:"details,omitempty"`
	Items   *storesync.ItemsPage    `json:"items,omitempty"` // of the store that --detail names
}

func (a *App) test(cmd *cobra.Command, f testFlags) (out tested, err error) {
	n, err := a.inNetwork(cmd)
	if err != nil {
		return out, err
	}
	if out.Plan, err = n.makeTest(cmd, f); err == nil {
		err = n.addDetails(cmd, &out, f)
	}
	return out, err
}

// addDetails adds to a Test what of it the flags ask for.
func (n inNetwork) addDetails(cmd *cobra.Command, out *tested, f testFlags) error {
	if err := n.details(cmd, out, f.details); err != nil || f.detail == "" {
		return err
	}
	out.Items = &storesync.ItemsPage{}
	one := detailFlags{item: f.item, after: -1, limit: storesync.DefaultItemsPage}
	return n.call(cmd.Context(), http.MethodGet, one.path(out.Plan.Digest, f.detail), nil, out.Items)
}

// makeTest has a Test made: of a saved sync, or as the flags describe it.
func (n inNetwork) makeTest(cmd *cobra.Command, f testFlags) (p storesync.Plan, err error) {
	if f.saved != "" {
		err = n.call(cmd.Context(), http.MethodPost, at("saved", f.saved, "test"), nil, &p)
		return p, err
	}
	request, err := n.request(cmd, f)
	if err == nil {
		err = n.call(cmd.Context(), http.MethodPost, "tests", request, &p)
	}
	return p, err
}

// request is what the flags describe; head office is the source where they name
// none.
func (n inNetwork) request(cmd *cobra.Command, f testFlags) (storesync.Request, error) {
	r, err := f.request()
	if err == nil && r.Source == "" {
		r.Source, err = n.headOffice(cmd)
	}
	return r, err
}

// details asks for the parts of a Test's first stores, item by item.
func (n inNetwork) details(cmd *cobra.Command, out *tested, stores int) error {
	for _, s := range out.Plan.Stores {
		if s.Detail == "" || len(out.Details) >= stores {
			continue
		}
		var d storesync.StoreDetail
		if err := n.call(cmd.Context(), http.MethodGet, at("tests", out.Plan.Digest, "stores", s.ID), nil, &d); err != nil {
			return err
		}
		out.Details = append(out.Details, d)
	}
	return nil
}

// headOffice is the source where none is named.
func (n inNetwork) headOffice(cmd *cobra.Command) (string, error) {
	var all []operator.Store
	if err := n.client.call(cmd.Context(), http.MethodGet, "stores?"+url.Values{"network": {n.network}}.Encode(), nil, &all); err != nil {
		return "", err
	}
	i := slices.IndexFunc(all, func(s operator.Store) bool { return s.Role == store.HeadOffice })
	if i < 0 {
		return "", usageError{fmt.Errorf("the network has no head office: name the source with --from")}
	}
	return all[i].ID, nil
}

func (a *App) sayTest(t tested) {
	p := t.Plan
	a.say("%s", p.Sentence())
	a.sayWarnings("", p.Warnings)
	var rows [][]string
	for _, s := range p.Stores {
		what := counts(s.Counts)
		if s.Blocked != "" {
			what = "cannot receive: " + s.Blocked
		}
		rows = append(rows, []string{s.Name, s.Role, what, fmt.Sprint(s.Exceptions), fmt.Sprint(s.Deletes)})
	}
	a.table("No store receives it.", []string{"Store", "Role", "What happens", "To look at", "Deletes"}, rows)
	for _, s := range p.Stores {
		a.sayWarnings(s.Name+": ", s.Warnings)
	}
	for _, d := range t.Details {
		a.sayDetail(d)
	}
	if t.Items != nil {
		a.say("")
		a.sayItems(*t.Items)
		a.sayNext(*t.Items, p.Digest)
	}
	a.say("\nTo carry it out: plait-hub sync run %s", p.Digest)
}

func (a *App) sayWarnings(before string, list []storesync.Warning) {
	for _, w := range list {
		a.say("! %s%s", before, strings.TrimSpace(w.Text+" "+w.Mend))
	}
}

func (a *App) sayDetail(d storesync.StoreDetail) {
	if len(d.Exceptions)+len(d.Deletes)+len(d.Resets) == 0 {
		return
	}
	a.say("\n%s:", d.Store.Name)
	a.sayExceptions(slices.DeleteFunc(slices.Clone(d.Exceptions), func(e wire.Exception) bool { return e.Code == string(merge.WasReset) }), d.More)
	if len(d.Resets) > 0 {
		a.say("It loses %s that it chose:", some(len(d.Resets), "value"))
		a.sayExceptions(d.Resets, 0)
	}
	for _, del := range d.Deletes {
		a.say("  %s %s %s (%s) %s", del.Action, del.Kind, del.Name, del.Key, del.Why)
	}
}

func states(byState map[string]int) string {
	var out []string
	for _, s := range slices.Sorted(maps.Keys(byState)) {
		out = append(out, fmt.Sprintf("%d %s", byState[s], s))
	}
	return cmp.Or(strings.Join(out, ", "), "-")
}
