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
		Args:  exactly("store", "position"),
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
			s, err := ask[operator.Store](cmd, a, http.MethodPost, at("stores", args[0], "switch"), in)
			if err != nil {
				return err
			}
			return a.show(s, func() {
				a.say("The switch of store %s is %s.", s.Name, s.Switch)
				if s.OpenJobs > 0 && s.Switch != "on" {
					a.say("%s still open; it turns off when they have ended.", some(s.OpenJobs, "job")+" "+are(s.OpenJobs))
				}
			})
		},
	}
	cmd.Flags().BoolVar(&deliver, "deliver", false, "with off: deliver the open jobs first")
	cmd.Flags().BoolVar(&cancel, "cancel", false, "with off: cancel the open jobs")
	return cmd
}

func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
