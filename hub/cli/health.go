package cli

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

func (a *App) health() *cobra.Command {
	return &cobra.Command{
		Use:   "health",
		Short: "Say how the hub is, and what to look at",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := ask[operator.Health](cmd, a, http.MethodGet, "health", nil)
			if err != nil {
				return err
			}
			return a.show(h, func() { a.sayHealth(h) })
		},
	}
}

func (a *App) sayHealth(h operator.Health) {
	var stores []string
	for _, state := range slices.Sorted(maps.Keys(h.Stores)) {
		stores = append(stores, fmt.Sprintf("%d %s", h.Stores[state], state))
	}
	a.pairs(
		[2]string{"version", h.Version}, [2]string{"started", when(h.Started)}, [2]string{"networks", fmt.Sprint(h.Networks)},
		[2]string{"stores", orDash(strings.Join(stores, ", "))}, [2]string{"open jobs", fmt.Sprint(h.OpenJobs)},
	)
	for _, n := range h.Notices {
		a.say("! %s", n)
	}
}
