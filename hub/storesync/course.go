package storesync

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"plait/hub/store"
)

// Waves say that a sync reaches its stores step by step: the canaries first, the
// others once those have applied it, and nobody any more once too many have
// failed.
//
//	             its time comes,            the last wave
//	  Run        the wave before settled    is queued
//	   └─► running ────────┐ queue a wave ──────────► done
//	        ▲  │ ▲         │
//	        │  │ └─────────┘
//	Continue│  │ too many stores failed,
//	        │  ▼ or no canary applied it
//	       halted ────────────────────────────────► ended
//	                End, or its time has run out, or the hub was restored
//
// A wave has settled when each of its jobs has ended, or its store has been
// silent for a day since it was queued. A job that is open counts for nothing, so
// a wave is queued only when its turn comes: until then no store's door is shut
// by it (rule 6).
type Waves struct {
	// Canary are ids, names or labels of receivers that get it first.
	Canary []string `json:"canary,omitempty"`
	// Size is of how many stores each wave after them is; 0: all others at once.
	Size int `json:"size,omitempty"`
	// HaltAfter is the number of failed stores at which nothing more is queued; 0
	// means 1. A store has failed if its job was cancelled or lost, or if it refused
	// items past what the Test foresaw and Refused allows.
	HaltAfter int `json:"halt_after,omitempty"`
	Refused   int `json:"refused,omitempty"`
}

// Course is how the jobs of a sync are queued, and how far that is.
type Course struct {
	Waves
	From  time.Time `json:"from,omitzero"` // nothing is queued before
	Until time.Time `json:"until"`         // what is not queued by then never is
	Wave  int       `json:"wave"`          // how many waves were queued
	Of    int       `json:"of"`            // how many there are
	// Released is the wave that an operator did not want to wait for, and Forgiven
	// how many failed stores they knew of when they let it go on.
	Released int `json:"released,omitempty"`
	Forgiven int `json:"forgiven,omitempty"`
	// Left says why stores got no job when their wave was queued, by id.
	Left map[string]string `json:"left,omitempty"`
	// Why it stands as it does, and by whose act; "" while all goes well.
	Why string `json:"why,omitempty"`
	By  string `json:"by,omitempty"`
}

// courseLife is how long after its time a sync with waves may take.
const courseLife = 30 * 24 * time.Hour

// newCourse resolves the canaries among the stores that can receive. all are the
// network's stores, if there are canaries.
func newCourse(p Plan, w *Waves, now time.Time, all []store.Store) (Course, error) {
	c := Course{From: p.ApplyFrom, Until: p.Expires}
	if w != nil {
		c.Waves = *w
	}
	if c.Size < 0 || c.HaltAfter < 0 || c.Refused < 0 {
		return c, refuse("the number of a wave's stores, of failures and of refused items is not below 0")
	}
	ids, err := p.canaries(c.Canary, all)
	if err != nil {
		return c, err
	}
	c.Canary = ids
	c.Of = len(c.waves(p))
	if c.Of < 2 && c.HaltAfter > 0 {
		return c, refuse("it reaches all stores at once, so nothing could halt it: name canaries, or the size of a wave")
	}
	if c.Of > 1 || c.From.After(now) {
		c.Until = now.Add(courseLife)
		if c.From.After(now) {
			c.Until = c.From.Add(courseLife)
		}
	}
	return c, nil
}

// canaries are the ids of the receivers that get it first.
func (p Plan) canaries(names []string, all []store.Store) (ids []string, err error) {
	receive := p.receivers()
	for _, name := range names {
		found := false
		for _, s := range all {
			if (s.ID == name || s.Name == name || slices.Contains(s.Labels, name)) && slices.Contains(receive, s.ID) {
				found = true
				if !slices.Contains(ids, s.ID) {
					ids = append(ids, s.ID)
				}
			}
		}
		if !found {
			return nil, refuse("no store that can receive this sync is called or labelled %q: it can be no canary", name)
		}
	}
	return ids, nil
}

// waves are the ids of the receivers by wave. The same plan and course give the
// same waves.
func (c Course) waves(p Plan) (out [][]string) {
	var first, rest []string
	for _, id := range p.receivers() {
		if slices.Contains(c.Canary, id) {
			first = append(first, id)
		} else {
			rest = append(rest, id)
		}
	}
	if len(first) > 0 {
		out = append(out, first)
	}
	size := c.Size
	if size == 0 {
		size = max(len(rest), 1)
	}
	return slices.AppendSeq(out, slices.Chunk(rest, size))
}

func (c Course) encode() []byte {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings, numbers and times
	}
	return b
}

func courseOf(y store.Sync) (c Course, err error) {
	if err = json.Unmarshal(y.Course, &c); err != nil {
		err = fmt.Errorf("cannot read how far sync %s is: %w", y.ID, err)
	}
	return c, err
}

// report is how the waves that were queued have fared.
type report struct {
	failed []string // names of stores, of all waves
	// Of the last wave: names of stores with open jobs, without the silent ones, and
	// how many stores applied it.
	open    []string
	applied int
}

// Steps that a course can take.
type step int

const (
	stay step = iota
	queueNext
	finish
	halt
	end
)

// next decides what comes next, and why, for people.
func (c Course) next(now time.Time, r report) (step, string) {
	canaries := len(c.Canary) > 0 && c.Wave == 1
	switch {
	case c.Wave == c.Of:
		return finish, ""
	case now.After(c.Until):
		return end, fmt.Sprintf("its time ran out with %d of %d waves queued", c.Wave, c.Of)
	case now.Before(c.From):
		return stay, "it is queued at " + c.From.Format(minute)
	case c.Wave == 0:
		return queueNext, ""
	case len(r.failed)-c.Forgiven >= max(c.HaltAfter, 1):
		return halt, fmt.Sprintf("%s did not apply it as foreseen: %s", count(len(r.failed), "store"), named(r.failed))
	case c.Released >= c.Wave:
		return queueNext, ""
	case len(r.open) > 0:
		return stay, fmt.Sprintf("wave %d of %d is queued once %s applied it: %s", c.Wave+1, c.Of, countHave(len(r.open)), named(r.open))
	case canaries && r.applied == 0:
		return halt, "no canary has applied it"
	}
	return queueNext, ""
}

func countHave(n int) string {
	if n == 1 {
		return "1 store has"
	}
	return fmt.Sprintf("%d stores have", n)
}
