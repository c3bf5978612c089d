package cli

import (
	"errors"
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/storesync"
	"plait/shared/wire"
)

func (a *App) syncAgain() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "again SYNC",
		Short: "Test sending a sync again to the stores that missed it",
		Long: "Make one Test that sends a sync again to the stores that missed it: all of it to those that were left\n" +
			"out or could not receive, or whose job was cancelled or lost; to the others what they refused. Both are\n" +
			"cut from the source's values of now. `plait-hub sync run DIGEST` carries it out.",
		Args: exactly("sync"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := a.inNetwork(cmd)
			if err != nil {
				return err
			}
			var out tested
			if err := n.call(cmd.Context(), http.MethodPost, at("syncs", args[0], "again"), nil, &out.Plan); err != nil {
				return err
			}
			if err := n.addDetails(cmd, &out, f); err != nil {
				return err
			}
			return a.show(out, func() { a.sayTest(out) })
		},
	}
	f.defineDetails(cmd)
	return cmd
}

func (a *App) syncRetry() *cobra.Command {
	return &cobra.Command{
		Use:   "retry SYNC|STORE",
		Short: "Try again what stores refused, of a sync or of all syncs at one store",
		Long: "Try again what stores refused and what has not arrived since, as new jobs cut from the source's values\n" +
			"of now. The hub does so by itself once something changes that an item depends on. What needs somebody's\n" +
			"confirmation is tested only.",
		Args: exactly("sync or store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			out, err := a.retry(cmd, args[0])
			if err != nil {
				return err
			}
			if err := a.show(out, func() { a.sayRetried(out) }); err != nil {
				return err
			}
			for _, r := range out {
				if r.Sync == nil {
					return errors.New("not all of it was tried again")
				}
			}
			return nil
		},
	}
}

// retry takes the name of a store, or a sync's id.
func (a *App) retry(cmd *cobra.Command, what string) ([]storesync.Retried, error) {
	out, err := askIn[[]storesync.Retried](cmd, a, http.MethodPost, at("syncs", what, "retry"), nil)
	var refused *wire.Error
	if errors.As(err, &refused) && refused.Code == wire.CodeNotFound {
		return ask[[]storesync.Retried](cmd, a, http.MethodPost, at("stores", what, "retry"), nil)
	}
	return out, err
}

func (a *App) sayRetried(list []storesync.Retried) {
	for _, r := range list {
		a.say("%s", r.Plan.Sentence())
		switch {
		case r.Sync != nil:
			a.say("It is queued, as %q (%s).", r.Sync.Label, r.Sync.ID)
		default:
			a.say("! It is not queued: %s. See plait-hub sync detail %s, or carry it out with plait-hub sync run %s", r.Why, r.Plan.Digest, r.Plan.Digest)
		}
	}
}
