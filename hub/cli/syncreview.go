package cli

import (
	"errors"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/storesync"
)

func (a *App) syncReview() *cobra.Command {
	var decline, yes bool
	var details int
	cmd := &cobra.Command{
		Use:   "review STORE",
		Short: "Test everything that comes to a store from its usual sources: no continuous sync runs to it before",
		Long: "Test everything that comes to a store from its usual sources, and do nothing. A store is reviewed once it\n" +
			"is linked, or switched on again, or a job to it was cancelled or lost; head office is reviewed for all\n" +
			"branches once a store becomes it. Until `plait-hub sync run DIGEST`, no continuous sync runs.",
		Example: "  plait-hub sync review Downtown\n  plait-hub sync review Downtown --decline",
		Args:    exactly("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if decline {
				return a.declineReview(cmd, args[0], yes)
			}
			out, err := a.review(cmd, args[0], details)
			if err != nil {
				return err
			}
			return a.show(out, func() { a.sayReview(out) })
		},
	}
	cmd.Flags().IntVar(&details, "details", 20, "of how many stores to list what is to be looked at")
	cmd.Flags().BoolVar(&decline, "decline", false, "bring nothing of it: continuous syncs go on with what the sources change next")
	cmd.Flags().BoolVar(&yes, "yes", false, "with --decline: do not ask")
	return cmd
}

// reviewed is a review with the details of its Tests.
type reviewed struct {
	Store storesync.StoreName `json:"store"`
	Tests []tested            `json:"tests"`
}

func (a *App) review(cmd *cobra.Command, name string, details int) (out reviewed, err error) {
	c, err := a.client()
	if err != nil {
		return out, err
	}
	var r storesync.Review
	if err := c.call(cmd.Context(), http.MethodPost, at("stores", name, "review"), storesync.ReviewRequest{}, &r); err != nil {
		return out, err
	}
	out.Store = r.Store
	for _, p := range r.Tests {
		t := tested{Plan: p}
		if err := c.details(cmd, p.Network, &t, details); err != nil {
			return out, err
		}
		out.Tests = append(out.Tests, t)
	}
	return out, nil
}

func (a *App) sayReview(r reviewed) {
	for i, t := range r.Tests {
		if i > 0 {
			a.say("")
		}
		a.sayTest(t)
	}
}

func (a *App) declineReview(cmd *cobra.Command, name string, yes bool) error {
	if !yes {
		if err := a.confirm("What the sources changed so far will not come. Type yes to go on:", "yes"); err != nil {
			return err
		}
	}
	out, err := ask[[]storesync.Declined](cmd, a, http.MethodPost, at("stores", name, "review", "decline"), nil)
	if err != nil {
		return err
	}
	if len(out) == 0 {
		return errors.New("nothing is held there: no continuous sync waits for a review")
	}
	return a.show(out, func() {
		for _, d := range out {
			a.say("Continuous sync goes on to %s: %s.", d.Name, strings.Join(d.Kinds, ", "))
		}
	})
}
