package cli

import (
	"context"
	"maps"
	"slices"
	"strings"

	"plait/agent/control"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
)

func (a *App) queue() *cobra.Command {
	limit := 0
	c := &cobra.Command{
		Use: "queue", Short: "list what waits to go up, and the items that need a person", Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.asked(c, func(ctx context.Context, agent answerer) error {
				q, err := agent.Queue(ctx, limit)
				if err != nil {
					return err
				}
				if a.json {
					a.print(q)
					return nil
				}
				a.writeQueue(q)
				return nil
			})
		},
	}
	c.Flags().IntVar(&limit, "limit", 200, "how many parked items to list")
	c.AddCommand(a.queueRetry())
	return c
}

func (a *App) queueRetry() *cobra.Command {
	return &cobra.Command{
		Use: "retry KIND KEY", Short: "queue an item again that the hub refused", Args: exactly(2),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := a.running(c)
			if err != nil {
				return err
			}
			s, err := client.Retry(c.Context(), control.ItemAsk{Kind: args[0], Key: args[1]})
			if err != nil {
				return err
			}
			if a.json {
				a.print(s)
				return nil
			}
			a.say("%s %s is queued again. %s", args[0], clean(args[1]), s.Sentence)
			return nil
		},
	}
}

func (a *App) writeQueue(q control.Queue) {
	a.say("Waits to go up: %s.", waiting(q.Waiting))
	a.say("Jobs that wait at the hub, when it last said so: %d.", q.OpenJobs)
	if len(q.Waiting.Kinds) > 0 {
		t := plainTable("KIND", "CHANGES")
		for _, kind := range slices.Sorted(maps.Keys(q.Waiting.Kinds)) {
			t.AppendRow(table.Row{clean(kind), q.Waiting.Kinds[kind]})
		}
		a.say("\n%s", render(t))
	}
	if len(q.Parked) == 0 {
		a.say("No item needs a person.")
		return
	}
	t := plainTable("KIND", "KEY", "NAME", "SINCE", "CAUSE")
	for _, p := range q.Parked {
		t.AppendRow(table.Row{clean(p.Kind), clean(p.Key), clean(p.Name), p.Since.Format("2006-01-02 15:04"), cause(p)})
	}
	a.say("\nThese items need a person; they keep nothing else back:\n%s", render(t))
	if q.More > 0 {
		a.say("… and %d more: --limit N lists more.", q.More)
	}
	a.say("Mend the item in the POS, or run: plait-agent queue retry KIND KEY")
}

func cause(p control.ParkedItem) string {
	if p.Cause == "hub" {
		return "the hub refused it: " + clean(p.Why)
	}
	return clean(p.Why)
}

// plainTable is a table without borders, which also reads well in a ticket.
func plainTable(columns ...any) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleDefault)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.AppendHeader(columns)
	return t
}

// render leaves out the spaces at the ends of lines.
func render(t table.Writer) string {
	lines := strings.Split(t.Render(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
