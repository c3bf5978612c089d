package contact

import (
	"time"

	"plait/hub/store"
	"plait/shared/wire"
)

// verdict is what a hello turns out to be.
type verdict int

const (
	again    verdict = iota // the last hello's place, once more: its answer was lost
	next                    // the chain goes on
	fresh                   // a new agent.db
	restored                // the hub is behind the chain
	behind                  // an image of the moment of the last hello: the agent is behind the hub
	older                   // a restored image or a clone, behind the chain
)

// judge tells a hello's place in the chain (decision 17). place is the hub's
// number of its agent epoch, 0 if it never met it; installation is the PC that
// was enrolled last.
//
//	agent epoch   counter              nonces          verdict
//	the current   the hub's            the hub's next  again
//	the current   one above the hub's  follows         next
//	the current   higher               any             restored
//	the current   otherwise                            older
//	an earlier    any                                  older
//	unknown       1                                    fresh
//	unknown       higher                               restored
//
// Another installation than the one enrolled is an older copy too: it has the
// credential of a PC that it is not.
func judge(h wire.Hello, c store.Contact, place int64, installation string) verdict {
	switch {
	case installation != "" && h.Installation != installation:
		return older
	case place == 0 && h.Chain.Counter == 1:
		return fresh
	case place == 0:
		return restored
	case place != c.AgentEpoch:
		return older
	case h.Chain.Counter == c.Counter && h.Chain.Next == c.Nonce:
		return again
	case h.Chain.Counter == c.Counter+1 && h.Chain.Previous == c.Nonce:
		return next
	case h.Chain.Counter > c.Counter+1:
		return restored
	default:
		return older
	}
}

// How long a chain is waited for before an older copy is let in.
const (
	defaultDue = 24 * time.Hour     // where it named none
	longestDue = 8 * 24 * time.Hour // a week's schedule and a day
)

// dueAfter returns when the agent that says h is due again.
func dueAfter(h wire.Hello, now time.Time) time.Time {
	d := defaultDue
	if h.NextDue > 0 {
		d = min(time.Duration(min(h.NextDue, int64(longestDue/time.Second)))*time.Second, longestDue)
	}
	return now.Add(d)
}

// byBatches judges a hello that is in step with the chain by the batches of its
// agent epoch, which move between two hellos: a batch that was acknowledged and
// that the hub lacks shows a hub that was restored, one that the hub holds and
// the agent never made an agent that was.
func byBatches(v verdict, h wire.Hello, held wire.BatchMark) verdict {
	switch {
	case v != again && v != next:
		return v
	case h.Acked.Number > held.Number:
		return restored
	case held.Number > 0 && held != h.Acked && held != h.Frozen:
		return behind
	default:
		return v
	}
}

// recognised reports whether the restore of the hub that a chain ahead of it
// shows is one that the current hub epoch was started for: the chain was let in
// last before that epoch, and its agent has not seen it.
func recognised(h wire.Hello, c store.Contact, current store.HubEpoch) bool {
	return c.HubEpoch != current.Place && h.HubEpoch != current.Epoch
}
