package cli

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/storesync"
)

func (a *App) syncReview() *cobra.Command {
	var decline, yes bool
	var details, listed int
	var decide storesync.Decide
	var same []string
	cmd := &cobra.Command{
		Use:   "review STORE",
		Short: "Test everything that comes to a store from its usual sources: no continuous sync runs to it before",
		Long: "Test everything that comes to a store from its usual sources, and do nothing. A store is reviewed once it\n" +
			"is linked, or switched on again, or a job to it was cancelled or lost; head office is reviewed for all\n" +
			"branches once a store becomes it. Until `plait-hub sync run DIGEST`, no continuous sync runs.\n\n" +
			"Items are listed by what becomes of them, and decided in bulk and by name: the store's own are linked\n" +
			"(adopt), the source's are created beside them (keep separate), and of those that nobody but a person can\n" +
			"tell (ambiguous) it is said which is the same. The Test keeps what was decided.",
		Example: "  plait-hub sync review Downtown\n" +
			"  plait-hub sync review Downtown --adopt none --same \"service:Men's Cut=17\"\n" +
			"  plait-hub sync review Downtown --separate ambiguous --separate \"product:Shampoo\" --after DIGEST\n" +
			"  plait-hub sync review Downtown --decline",
		Args: exactly("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if decline {
				return a.declineReview(cmd, args[0], yes)
			}
			var err error
			if decide.Same, err = sameItems(same); err != nil {
				return err
			}
			out, err := a.review(cmd, args[0], decide, details)
			if err != nil {
				return err
			}
			return a.show(out, func() { a.sayReview(out, listed) })
		},
	}
	g := cmd.Flags()
	g.StringArrayVar(&decide.Adopt, "adopt", nil, "link the store's own items: all, none, or this one, `KIND:NAME` (repeatable; all others are kept separate)")
	g.StringArrayVar(&decide.Separate, "separate", nil, "create the source's items beside the store's own: all, ambiguous, or this one, `KIND:NAME` (repeatable)")
	g.StringArrayVar(&same, "same", nil, "mark as the same item, in the whole network: `KIND:ITEM=THEIRS`, the store's by its key or name (repeatable)")
	g.StringVar(&decide.At, "at", "", "decide for this `STORE` alone, where several are reviewed")
	g.StringArrayVar(&decide.After, "after", nil, "go on from an earlier Test of the review, by its `DIGEST`; what was decided there stands (repeatable)")
	g.IntVar(&listed, "list", 20, "how many items of a group to list")
	g.IntVar(&details, "details", 20, "with --json: of how many stores to list what is to be looked at")
	g.BoolVar(&decline, "decline", false, "bring nothing of it: continuous syncs go on with what the sources change next")
	g.BoolVar(&yes, "yes", false, "with --decline: do not ask")
	return cmd
}

// reviewed is a review with the details of its Tests.
type reviewed struct {
	Store storesync.StoreName `json:"store"`
	Tests []reviewedTest      `json:"tests"`
}

type reviewedTest struct {
	tested
	Stores []storesync.StoreReview `json:"stores"`
}

func (a *App) review(cmd *cobra.Command, name string, ask storesync.Decide, details int) (out reviewed, err error) {
	c, err := a.client()
	if err != nil {
		return out, err
	}
	var r storesync.Review
	if err := c.call(cmd.Context(), http.MethodPost, at("stores", name, "review"), storesync.ReviewRequest{Decide: ask}, &r); err != nil {
		return out, err
	}
	out.Store = r.Store
	for _, t := range r.Tests {
		shown := reviewedTest{tested: tested{Plan: t.Plan}, Stores: t.Stores}
		if err := (inNetwork{c, t.Plan.Network}).details(cmd, &shown.tested, details); err != nil {
			return out, err
		}
		out.Tests = append(out.Tests, shown)
	}
	return out, nil
}

func (a *App) sayReview(r reviewed, listed int) {
	for i, t := range r.Tests {
		if i > 0 {
			a.say("")
		}
		a.say("%s", t.Plan.Sentence())
		a.sayWarnings("", t.Plan.Warnings)
		for i, at := range t.Stores {
			a.say("\n%s: %s from %s already.", at.Store.Name, some(at.Linked, "item"), t.Plan.Source.Name)
			if t.Plan.Stores[i].Blocked != "" {
				a.say("! It cannot receive: %s", t.Plan.Stores[i].Blocked)
			}
			a.sayGroups(at, listed)
		}
		a.say("\nTo carry it out: plait-hub sync run %s", t.Plan.Digest)
		a.say("To decide more:  plait-hub sync review \"%s\" --after %s …", r.Store.Name, t.Plan.Digest)
	}
}

func (a *App) sayGroups(r storesync.StoreReview, listed int) {
	a.sayGroup("adopt", "its own, linked to the source's", r.Adopt, listed)
	a.sayGroup("keep separate", "created beside its own", r.Separate, listed)
	a.sayGroup("left alone", "its own, and the network links none by itself: --adopt, or --separate", r.Left, listed)
	a.sayGroup("ambiguous", "nothing happens before somebody decides: --same, or --separate", r.Ambiguous, listed)
	a.sayGroup("create", "it lacks them", r.Create, listed)
	a.sayGroup("refused", "they cannot arrive", r.Refused, listed)
}

func (a *App) sayGroup(name, what string, g storesync.Group, listed int) {
	if g.Count == 0 {
		return
	}
	a.say("  %s: %s (%s)", name, some(g.Count, "item"), what)
	for i, it := range g.Items {
		if i == listed {
			break
		}
		key := it.Key
		if key != "" {
			key = " (" + key + ")"
		}
		if it.Why != "" {
			key += ": " + it.Why
		}
		a.say("    %s %s%s", it.Kind, it.Name, key)
	}
	if more := g.Count - min(listed, len(g.Items)); more > 0 {
		a.say("    … and %d more", more)
	}
}

// sameItems reads texts of the form kind:item=the store's.
func sameItems(texts []string) (out []storesync.SameItem, err error) {
	for _, text := range texts {
		kind, rest, _ := strings.Cut(text, ":")
		name, as, ok := strings.Cut(rest, "=")
		if !ok || kind == "" || name == "" || as == "" {
			return nil, usageError{fmt.Errorf("--same %s: write it KIND:ITEM=THE STORE'S, by its key or name", text)}
		}
		out = append(out, storesync.SameItem{Kind: kind, Item: name, As: as})
	}
	return out, nil
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
