package storesync

import (
	"errors"
	"slices"
	"time"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

// Since is the job that brought a value.
type Since struct {
	Job    string    `json:"job"` // id
	Number int64     `json:"number"`
	Label  string    `json:"label"`
	Sync   string    `json:"sync,omitempty"` // id; "" of one that no operator ran
	By     string    `json:"by"`
	At     time.Time `json:"at"` // when it was cut
}

// Bounds of a search for the jobs that brought an item: the newest jobs of a
// store, and contents that are read for one question.
const (
	jobsLookedAt     = 100
	contentsLookedAt = 200
)

// carriers finds the jobs that brought one item. Most stores got the same
// contents, which are read once for all of them and not kept.
type carriers struct {
	kind string
	uids []string
	seen map[string]carrying // by hash
}

// carrying is what a content holds of the item.
type carrying struct {
	brings bool
	origin item.Origin
}

func (l *look) carriers() *carriers {
	return &carriers{kind: l.kind.Name, uids: l.uids, seen: map[string]carrying{}}
}

// brought returns the first of the jobs that brought what the link has from an
// origin, for later ones brought the same again; nil if the hub has none of them
// any more.
func (c *carriers) brought(in *store.StoreView, from item.Origin) (since *Since, err error) {
	jobs, err := in.Jobs(jobsLookedAt)
	if err != nil {
		return nil, err
	}
	for _, j := range jobs {
		if j.State != store.Applied || j.Payload == "" {
			continue
		}
		got, err := c.read(in, j.Payload)
		if err != nil {
			return nil, err
		}
		if got.brings && got.origin == from {
			since = sinceOf(j)
		}
	}
	return since, nil
}

func sinceOf(j store.Job) *Since {
	return &Since{Job: j.ID, Number: j.Number, Label: j.Label, Sync: j.Cause, By: j.CreatedBy, At: j.Created}
}

// open returns the open jobs of a store that bring the item.
func (c *carriers) open(in *store.StoreView) (out []store.Job, err error) {
	jobs, err := in.OpenJobs(jobsLookedAt)
	if err != nil {
		return nil, err
	}
	for _, j := range jobs {
		if j.Payload == "" {
			continue // a continuous sync's, of which nobody knows yet what it brings
		}
		got, err := c.read(in, j.Payload)
		if err != nil {
			return nil, err
		}
		if got.brings {
			out = append(out, j)
		}
	}
	return out, nil
}

func (c *carriers) read(in *store.StoreView, hash string) (carrying, error) {
	known, ok := c.seen[hash]
	if ok || len(c.seen) >= contentsLookedAt {
		return known, nil
	}
	lines, err := content(in, hash)
	if errors.Is(err, store.ErrNotFound) {
		c.seen[hash] = carrying{} // contents are kept for a time
		return carrying{}, nil
	}
	if err != nil {
		return carrying{}, err
	}
	payload, err := wire.DecodePayload(lines)
	if err != nil {
		return carrying{}, err
	}
	for _, it := range payload.Items {
		if it.Kind == c.kind && (slices.Contains(c.uids, it.UID) || slices.ContainsFunc(it.Aliases, func(u string) bool { return slices.Contains(c.uids, u) })) {
			known = carrying{true, item.Origin{Store: payload.Source, HubEpoch: payload.HubEpoch, SyncRev: it.SyncRev}}
		}
	}
	c.seen[hash] = known
	return known, nil
}
