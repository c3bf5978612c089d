package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"plait/agent/control"
	"plait/agent/upload"
	"plait/shared/wire"

	"github.com/spf13/cobra"
)

func (a *App) upload() *cobra.Command {
	var ask control.UploadAsk
	c := &cobra.Command{
		Use: "upload", Short: "upload now: changes go up, queued jobs come down and are applied", Args: exactly(0),
		Long: "Upload holds a standard upload now. With --full the whole snapshot of this store then replaces the hub's copy;\n" +
			"the hub refuses that while a sync is queued for this store, so the jobs in the way are taken and applied first.\n" +
			"Its exit code is 0 only if it did what was asked. Ending this command does not end the upload.",
		RunE: func(c *cobra.Command, _ []string) error {
			client, err := a.running(c)
			if err != nil {
				return err
			}
			return a.follow(c.Context(), client, ask)
		},
	}
	c.Flags().BoolVar(&ask.Full, "full", false, "replace the hub's copy of this store by what the POS holds")
	c.Flags().StringVar(&ask.Release, "release", "", "a technician's code that lets an agent in which the hub holds back")
	return c
}

// follow shows an upload on its way and says what came of it.
func (a *App) follow(ctx context.Context, client *control.Client, ask control.UploadAsk) error {
	show := a.progress()
	report, err := client.Upload(ctx, ask, show.step)
	show.end()
	if errors.Is(err, control.ErrNotRunning) {
		return fmt.Errorf("cannot upload: %w", err)
	}
	missed := undone(ask, report, err)
	if a.json {
		a.print(uploadAnswer{Report: report, Done: missed == nil, Error: textOf(missed)})
	} else {
		a.writeReport(report)
		if missed != nil {
			fmt.Fprintln(a.Err, sanitize(missed.Error()))
		}
	}
	if missed != nil {
		return errSaid
	}
	return nil
}

// uploadAnswer is what upload --json prints.
type uploadAnswer struct {
	upload.Report
	Done  bool   `json:"done"` // it did what was asked
	Error string `json:"error,omitempty"`
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// undone says what was asked and is not done; nil if all is.
func undone(ask control.UploadAsk, r upload.Report, err error) error {
	switch {
	case err != nil:
		return err
	case ask.Full && (r.Full == nil || !r.Full.Landed):
		return errors.New("the full upload has not landed: the hub's copy is as it was before; what was sent is kept, and the agent goes on by itself")
	case r.OpenJobs > 0:
		return fmt.Errorf("%s still at the hub; the agent tries again by itself", plural(r.OpenJobs, "job waits", "jobs wait"))
	case len(r.Differ) > 0 && !r.Equal:
		return fmt.Errorf("the hub's copy still differs in %s; the next upload compares again", strings.Join(r.Differ, ", "))
	}
	return nil
}

func (a *App) writeReport(r upload.Report) {
	if r.Started.IsZero() {
		return // it never began
	}
	a.say("%s, %s: %s up in %s; %s down in %s, %s.", r.Ended.Format("2006-01-02 15:04:05"), r.Reason,
		plural(int(r.RowsUp), "row", "rows"), plural(r.Batches, "batch", "batches"),
		plural(int(r.ItemsDown), "row", "rows"), plural(r.JobsApplied, "job", "jobs"), took(r))
	for _, note := range r.Notes {
		a.say("Note: %s.", clean(strings.TrimSuffix(note, ".")))
	}
	if r.Parked > 0 {
		a.say("The POS refused %s of these jobs; the hub lists them by name.", plural(r.Parked, "item", "items"))
	}
	if r.Full != nil {
		a.writeFull(*r.Full)
	}
	if r.Equal {
		a.say("Hub and record are proven equal.")
	}
}

func took(r upload.Report) string {
	return "in " + r.Ended.Sub(r.Started).Round(100*time.Millisecond).String()
}

// writeFull says what became of a full upload, and names each job that was in its
// way with each way out.
func (a *App) writeFull(f upload.FullReport) {
	for _, refusal := range f.Refusals {
		a.say("The hub refused the full upload at its %s: these jobs are queued for this store, and it would have trampled them.", refusal.At)
		for _, b := range refusal.Blocking {
			a.say("  %s", blocking(b))
			for _, way := range b.Ways {
				a.say("    - %s", clean(way))
			}
		}
	}
	if f.Landed {
		a.say("The full upload landed: the hub's copy has %s; %d differed and were sent (%d bytes), %d changed.",
			plural(int(f.Rows), "row", "rows"), f.Sent, f.Bytes, f.Changed)
	}
}

func blocking(b wire.Blocking) string {
	return fmt.Sprintf("job %d, %s: %s, %s, queued %s ago", b.Number, clean(b.Label), clean(b.State), plural(b.Items, "item", "items"),
		ago(time.Duration(b.Age)*time.Second))
}
