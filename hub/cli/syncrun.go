package cli

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/store"
	"plait/hub/storesync"
)

func (a *App) syncRun() *cobra.Command {
	var yes bool
	var confirm storesync.Confirm
	var waves waveFlags
	cmd := &cobra.Command{
		Use:   "run DIGEST",
		Short: "Carry out what a Test said, after it was confirmed in words",
		Long: "Carry out what a Test said, after it was confirmed in words. Canary stores get it first, and the others\n" +
			"once these have applied it without refusing more than the Test foresaw; it halts where too many fail,\n" +
			"until `plait-hub sync continue` or `sync cancel`. A store that is silent for a day holds nobody up.",
		Example: "  plait-hub sync run DIGEST\n" +
			"  plait-hub sync run DIGEST --canary \"Main Street\" --canary pilot --wave 20 --halt-after 3",
		Args: exactly("digest"),
		RunE: func(cmd *cobra.Command, args []string) error {
			confirm.Waves = waves.given(cmd)
			if !yes {
				plan, err := askIn[storesync.Plan](cmd, a, http.MethodGet, at("tests", args[0]), nil)
				if err == nil {
					err = a.confirmPlan(plan, &confirm)
				}
				if err != nil {
					return err
				}
			}
			s, err := askIn[storesync.Sync](cmd, a, http.MethodPost, at("tests", args[0], "run"), confirm)
			if err != nil {
				return err
			}
			if err := a.show(s, func() { a.saySync(s) }); err != nil {
				return err
			}
			if len(s.States) == 0 && s.State != store.SyncRunning {
				return fmt.Errorf("no store could receive it: nothing was queued")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	waves.define(cmd)
	cmd.Flags().IntVar(&confirm.Deletes, "deletes", 0, "with --yes: how many items you know that it deletes")
	cmd.Flags().IntVar(&confirm.Resets, "resets", 0, "with --yes: how many values you know that it resets")
	cmd.Flags().StringVar(&confirm.HeadOffice, "head-office", "", "with --yes: the `NAME` of head office, if it receives")
	return cmd
}

// confirmPlan is the last chance to be sure (S0): the plan in words, and what a
// person must type.
func (a *App) confirmPlan(p storesync.Plan, c *storesync.Confirm) error {
	fmt.Fprintf(a.Err, "%s\n", escape(p.Sentence()))
	for _, w := range p.Warnings {
		fmt.Fprintf(a.Err, "! %s\n", escape(w.Text))
	}
	if p.Deletes > 0 {
		question := fmt.Sprintf("It deletes %s at the receivers. Type that number to go on:", some(p.Deletes, "item"))
		if err := a.confirm(question, fmt.Sprint(p.Deletes)); err != nil {
			return err
		}
		c.Deletes = p.Deletes
	}
	if p.Resets > 0 {
		question := fmt.Sprintf("It resets %s that stores chose. Type that number to go on:", some(p.Resets, "value"))
		if err := a.confirm(question, fmt.Sprint(p.Resets)); err != nil {
			return err
		}
		c.Resets = p.Resets
	}
	if p.HeadOffice != "" {
		question := fmt.Sprintf("Head office itself receives it. Type its name (%s) to go on:", escape(p.HeadOffice))
		if err := a.confirm(question, p.HeadOffice); err != nil {
			return err
		}
		c.HeadOffice = p.HeadOffice
	}
	return a.confirm("Type yes to carry it out:", "yes")
}
