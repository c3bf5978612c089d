package upload

import (
	"fmt"
	"slices"

	"plait/shared/item"
	"plait/shared/wire"
)

// What the hub answers is held to what was asked, before anything durable is made
// of it: a fault there, or of something in between, must not settle in agent.db.

// believeWelcome: the credential is the store's that this PC was enrolled for.
func (c *conversation) believeWelcome(w wire.Welcome) error {
	switch {
	case w.HubEpoch == "" || w.Store == "":
		return fmt.Errorf("cannot use the hub's answer to hello: it names no hub epoch or no store; if it comes again, tell the hub's operator")
	case w.Store != c.Store:
		return fmt.Errorf("the hub knows this PC's credential as that of store %s (%s), and the PC is enrolled for %s: nothing was sent; enrol it anew with a code for the right store: plait-agent enroll --replace URL CODE",
			w.StoreName, w.Store, c.Store)
	}
	return nil
}

// believePlaces: places in what was sent, rising.
func believePlaces(what string, places []int, limit int) error {
	last := -1
	for _, p := range places {
		if p <= last || p >= limit {
			return fmt.Errorf("the hub names %s %d of %d after %d; tell the hub's operator", what, p, limit, last)
		}
		last = p
	}
	return nil
}

// believeExtra: what only the hub holds is an item, and lies where was asked.
func believeExtra(kind string, leaves []int, extra []wire.KeyHash) error {
	for _, x := range extra {
		dead := item.Append(nil, item.Item{ID: item.ID{Kind: kind, Key: x.Key, Gen: x.Gen}, Deleted: true})
		if _, err := item.Decode(dead); err != nil {
			return fmt.Errorf("the hub names what is no item; tell the hub's operator: %w", err)
		}
		if !slices.Contains(leaves, wire.Leaf(kind, x.Key)) {
			return fmt.Errorf("the hub names %s %.40q, which was not asked about; tell the hub's operator", kind, x.Key)
		}
	}
	return nil
}

// believeFull: an answer is about this full upload, and says one of the states.
func believeFull(upload string, s wire.FullState, states ...string) error {
	if s.Upload != upload || !slices.Contains(states, s.State) || s.Chunk < 0 {
		return fmt.Errorf("cannot use the hub's answer about full upload %s: it says %.20q of %.40q, chunk %d; nothing is taken for landed; if it comes again, tell the hub's operator",
			upload, s.State, s.Upload, s.Chunk)
	}
	return nil
}

const (
	stateStaging = "staging"
	stateLanded  = "landed"
)
