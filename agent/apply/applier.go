package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// ErrWaits means that the POS keeps its database to itself: the job stays where
// its receipt says and goes on at the next contact.
var ErrWaits = errors.New("the job waits for the POS")

// Record is what applying needs of the agent's record of the store.
type Record interface {
	// Revision is the record's newest revision.
	Revision(ctx context.Context) (int64, error)
	// Walk calls live for each live item of a kind, with the fields of these names, and
	// dead for each tombstone. What a link knows of single fields may be left out, here
	// and in Changed: the POS itself says that.
	Walk(ctx context.Context, kind string, names []string, live func(item.Item) error, dead func(key string, gen int64)) error
	// Changed calls fn for each item or tombstone that was recorded after the
	// revision, and returns the newest revision.
	Changed(ctx context.Context, after int64, fn func(item.Item) error) (int64, error)
	// PutResult queues a job's result for the next upload.
	PutResult(ctx context.Context, r wire.Result) error
}

// Capture brings the record up to what the POS holds.
type Capture interface {
	Drain(ctx context.Context) error
	DrainFrom(ctx context.Context, r pos.Reader) error
}

// Applier applies jobs, one at a time.
type Applier struct {
	POS     pos.Connector
	Record  Record
	Capture Capture
	Now     func() time.Time
	// Sleep waits between tries on a busy POS; it returns early with the context's
	// error.
	Sleep func(ctx context.Context, d time.Duration) error
	// Slice is how long one transaction may take, its commit included; half of that
	// where the POS writes meanwhile. 0 means 15 ms.
	Slice time.Duration
	// Writing, if set, is called before the first row of a job, or of a repair, is
	// written to the POS; its error rolls back.
	Writing func(ctx context.Context) error
	// History is the POS epoch in which jobs are due; "" is any. In another the hub has
	// yet to say which is: see Job.
	History string
	// Progress, if set, is told of each committed slice.
	Progress func(done, total int)
}

const (
	defaultSlice = 15 * time.Millisecond // and a group more: see away in package pos
	busyTries    = 4                     // of pos.Options.BusyLimit each, and busyPause: about ten seconds of a held lock
	busyPause    = 250 * time.Millisecond
)

// Job applies a job from where its receipt stands, and queues its result. It may
// be called again after any failure, and after it succeeded: then it queues the
// same result again. After pos.ErrRestored what the hub said belongs to the history
// before: a new conversation must tell which job is due now.
func (a *Applier) Job(ctx context.Context, job wire.Job, payload wire.Payload, own wire.Own) (wire.Result, error) {
	run, err := a.start(ctx, job, payload, own)
	if err != nil {
		return wire.Result{}, fmt.Errorf("cannot apply job %d (%s): %w", job.Number, job.Label, err)
	}
	defer run.behind.join()
	for !run.receipt.Done {
		if err := run.nextSlice(ctx); err != nil {
			return wire.Result{}, fmt.Errorf("cannot apply job %d (%s) at item %d of %d: %w", job.Number, job.Label, run.receipt.NextItem, run.planner.Len(), err)
		}
		if a.Progress != nil {
			a.Progress(run.receipt.NextItem, run.planner.Len())
		}
	}
	return a.finish(ctx, run)
}

// finish captures what the job wrote before its result is queued: the hub takes
// in a result after the changes that it speaks of.
func (a *Applier) finish(ctx context.Context, run *run) (wire.Result, error) {
	run.behind.join()
	if err := a.Capture.Drain(ctx); err != nil {
		return wire.Result{}, fmt.Errorf("cannot capture what job %d wrote: %w", run.job.Number, err)
	}
	result, err := a.result(ctx, run)
	if err != nil {
		return wire.Result{}, err
	}
	if err := a.Record.PutResult(ctx, result); err != nil {
		return wire.Result{}, fmt.Errorf("cannot queue the result of job %d: %w", run.job.Number, err)
	}
	return result, nil
}

// result is what the receipt says, as the POS has it now: where it is not there any
// more, the POS was restored meanwhile. It is not read whole to say what is known.
func (a *Applier) result(ctx context.Context, run *run) (wire.Result, error) {
	meta, err := a.POS.Meta(ctx)
	if err != nil {
		return wire.Result{}, err
	}
	head, ok, err := a.POS.Head(ctx)
	if err != nil {
		return wire.Result{}, err
	}
	if ok && head.Job == run.job.ID && head.Done && meta == run.meta {
		return run.sum.result(head, meta.Epoch), nil
	}
	result, ok, err := a.Reported(ctx, run.job.ID)
	if err == nil && !ok {
		err = pos.ErrRestored
	}
	return result, err
}

// Reported returns the result of a job that this POS database has a receipt for;
// ok is false if it has none, or it is not done.
func (a *Applier) Reported(ctx context.Context, job string) (result wire.Result, ok bool, err error) {
	r, ok, err := a.POS.Receipt(ctx, job)
	if err != nil || !ok || !r.Done {
		return wire.Result{}, false, err
	}
	meta, err := a.POS.Meta(ctx)
	if err != nil {
		return wire.Result{}, false, err
	}
	out, err := readOutcome(r)
	return out.result(r, meta.Epoch), err == nil, err
}

// start reads receipt and profile, and fills the index from the record.
func (a *Applier) start(ctx context.Context, job wire.Job, payload wire.Payload, own wire.Own) (*run, error) {
	meta, err := a.POS.Meta(ctx)
	if err != nil {
		return nil, err
	}
	if a.History != "" && meta.Epoch != a.History {
		return nil, pos.ErrRestored
	}
	receipt, found, err := a.POS.Receipt(ctx, job.ID)
	if err != nil {
		return nil, err
	}
	if !found {
		receipt = pos.Receipt{Job: job.ID, HubEpoch: job.HubEpoch, Number: job.Number}
	}
	before, err := readOutcome(receipt)
	if err != nil {
		return nil, err
	}
	run := &run{Applier: a, job: job, payload: payload, own: own, receipt: receipt, meta: meta, sum: before, size: firstTogether, unlike: map[string]bool{}}
	if run.profile, err = a.POS.Profile(ctx); err != nil {
		return nil, err
	}
	newest, err := a.POS.Newest(ctx)
	if err == nil {
		err = a.Capture.Drain(ctx)
	}
	if err == nil {
		err = run.reset(ctx)
	}
	run.at = newest
	return run, err
}

// reset builds index and planner anew from the record: at the start, and after a
// slice that was rolled back.
func (r *run) reset(ctx context.Context) error {
	index := merge.NewIndex(r.store(), r.payload.Kinds)
	r.dead = graves{}
	revision, err := r.Record.Revision(ctx)
	if err != nil {
		return err
	}
	for _, kind := range r.kinds() {
		live := func(it item.Item) error { index.Put(it); return nil }
		dead := func(key string, gen int64) { r.dead.put(item.ID{Kind: kind, Key: key, Gen: gen}) }
		if err := r.Record.Walk(ctx, kind, index.Needs(kind), live, dead); err != nil {
			return fmt.Errorf("cannot read %s from the record: %w", kind, err)
		}
	}
	r.index, r.revision, r.ahead, r.untold = index, revision, ahead{}, nil
	r.recv = &receiver{ctx: ctx, index: index}
	r.planner = merge.NewPlanner(&r.payload, r.own, r.profile, index, r.recv)
	return nil
}

// kinds are those that the payload brings or refers to and that are mapped.
func (r *run) kinds() []string {
	var out []string
	for _, k := range r.profile.Kinds {
		if !k.UploadOnly {
			out = append(out, k.Kind)
		}
	}
	return out
}
