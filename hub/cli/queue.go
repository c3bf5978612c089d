package cli

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

func (a *App) queue() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "queue [STORE]",
		Short: "List the open jobs of a store, or of all stores, in the order in which they will be begun",
		Args:  atMostOne("store"),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "queue"
			switch {
			case len(args) == 1 && all:
				path = at("stores", args[0], "jobs")
			case len(args) == 1:
				path = at("stores", args[0], "queue")
			case all:
				return usageError{fmt.Errorf("--all takes a store")}
			}
			list, err := ask[[]operator.Job](cmd, a, http.MethodGet, path, nil)
			if err != nil {
				return err
			}
			return a.show(list, func() { a.sayJobs(list) })
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "with a store: its jobs that have ended too, the newest first")
	return cmd
}

func (a *App) sayJobs(list []operator.Job) {
	var rows [][]string
	for _, j := range list {
		rows = append(rows, []string{j.Name, fmt.Sprint(j.Number), j.Label, j.Sort, j.State, fmt.Sprint(j.Items), j.By, when(j.Created), j.Why, j.ID})
	}
	a.table("No job is open.", []string{"Store", "No.", "Label", "Sort", "State", "Items", "By", "Queued", "Why", "Id"}, rows)
}
