package storesync

import (
	"context"
	"errors"
	"strings"
	"testing"

	"plait/hub/store"
	"plait/shared/item"
)

// givesBack is a history of syncs and edits, and after it a sync that is taken back,
// at all of its receivers or at one: each of these holds what it held before, or, where
// it went on meanwhile, what it made of it (undoing says what precisely), and nobody
// else's items are touched.
type givesBack struct {
	*network
	edits, kept int
	identities  int // stores that did nothing meanwhile, and got back what they had
}

func (n *givesBack) tells(rounds int) string {
	return n.told(func() {
		n.come()
		for range rounds {
			n.round()
		}
		for _, s := range n.salons {
			s.settle()
		}
		n.turns()
		n.come()
		before := n.shelves()
		p, err := n.sync.Test(context.Background(), n.request(), nil)
		if errors.Is(err, ErrRequest) {
			n.refused++
			return
		}
		n.must(err)
		if y, ran := n.carriesOut(p); ran {
			n.ran++
			n.takesBackAll(y, before)
		}
	})
}

// round is a sync that may come before, and what everybody does then.
func (n *givesBack) round() {
	n.turns()
	if p, err := n.sync.Test(context.Background(), n.request(), nil); !errors.Is(err, ErrRequest) {
		n.must(err)
		n.carriesOut(p)
	}
	for _, s := range n.salons {
		n.world.edit(s)
	}
	n.come()
}

type shelves map[string]map[item.ID]item.Item // what is live, by store

func (n *givesBack) shelves() shelves {
	out := shelves{}
	for _, s := range n.salons {
		out[s.id] = s.alive()
	}
	return out
}

func (n *givesBack) takesBackAll(y Sync, before shelves) {
	after := n.shelves()
	edited := map[string]bool{}
	for _, at := range y.Stores {
		if edited[at.ID] = n.chance(2); edited[at.ID] {
			n.world.edit(n.stores[at.ID].salon)
		}
	}
	n.come()
	ask := RevertRequest{Network: "n", Sync: y.ID, By: "ann"}
	if n.chance(3) {
		ask.Stores = []string{y.Stores[n.IntN(len(y.Stores))].ID}
	}
	meanwhile := n.shelves()
	p, err := n.sync.TestRevert(context.Background(), ask, nil)
	n.must(err)
	reverted := map[string]bool{}
	if z, ran := n.carriesOut(p); ran {
		n.reverted++
		for _, at := range z.Stores {
			reverted[at.ID] = at.State == store.Applied
		}
	}
	for _, s := range n.salons {
		if !n.stores[s.id].equal {
			n.fail("%s does not end equal", s.id)
		}
		if !reverted[s.id] {
			n.isUntouched(s, meanwhile[s.id])
			continue
		}
		u := undoing{at: s, before: before[s.id], after: after[s.id], edited: meanwhile[s.id], moved: n.stores[s.id].created}
		n.holds(&u, edited[s.id] && !n.moves)
	}
	for _, at := range p.Stores {
		if at.Blocked != "" && !edited[at.ID] {
			// There is nothing to take back: so the sync did nothing.
			u := undoing{at: n.stores[at.ID].salon, before: before[at.ID], after: after[at.ID]}
			if what := u.isIdentity(); what != "" {
				n.fail("nothing is to be taken back at %s (%s): %s", at.Name, at.Blocked, what)
			}
		}
	}
}

func (n *givesBack) holds(u *undoing, edited bool) {
	what := ""
	if edited {
		u.changed = map[item.ID]bool{}
		for id, is := range u.after {
			was, ok := u.before[id]
			u.changed[id] = !ok || string(item.Append(nil, was)) != string(item.Append(nil, is))
		}
		what = u.keepsEdits(&n.edits, &n.kept)
	} else {
		what = u.isIdentity()
		n.identities++
	}
	if what != "" {
		n.fail("%s: %s", u.at.id, what)
	}
}

func (n *givesBack) isUntouched(s *salon, was map[item.ID]item.Item) {
	u := undoing{at: s, before: was, after: was}
	if what := u.isIdentity(); what != "" {
		n.fail("%s is none of the revert's: %s", s.id, what)
	}
}

// TestRevertGivesBackWhatWas is TestRevertIsTheIdentity and
// TestRevertKeepsWhatTheBranchDid from end to end of the hub: with its Tests, its
// queues, the before-images that it keeps and the copies that stores upload.
func TestRevertGivesBackWhatWas(t *testing.T) {
	var all givesBack
	all.network = &network{}
	for seed := range uint64(200) {
		n := newNetwork(t, seed)
		if n == nil {
			continue
		}
		g := givesBack{network: n}
		if what := g.tells(int(seed % 3)); what != "" {
			t.Errorf("seed %d: %s", seed, what)
		}
		all.ran, all.reverted, all.refused = all.ran+g.ran, all.reverted+g.reverted, all.refused+g.refused
		all.identities, all.edits, all.kept = all.identities+g.identities, all.edits+g.edits, all.kept+g.kept
	}
	t.Logf("%d syncs ran (%d were refused), %d were taken back: %d stores have what they had; %d items were edited meanwhile, and %d values had to be kept",
		all.ran, all.refused, all.reverted, all.identities, all.edits, all.kept)
	if all.reverted < 30 || all.identities < 30 || all.kept < 30 {
		t.Error("these networks are too tame to prove anything")
	}
}

// TestRevertGivesBackWhatWasControl: where the branches did go on, and that is not
// reckoned with, they do not hold what they held before.
func TestRevertGivesBackWhatWasControl(t *testing.T) {
	for seed := range uint64(60) {
		n := newNetwork(t, seed)
		if n == nil {
			continue
		}
		n.moves = true
		g := givesBack{network: n}
		if what := g.tells(1); strings.Contains(what, "is not what it was") {
			return
		}
	}
	t.Error("the branches went on between the sync and its revert, and nothing of that stood: the comparison proves nothing")
}
