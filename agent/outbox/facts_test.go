package outbox_test

import (
	"testing"

	"plait/agent/outbox"
	"plait/shared/wire"
)

func TestTheChainIsPresentedUnchanged(t *testing.T) {
	a := newAgent(t)
	first, err := a.PrepareChain(t.Context())
	a.must(err)
	a.reopen()
	again, err := a.PrepareChain(t.Context())
	if err != nil || first != again || first.Counter != 1 || first.Previous != "" {
		t.Fatalf("presented %+v, then %+v, %v", first, again, err)
	}
	for range 2 {
		a.must(a.SettleChain(t.Context(), first))
	}
	second, err := a.PrepareChain(t.Context())
	if err != nil || second.Counter != 2 || second.Previous != first.Next || second.Next == first.Next {
		t.Errorf("after %+v comes %+v, %v", first, second, err)
	}
	a.must(a.SettleChain(t.Context(), first))
	if again, err = a.PrepareChain(t.Context()); err != nil || again != second {
		t.Errorf("an old answer moved the chain: %+v, %v", again, err)
	}
}

func TestANewEpochSendsAgainFromOne(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 10))
	a.upload()
	a.put(service("1", 1, 11))
	a.freeze()
	epoch, err := a.NewEpoch(t.Context())
	a.must(err)
	s, err := a.Standing(t.Context())
	if err != nil || s.AgentEpoch != epoch || s.Frozen != (wire.BatchMark{}) || s.Acked != (wire.BatchMark{}) {
		t.Errorf("standing %+v, %v", s, err)
	}
	batch, ok := a.freeze()
	if !ok || batch.Number != 1 {
		t.Errorf("the first batch is %d, %v", batch.Number, ok)
	}
	a.must(a.Acknowledge(t.Context(), a.ingest(batch)))
	a.checkLevel()
}

// TestSentIsForgottenInANewHubEpoch: a hub that was restored may lack what it
// acknowledged, so changing back is no reason not to send.
func TestSentIsForgottenInANewHubEpoch(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 10))
	a.upload()
	a.put(service("1", 1, 11))
	a.must(a.SetHubEpoch(t.Context(), "h2"))
	a.put(service("1", 1, 10))
	if a.pending() != 1 {
		t.Errorf("%d pending, want 1", a.pending())
	}
}

func TestSeenChangesAreRemembered(t *testing.T) {
	a := newAgent(t)
	page := []outbox.Seen{{Seq: 9, Nonce: -5}, {Seq: 3, Nonce: 1 << 62}, {Seq: 4, Nonce: 7}}
	for _, c := range []outbox.Change{{Seen: page}, {Seen: []outbox.Seen{{Seq: 5, Nonce: 1}}}} {
		_, err := a.Put(t.Context(), c)
		a.must(err)
	}
	ask := append([]outbox.Seen{{Seq: 5, Nonce: 1}, {Seq: 4, Nonce: 8}, {Seq: 6, Nonce: 1}}, page...)
	was, err := a.WasSeen(t.Context(), ask)
	a.must(err)
	for i, s := range ask {
		if want := i == 0 || i > 2; was[s] != want {
			t.Errorf("%+v was seen: %v, want %v", s, was[s], want)
		}
	}
	a.must(a.NewPOSEpoch(t.Context(), wire.Mark{POSEpoch: "p2"}))
	if was, err = a.WasSeen(t.Context(), ask); err != nil || len(was) != 0 {
		t.Errorf("a new history remembers %v, %v", was, err)
	}
}

func TestDirtyKeysAndGenerations(t *testing.T) {
	a := newAgent(t)
	k := outbox.Key{Kind: "service", Key: "1"}
	put := func(c outbox.Change) {
		_, err := a.Put(t.Context(), c)
		a.must(err)
	}
	put(outbox.Change{Dirty: []outbox.Dirty{{Key: k, Gone: true}}, Unsettled: []outbox.Generation{{Key: k, Gen: 1, Dead: true}}})
	put(outbox.Change{Dirty: []outbox.Dirty{{Key: k}}})
	known, err := a.Known(t.Context(), "service", []string{"1", "2"})
	if gone, ok := known.Dirty["1"]; err != nil || !ok || !gone || len(known.Unsettled["1"]) != 1 {
		t.Errorf("known %+v, %v: that a deletion was seen must outlive a second mark", known, err)
	}
	a.must(a.Settle(t.Context(), []outbox.Generation{{Key: k, Gen: 1, Dead: false}}))
	if left, err := a.Unsettled(t.Context(), 10); err != nil || len(left) != 1 {
		t.Errorf("unsettled %+v, %v: it changed since it was listed", left, err)
	}
	put(outbox.Change{Clean: []outbox.Key{k}, Settled: []outbox.Generation{{Key: k, Gen: 1}}})
	n, err := a.DirtyCount(t.Context())
	left, err2 := a.Unsettled(t.Context(), 10)
	if err != nil || err2 != nil || n != 0 || len(left) != 0 {
		t.Errorf("%d dirty, unsettled %+v", n, left)
	}
}

// TestMarks: what the POS had when items were read, and what of it is taken, move
// on each by itself; a new history begins without both.
func TestMarks(t *testing.T) {
	a := newAgent(t)
	at := func(seq int64) wire.Mark { return wire.Mark{POSEpoch: "p1", Seq: seq, Nonce: -seq} }
	marks := func(wantMark, wantTaken wire.Mark) {
		t.Helper()
		mark, taken, err := a.Marks(t.Context())
		if err != nil || mark != wantMark || taken != wantTaken {
			t.Errorf("mark %+v, taken %+v, %v; want %+v and %+v", mark, taken, err, wantMark, wantTaken)
		}
	}
	a.must(a.NewPOSEpoch(t.Context(), wire.Mark{POSEpoch: "p1"}))
	marks(wire.Mark{POSEpoch: "p1"}, wire.Mark{POSEpoch: "p1"})
	for _, c := range []outbox.Change{
		{Mark: at(9), Seen: []outbox.Seen{{Seq: 3, Nonce: -3}, {Seq: 2, Nonce: -2}}},
		{Seen: []outbox.Seen{{Seq: 1, Nonce: -1}}}, // committed late
	} {
		_, err := a.Put(t.Context(), c)
		a.must(err)
		a.reopen()
		marks(at(9), at(3))
	}
	a.must(a.NewPOSEpoch(t.Context(), wire.Mark{POSEpoch: "p2"}))
	marks(wire.Mark{POSEpoch: "p2"}, wire.Mark{POSEpoch: "p2"})
}
