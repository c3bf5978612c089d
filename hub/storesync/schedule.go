package storesync

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"plait/hub/store"
	"plait/shared/wire"
)

// RunDue runs the saved syncs of a network whose time has come. Times that were
// missed, because the hub was down, are made up for by one run, late.
//
// A scheduled run makes a Test, and runs it only if that needs nobody's
// confirmation: it deletes nothing, resets nothing, and head office does not
// receive it. Else the Test waits for an operator, and the audit log and the
// hub's health say so.
//
// Killed at any point, it goes on: the Test that is to be run is kept before it
// is run, and running a Test twice is running it once.
func (s *Service) RunDue(ctx context.Context, network string) error {
	var due []store.SavedSync
	err := s.db.View(ctx, func(v *store.View) error {
		all, err := v.SavedSyncs(network)
		for _, y := range all {
			if y.State == store.SavedRunning || !y.Due.IsZero() && !y.Due.After(v.Now()) {
				due = append(due, y)
			}
		}
		return err
	})
	for _, y := range due {
		if ctx.Err() != nil {
			break
		}
		failed := s.runSaved(ctx, network, y)
		if errors.Is(failed, store.ErrConflict) {
			continue // it was saved anew meanwhile
		}
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("the saved sync %q: %w", y.Name, failed))
		}
	}
	return err
}

func (s *Service) runSaved(ctx context.Context, network string, y store.SavedSync) error {
	saved, err := showSaved(y)
	if err != nil {
		return err
	}
	if y.State != store.SavedRunning {
		if y, err = s.testSaved(ctx, network, y, saved.Saved); err != nil || y.State != store.SavedRunning {
			return err
		}
	}
	done, err := s.Run(ctx, network, y.Test, Confirm{Waves: saved.Waves}, scheduler(y))
	switch {
	case errors.Is(err, ErrExpired), err == nil && done.State == store.SyncEnded:
		// The hub was down for a day just here: the time is made up for with a new Test.
		y.State, y.Test = "", ""
		return s.db.WithNetwork(ctx, network, func(tx *store.NetworkTx) error { return tx.SetSaved(y) })
	case errors.Is(err, ErrRequest) || errors.Is(err, ErrConfirm):
		return s.settle(ctx, network, y, saved.Schedule, store.SavedFailed, err.Error())
	case err != nil:
		return err
	}
	y.Sync = done.ID
	return s.settle(ctx, network, y, saved.Schedule, store.SavedDone, "")
}

// scheduler is who does what a schedule asks for.
func scheduler(y store.SavedSync) string {
	return fmt.Sprintf("schedule %q of %s", y.Name, y.By)
}

// testSaved makes the Test of a run that is due, and keeps what is to become of
// it.
func (s *Service) testSaved(ctx context.Context, network string, y store.SavedSync, saved Saved) (store.SavedSync, error) {
	y.Sync, y.Ran = "", s.db.Now()
	r := saved.Request
	r.Network, r.By = network, scheduler(y)
	if r.Label == "" {
		r.Label = y.Name
	}
	p, err := s.Test(ctx, r, nil)
	switch {
	case errors.Is(err, ErrNothing):
		return y, s.settle(ctx, network, y, saved.Schedule, store.SavedDone, "the source has nothing of what is selected")
	case errors.Is(err, ErrRequest):
		return y, s.settle(ctx, network, y, saved.Schedule, store.SavedFailed, err.Error())
	case err != nil:
		return y, err
	case len(p.receivers()) == 0:
		return y, s.settle(ctx, network, y, saved.Schedule, store.SavedFailed, "no store can receive it now")
	case p.idle():
		return y, s.settle(ctx, network, y, saved.Schedule, store.SavedDone, "all stores have it already")
	}
	y.Test = p.Digest
	if why := p.needs(); why != "" {
		return y, s.settle(ctx, network, y, saved.Schedule, store.SavedWaiting, why)
	}
	y.State = store.SavedRunning
	return y, s.db.WithNetwork(ctx, network, func(tx *store.NetworkTx) error { return tx.SetSaved(y) })
}

// needs says in words what of the plan somebody must confirm; "" if nothing.
func (p Plan) needs() string {
	var what []string
	if p.Deletes > 0 {
		what = append(what, "it deletes "+count(p.Deletes, "item"))
	}
	if p.Resets > 0 {
		what = append(what, "it resets "+count(p.Resets, "value")+" that stores chose")
	}
	if p.HeadOffice != "" {
		what = append(what, "head office itself receives it")
	}
	return strings.Join(what, ", and ")
}

// idle reports whether every store has every item already, and no open job could
// change that.
func (p Plan) idle() bool {
	only := p.Counts
	only.Equal = 0
	if only != (wire.Counts{}) {
		return false
	}
	for _, at := range p.Stores {
		for _, w := range at.Warnings {
			if w.Code == WarnOpenJobs {
				return false
			}
		}
	}
	return true
}

// settle keeps how a scheduled run ended, and when the next one is due: the first
// time after it began, for one that it took over after a kill may have passed.
func (s *Service) settle(ctx context.Context, network string, y store.SavedSync, schedule, state, why string) error {
	return s.db.WithNetwork(ctx, network, func(tx *store.NetworkTx) error {
		next, err := s.nextRun(schedule, y.Ran)
		if err != nil {
			return err
		}
		y.State, y.Why, y.Due = state, why, next
		if state != store.SavedWaiting {
			y.Test = ""
		}
		if err := tx.SetSaved(y); err != nil || state == store.SavedDone {
			return err // Run has its own entry
		}
		return tx.Audit(scheduler(y), "sync."+state, nil, map[string]any{"name": y.Name, "test": y.Test, "why": why})
	})
}
