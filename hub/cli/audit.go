package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"plait/hub/operator"
)

func (a *App) audit() *cobra.Command {
	var network string
	var limit int
	var before int64
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "List who did what, the newest first; without --network, what was done to the hub itself",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := url.Values{"network": {network}, "limit": {fmt.Sprint(limit)}, "before": {fmt.Sprint(before)}}
			list, err := ask[[]operator.Entry](cmd, a, http.MethodGet, "audit?"+q.Encode(), nil)
			if err != nil {
				return err
			}
			return a.show(list, func() { a.sayAudit(list) })
		},
	}
	cmd.Flags().StringVar(&network, "network", "", "of this `NETWORK`, by name or id")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many, at most 500")
	cmd.Flags().Int64Var(&before, "before", 0, "entries before this number, N in the list; 0: from the newest")
	return cmd
}

func (a *App) sayAudit(list []operator.Entry) {
	var rows [][]string
	for _, e := range list {
		stores := strings.Join(e.Names, ", ")
		if more := len(e.Stores) - len(e.Names); more > 0 {
			stores += fmt.Sprintf(" and %d more", more)
		}
		rows = append(rows, []string{fmt.Sprint(e.N), when(e.At), e.Who, e.What, stores, string(e.Detail)})
	}
	a.table("Nothing is in the audit log.", []string{"N", "When", "Who", "What", "Stores", "Detail"}, rows)
}
