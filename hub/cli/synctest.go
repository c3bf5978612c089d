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
	cmd.Flags().StringVar(&f.saved, "saved", "", "the options that `plait-hub sync save` keeps under this name, in place of the other flags")
	return cmd
}

// tested is a Test with its details.
type tested struct {
	Plan    storesync.Plan          `json:"plan"`
	Details []storesync.StoreDetail `json:"details,omitempty"`
	Items   *storesync.ItemsPage    `json:"items,omitempty"` // of the store that --detail names
}

func (a *App) test(cmd *cobra.Command, f testFlags) (out tested, err error) {
	c, err := a.client()
	if err != nil {
		return out, err
	}
	network, err := c.network(cmd.Context(), a.flags.network)
	if err != nil {
		return out, err
	}
	if out.Plan, err = c.makeTest(cmd, network, f); err != nil {
		return out, err
	}
	return a.tested(cmd, c, network, out, f)
}

// tested adds the details of a Test.
func (a *App) tested(cmd *cobra.Command, c *client, network string, out tested, f testFlags) (tested, error) {
	if err := c.details(cmd, network, &out, f.details); err != nil || f.detail == "" {
		return out, err
	}
	page, err := a.items(cmd, out.Plan.Digest, f.detail, detailFlags{item: f.item, after: -1, limit: storesync.DefaultItemsPage})
	out.Items = &page
	return out, err
}

// makeTest has a Test made: of a saved sync, or as the flags describe it.
func (c *client) makeTest(cmd *cobra.Command, network string, f testFlags) (p storesync.Plan, err error) {
	if f.saved != "" {
		err = c.call(cmd.Context(), http.MethodPost, at("networks", network, "saved", f.saved, "test"), nil, &p)
		return p, err
	}
	request, err := c.request(cmd, network, f)
	if err == nil {
		err = c.call(cmd.Context(), http.MethodPost, at("networks", network, "tests"), request, &p)
	}
	return p, err
}

// request is what the flags describe; head office is the source where they name
// none.
func (c *client) request(cmd *cobra.Command, network string, f testFlags) (storesync.Request, error) {
	r, err := f.request()
	if err == nil && r.Source == "" {
		r.Source, err = c.headOffice(cmd, network)
	}
	return r, err
}

// details asks for the parts of a Test's first stores, item by item.
func (c *client) details(cmd *cobra.Command, network string, out *tested, stores int) error {
	for _, s := range out.Plan.Stores {
		if s.Detail == "" || len(out.Details) >= stores {
			continue
		}
		var d storesync.StoreDetail
		if err := c.call(cmd.Context(), http.MethodGet, at("networks", network, "tests", out.Plan.Digest, "stores", s.ID), nil, &d); err != nil {
			return err
		}
		out.Details = append(out.Details, d)
	}
	return nil
}

// headOffice is the source where none is named.
func (c *client) headOffice(cmd *cobra.Command, network string) (string, error) {
	var all []operator.Store
	if err := c.call(cmd.Context(), http.MethodGet, "stores?"+url.Values{"network": {network}}.Encode(), nil, &all); err != nil {
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
