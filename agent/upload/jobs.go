package upload

import (
	"context"
	"errors"
	"fmt"

	"plait/agent/apply"
	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/shared/wire"
)

// maxJobs bounds one conversation's jobs; more go on at the next contact.
const maxJobs = 10_000

// jobs takes and applies open jobs, in their order, until there is none. Where
// the POS keeps its database to itself, jobs wait and the conversation goes on.
func (c *conversation) jobs(ctx context.Context) error {
	for n := 0; n < maxJobs; n++ {
		if c.trouble != "" {
			return nil
		}
		mark, _, err := c.Box.Marks(ctx)
		if err == nil {
			err = c.sameHistory(mark)
		}
		if err != nil {
			return err
		}
		job, err := c.nextJob(ctx)
		if err != nil || job == nil {
			return err
		}
		if c.settled[job.ID] {
			return fmt.Errorf("the hub offers job %d (%s) again after it was settled in this conversation; cancel it there, or tell the hub's operator", job.Number, job.Label)
		}
		c.settled[job.ID] = true
		if err := c.carryOut(ctx, *job); err != nil {
			return c.jobTrouble(*job, err)
		}
	}
	c.note("many jobs are queued; the rest follows at the next contact")
	return nil
}

// sameHistory fails where capture has found another history of the POS database since
// the hub was told of one: which job is due the hub has yet to say.
func (c *conversation) sameHistory(mark wire.Mark) error {
	if c.history != "" && mark.POSEpoch != c.history {
		return outbox.ErrAnotherHistory
	}
	return nil
}

// jobTrouble lets the conversation go on where the job merely waits.
func (c *conversation) jobTrouble(job wire.Job, err error) error {
	for _, waits := range []error{apply.ErrWaits, pos.ErrBusy, pos.ErrDisk, pos.ErrUnreachable} {
		if errors.Is(err, waits) {
			c.trouble = err.Error()
			c.note("job %d (%s) waits and goes on at the next contact: %v", job.Number, job.Label, err)
			return nil
		}
	}
	return err
}

func (c *conversation) nextJob(ctx context.Context) (*wire.Job, error) {
	head, err := c.head(ctx)
	if err != nil {
		return nil, err
	}
	next, err := c.Hub.Next(ctx, wire.NextAsk{Receipt: head})
	if err != nil {
		return nil, err
	}
	c.report.OpenJobs = next.Open
	return next.Job, nil
}

// carryOut applies one job and sends what it changed and its result. A job that
// this POS has a receipt for is only reported.
func (c *conversation) carryOut(ctx context.Context, job wire.Job) error {
	c.step(PhaseJobs, "Job %d (%s): %d items.", job.Number, job.Label, job.Items)
	reported, done, err := c.Apply.Reported(ctx, job.ID)
	if err != nil {
		return err
	}
	if done {
		if err := c.Box.PutResult(ctx, reported); err != nil {
			return err
		}
		return c.send(ctx)
	}
	payload, own, err := c.content(ctx, job)
	if err != nil {
		return err
	}
	start, err := c.begin(ctx, job)
	if err != nil || !start {
		return err
	}
	return c.applyJob(ctx, job, payload, own)
}

// begin asks the hub's leave, which a cancellation may have taken back.
func (c *conversation) begin(ctx context.Context, job wire.Job) (start bool, err error) {
	head, err := c.head(ctx)
	if err != nil {
		return false, err
	}
	answer, err := c.Hub.Begin(ctx, wire.Begin{Job: job.ID, Receipt: head})
	if err != nil {
		return false, fmt.Errorf("cannot begin job %d (%s): %w", job.Number, job.Label, err)
	}
	switch answer.State {
	case "begun":
		return true, nil
	case "cancel_requested":
		_, partly, err := c.POS.Receipt(ctx, job.ID)
		return partly, err
	case "cancelled":
		c.note("job %d (%s) was cancelled at the hub", job.Number, job.Label)
		return false, nil
	default:
		return false, fmt.Errorf("cannot begin job %d (%s): the hub answers %.20q, which is no answer; tell the hub's operator", job.Number, job.Label, answer.State)
	}
}

func (c *conversation) applyJob(ctx context.Context, job wire.Job, payload wire.Payload, own wire.Own) error {
	before := c.report.ItemsDown
	c.Apply.History = c.history
	c.Apply.Progress = func(done, total int) {
		c.report.ItemsDown = before + int64(done)
		if c.req.Progress != nil {
			c.req.Progress(Step{
				Phase: PhaseJobs, Text: fmt.Sprintf("Job %d (%s): %d of %d items.", job.Number, job.Label, done, total),
				RowsUp: c.report.RowsUp, RowsUpLeft: c.left, RowsDown: c.report.ItemsDown, RowsDownLeft: int64(total - done),
			})
		}
	}
	result, err := c.Apply.Job(ctx, job, payload, own)
	if err != nil {
		return err
	}
	c.report.JobsApplied++
	c.report.Parked += result.Counts.Parked
	return c.send(ctx)
}

// content fetches what a job brings, and what of it is this store's own.
func (c *conversation) content(ctx context.Context, job wire.Job) (payload wire.Payload, own wire.Own, err error) {
	lines, err := c.Hub.Payload(ctx, job.Payload)
	if err == nil {
		payload, err = wire.DecodePayload(lines)
	}
	if err == nil && job.Own != "" {
		if lines, err = c.Hub.Payload(ctx, job.Own); err == nil {
			own, err = wire.DecodeOwn(lines)
		}
	}
	if err != nil {
		err = fmt.Errorf("cannot fetch what job %d (%s) brings; it waits at the hub, and can be cancelled there: %w", job.Number, job.Label, err)
	}
	return payload, own, err
}
