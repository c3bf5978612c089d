package storesync

import (
	"encoding/json"
	"sync"
)

// countedSetups remembers how many items of each store need local setup, as long as
// all that decides it is as it was: an operator who asks for all stores waits for
// those alone that changed since he asked last. It is forgotten with the process,
// which costs one more count.
type countedSetups struct {
	mu sync.Mutex
	at map[string]countedSetup // by store
}

// countedSetup is a count and what it rests upon.
type countedSetup struct {
	on    setupBasis
	local int
}

type setupBasis struct {
	live, revision             int64 // of the hub's copy
	profile, catalog, switches string
}

// maxCounted bounds the stores that are remembered: about 10 MB.
const maxCounted = 50_000

// local counts the items that a sync created and that need a person.
func (c *countedSetups) local(n *setup) (int, error) {
	at, err := n.in.Copy()
	if err != nil {
		return 0, err
	}
	switches, err := json.Marshal(n.network.Switches) // with sorted names
	if err != nil {
		return 0, err
	}
	on := setupBasis{live: at.Live, revision: at.Revision, profile: n.in.Store.Profile, catalog: n.network.Catalog, switches: string(switches)}
	id := n.in.Store.ID
	if was, ok := c.get(id); ok && was.on == on {
		return was.local, nil
	}
	local := 0
	if _, err := n.created("", -1, func(SetupItem) { local++ }); err != nil {
		return 0, err
	}
	c.set(id, countedSetup{on, local})
	return local, nil
}

func (c *countedSetups) get(store string) (countedSetup, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.at[store]
	return at, ok
}

func (c *countedSetups) set(store string, at countedSetup) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at == nil || len(c.at) >= maxCounted {
		c.at = map[string]countedSetup{}
	}
	c.at[store] = at
}
