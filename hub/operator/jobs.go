package operator

import (
	"context"

	"plait/hub/access"
	"plait/hub/queue"
	"plait/hub/store"
)

// jobsListed bounds how many ended jobs of a store are listed.
const jobsListed = 200

// Queue lists the open jobs of the stores that somebody may see, of one store
// or ("") of all; by store, in the order in which they will be begun.
func (d *Desk) Queue(ctx context.Context, who access.Who, ref string) (out []Job, err error) {
	out = []Job{}
	add := func(v *store.StoreView) error {
		jobs, err := openJobs(v)
		out = append(out, jobs...)
		return err
	}
	err = d.DB.View(ctx, func(v *store.View) error {
		if ref == "" {
			return d.eachStore(v, who, "", add)
		}
		s, err := d.store(v, who, ref)
		if err != nil {
			return err
		}
		view, err := v.In(s.ID)
		if err != nil {
			return err
		}
		return add(view)
	})
	return out, err
}

// Jobs lists the newest jobs of a store, ended ones too, the newest first.
func (d *Desk) Jobs(ctx context.Context, who access.Who, ref string) (out []Job, err error) {
	out = []Job{}
	s, err := d.find(ctx, who, ref)
	if err != nil {
		return out, err
	}
	err = d.DB.ViewStore(ctx, s.ID, func(v *store.StoreView) error {
		jobs, err := v.Jobs(jobsListed)
		for _, j := range jobs {
			out = append(out, showJob(v.Store, j))
		}
		return err
	})
	return out, err
}

// Job shows a job with what it did.
func (d *Desk) Job(ctx context.Context, who access.Who, id string) (out JobDetail, err error) {
	err = d.DB.View(ctx, func(v *store.View) error {
		s, err := d.storeOfJob(v, who, id)
		if err != nil {
			return err
		}
		j, err := s.Job(id)
		if err != nil {
			return err
		}
		out = JobDetail{Job: showJob(s.Store, j), Results: []Result{}}
		results, err := s.Results(id)
		for _, r := range results {
			out.Results = append(out.Results, Result{At: r.At, Done: r.Done, Counts: r.Counts, Exceptions: r.Exceptions, More: r.More})
		}
		return err
	})
	return out, err
}

func (d *Desk) storeOfJob(v *store.View, who access.Who, id string) (*store.StoreView, error) {
	j, err := v.FindJob(id)
	if err != nil {
		return nil, err
	}
	s, err := v.In(j.Store)
	if err != nil {
		return nil, err
	}
	if who.SeesStore(s.Store) != nil {
		return nil, notFound("job", id)
	}
	return s, nil
}

// CancelJob ends an open job by name of who. One that was begun is settled by
// the store's next conversation.
func (d *Desk) CancelJob(ctx context.Context, who access.Who, id string) (out Job, err error) {
	var at store.Store
	err = d.DB.View(ctx, func(v *store.View) error {
		s, err := d.storeOfJob(v, who, id)
		if err == nil {
			at = s.Store
		}
		return err
	})
	if err != nil {
		return out, err
	}
	err = d.mayOnStore(ctx, who, at.ID, access.Operator, func(tx *store.StoreTx) error {
		j, err := queue.Cancel(tx, who.Name, id)
		out = showJob(tx.Store, j)
		return err
	})
	return out, err
}

func openJobs(v *store.StoreView) ([]Job, error) {
	jobs, err := v.OpenJobs(0)
	out := []Job{}
	for _, j := range jobs {
		out = append(out, showJob(v.Store, j))
	}
	return out, err
}

func showJob(s store.Store, j store.Job) Job {
	return Job{
		ID: j.ID, Store: s.ID, Name: s.Name, Number: j.Number, Sort: j.Sort, Label: j.Label, Cause: j.Cause, State: j.State,
		Open: j.Open(), Items: j.Items, By: j.CreatedBy, Created: j.Created, Begun: j.Begun, Ended: j.Ended, EndedBy: j.EndedBy, Why: j.Why,
	}
}
