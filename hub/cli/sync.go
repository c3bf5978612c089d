package cli

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/storesync"
)

func (a *App) sync() *cobra.Command {
	cmd := newGroup("sync", "Copy items from one store to others: test, look, run",
		a.syncTest(), a.syncReview(), a.syncDetail(), a.syncRun(), a.syncList(), a.syncShow(), a.syncContinue(), a.syncCancel(), a.syncAgain(), a.syncRetry(),
		a.syncSave(), a.syncSaved(), a.syncForget(), a.syncRevert())
	cmd.Long = "Copy items from one store to others. A Test (`sync test`, `review`, `again` and `revert` make one) says what\n" +
		"would happen, and changes nothing; `sync run` carries it out, by the DIGEST that the Test ends with. SYNC is\n" +
		"the id of what was run, which `sync list` shows."
	cmd.PersistentFlags().StringVar(&a.flags.network, "network", "", "the `NETWORK`, by name or id; not needed if there is only one")
	return cmd
}

func (a *App) syncList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the newest syncs",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := askIn[[]storesync.Sync](cmd, a, http.MethodGet, "syncs", nil)
			if err != nil {
				return err
			}
			return a.show(list, func() { a.saySyncs(list) })
		},
	}
}

func (a *App) saySyncs(list []storesync.Sync) {
	var rows [][]string
	for _, s := range list {
		rows = append(rows, []string{when(s.At), s.By, s.Label, s.Source.Name, fmt.Sprint(s.Items), s.State, states(s.States), s.ID})
	}
	a.table("Nothing was synced yet.", []string{"When", "By", "Label", "Source", "Items", "State", "Jobs", "Id"}, rows)
}

func (a *App) syncShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show SYNC",
		Short: "Show a sync and what became of it at every store",
		Args:  exactly("sync"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := askIn[storesync.Sync](cmd, a, http.MethodGet, at("syncs", args[0]), nil)
			if err != nil {
				return err
			}
			return a.show(s, func() { a.saySync(s) })
		},
	}
}

func (a *App) saySync(s storesync.Sync) {
	a.say("%s", s.Sentence)
	a.say("Run by %s at %s as %q (%s).", s.By, when(s.At), s.Label, s.ID)
	a.sayCourse(s)
	var rows [][]string
	for _, at := range s.Stores {
		outcome := "-"
		if !at.Reported.IsZero() {
			outcome = counts(at.Outcome)
		}
		rows = append(rows, []string{at.Name, wave(s, at), orDash(at.State), counts(at.Expected), outcome, at.Waits + at.Why, at.Job})
	}
	a.table("No store receives it.", []string{"Store", "Wave", "State", "Expected", "Outcome", "Waits for, or why", "Job"}, rows)
}

func (a *App) syncCancel() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel SYNC",
		Short: "End a sync: queue nothing more of it, and cancel what is still open at every store",
		Args:  exactly("sync"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := askIn[storesync.Sync](cmd, a, http.MethodPost, at("syncs", args[0], "cancel"), nil)
			if err != nil {
				return err
			}
			return a.show(s, func() { a.saySync(s) })
		},
	}
}
