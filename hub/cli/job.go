package cli

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/operator"
	"plait/shared/wire"
)

func (a *App) jobs() *cobra.Command {
	return newGroup("job", "One job of a store", a.jobShow(), a.jobCancel())
}

func (a *App) jobShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show JOB",
		Short: "Show a job and what it did, by its id (plait-hub queue)",
		Args:  exactly("job"),
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := ask[operator.JobDetail](cmd, a, http.MethodGet, at("jobs", args[0]), nil)
			if err != nil {
				return err
			}
			return a.show(j, func() { a.sayJob(j) })
		},
	}
}

func (a *App) sayJob(j operator.JobDetail) {
	a.sayJobs([]operator.Job{j.Job})
	for _, r := range j.Results {
		how := "Applied"
		if !r.Done {
			how = "Applied in part, then cancelled"
		}
		a.say("\n%s, reported %s: %s.", how, when(r.At), counts(r.Counts))
		a.sayExceptions(r.Exceptions, r.More)
	}
}

func (a *App) jobCancel() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel JOB",
		Short: "Cancel an open job, by its id (plait-hub queue)",
		Args:  exactly("job"),
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := ask[operator.Job](cmd, a, http.MethodPost, at("jobs", args[0], "cancel"), nil)
			if err != nil {
				return err
			}
			return a.show(j, func() {
				if j.Open {
					a.say("Job %d of %s had been begun: the store's next conversation settles what becomes of it.", j.Number, j.Name)
				} else {
					a.say("Job %d of %s was cancelled.", j.Number, j.Name)
				}
			})
		},
	}
}

// counts puts what became of items into words.
func counts(c wire.Counts) string {
	var out []string
	for _, part := range []struct {
		n    int
		word string
	}{
		{c.Created, "created"}, {c.Adopted, "adopted"}, {c.Updated, "updated"}, {c.Equal, "equal"}, {c.Kept, "kept"},
		{c.Deleted, "deleted"}, {c.Retired, "retired"}, {c.Unlinked, "unlinked"}, {c.Skipped, "skipped"}, {c.Parked, "parked"},
	} {
		if part.n > 0 {
			out = append(out, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	if len(out) == 0 {
		return "nothing to do"
	}
	return strings.Join(out, ", ")
}

// sayExceptions lists the items that did not simply follow.
func (a *App) sayExceptions(list []wire.Exception, more int) {
	var rows [][]string
	for _, e := range list {
		what := e.Kind
		if e.Field != "" {
			what += "." + e.Field
		}
		rows = append(rows, []string{e.Action, what, e.Name, e.Key, e.Why})
	}
	if len(rows) == 0 {
		return
	}
	a.table("", []string{"Action", "Kind", "Item", "Key", "Why"}, rows)
	if more > 0 {
		a.say("… and %d more.", more)
	}
}
