package storesync

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plait/hub/store"
)

// Again makes one Test that sends a sync again to the stores that missed it: all
// of it to those that were left out or could not receive, or whose job was
// cancelled or lost; what they refused to the others, as a retry. Both are cut
// from the source's values of now. It changes nothing; Run carries it out.
//
// What was sent again before counts: a store that has it by then misses nothing.
// Errors: store.ErrNotFound; ErrRequest if no store missed it.
func (s *Service) Again(ctx context.Context, network, id, by string, progress Progress) (Plan, error) {
	var r Request
	err := s.db.View(ctx, func(v *store.View) (err error) {
		r, err = againRequest(v, network, id)
		return err
	})
	if err != nil {
		return Plan{}, fmt.Errorf("cannot send sync %s again: %w", id, err)
	}
	r.By = by
	return s.Test(ctx, r, progress)
}

// missing is a sync and what became of it at its receivers.
type missing struct {
	view    *store.View
	first   store.Sync
	plan    Plan
	course  Course
	plans   map[string]Plan               // of all that sent it, by sync
	newest  map[string]store.JobOfNetwork // by store
	request Request
}

func againRequest(v *store.View, network, id string) (Request, error) {
	m := &missing{view: v, plans: map[string]Plan{}, newest: map[string]store.JobOfNetwork{}}
	if err := m.read(network, id); err != nil {
		return Request{}, err
	}
	if m.plan.Reverts != nil {
		return Request{}, refuse("it takes another sync back: revert that one again")
	}
	m.start()
	for _, at := range m.plan.Stores {
		if err := m.look(at); err != nil {
			return Request{}, err
		}
	}
	if len(m.request.Receivers) == 0 {
		return Request{}, refuse("no store has missed it: all have it, or a job for it")
	}
	m.narrow()
	return m.request, nil
}

// read reads the sync, what sent it again, and the newest job of each store.
func (m *missing) read(network, id string) error {
	chain, err := chainOf(m.view, network, id)
	if err != nil {
		return err
	}
	m.first = chain[0]
	if m.course, err = courseOf(m.first); err != nil {
		return err
	}
	for _, y := range chain {
		if m.plans[y.ID], err = planOf(y); err != nil {
			return err
		}
		jobs, err := m.view.JobsByCause(network, y.ID)
		if err != nil {
			return err
		}
		for _, j := range jobs {
			if before, ok := m.newest[j.Store]; !ok || j.After(before.Epoch, before.Number) {
				m.newest[j.Store] = j
			}
		}
	}
	m.plan = m.plans[m.first.ID]
	return nil
}

// start is the first request, for nobody yet. Changes are counted from where it
// counted them.
func (m *missing) start() {
	r := m.plan.Request
	r.Receivers, r.AllReceivers, r.ApplyFrom, r.AgainOf = nil, false, "", m.first.ID
	r.Only, r.RetryOf = map[string]map[string][]string{}, map[string]string{}
	r.Options.SkipGone = true
	r.Label = clip(m.plan.Label, maxLabel-len(againMark)) + againMark
	r.Kinds = slices.Clone(r.Kinds)
	for i := range r.Kinds {
		if k := &r.Kinds[i]; k.ChangedSince == SinceLast || strings.HasPrefix(k.ChangedSince, "rev:") {
			for _, planned := range m.plan.Kinds {
				if planned.Kind == k.Kind {
					k.ChangedSince = "rev:" + strconv.FormatInt(planned.After, 10)
				}
			}
		}
	}
	m.request = r
}

const againMark = ", again"

// look decides what a receiver missed.
func (m *missing) look(at StorePlan) error {
	j, queued := m.newest[at.ID]
	switch {
	case !queued && m.toCome(at):
		return nil
	case !queued:
		m.misses(at.ID, m.plan.Request.Only[at.ID], "")
		return nil
	case j.Open():
		return nil
	case j.State != store.Applied:
		m.misses(at.ID, m.plans[j.Cause].Request.Only[at.ID], j.RetryOf)
		return nil
	}
	in, err := m.view.In(at.ID)
	if err != nil {
		return err
	}
	if waits, err := retried(in, j.ID); err != nil || waits {
		return err
	}
	r, err := refused(in, j.Job)
	if err != nil || len(r.items) == 0 {
		return err
	}
	only := map[string][]string{}
	for _, it := range r.items {
		only[it.Kind] = append(only[it.Kind], it.UID)
	}
	m.misses(at.ID, only, j.ID)
	return nil
}

// toCome reports whether a receiver's wave is still to be queued.
func (m *missing) toCome(at StorePlan) bool {
	if m.first.State != store.SyncRunning && m.first.State != store.SyncHalted {
		return false
	}
	for i, ids := range m.course.waves(m.plan) {
		if slices.Contains(ids, at.ID) {
			return i >= m.course.Wave
		}
	}
	return false
}

// misses adds a receiver; only nil means that it missed everything.
func (m *missing) misses(id string, only map[string][]string, retryOf string) {
	m.request.Receivers = append(m.request.Receivers, id)
	if only != nil {
		m.request.Only[id] = only
	}
	if only != nil && retryOf != "" {
		m.request.RetryOf[id] = retryOf
	}
}

// narrow leaves of the request what its receivers need: where all of them miss
// single items, nothing else is selected, deleted or reset.
func (m *missing) narrow() {
	r := &m.request
	r.Decisions, r.Reset = among(r.Decisions, r.Receivers), among(r.Reset, r.Receivers)
	if len(r.Only) < len(r.Receivers) {
		return
	}
	r.Kinds, r.ResetFields, r.Options.DeleteMissing = nil, nil, ""
	seen := map[need]bool{}
	for _, id := range r.Receivers {
		for kind, uids := range r.Only[id] {
			for _, uid := range uids {
				if n := (need{kind, uid}); !seen[n] {
					seen[n] = true
					i := selectionOf(r, kind)
					r.Kinds[i].UIDs = append(r.Kinds[i].UIDs, uid)
				}
			}
		}
	}
}

// among leaves what is given for the stores.
func among[T any](given map[string]T, stores []string) map[string]T {
	out := map[string]T{}
	for id, v := range given {
		if slices.Contains(stores, id) {
			out[id] = v
		}
	}
	return out
}
