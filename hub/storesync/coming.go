package storesync

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"plait/hub/store"
)

// Coming is a kind that comes to a store by continuous sync, and how that stands.
type Coming struct {
	Kind    string `json:"kind"`
	Source  string `json:"source"`         // name of the store
	Changes int64  `json:"changes"`        // of the source that the store has not been sent
	Held    string `json:"held,omitempty"` // why none is sent until somebody has looked; "" if it is
	source  string // id
}

// heldWords say why a continuous sync to a store is held.
var heldWords = map[string]string{
	heldNew:              "nobody has looked yet at what it brings",
	store.HeldCancelled:  "a job of it was cancelled",
	store.HeldLost:       "a job of it was lost with a restored POS database",
	store.HeldSwitchedOn: "the store was off in between",
	store.HeldReverted:   "what it brought was taken back",
	store.HeldLinked:     "the store, or the one that it comes from, was linked anew",
}

// heldNew: the store has no cursor yet.
const heldNew = "new"

// Why says in words why it is held; "" if it is not.
func (c Coming) Why() string { return heldWords[c.Held] }

// ComesTo lists what comes to a store by continuous sync, by kind, as far as its
// POS has a place for it.
func ComesTo(v *store.StoreView) (out []Coming, err error) {
	if v.Store.Role != store.Branch && v.Store.Role != store.HeadOffice {
		return nil, nil
	}
	profile, err := v.Profile()
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	flows, err := v.Continuous(v.Store.Network)
	if err != nil {
		return nil, err
	}
	lags, err := v.Lags()
	for _, f := range flows {
		if err != nil || f.Source == v.Store.ID || !syncs(profile, f.Kind) {
			continue
		}
		var c Coming
		c, err = comingAlong(v, f, lags)
		out = append(out, c)
	}
	return out, err
}

func comingAlong(v *store.StoreView, f store.Flow, lags []store.Lag) (c Coming, err error) {
	src, err := v.In(f.Source)
	if err != nil {
		return c, err
	}
	c = Coming{Kind: f.Kind, Source: src.Store.Name, source: f.Source}
	i := slices.IndexFunc(lags, func(l store.Lag) bool { return l.Kind == f.Kind && l.Source == f.Source })
	if i >= 0 {
		c.Changes, c.Held = max(lags[i].To-lags[i].From, 0), lags[i].Held
		return c, nil
	}
	c.Held = heldNew
	c.Changes, err = src.SyncRev(f.Kind)
	return c, err
}

// Miss is something that does not come to a store while its switch is off.
type Miss struct {
	What    string    `json:"what"`             // one of the Miss constants
	Name    string    `json:"name"`             // the kind, or what the sync is called
	Source  string    `json:"source,omitempty"` // of a continuous sync: name of the store
	Changes int64     `json:"changes,omitempty"`
	At      time.Time `json:"at,omitzero"` // when it would come, if that is known
}

// What a store may miss.
const (
	MissContinuous = "continuous" // what is synced continuously, from now on
	MissSync       = "sync"       // a sync that has not reached it yet
	MissSchedule   = "schedule"   // a saved sync that runs by itself
)

// String is a sentence's part.
func (m Miss) String() string {
	switch m.What {
	case MissContinuous:
		text := fmt.Sprintf("what %s changes of %s from now on", m.Source, m.Name)
		if m.Changes > 0 {
			text += fmt.Sprintf(", and %s that waited for it", count(int(m.Changes), "change"))
		}
		return text
	case MissSchedule:
		return fmt.Sprintf("the scheduled sync %s, next at %s", quoted(m.Name), m.At.Format(minute))
	}
	return fmt.Sprintf("the sync %s, which had not reached it yet", quoted(m.Name))
}

// Misses lists what a store that is off does not get.
func Misses(v *store.StoreView) ([]Miss, error) {
	coming, err := ComesTo(v)
	if err != nil {
		return nil, err
	}
	var out []Miss
	for _, c := range coming {
		if c.Held == "" || c.Held == store.HeldSwitchedOn {
			out = append(out, Miss{What: MissContinuous, Name: c.Kind, Source: c.Source, Changes: c.Changes})
		}
	}
	syncs, err := missedSyncs(v)
	if err != nil {
		return nil, err
	}
	scheduled, err := missedSchedules(v)
	return slices.Concat(out, syncs, scheduled), err
}

// missedSyncs are those that have yet to queue a job for the store.
func missedSyncs(v *store.StoreView) (out []Miss, err error) {
	all, err := v.UnfinishedSyncs(v.Store.Network)
	if err != nil {
		return nil, err
	}
	for _, y := range all {
		c, err := courseOf(y)
		if err != nil {
			return nil, err
		}
		p, err := planOf(y)
		if err != nil {
			return nil, err
		}
		for _, wave := range c.waves(p)[c.Wave:] {
			if slices.Contains(wave, v.Store.ID) {
				out = append(out, Miss{What: MissSync, Name: y.Label, At: c.From})
			}
		}
	}
	return out, nil
}

// missedSchedules are the saved syncs that run by themselves, and whose receivers
// the store is one of.
func missedSchedules(v *store.StoreView) (out []Miss, err error) {
	saved, err := v.SavedSyncs(v.Store.Network)
	if err != nil {
		return nil, err
	}
	all, err := v.Stores(v.Store.Network)
	if err != nil {
		return nil, err
	}
	for _, y := range saved {
		shown, err := showSaved(y)
		if err != nil {
			return nil, err
		}
		// One that cannot be made as things stand misses nobody.
		p, err := findParties(shown.Request, all, Settings{})
		mine := func(s store.Store) bool { return s.ID == v.Store.ID }
		if err == nil && !shown.Due.IsZero() && slices.ContainsFunc(p.receivers, mine) {
			out = append(out, Miss{What: MissSchedule, Name: y.Name, At: shown.Due})
		}
	}
	return out, nil
}
