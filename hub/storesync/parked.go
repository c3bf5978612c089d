package storesync

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// refusals are the items of a job that its store refused and that have not
// arrived since (decision 30: a parked item's base does not move).
type refusals struct {
	job     store.Job
	payload wire.Payload
	items   []refusal
}

type refusal struct {
	wire.PayloadItem
	reason merge.Reason // "" if the store named too many to list this one
}

// refused reads what a store refused of an applied job. What the job was to
// delete is not among it: deleting takes a Test of its own.
func refused(v *store.StoreView, j store.Job) (out refusals, err error) {
	out.job = j
	results, err := v.Results(j.ID)
	if err != nil || len(results) == 0 || results[0].Counts.Parked == 0 {
		return out, err
	}
	out.payload, _, err = contents(v, j)
	if errors.Is(err, store.ErrNotFound) {
		return out, nil // contents are kept for a time
	}
	if err != nil {
		return out, fmt.Errorf("cannot read job %d of store %s: %w", j.Number, v.Store.Name, err)
	}
	for _, r := range candidates(out.payload, results[0]) {
		here, err := arrived(v, out.payload, r.PayloadItem)
		if err != nil {
			return out, err
		}
		if !here {
			out.items = append(out.items, r)
		}
	}
	return out, nil
}

// candidates are the items that a result names as refused; where it named too
// many to list, all that the job brought are.
func candidates(p wire.Payload, r store.Result) (out []refusal) {
	listed := 0
	reasons := map[int]merge.Reason{}
	for _, e := range r.Exceptions {
		if e.Action == string(merge.Park) {
			listed++
			reasons[e.N] = merge.Reason(e.Code)
		}
	}
	for n, it := range p.Items {
		if reason, named := reasons[n]; named || listed < r.Counts.Parked {
			out = append(out, refusal{it, reason})
		}
	}
	return out
}

// arrived reports whether the store has the item as the job brought it, or newer:
// what a job brings leaves its origin in the link.
func arrived(v *store.StoreView, p wire.Payload, it wire.PayloadItem) (bool, error) {
	for _, uid := range append([]string{it.UID}, it.Aliases...) {
		rows, err := v.ItemsByUID(it.Kind, uid)
		if err != nil {
			return false, err
		}
		for _, row := range rows {
			if !row.Live() || row.Birth == "" {
				continue
			}
			here, err := row.Decode()
			if err != nil {
				return false, fmt.Errorf("cannot read %s %s of the hub's copy: %w", row.Kind, row.Key, err)
			}
			if here.Link != nil && slices.ContainsFunc(here.Link.Fields, func(f item.LinkField) bool {
				return f.From.Store == p.Source && f.From.HubEpoch == p.HubEpoch && f.From.SyncRev >= it.SyncRev
			}) {
				return true, nil
			}
		}
	}
	return false, nil
}

// keepRetrying is how long after its result a refused item is retried by itself;
// by hand it may be later.
const keepRetrying = 30 * 24 * time.Hour

// maxRetryJobs bounds how many of a store's jobs are looked at for refused items.
const maxRetryJobs = 100

// refusedBy gathers what a store refused, and what of it has not arrived: each
// item once, from the newest job that brought it. pick is asked which of them are
// meant.
func refusedBy(v *store.StoreView, since time.Time, pick func(refusals, refusal) (bool, error)) (out []refusals, err error) {
	jobs, err := v.ParkedJobs(since, maxRetryJobs)
	if err != nil {
		return nil, err
	}
	seen := map[need]bool{}
	for _, j := range jobs {
		r, err := refused(v, j)
		if err != nil {
			return nil, err
		}
		waits, err := retried(v, j.ID)
		if err != nil {
			return nil, err
		}
		items := r.items
		r.items = nil
		for _, it := range items {
			at := need{it.Kind, it.UID}
			if seen[at] {
				continue
			}
			seen[at] = true
			if waits {
				continue // a retry of it is in the queue
			}
			if meant, err := pick(r, it); err != nil {
				return nil, err
			} else if meant {
				r.items = append(r.items, it)
			}
		}
		if len(r.items) > 0 {
			out = append(out, r)
		}
	}
	return out, nil
}

// retried reports whether a retry of the job waits in the store's queue.
func retried(v *store.StoreView, job string) (bool, error) {
	open, err := v.OpenJobs(0)
	return slices.ContainsFunc(open, func(j store.Job) bool { return j.RetryOf == job }), err
}
