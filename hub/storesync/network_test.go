package storesync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"plait/hub/store"
	"plait/shared/catalog"
)

// network is a random world's salons at a hub, with everything in between that there
// is in earnest: uploads, Tests, syncs, queues, jobs, results and reverts.
type network struct {
	*world
	*flowWorld
	moves                  bool // the branches go on between a Test and its sync
	ran, refused, reverted int
}

// newNetwork is nil where the random catalogue is none that a network could have.
func newNetwork(t *testing.T, seed uint64) *network {
	w := newWorld(seed)
	if _, err := catalog.Decode(w.catalog.Encode()); err != nil {
		return nil
	}
	n := &network{world: w, flowWorld: openFlowWorld(t, emptyDir(t), w.catalog)}
	for _, s := range w.salons {
		n.stores[s.id] = &flowStore{flowWorld: n.flowWorld, salon: s, agentEpoch: "epoch-1", history: 1}
	}
	return n
}

// come lets every store hold a conversation.
func (n *network) come() {
	for _, s := range n.salons {
		n.stores[s.id].converse(whole)
	}
}

// request is any sync that an operator could ask for.
func (n *network) request() Request {
	source := pick(n.world, n.salons[0], n.salons[0], n.salons[0], n.salons[1])
	r := Request{Network: "n", Source: source.id, By: "ann"}
	for _, k := range kindNames {
		sel := Selection{Kind: k, All: true}
		if keys := source.liveKeys(k); n.chance(4) && len(keys) > 0 {
			sel = Selection{Kind: k, Keys: keys[:1+n.IntN(len(keys))]}
		} else if n.chance(5) {
			continue
		}
		r.Kinds = append(r.Kinds, sel)
	}
	for _, s := range n.salons {
		if s != source && (n.chance(2) || s == n.salons[1]) {
			r.Receivers = append(r.Receivers, s.id)
		}
	}
	o := &r.Options
	o.NoAdopt, o.OnlyNew, o.WithoutMissingParts, o.AddMissing = n.chance(6), n.chance(8), n.chance(3), n.chance(2)
	o.DeleteMissing, o.Prices, o.NoRestrictions = pick(n.world, "", DeleteNo, DeleteLinked, DeleteAll), pick(n.world, "", PricesYes, PricesNo), n.chance(5)
	if n.chance(3) {
		r.ResetFields = []string{pick(n.world, "service.note", "service.price", "service.parts")}
	}
	return r
}

// turns are the network's own settings.
func (n *network) turns() {
	n.must(n.db.WithNetwork(context.Background(), "n", func(tx *store.NetworkTx) error {
		at := tx.Network
		at.Switches = map[string]bool{"price_sync": n.chance(2)}
		return tx.SetNetwork(at)
	}))
}

// carriesOut runs a Test while nothing moves, and holds what the stores report
// against it, number by number and exception by exception.
func (n *network) carriesOut(p Plan) (y Sync, ran bool) {
	ctx := context.Background()
	y, err := n.sync.Run(ctx, "n", p.Digest, Confirm{Deletes: p.Deletes, Resets: p.Resets, HeadOffice: p.HeadOffice}, "ann")
	if errors.Is(err, ErrRequest) { // nobody can receive it
		return y, false
	}
	n.must(err)
	n.come()
	y, err = n.sync.Show(ctx, "n", y.ID)
	n.must(err)
	for _, at := range y.Stores {
		if at.Job == "" {
			continue
		}
		if at.State != store.Applied || at.Outcome != at.Expected {
			n.fail("%s: the Test said %+v, it is %s with %+v", at.Name, at.Expected, at.State, at.Outcome)
		}
		said, err := n.sync.Detail(ctx, "n", p.Digest, at.ID)
		n.must(err)
		s := n.stores[at.ID]
		last := s.results[len(s.results)-1]
		got, want := comparableExceptions(said.Exceptions, nil), comparableExceptions(last.Exceptions, s.created)
		if last.Job != at.Job || said.More == 0 && !slices.Equal(got, want) {
			n.fail("%s: exceptions differ:\npredicted %q\nhappened  %q", at.Name, missingFrom(got, want), missingFrom(want, got))
		}
	}
	return y, true
}

// tells is a history of syncs, edits and reverts.
func (n *network) tells(rounds int) string {
	return n.told(func() {
		n.come()
		for range rounds {
			n.turns()
			p, err := n.sync.Test(context.Background(), n.request(), nil)
			if errors.Is(err, ErrRequest) {
				n.refused++
			} else {
				n.must(err)
				if n.moves {
					n.world.edit(n.salons[1])
					n.world.edit(n.salons[2])
				}
				y, ran := n.carriesOut(p)
				if ran {
					n.ran++
				}
				if ran && n.chance(3) {
					n.takesBack(y)
				}
			}
			for _, s := range n.salons {
				n.world.edit(s)
			}
			n.come()
		}
	})
}

func (n *network) takesBack(y Sync) {
	if n.chance(2) {
		n.world.edit(n.salons[1])
		n.come()
	}
	p, err := n.sync.TestRevert(context.Background(), RevertRequest{Network: "n", Sync: y.ID, By: "ann"}, nil)
	if errors.Is(err, ErrRequest) { // it did nothing
		return
	}
	n.must(err)
	if _, ran := n.carriesOut(p); ran {
		n.reverted++
	}
}

// TestSyncIsWhatTheTestSaid is rule 12 from end to end of the hub: over random
// networks, catalogues, policies, requests and edits, whatever is synced, deleted,
// reset or taken back while nothing moves is what its Test said.
func TestSyncIsWhatTheTestSaid(t *testing.T) {
	ran, reverted, refused := 0, 0, 0
	for seed := range uint64(60) {
		n := newNetwork(t, seed)
		if n == nil {
			continue
		}
		if what := n.tells(5); what != "" {
			t.Fatalf("seed %d: %s", seed, what)
		}
		ran, reverted, refused = ran+n.ran, reverted+n.reverted, refused+n.refused
	}
	t.Log(fmt.Sprint(ran, " syncs ran, ", reverted, " were taken back, ", refused, " were refused"))
	if ran < 30 || reverted < 5 {
		t.Errorf("%d syncs ran and %d were taken back: these networks are too tame to prove anything", ran, reverted)
	}
}

// TestSyncIsWhatTheTestSaidControl: where the branches do not stand still, what
// happens is not what was said.
func TestSyncIsWhatTheTestSaidControl(t *testing.T) {
	for seed := range uint64(60) {
		n := newNetwork(t, seed)
		if n == nil {
			continue
		}
		n.moves = true
		if what := n.tells(3); strings.Contains(what, "the Test said") || strings.Contains(what, "exceptions differ") {
			return
		}
	}
	t.Error("the branches went on between Test and sync, and everything was as the Tests said: the comparison proves nothing")
}
