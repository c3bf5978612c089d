package storesync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"plait/hub/store"
)

// Saved is a sync's options under a name: to be tested and run again by hand, or
// on a schedule.
type Saved struct {
	Name    string  `json:"name"`
	Request Request `json:"request"`
	// Schedule says when it is run by itself: five cron fields, or "@every 24h", in
	// the hub's time zone. "" means by hand alone.
	Schedule string `json:"schedule,omitempty"`
	Waves    *Waves `json:"waves,omitempty"` // of a scheduled run
}

// SavedSync is a Saved as it is kept, and how its last scheduled run stands.
type SavedSync struct {
	Saved
	By    string    `json:"by"`
	At    time.Time `json:"at"`
	Due   time.Time `json:"due,omitzero"` // of the next run
	State string    `json:"state,omitempty"`
	Test  string    `json:"test,omitempty"` // that waits for an operator: its digest
	Sync  string    `json:"sync,omitempty"` // that it was run as, the last time
	Why   string    `json:"why,omitempty"`
	Ran   time.Time `json:"ran,omitzero"`
}

// Limits of saved syncs.
const (
	maxSaved      = 200     // of a network
	maxSavedBytes = 1 << 20 // of one
	maxRunsADay   = 144     // of one: every ten minutes
)

// Save keeps options under a name. What it selects and who receives it is looked
// up anew at each Test. Errors: ErrRequest; store.ErrConflict for a name that is
// taken, unless it is to be replaced.
func (s *Service) Save(ctx context.Context, network string, in Saved, replace bool, by string) (out SavedSync, err error) {
	in.Request.Network, in.Request.By = network, by
	body, err := s.checkSaved(in)
	if err != nil {
		return out, fmt.Errorf("cannot save the sync %q: %w", in.Name, err)
	}
	err = s.db.WithNetwork(ctx, network, func(tx *store.NetworkTx) error {
		due, err := s.mayKeep(tx, in, replace)
		if err != nil {
			return fmt.Errorf("cannot save the sync %q: %w", in.Name, err)
		}
		y, err := tx.SaveSync(store.SavedSync{Name: in.Name, Body: body, By: by, Due: due}, replace)
		if err != nil {
			return err
		}
		out, err = showSaved(y)
		if err != nil {
			return err
		}
		return tx.Audit(by, "sync.save", nil, map[string]any{"name": in.Name, "schedule": in.Schedule, "kinds": len(in.Request.Kinds), "replaced": replace})
	})
	return out, err
}

// checkSaved returns what is kept of it.
func (s *Service) checkSaved(in Saved) ([]byte, error) {
	r := in.Request
	if err := r.check(); err != nil {
		return nil, err
	}
	if _, err := time.Parse("15:04", r.ApplyFrom); r.ApplyFrom != "" && err != nil {
		return nil, refuse("it is queued at %.40q: of what is run again and again, only a time of day can be kept", r.ApplyFrom)
	}
	if in.Waves != nil && in.Schedule == "" {
		return nil, refuse("its waves are named when it is run; only a schedule's can be saved")
	}
	body, err := json.Marshal(in)
	if err == nil && len(body) > maxSavedBytes {
		err = refuse("it has %d bytes, more than %d", len(body), maxSavedBytes)
	}
	return body, err
}

// mayKeep says when it is due first: never, without a schedule.
func (s *Service) mayKeep(tx *store.NetworkTx, in Saved, replace bool) (due time.Time, err error) {
	all, err := tx.SavedSyncs(tx.Network.ID)
	switch {
	case err != nil:
		return due, err
	case len(all) >= maxSaved && !replace:
		return due, refuse("the network has %d saved syncs, the most that it may have: forget one", len(all))
	case in.Schedule == "":
		return due, nil
	}
	return s.nextRun(in.Schedule, tx.Now())
}

// nextRun is the first time after now that a schedule names, in the hub's zone.
func (s *Service) nextRun(schedule string, now time.Time) (time.Time, error) {
	if zone, _, spaced := strings.Cut(schedule, " "); strings.Contains(zone, "TZ=") && !spaced {
		return time.Time{}, refuse("%.60q has a time zone and no times", schedule) // robfig's parser panics at this
	}
	parsed, err := cron.ParseStandard(schedule)
	if err != nil {
		return time.Time{}, refuse("%.60q is neither cron's five fields nor like \"@every 24h\": %w", schedule, err)
	}
	now = now.In(s.Zone)
	next := parsed.Next(now)
	if next.IsZero() {
		return next, refuse("%.60q never comes", schedule)
	}
	at := next
	for range maxRunsADay {
		if at = parsed.Next(at); at.IsZero() || at.Sub(now) > 24*time.Hour {
			return next, nil
		}
	}
	return next, refuse("%.60q is more than %d times a day", schedule, maxRunsADay)
}

func showSaved(y store.SavedSync) (out SavedSync, err error) {
	if err := json.Unmarshal(y.Body, &out.Saved); err != nil {
		return out, fmt.Errorf("cannot read the saved sync %q: %w", y.Name, err)
	}
	out.By, out.At, out.Due = y.By, y.At, y.Due
	out.State, out.Test, out.Sync, out.Why, out.Ran = y.State, y.Test, y.Sync, y.Why, y.Ran
	return out, nil
}

// SavedSyncs lists a network's saved syncs by name.
func (s *Service) SavedSyncs(ctx context.Context, network string) (list []SavedSync, err error) {
	err = s.db.View(ctx, func(v *store.View) (err error) {
		list, err = SavedIn(v, network)
		return err
	})
	return list, err
}

// SavedIn is SavedSyncs as a snapshot has it.
func SavedIn(v *store.View, network string) ([]SavedSync, error) {
	list := []SavedSync{}
	all, err := v.SavedSyncs(network)
	if err != nil {
		return nil, err
	}
	for _, y := range all {
		shown, err := lookSaved(v, network, y)
		if err != nil {
			return nil, err
		}
		list = append(list, shown)
	}
	return list, nil
}

// Saved returns a saved sync, or store.ErrNotFound.
func (s *Service) Saved(ctx context.Context, network, name string) (out SavedSync, err error) {
	err = s.db.View(ctx, func(v *store.View) error {
		y, err := v.SavedSync(network, name)
		if err == nil {
			out, err = lookSaved(v, network, y)
		}
		return err
	})
	return out, err
}

// lookSaved says of a Test that waited for an operator what became of it.
func lookSaved(v *store.View, network string, y store.SavedSync) (SavedSync, error) {
	out, err := showSaved(y)
	if err != nil || y.State != store.SavedWaiting {
		return out, err
	}
	ran, found, err := v.SyncOfPlan(network, y.Test)
	switch {
	case err != nil:
		return out, err
	case found:
		out.State, out.Test, out.Sync, out.Why = store.SavedDone, "", ran.ID, "run by "+ran.By
		return out, nil
	}
	_, err = v.Plan(network, y.Test)
	if errors.Is(err, store.ErrNotFound) {
		out.State, out.Test, out.Why = store.SavedFailed, "", "its Test waited for an operator, and has expired: "+y.Why
		err = nil
	}
	return out, err
}

// Forget removes a saved sync; syncs that were run from it stay.
func (s *Service) Forget(ctx context.Context, network, name, by string) error {
	return s.db.WithNetwork(ctx, network, func(tx *store.NetworkTx) error {
		if err := tx.ForgetSync(name); err != nil {
			return err
		}
		return tx.Audit(by, "sync.forget", nil, map[string]any{"name": name})
	})
}
