package rig

import (
	"context"
	"fmt"

	"plait/hub/operator"
	"plait/hub/storesync"
)

// Tested is a Test with every receiver's part of it.
type Tested struct {
	Plan    storesync.Plan          `json:"plan"`
	Details []storesync.StoreDetail `json:"details"`
}

// Store returns a receiver's part; it is empty if the Test has none.
func (t Tested) Store(name string) storesync.StoreDetail {
	for _, d := range t.Details {
		if d.Store.Name == name {
			return d
		}
	}
	return storesync.StoreDetail{}
}

// Test tests a sync; args are those of `plait-hub sync test`.
func (h *Hub) Test(ctx context.Context, args ...string) (Tested, error) {
	return h.TestBy(ctx, append([]string{"test"}, args...)...)
}

// TestBy makes a Test by one of the commands of `plait-hub sync` that do: test,
// again ID, revert ID.
func (h *Hub) TestBy(ctx context.Context, args ...string) (t Tested, err error) {
	return t, h.Run(ctx, &t, append([]string{"sync"}, args...)...)
}

// Review makes the Tests of everything that comes to a store, one for each source.
func (h *Hub) Review(ctx context.Context, args ...string) ([]Tested, error) {
	var out struct {
		Tests []Tested `json:"tests"`
	}
	err := h.Run(ctx, &out, append([]string{"sync", "review"}, args...)...)
	return out.Tests, err
}

// Policy makes the Tests of other policies, one for each source.
func (h *Hub) Policy(ctx context.Context, args ...string) ([]Tested, error) {
	var out struct {
		Tests []Tested `json:"tests"`
	}
	err := h.Run(ctx, &out, append([]string{"policy", "test"}, args...)...)
	return out.Tests, err
}

// Sync carries out a Test, as an operator who confirms everything that it asks;
// more are further flags.
func (h *Hub) Sync(ctx context.Context, t Tested, more ...string) (y storesync.Sync, err error) {
	args := []string{"sync", "run", t.Plan.Digest, "--yes", "--deletes", fmt.Sprint(t.Plan.Deletes), "--resets", fmt.Sprint(t.Plan.Resets)}
	if t.Plan.HeadOffice != "" {
		args = append(args, "--head-office", t.Plan.HeadOffice)
	}
	return y, h.Run(ctx, &y, append(args, more...)...)
}

// Outcome shows what became of a sync.
func (h *Hub) Outcome(ctx context.Context, id string) (y storesync.Sync, err error) {
	return y, h.Run(ctx, &y, "sync", "show", id)
}

// Job shows a job with what it did.
func (h *Hub) Job(ctx context.Context, id string) (j operator.JobDetail, err error) {
	return j, h.Run(ctx, &j, "job", "show", id)
}

// Queue lists a store's open jobs.
func (h *Hub) Queue(ctx context.Context, store string) (jobs []operator.Job, err error) {
	return jobs, h.Run(ctx, &jobs, "queue", store)
}

// Show tells how the hub thinks that a store stands.
func (h *Hub) Show(ctx context.Context, store string) (s operator.StoreDetail, err error) {
	return s, h.Run(ctx, &s, "store", "show", store)
}
