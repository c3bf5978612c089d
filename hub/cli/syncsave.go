package cli

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/operator"
	"plait/hub/store"
	"plait/hub/storesync"
)

// waveFlags are those by which a sync reaches its stores step by step.
type waveFlags struct{ storesync.Waves }

func (f *waveFlags) define(cmd *cobra.Command) {
	g := cmd.Flags()
	g.StringArrayVar(&f.Canary, "canary", nil, "`STORE|LABEL` that gets it first; the others once these have applied it (repeatable)")
	g.IntVar(&f.Size, "wave", 0, "so many stores at a time after the canaries; 0 is all others at once")
	g.IntVar(&f.HaltAfter, "halt-after", 0, "queue nothing more once so many stores have failed (1 if there are waves)")
	g.IntVar(&f.Refused, "refused", 0, "how many more items than the Test foresaw a store may refuse without counting as failed")
}

// given are the waves, or nil if the command line names none.
func (f *waveFlags) given(cmd *cobra.Command) *storesync.Waves {
	for _, name := range []string{"canary", "wave", "halt-after", "refused"} {
		if cmd.Flags().Changed(name) {
			return &f.Waves
		}
	}
	return nil
}

func (a *App) syncSave() *cobra.Command {
	var f testFlags
	var waves waveFlags
	var in operator.SaveSync
	cmd := &cobra.Command{
		Use:   "save NAME",
		Short: "Keep a sync's options under a name, to test and run it again, or to run it on a schedule",
		Long: "Keep a sync's options under a name: `plait-hub sync test --saved NAME` makes its Test. What it selects\n" +
			"and who receives it is looked up anew each time. On a schedule it is tested by itself, and run if that\n" +
			"needs nobody's confirmation: if it deletes and resets nothing, and head office does not receive it. Else\n" +
			"the Test waits for an operator, and `plait-hub health` says so. A time that is missed is made up for once.",
		Example: "  plait-hub sync save prices --kind service --changed-since service=last --all\n" +
			"  plait-hub sync save nightly --kind product --all --schedule \"30 3 * * *\" --canary pilot",
		Args: exactly("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.inNetwork(cmd)
			if err != nil {
				return err
			}
			in.Name, in.Waves = args[0], waves.given(cmd)
			if in.Request, err = n.request(cmd, f); err != nil {
				return err
			}
			var out storesync.SavedSync
			if err := n.call(cmd.Context(), http.MethodPost, "saved", in, &out); err != nil {
				return err
			}
			return a.show(out, func() { a.saySaved(out) })
		},
	}
	f.define(cmd)
	waves.define(cmd)
	cmd.Flags().StringVar(&in.Schedule, "schedule", "", "`WHEN` to run it: five cron fields (minute, hour, day, month, weekday) in the hub's time zone, or \"@every 24h\"")
	cmd.Flags().BoolVar(&in.Replace, "replace", false, "in place of what is kept under that name")
	return cmd
}

func (a *App) saySaved(s storesync.SavedSync) {
	a.say("Saved as %q: %s, to %s.", s.Name, selects(s.Request), receives(s.Request))
	if s.Schedule != "" {
		a.say("It runs by itself (%s), next at %s.", s.Schedule, when(s.Due))
	}
	a.say("To test it: plait-hub sync test --saved %q", s.Name)
}

func (a *App) syncSaved() *cobra.Command {
	return &cobra.Command{
		Use:   "saved [NAME]",
		Short: "List the saved syncs, when each runs, and how its last run ended; or show one",
		Args:  atMostOne("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				s, err := askIn[storesync.SavedSync](cmd, a, http.MethodGet, at("saved", args[0]), nil)
				if err != nil {
					return err
				}
				return a.show(s, func() { a.sayOneSaved(s) })
			}
			list, err := askIn[[]storesync.SavedSync](cmd, a, http.MethodGet, "saved", nil)
			if err != nil {
				return err
			}
			return a.show(list, func() {
				var rows [][]string
				for _, s := range list {
					rows = append(rows, []string{s.Name, selects(s.Request), receives(s.Request), orDash(s.Schedule), due(s), lastRun(s)})
				}
				a.table("No sync is saved: `plait-hub sync save NAME` keeps one.", []string{"Name", "What", "To", "Schedule", "Next", "Last run"}, rows)
			})
		},
	}
}

func (a *App) sayOneSaved(s storesync.SavedSync) {
	a.pairs([2]string{"name", s.Name}, [2]string{"what", selects(s.Request)}, [2]string{"to", receives(s.Request)},
		[2]string{"saved", fmt.Sprintf("by %s at %s", s.By, when(s.At))}, [2]string{"schedule", s.Schedule}, [2]string{"next", due(s)}, [2]string{"last run", lastRun(s)})
	if s.State == store.SavedWaiting {
		a.say("! Its Test waits for an operator: plait-hub sync run %s", s.Test)
	}
}

func (a *App) syncForget() *cobra.Command {
	return &cobra.Command{
		Use:   "forget NAME",
		Short: "Remove a saved sync; syncs that were run from it stay",
		Args:  exactly("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out, err := askIn[struct{}](cmd, a, http.MethodDelete, at("saved", args[0]), nil)
			if err != nil {
				return err
			}
			return a.show(out, func() { a.say("The saved sync %q was forgotten.", args[0]) })
		},
	}
}

// selects says in short what a request selects.
func selects(r storesync.Request) string {
	var out []string
	for _, k := range r.Kinds {
		what := k.Kind
		if n := len(k.Keys) + len(k.UIDs) + len(k.Names); n > 0 {
			what = some(n, k.Kind)
		}
		for _, part := range [][2]string{{"with", k.Search}, {"of", k.Category}, {"changed since", k.ChangedSince}} {
			if part[1] != "" {
				what += " " + part[0] + " " + part[1]
			}
		}
		out = append(out, strings.TrimSpace(k.Active+" "+what))
	}
	return strings.Join(out, ", ")
}

func receives(r storesync.Request) string {
	if r.AllReceivers {
		return "every branch"
	}
	return strings.Join(r.Receivers, ", ")
}

func due(s storesync.SavedSync) string {
	if s.Due.IsZero() {
		return "-"
	}
	return when(s.Due)
}

func lastRun(s storesync.SavedSync) string {
	if s.Ran.IsZero() {
		return "-"
	}
	return strings.TrimSpace(fmt.Sprintf("%s: %s %s", when(s.Ran), s.State, s.Why))
}
