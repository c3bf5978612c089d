package cli

import (
	"errors"
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

func (a *App) storeSwitch() *cobra.Command {
	var deliver, cancel bool
	cmd := &cobra.Command{
		Use:   "switch STORE on|off",
		Short: "Turn a store's sync switch; one that is off keeps no open jobs",
		Long: "Turn a store's sync switch. One that is off keeps no open jobs, and gets nothing; what it misses is said. Where\n" +
			"jobs are open, say with --deliver or --cancel what becomes of them.\n" +
			"On again, it gets nothing by itself until somebody has looked: the answer is a Test of everything that\n" +
			"comes to it, which `plait-hub sync run DIGEST` carries out and `plait-hub sync review --decline` declines.",
		Example: "  plait-hub store switch Downtown off --deliver\n  plait-hub store switch Downtown on",
		Args:    exactly("store", "position"),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := operator.SwitchStore{To: args[1]}
			switch {
			case deliver && cancel:
				return usageError{errors.New("open jobs are either delivered or cancelled")}
			case deliver:
				in.Jobs = operator.JobsDeliver
			case cancel:
				in.Jobs = operator.JobsCancel
			}
			s, err := ask[operator.Switched](cmd, a, http.MethodPost, at("stores", args[0], "switch"), in)
			if err != nil {
				return err
			}
			return a.show(s, func() { a.saySwitched(s) })
		},
	}
	cmd.Flags().BoolVar(&deliver, "deliver", false, "with off: deliver the open jobs first")
	cmd.Flags().BoolVar(&cancel, "cancel", false, "with off: cancel the open jobs")
	return cmd
}

func (a *App) saySwitched(s operator.Switched) {
	a.say("The switch of store %s is %s.", s.Name, s.Switch)
	if s.OpenJobs > 0 && s.Switch != "on" {
		a.say("%s still open; it turns off when they have ended.", some(s.OpenJobs, "job")+" "+are(s.OpenJobs))
	}
	for _, m := range s.Misses {
		a.say("It misses %s.", m.String())
	}
	if s.Untested != "" {
		a.say("! What it missed could not be tested: %s. No continuous sync runs to it before: plait-hub sync review \"%s\"", s.Untested, s.Name)
	}
	if len(s.Tests) > 0 {
		a.say("It may have missed something. No continuous sync runs to it before you have looked at this Test, and run it:\n")
		for _, p := range s.Tests {
			a.sayTest(tested{Plan: p})
		}
		a.say("Not to bring it: plait-hub sync review \"%s\" --decline", s.Name)
	}
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
