package storesync

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"plait/hub/store"
	"plait/shared/wire"
)

// Sync is an operator's act: a Test that was run.
type Sync struct {
	ID       string         `json:"id"`
	Network  string         `json:"network"`
	Label    string         `json:"label"`
	By       string         `json:"by"`
	At       time.Time      `json:"at"`
	Source   StoreName      `json:"source"`
	Test     string         `json:"test"`     // digest
	Sentence string         `json:"sentence"` // what was to happen
	Kinds    []PlanKind     `json:"kinds"`
	Items    int            `json:"items"`
	Expected wire.Counts    `json:"expected"` // by the Test, of all receivers
	States   map[string]int `json:"states"`   // jobs by state
	// State says whether its jobs are queued, as store.SyncRunning and the others do,
	// and Stands what it waits for, in words.
	State  string `json:"state"`
	Stands string `json:"stands"`
	Course Course `json:"course"`
	// Stores are the receivers by name, those first that got a job; nil in a list.
	Stores []SyncStore `json:"stores,omitempty"`
}

// SyncStore is a sync at one receiver.
type SyncStore struct {
	StoreName
	Job      string      `json:"job,omitempty"` // id; "" if none was queued
	Number   int64       `json:"number,omitempty"`
	Wave     int         `json:"wave,omitempty"` // in which its job is queued, from 1; 0 if it could not receive
	State    string      `json:"state,omitempty"`
	Queued   time.Time   `json:"queued,omitzero"`
	Ended    time.Time   `json:"ended,omitzero"`
	Age      int64       `json:"age,omitempty"` // seconds that an open job has waited
	Expected wire.Counts `json:"expected"`      // by the Test
	Outcome  wire.Counts `json:"outcome"`       // zero until the store reported
	Reported time.Time   `json:"reported,omitzero"`
	// Waits says what an open job waits for, and Why what ended it or kept the store
	// from getting one, each with the way out.
	Waits string `json:"waits,omitempty"`
	Why   string `json:"why,omitempty"`
}

// List returns the newest syncs of a network, newest first, at most limit (1 to
// 500).
func (s *Service) List(ctx context.Context, network string, limit int) (list []Sync, err error) {
	err = s.db.View(ctx, func(v *store.View) error {
		all, err := v.Syncs(network, min(max(limit, 1), 500))
		for _, y := range all {
			out, _, err := shown(v, network, y, Plan{})
			if err != nil {
				return err
			}
			if out.States, err = states(v, network, y.ID); err != nil {
				return err
			}
			list = append(list, out)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list syncs: %w", err)
	}
	return list, nil
}

// Show returns a sync with what became of it at every receiver.
func (s *Service) Show(ctx context.Context, network, id string) (Sync, error) {
	return s.show(ctx, network, id, Plan{})
}

// show is Show of a sync whose Test was read, if it is not empty.
func (s *Service) show(ctx context.Context, network, id string, p Plan) (out Sync, err error) {
	err = s.db.View(ctx, func(v *store.View) error {
		y, err := v.Sync(network, id)
		if err != nil {
			return err
		}
		if out, p, err = shown(v, network, y, p); err != nil {
			return err
		}
		b := &showing{view: v, network: network, sync: out}
		out.Stores, err = b.stores(p)
		out.States = b.states
		return err
	})
	if err != nil {
		return out, fmt.Errorf("cannot show sync %s: %w", id, err)
	}
	return out, nil
}

// shown is a sync and how it stands, without its stores.
func shown(v *store.View, network string, y store.Sync, p Plan) (Sync, Plan, error) {
	at, err := syncStanding(v, network, y, p)
	p = at.plan
	return Sync{
		ID: y.ID, Network: network, Label: y.Label, By: y.By, At: y.At, Source: p.Source, Test: y.Plan,
		Sentence: p.Sentence(), Kinds: p.Kinds, Items: p.Items, Expected: p.Counts,
		State: y.State, Stands: at.stands(), Course: at.course,
	}, p, err
}

// Exceptions returns what a store reported of a job, newest first: one result
// for each history of the store's POS database in which the job was applied.
func (s *Service) Exceptions(ctx context.Context, storeID, job string) (list []store.Result, err error) {
	err = s.db.ViewStore(ctx, storeID, func(v *store.StoreView) error {
		if _, err := v.Job(job); err != nil {
			return err
		}
		list, err = v.Results(job)
		return err
	})
	return list, err
}

// planOf is the Test that a sync carries out.
func planOf(y store.Sync) (p Plan, err error) {
	b, err := wire.Decompress(y.Body, maxStored)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil {
		err = fmt.Errorf("cannot read sync %s: %w", y.ID, err)
	}
	return p, err
}

func states(v *store.View, network, id string) (map[string]int, error) {
	jobs, err := v.JobsByCause(network, id)
	out := map[string]int{}
	for _, j := range jobs {
		out[j.State]++
	}
	return out, err
}

// showing puts together what became of a sync.
type showing struct {
	view     *store.View
	network  string
	sync     Sync
	wave     map[string]int // by store
	states   map[string]int
	followed map[string]*store.Followed // by store
	outcomes map[string]store.Outcome   // by job
}

func (b *showing) stores(p Plan) ([]SyncStore, error) {
	followed, err := b.view.Follow(b.network, b.sync.ID)
	if err != nil {
		return nil, err
	}
	outcomes, err := b.view.OutcomesByCause(b.network, b.sync.ID)
	if err != nil {
		return nil, err
	}
	b.states, b.followed, b.outcomes = map[string]int{}, make(map[string]*store.Followed, len(followed)), make(map[string]store.Outcome, len(outcomes))
	for i := range followed {
		f := &followed[i]
		b.states[f.State]++
		b.followed[f.Store] = f
	}
	for _, o := range outcomes {
		b.outcomes[o.Job] = o
	}
	b.wave = make(map[string]int, len(p.Stores))
	for i, ids := range b.sync.Course.waves(p) {
		for _, id := range ids {
			b.wave[id] = i + 1
		}
	}
	with, without := make([]SyncStore, 0, len(p.Stores)), []SyncStore(nil)
	for _, at := range p.Stores {
		row := b.store(at)
		if row.Job != "" {
			with = append(with, row)
		} else {
			without = append(without, row)
		}
	}
	return append(with, without...), nil
}

func (b *showing) store(at StorePlan) SyncStore {
	out := SyncStore{StoreName: at.StoreName, Expected: at.Counts, Wave: b.wave[at.ID]}
	j := b.followed[at.ID]
	if j == nil {
		out.Waits, out.Why = b.whyNot(at, out.Wave)
		return out
	}
	out.Job, out.Number, out.State, out.Queued, out.Ended, out.Why = j.ID, j.Number, j.State, j.Created, j.Ended, j.Why
	if o, ok := b.outcomes[j.ID]; ok {
		out.Outcome, out.Reported = o.Counts, o.At
	}
	if !store.IsOpen(j.State) {
		if j.State == store.Cancelled && out.Why == "" {
			out.Why = "cancelled by " + j.EndedBy
		}
		return out
	}
	out.Age = int64(b.view.Now().Sub(j.Created) / time.Second)
	out.Waits = b.waits(j)
	return out
}

// whyNot says of a store without a job when it gets one, or why it got none.
func (b *showing) whyNot(at StorePlan, wave int) (waits, why string) {
	c := b.sync.Course
	switch {
	case at.Blocked != "":
		return "", at.Blocked
	case c.Left[at.ID] != "":
		return "", c.Left[at.ID] + "; mend it, and send it again with `sync again`"
	case b.sync.State == store.SyncEnded:
		return "", c.Why
	case c.Of == 1:
		return b.sync.Stands, ""
	}
	return fmt.Sprintf("wave %d of %d", wave, c.Of), ""
}

// waits says what an open job waits for.
func (b *showing) waits(j *store.Followed) string {
	if j.First != 0 {
		return fmt.Sprintf("job %d, %s, goes first", j.First, quoted(j.FirstLabel))
	}
	switch now := b.view.Now(); {
	case !j.Held.IsZero():
		return "an older copy of its agent waits to be let in: release one of them"
	case j.State == store.Begun || j.State == store.CancelRequested:
		return "the store began it, and has not reported yet"
	case j.HelloAt.IsZero() || now.Sub(j.HelloAt) > quiet:
		return fmt.Sprintf("the store was last heard of %s ago: see to its PC and its line", inDays(now.Sub(j.HelloAt)))
	case !j.Due.IsZero():
		return "the store comes at " + j.Due.Format("2006-01-02 15:04") + " UTC"
	}
	return "the store's next contact"
}
