package upload

import (
	"context"
	"errors"
	"fmt"

	"plait/agent/outbox"
	"plait/shared/wire"
)

// maxRefusals bounds how often one conversation answers a refusal by taking the
// jobs and trying again. An operator who queues faster than this branch applies
// wins: the next conversation goes on with what was staged.
const maxRefusals = 5

// errStuck: to try again in this conversation would change nothing.
var errStuck = errors.New("the full upload waits")

// answerRefusal takes the jobs in the way, within the same conversation.
func (c *conversation) answerRefusal(ctx context.Context, state *outbox.FullUpload, cause error) (err error) {
	var refusal *wire.Error
	switch {
	case errors.Is(cause, errAnew):
		*state, err = c.fullState(ctx)
		return err
	case errors.Is(cause, errMoved):
		return c.send(ctx)
	case errors.As(cause, &refusal) && refusal.Code == wire.CodeJobsOpen:
	default:
		return cause
	}
	c.step(PhaseFull, "Refused: %s", describe(refusal.Blocking))
	settled := len(c.settled)
	if err := c.jobs(ctx); err != nil {
		return err
	}
	if c.trouble != "" {
		c.note("the full upload was refused and waits for the jobs: %s", describe(refusal.Blocking))
		return errStuck
	}
	if c.report.OpenJobs > 0 && len(c.settled) == settled {
		c.note("the full upload is refused for jobs that the hub does not hand out: %s Turn the sync switch of the store on, or cancel them at the hub", describe(refusal.Blocking))
		return errStuck
	}
	return nil
}

// noteRefusals says why this conversation stops trying.
func (c *conversation) noteRefusals(last error) {
	why := "the full upload was refused again and again: jobs are queued faster than this store applies them"
	if errors.Is(last, errMoved) {
		why = "the full upload did not land, for the hub's copy changed all the while"
	}
	c.note("%s; it goes on at the next contact", why)
}

// describe names each job in the way, with its ways out.
func describe(jobs []wire.Blocking) string {
	text := "a sync is queued for this store, and a full upload would trample it."
	for _, b := range jobs {
		text += fmt.Sprintf(" Job %d (%s, %s):", b.Number, b.Label, b.State)
		for _, way := range b.Ways {
			text += " " + way
		}
	}
	return text
}

// refused records a refusal for the report and passes it on.
func (c *conversation) refused(at string, err error) error {
	var refusal *wire.Error
	if !errors.As(err, &refusal) {
		return err
	}
	switch refusal.Code {
	case wire.CodeJobsOpen:
		c.report.Full.Refusals = append(c.report.Full.Refusals, Refusal{At: at, Blocking: refusal.Blocking})
	case wire.CodeConflict:
		return fmt.Errorf("%w: %w", errMoved, err)
	}
	return err
}
