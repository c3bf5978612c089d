package storesync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"plait/hub/store"
	"plait/shared/wire"
)

// Retried is what became of trying again what stores refused.
type Retried struct {
	Plan Plan `json:"plan"`
	// Why says why it was tested and not run: somebody must confirm it, or the stores
	// would refuse all of it again.
	Why  string `json:"why,omitempty"`
	Sync *Sync  `json:"sync,omitempty"` // that it was run as
}

// keepContents is how long contents of jobs are kept, and with them what a retry
// by hand can be cut for.
const keepContents = 400 * 24 * time.Hour

// RetryStore tries again all that a store refused and that has not arrived: as
// new jobs, cut from the source's values of now.
func (s *Service) RetryStore(ctx context.Context, network, storeID, by string) ([]Retried, error) {
	return s.retryPicked(ctx, network, []string{storeID}, by, func(*store.View, refusals) (bool, error) { return true, nil })
}

// RetrySync tries again what stores refused of a sync, of what sent it again, and
// of their retries.
func (s *Service) RetrySync(ctx context.Context, network, id, by string) ([]Retried, error) {
	var stores []string
	of := map[string]bool{}
	err := s.db.View(ctx, func(v *store.View) error {
		chain, err := chainOf(v, network, id)
		if err != nil {
			return err
		}
		for _, y := range chain {
			of[y.ID] = true
		}
		p, err := planOf(chain[0])
		for _, at := range p.Stores {
			stores = append(stores, at.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.retryPicked(ctx, network, stores, by, func(v *store.View, r refusals) (bool, error) { return partOf(v, r.job, of) })
}

// chainOf is a sync with those that send it again, the first one first.
func chainOf(v *store.View, network, id string) ([]store.Sync, error) {
	first, err := v.Sync(network, id)
	if err == nil && first.Again != "" {
		first, err = v.Sync(network, first.Again)
	}
	if err != nil {
		return nil, err
	}
	again, err := v.SyncsAgain(network, first.ID)
	return append([]store.Sync{first}, again...), err
}

// maxRetryChain bounds how many retries of retries are followed.
const maxRetryChain = 50

// partOf reports whether a job is of one of the syncs, or retries one that is.
func partOf(v *store.View, j store.Job, syncs map[string]bool) (bool, error) {
	for range maxRetryChain {
		if syncs[j.Cause] {
			return true, nil
		}
		if j.RetryOf == "" {
			return false, nil
		}
		before, err := v.FindJob(j.RetryOf)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		j = before.Job
	}
	return false, nil
}

func (s *Service) retryPicked(ctx context.Context, network string, stores []string, by string, pick func(*store.View, refusals) (bool, error)) ([]Retried, error) {
	g := newGathering(network, by)
	err := s.db.View(ctx, func(v *store.View) error {
		for _, id := range stores {
			in, err := v.In(id)
			if err != nil {
				return err
			}
			list, err := refusedBy(in, v.Now().Add(-keepContents), func(r refusals, _ refusal) (bool, error) { return pick(v, r) })
			if err == nil {
				err = g.add(v, id, list)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(g.requests) == 0 {
		return nil, fmt.Errorf("cannot try again what was refused: %w", refuse("all of it has arrived since, or waits in a queue"))
	}
	var out []Retried
	for _, r := range g.requests {
		one, err := s.retry(ctx, *r)
		if err != nil {
			return out, err
		}
		out = append(out, one)
	}
	return out, nil
}

// retry tests a request, and runs it if that needs nobody and brings something.
func (s *Service) retry(ctx context.Context, r Request) (out Retried, err error) {
	out.Plan, err = s.Test(ctx, r, nil)
	if err != nil {
		return out, err
	}
	would := out.Plan.Counts
	would.Parked, would.Skipped = 0, 0
	switch {
	case len(out.Plan.receivers()) == 0:
		out.Why = "no store can receive it now"
	case would == (wire.Counts{}):
		out.Why = "nothing of it could arrive yet"
	default:
		out.Why = out.Plan.needs()
	}
	if out.Why != "" {
		return out, nil
	}
	done, err := s.Run(ctx, r.Network, out.Plan.Digest, Confirm{}, r.By)
	out.Sync = &done
	return out, err
}

// gathering makes requests of what stores refused: one for each source and set of
// options.
type gathering struct {
	network, by string
	requests    []*Request
	place       map[string]*Request
	options     map[string]Options // of syncs, by id
	kinds       map[*Request]map[need]bool
}

func newGathering(network, by string) *gathering {
	return &gathering{network: network, by: by, place: map[string]*Request{}, options: map[string]Options{}, kinds: map[*Request]map[need]bool{}}
}

func (g *gathering) add(v *store.View, storeID string, list []refusals) error {
	for _, r := range list {
		options, err := g.optionsOf(v, r)
		if err != nil {
			return err
		}
		request := g.request(r, options)
		for _, it := range r.items {
			g.item(request, storeID, need{it.Kind, it.UID})
		}
		if request.Only[storeID] != nil && request.RetryOf[storeID] == "" {
			request.RetryOf[storeID] = r.job.ID
			request.Receivers = append(request.Receivers, storeID)
		}
	}
	return nil
}

// optionsOf are those of the sync that a job is of, but for deleting and
// resetting; a job of a continuous sync brings what its items need.
func (g *gathering) optionsOf(v *store.View, r refusals) (Options, error) {
	if known, ok := g.options[r.job.Cause]; ok {
		return known, nil
	}
	out := Options{Options: r.payload.Options, AddMissing: true, SkipGone: true}
	y, err := v.Sync(g.network, r.job.Cause)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return out, nil
	case err != nil:
		return out, err
	}
	p, err := planOf(y)
	out = p.Request.Options
	out.DeleteMissing, out.SkipGone = "", true
	g.options[r.job.Cause] = out
	return out, err
}

func (g *gathering) request(r refusals, o Options) *Request {
	key, err := json.Marshal(o)
	if err != nil {
		panic(err) // texts and switches
	}
	at := r.payload.Source + "\x00" + string(key)
	if g.place[at] == nil {
		label := r.job.Label
		if r.job.Sort != sortRetry {
			label = retryLabel(label)
		}
		g.place[at] = &Request{
			Network: g.network, Source: r.payload.Source, Options: o, By: g.by, Label: clip(label, maxLabel),
			Only: map[string]map[string][]string{}, RetryOf: map[string]string{},
		}
		g.requests = append(g.requests, g.place[at])
		g.kinds[g.place[at]] = map[need]bool{}
	}
	return g.place[at]
}

// item adds an item for a store. What is too much for one Test waits for the next.
func (g *gathering) item(r *Request, storeID string, n need) {
	if !g.kinds[r][n] {
		i := selectionOf(r, n.kind)
		if len(r.Kinds[i].UIDs) >= maxSelected {
			return
		}
		r.Kinds[i].UIDs = append(r.Kinds[i].UIDs, n.uid)
		g.kinds[r][n] = true
	}
	if r.Only[storeID] == nil {
		r.Only[storeID] = map[string][]string{}
	}
	r.Only[storeID][n.kind] = append(r.Only[storeID][n.kind], n.uid)
}

// selectionOf is the place of a kind's selection, made if it is not there.
func selectionOf(r *Request, kind string) int {
	for i, k := range r.Kinds {
		if k.Kind == kind {
			return i
		}
	}
	r.Kinds = append(r.Kinds, Selection{Kind: kind})
	return len(r.Kinds) - 1
}

// explain puts an error of a retry into words for the audit log.
func explain(err error) string { return fmt.Sprintf("it cannot be tried again: %v", err) }
