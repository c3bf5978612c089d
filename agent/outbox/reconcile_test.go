package outbox_test

import (
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"plait/agent/outbox"
	"plait/shared/item"
	"plait/shared/wire"
)

// hubSums is what the hub computes over its own rows.
func (h *hub) nodeSums() []string {
	var sums [wire.Nodes]uint64
	for id, row := range h.items {
		if row.dead {
			continue
		}
		d := item.DigestOf([]byte(row.body))
		var short uint64
		for _, b := range d[:8] {
			short = short<<8 | uint64(b)
		}
		sums[wire.Leaf(id.Kind, id.Key)/wire.Leaves] ^= short
	}
	out := make([]string, wire.Nodes)
	for i, s := range sums {
		if s != 0 {
			out[i] = fmt.Sprintf("%016x", s)
		}
	}
	return out
}

// reconcile finds what differs from the hub, as the protocol does.
func (a *agent) reconcile(t *testing.T) (rounds int) {
	t.Helper()
	mine, err := a.NodeSums(t.Context(), "service")
	a.must(err)
	var nodes, leaves []int
	for i, s := range a.hub.nodeSums() {
		if s != mine[i] {
			nodes = append(nodes, i)
		}
	}
	sums, err := a.LeafSums(t.Context(), "service", nodes)
	a.must(err)
	if len(sums) != len(nodes)*wire.Leaves {
		t.Fatalf("%d sums for %d nodes", len(sums), len(nodes))
	}
	for _, n := range nodes {
		for l := range wire.Leaves {
			leaves = append(leaves, n*wire.Leaves+l)
		}
	}
	items, err := a.LeafItems(t.Context(), "service", leaves)
	a.must(err)
	var want []item.ID
	known := map[item.ID]bool{}
	for _, k := range items {
		id := item.ID{Kind: "service", Key: k.Key, Gen: k.Gen}
		known[id] = true
		if row, ok := a.hub.items[id]; !ok || row.dead || shortOf(row.body) != k.Digest {
			want = append(want, id)
		}
	}
	var extra []wire.KeyHash
	for id, row := range a.hub.items {
		if !row.dead && !known[id] && slices.Contains(leaves, wire.Leaf(id.Kind, id.Key)) {
			extra = append(extra, wire.KeyHash{Key: id.Key, Gen: id.Gen, Digest: shortOf(row.body)})
		}
	}
	a.must(a.MarkPending(t.Context(), want))
	a.must(a.Gone(t.Context(), "service", extra))
	return len(want) + len(extra)
}

func shortOf(body string) string {
	d := item.DigestOf([]byte(body))
	return hex.EncodeToString(d[:8])
}

func TestReconcileFindsWhatARestoredHubLacks(t *testing.T) {
	a := newAgent(t)
	for i := range 200 {
		a.put(service(fmt.Sprint(i), 1, i))
	}
	a.upload()
	delete(a.hub.items, item.ID{Kind: "service", Key: "17", Gen: 1})
	old := service("18", 1, 999)
	a.hub.items[old.ID] = hubRow{1, string(item.Append(nil, old)), false}
	foreign := service("900", 1, 1)
	a.hub.items[foreign.ID] = hubRow{1, string(item.Append(nil, foreign)), false}
	if n := a.reconcile(t); n != 3 {
		t.Errorf("%d items differ, want 3", n)
	}
	a.upload()
	a.checkLevel()
	if !slices.Contains(a.hub.order, "g 900") {
		t.Error("what only the hub has did not go up as gone")
	}
	if n := a.reconcile(t); n != 0 {
		t.Errorf("%d items differ still", n)
	}
}

// TestGenerationsAreProvisionalAfterALoss: the hub's generation wins where it is
// the same item, its highest plus one where it is another.
func TestGenerationsAreProvisionalAfterALoss(t *testing.T) {
	for price, want := range map[int]int64{5: 3, 6: 4} {
		a := newAgent(t)
		at := service("7", 3, 5)
		a.hub.items[at.ID] = hubRow{1, string(item.Append(nil, at)), false}
		a.put(service("7", 1, price))
		a.reconcile(t)
		a.upload()
		a.checkLevel()
		it, _, err := a.Latest(t.Context(), "service", "7")
		if err != nil || it.Gen != want {
			t.Errorf("price %d: the generation is %d, want %d; %v", price, it.Gen, want, err)
		}
		unsettled, err := a.Unsettled(t.Context(), 10)
		if err != nil || !slices.Contains(unsettled, outbox.Generation{Key: outbox.Key{Kind: "service", Key: "7"}, Gen: want, LinkOf: 1}) {
			t.Errorf("unsettled %+v, %v", unsettled, err)
		}
	}
}

// TestTheLinkGoesOverWithTheHubsGeneration: plait_links still has the item under
// the generation before, with its link. To mark that one dead would drop the link
// that the record says the item has; the living one takes it over as it settles.
func TestTheLinkGoesOverWithTheHubsGeneration(t *testing.T) {
	a := newAgent(t)
	at := service("7", 3, 5)
	a.hub.items[at.ID] = hubRow{1, string(item.Append(nil, at)), false}
	a.put(service("7", 2, 5))
	a.reconcile(t)
	unsettled, err := a.Unsettled(t.Context(), 10)
	want := []outbox.Generation{{Key: outbox.Key{Kind: "service", Key: "7"}, Gen: 3, LinkOf: 2}}
	if err != nil || !slices.Equal(unsettled, want) {
		t.Errorf("unsettled %+v, %v; want %+v", unsettled, err, want)
	}
}

func TestALandedFullUploadEmptiesTheOutbox(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 1), service("2", 1, 1), dead(service("3", 1, 1)))
	a.must(a.PutResult(t.Context(), wire.Result{Job: "j"}))
	revision, err := a.Revision(t.Context())
	a.must(err)
	a.must(a.SetFullUpload(t.Context(), outbox.FullUpload{Upload: "u", Revision: revision}))
	a.put(service("2", 1, 2))
	a.must(a.Landed(t.Context(), revision))
	full, err := a.FullUpload(t.Context())
	if err != nil || full.Upload != "" {
		t.Errorf("the upload is still under way: %+v, %v", full, err)
	}
	a.upload()
	if want := []string{"p 2", "r"}; !slices.Equal(a.hub.order, want) {
		t.Errorf("sent %v, want %v", a.hub.order, want)
	}
}
