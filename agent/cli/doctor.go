package cli

import (
	"context"

	"plait/agent/control"

	"github.com/spf13/cobra"
)

func (a *App) doctor() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "check hub, clock, POS, mapping, triggers, disk and record, and say how to mend", Args: exactly(0),
		Long: "Doctor makes every check, whether or not the agent runs, and says how to mend what is not OK.\nIts exit code is 0 if all is OK.",
		RunE: func(c *cobra.Command, _ []string) error {
			return a.asked(c, func(ctx context.Context, agent answerer) error {
				f, err := agent.Doctor(ctx)
				if err != nil {
					return err
				}
				return a.showFindings(f)
			})
		},
	}
}

func (a *App) showFindings(f control.Findings) error {
	bad := 0
	for _, one := range f.Findings {
		mark := "✔ OK    "
		if !one.OK {
			mark = "✘ NOT OK"
			bad++
		}
		if !a.json {
			a.say("%s  %s: %s", mark, clean(one.Subject), clean(one.Message))
		}
	}
	switch {
	case a.json:
		a.print(f)
	case bad == 0:
		a.say("All is OK.")
	default:
		a.say("%s to be mended.", plural(bad, "thing is", "things are"))
	}
	if !f.OK {
		return errSaid
	}
	return nil
}
