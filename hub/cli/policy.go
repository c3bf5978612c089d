package cli

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/operator"
	"plait/hub/storesync"
)

func (a *App) policies() *cobra.Command {
	cmd := newGroup("policy", "Whose fields are: see what a change would lock or overwrite, and where, then carry it out",
		a.policyTest(), a.policyRun(), a.policySet())
	cmd.PersistentFlags().StringVar(&a.flags.network, "network", "", "the `NETWORK`, by name or id; not needed if there is only one")
	return cmd
}

// policyUse is how a change is written.
const policyUse = "A field is written KIND.FIELD, a column of it KIND.FIELD.COLUMN. A policy is locked (as at the source),\n" +
	"unlocked (the store's own once it changed it), additive (the source's elements and the store's own),\n" +
	"never (not synced: what stores have stays, and is their own), or default, as the preset has it. What a\n" +
	"kind itself never syncs stays so, what items are found by is always synced, and what the switch\n" +
	"price_sync copies is locked or default."

func (a *App) policyTest() *cobra.Command {
	var f networkFlags
	var detail string
	var listed int
	cmd := &cobra.Command{
		Use:   "test [KIND.FIELD POLICY]...",
		Short: "Say what other policies, switches or kinds would lock, free and overwrite, and where, and do nothing",
		Long: "Say what other policies, switches or kinds would do to what stores have from others, and do nothing. The\n" +
			"Test is kept for a day under its digest; `plait-hub policy run DIGEST` changes the network, and sends\n" +
			"every store the fields that this touches. Where it only stops syncing something, `policy set` does it.\n" +
			"Jobs that are queued already still bring what they were made with.\n\n" + policyUse,
		Example: "  plait-hub policy test service.price locked\n" +
			"  plait-hub policy test service.price locked product.price locked --detail Downtown\n" +
			"  plait-hub policy test --switch price_sync=on\n" +
			"  plait-hub policy test --preset mirror",
		Args: inPairs,
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := f.change(args)
			if err != nil {
				return err
			}
			out, err := askIn[storesync.PolicyTest](cmd, a, http.MethodPost, "policy/test", in)
			if err != nil {
				return err
			}
			return a.show(out, func() { a.sayPolicyTest(out, detail, listed) })
		},
	}
	f.defineChange(cmd)
	cmd.Flags().StringVar(&detail, "detail", "", "`STORE` of which to name what is overwritten")
	cmd.Flags().IntVar(&listed, "list", 20, "with --detail: how many items of a field to name")
	return cmd
}

func (a *App) policySet() *cobra.Command {
	var f networkFlags
	cmd := &cobra.Command{
		Use:   "set [KIND.FIELD POLICY]...",
		Short: "Change policies that send nothing to any store; all others are tested first",
		Long: "Change policies that send nothing to any store. What stops being synced by them stays at the stores; in\n" +
			"how many items that is, `plait-hub policy test` counts, and --stops says.\n\n" + policyUse,
		Example: "  plait-hub policy set service.description never --stops 6",
		Args:    inPairs,
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := f.change(args)
			if err != nil {
				return err
			}
			n, err := askIn[operator.Network](cmd, a, http.MethodPost, "policy", in)
			if err != nil {
				return err
			}
			return a.show(n, func() { a.say("Network %q was changed.", n.Name); a.sayNetworkSync(n) })
		},
	}
	f.defineChange(cmd)
	cmd.Flags().IntVar(&f.stops, "stops", 0, "in how many items, of all stores, you know that a field stops being synced")
	return cmd
}

func (a *App) policyRun() *cobra.Command {
	cmd := a.syncRun()
	cmd.Short = "Change the network as a Test said, and send every store what that touches"
	cmd.Long = cmd.Short + ".\nIt is confirmed in words first."
	cmd.Example = "  plait-hub policy run DIGEST"
	return cmd
}

// inPairs: fields, and the policy of each.
func inPairs(cmd *cobra.Command, args []string) error {
	if len(args)%2 != 0 {
		return usageError{fmt.Errorf("it takes fields and policies by turns: see `%s --help`", cmd.CommandPath())}
	}
	return nil
}

func (f *networkFlags) change(args []string) (in operator.ChangePolicy, err error) {
	in.Preset, in.Stops = f.preset, f.stops
	if in.Switches, in.Overlay, err = f.read(); err != nil {
		return in, err
	}
	for i := 0; i+1 < len(args); i += 2 {
		if in.Policies == nil {
			in.Policies = map[string]string{}
		}
		in.Policies[args[i]] = args[i+1]
	}
	if in.Policies == nil && in.Preset == "" && in.Switches == nil && in.Overlay == nil {
		err = usageError{errors.New("nothing to change: name a field and its policy, or give --preset, --switch or --catalog")}
	}
	return in, err
}

func (a *App) sayPolicyTest(t storesync.PolicyTest, detail string, listed int) {
	for _, c := range t.Changes {
		a.say("%s.", c.String())
	}
	for _, k := range t.Added {
		a.say("A new kind: %s. No store has anything of it yet; its first sync has a Test of its own.", k)
	}
	for _, k := range t.Removed {
		a.say("A kind goes: %s. What stores have of it stays, and is synced no more.", k)
	}
	a.sayStops(t)
	for _, p := range t.Tests {
		a.say("\n%s", p.Plan.Sentence())
		a.sayWarnings("", p.Plan.Warnings)
		var rows [][]string
		for _, at := range p.Stores {
			locks, frees, overwrites := at.Sums()
			rows = append(rows, []string{at.Store.Name, fmt.Sprint(at.Linked), fmt.Sprint(locks), fmt.Sprint(frees), fmt.Sprint(overwrites), orDash(at.Blocked)})
		}
		a.table("No store has any of it.", []string{"Store", "Items", "Locks", "Frees", "Overwrites", "Left out, because"}, rows)
		for _, at := range p.Stores {
			if at.Store.Name == detail || at.Store.ID == detail {
				a.sayOverwritten(at, listed)
			}
		}
		a.say("\nTo carry it out: plait-hub policy run %s", p.Plan.Digest)
	}
	switch n := t.Stopped(); {
	case len(t.Tests) > 0:
	case n > 0:
		a.say("\nIt sends nothing to any store: plait-hub policy set with the same words and --stops %d changes it.", n)
	default:
		a.say("It touches nothing that stores have from others: plait-hub policy set with the same words changes it.")
	}
}

// sayStops says what is synced no more, and where.
func (a *App) sayStops(t storesync.PolicyTest) {
	if t.Stopped() == 0 {
		return
	}
	a.say("\nWhat stores have in these fields stays, and is their own:")
	var rows [][]string
	for _, s := range t.Stops {
		for _, at := range s.Stores {
			rows = append(rows, []string{s.Kind + "." + s.Field, at.Store.Name, fmt.Sprint(at.Items), fmt.Sprint(at.Locked)})
		}
	}
	a.table("", []string{"Synced no more", "Store", "Items", "Locked till now"}, rows)
}

func (a *App) sayOverwritten(at storesync.PolicyAt, listed int) {
	a.say("\n%s:", at.Store.Name)
	for _, f := range at.Fields {
		a.say("  %s.%s: %d locked, %d freed, %d overwritten", f.Kind, f.Field, f.Locks, f.Frees, f.Overwrites)
		for i, it := range f.Items {
			if i == listed {
				a.say("    … and %d more", f.Overwrites-listed)
				break
			}
			a.say("    %s (%s): %s becomes %s", it.Name, it.Key, it.Branch, it.Result)
		}
	}
}
