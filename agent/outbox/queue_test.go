package outbox_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"plait/agent/outbox"
	"plait/shared/item"
	"plait/shared/wire"
)

func TestOnlyWhatChangedIsPending(t *testing.T) {
	a := newAgent(t)
	if n := a.put(service("1", 1, 10), service("2", 1, 10)); n != 2 || a.pending() != 2 {
		t.Fatalf("%d changed, %d pending, want 2", n, a.pending())
	}
	a.put(service("1", 1, 11))
	if n := a.put(service("1", 1, 11)); n != 0 || a.pending() != 2 {
		t.Errorf("an equal item changed %d, %d pending", n, a.pending())
	}
	a.upload()
	if a.checkLevel(); a.pending() != 0 {
		t.Errorf("%d pending after the upload", a.pending())
	}
}

func TestWhatChangedBackIsNotPending(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 10))
	a.upload()
	a.put(service("1", 1, 11))
	a.put(service("1", 1, 10))
	if a.pending() != 0 {
		t.Errorf("%d pending, want 0: the hub holds it already", a.pending())
	}
	if _, ok := a.freeze(); ok {
		t.Error("it was sent again")
	}
	a.put(service("1", 1, 12))
	a.upload()
	a.checkLevel()
}

// TestChangedBackInFlight: what flies may never arrive, so the way back is sent.
func TestChangedBackInFlight(t *testing.T) {
	for _, lost := range []bool{false, true} {
		a := newAgent(t)
		a.put(service("1", 1, 10))
		a.upload()
		a.put(service("1", 1, 11))
		batch, _ := a.freeze()
		a.put(service("1", 1, 10))
		if a.pending() == 0 {
			t.Fatal("nothing is pending, though 11 may arrive")
		}
		if lost {
			a.thaw(batch, "too large")
		} else {
			a.must(a.Acknowledge(t.Context(), a.ingest(batch)))
		}
		a.upload()
		a.checkLevel()
	}
}

func TestABatchIsFrozen(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 10), service("2", 1, 10))
	first, _ := a.freeze()
	a.put(service("1", 1, 11))
	a.reopen()
	again, _ := a.freeze()
	inFlight, ok, err := a.InFlight(t.Context())
	if err != nil || !ok || again.Digest != first.Digest || !slices.Equal(again.Body, first.Body) || !slices.Equal(inFlight.Body, first.Body) {
		t.Fatalf("the batch in flight changed: %v, %v", ok, err)
	}
	a.must(a.Acknowledge(t.Context(), a.ingest(first)))
	if a.pending() != 1 {
		t.Errorf("%d pending, want the item that changed since", a.pending())
	}
	a.upload()
	a.checkLevel()
}

func TestAcknowledgements(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 10))
	batch, _ := a.freeze()
	for name, wrong := range map[string]wire.BatchAck{
		"another digest": {Number: batch.Number, Digest: "00"}, "another number": {Number: 7, Digest: batch.Digest},
	} {
		conflict := &outbox.ConflictError{}
		if err := a.Acknowledge(t.Context(), wrong); !errors.As(err, &conflict) || conflict.Frozen.Digest != batch.Digest {
			t.Errorf("%s: %v, want a conflict", name, err)
		}
	}
	ack := a.ingest(batch)
	for range 2 {
		a.must(a.Acknowledge(t.Context(), ack))
	}
	if _, ok, err := a.InFlight(t.Context()); ok || err != nil {
		t.Errorf("still in flight: %v, %v", ok, err)
	}
}

func TestRefusedItemsAreParked(t *testing.T) {
	a := newAgent(t)
	a.hub.refuses = func(it item.Item) string {
		if it.Key == "2" && it.Fields.Get("price").Int() < 5 {
			return "its price is too low"
		}
		return ""
	}
	a.put(service("1", 1, 10), service("2", 1, 1))
	a.upload()
	parked, err := a.Parked(t.Context(), 10)
	if err != nil || len(parked) != 1 || parked[0].Name != "Service 2" || parked[0].Why != "its price is too low" || a.pending() != 0 {
		t.Fatalf("parked: %+v, %v; %d pending", parked, err, a.pending())
	}
	a.must(a.MarkPending(t.Context(), []item.ID{{Kind: "service", Key: "2", Gen: 1}}))
	if a.pending() != 0 {
		t.Error("a refused item was queued again by reconciling")
	}
	a.must(a.Retry(t.Context(), parked[0].Key))
	if a.pending() != 1 {
		t.Error("a person's retry queued nothing")
	}
	a.upload()
	a.put(service("2", 1, 6))
	a.upload()
	a.checkLevel()
	if parked, err = a.Parked(t.Context(), 10); err != nil || len(parked) != 0 {
		t.Errorf("still parked: %+v, %v", parked, err)
	}
}

// TestARefusedTombstoneGoesAgainWithItsKey: a refusal names a key, and the batch may
// have held two generations of it. What frees the key frees both.
func TestARefusedTombstoneGoesAgainWithItsKey(t *testing.T) {
	for name, free := range map[string]func(a *agent){
		"the living one changes": func(a *agent) { a.put(service("1", 2, 30)) },
		"a third one follows":    func(a *agent) { a.put(service("1", 3, 30), dead(service("1", 2, 20))) },
		"a person tries again":   func(a *agent) { a.must(a.Retry(t.Context(), outbox.Key{Kind: "service", Key: "1"})) },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAgent(t)
			a.put(service("1", 1, 10))
			a.upload()
			a.hub.refuses = func(item.Item) string { return "no" }
			a.put(dead(service("1", 1, 10)), service("1", 2, 20))
			a.upload()
			a.hub.refuses = nil
			free(a)
			a.upload()
			a.checkLevel()
			if parked, err := a.Parked(t.Context(), 10); err != nil || len(parked) != 0 {
				t.Errorf("still parked: %+v, %v", parked, err)
			}
		})
	}
}

// TestABatchRefusedWholeIsSplit: one poisonous item among many is found, parked,
// and the others arrive.
func TestABatchRefusedWholeIsSplit(t *testing.T) {
	a := newAgent(t)
	for _, key := range []string{"1", "2", "3", "4", "5", "6", "7"} {
		a.put(service(key, 1, 10))
	}
	tries := 0
	for ; tries < 50; tries++ {
		batch, ok := a.freeze()
		if !ok {
			break
		}
		if poisoned(t, batch) {
			a.thaw(batch, "line 5: no")
			continue
		}
		a.must(a.Acknowledge(t.Context(), a.ingest(batch)))
	}
	parked, err := a.Parked(t.Context(), 10)
	if err != nil || len(parked) != 1 || parked[0].Key.Key != "5" || len(a.hub.items) != 6 {
		t.Errorf("after %d tries: parked %+v, the hub holds %d; %v", tries, parked, len(a.hub.items), err)
	}
}

func poisoned(t *testing.T, batch outbox.Batch) (yes bool) {
	t.Helper()
	lines, err := wire.Decompress(batch.Body, wire.MaxBatchBytes)
	if err != nil {
		t.Fatal(err)
	}
	_, err = wire.ReadBatch(lines, func(e wire.Entry) error {
		it, err := item.Decode(e.Body)
		yes = yes || it.Key == "5"
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return yes
}

// TestAResultFollowsWhatTheJobWrote, even where the item changes again before
// anything is sent.
func TestAResultFollowsWhatTheJobWrote(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 10))
	a.must(a.PutResult(t.Context(), wire.Result{Job: "j1", Number: 1}))
	a.must(a.PutResult(t.Context(), wire.Result{Job: "j1", Number: 1, Done: true}))
	a.put(service("2", 1, 10))
	a.put(service("1", 1, 11))
	a.upload()
	if want := []string{"p 1", "r", "p 2"}; !slices.Equal(a.hub.order, want) {
		t.Errorf("sent %v, want %v", a.hub.order, want)
	}
	if a.pending() != 0 {
		t.Errorf("%d pending", a.pending())
	}
	a.must(a.PutResult(t.Context(), wire.Result{Job: "j1", Number: 1, Done: true}))
	if a.upload(); len(a.hub.results) != 2 {
		t.Errorf("%d results, want the repeated one too", len(a.hub.results))
	}
}

func TestTombstones(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 10))
	a.upload()
	a.put(dead(service("1", 1, 10)), service("1", 2, 20))
	a.upload()
	a.checkLevel()
	if row := a.hub.items[item.ID{Kind: "service", Key: "1", Gen: 1}]; !row.dead {
		t.Error("the hub holds the old generation alive")
	}
	it, ok, err := a.Latest(t.Context(), "service", "1")
	if err != nil || !ok || it.Gen != 2 {
		t.Errorf("the newest is %+v, %v", it, err)
	}
	if err := a.Each(t.Context(), []item.ID{{Kind: "service", Key: "1", Gen: 1}}, func(outbox.Row) error { return errors.New("it is kept") }); err != nil {
		t.Errorf("the acknowledged tombstone of an older generation: %v", err)
	}
}

func TestStatus(t *testing.T) {
	a := newAgent(t)
	a.put(service("1", 1, 10))
	a.now = a.now.Add(time.Hour)
	a.put(service("2", 1, 10), dead(service("3", 1, 1)))
	a.must(a.PutResult(t.Context(), wire.Result{Job: "j"}))
	s, err := a.Status(t.Context())
	if err != nil || s.Pending["service"] != 3 || s.Results != 1 || s.Total != 4 || s.Oldest != time.Hour {
		t.Errorf("status %+v, %v", s, err)
	}
}

// TestManyUploadOnlyItems: rows that are taken for new, and of which some are not,
// or stand twice.
func TestManyUploadOnlyItems(t *testing.T) {
	a := newAgent(t)
	sale := func(n, price int) item.Item {
		it := service(fmt.Sprint(n), 0, price)
		it.Kind = "service"
		return it
	}
	many := func(from, to, price int) (items []item.Item) {
		for n := from; n < to; n++ {
			items = append(items, sale(n, price))
		}
		return items
	}
	a.put(many(0, 100, 1)...)
	a.put(append(many(60, 200, 2), many(190, 195, 3)...)...)
	large := sale(300, 1)
	large.Fields = large.Fields.With("note", item.MustText(strings.Repeat("x", item.MaxBytes)))
	a.put(append(many(200, 220, 1), append(many(0, 40, 1), large)...)...)
	a.put(append([]item.Item{dead(sale(1, 1))}, many(300, 360, 4)...)...)
	a.upload()
	a.checkLevel()
	if n := len(a.hub.items); n != 280 || a.pending() != 0 {
		t.Errorf("the hub has seen %d items, want 280; %d pending", n, a.pending())
	}
	if n, err := a.Live(t.Context(), "service"); err != nil || n != 279 {
		t.Errorf("%d alive, want 279; %v", n, err)
	}
	if it, _, err := a.Latest(t.Context(), "service", "193"); err != nil || it.Fields.Get("price").Int() != 3 {
		t.Errorf("of two states in one put the first counts: %+v, %v", it, err)
	}
	if _, ok, err := a.Latest(t.Context(), "service", "1"); err != nil || ok {
		t.Errorf("an acknowledged tombstone without generations is kept: %v, %v", ok, err)
	}
}

// TestTheLastOfOneIdentityCounts: however often it stands in one change, among others
// that are written with it, and whether it waits or the hub has it.
func TestTheLastOfOneIdentityCounts(t *testing.T) {
	a := newAgent(t)
	change := func(round int) {
		var items []item.Item
		for i := range 100 {
			items = append(items, service(fmt.Sprint(i), 1, 1000*round+i))
			if i%7 == 0 {
				items = append(items, service(fmt.Sprint(i), 1, 1000*round+500+i), service(fmt.Sprint(i-1), 1, 1000*round+600+i))
			}
		}
		a.put(items[1:]...)
		want := map[string]string{}
		for _, it := range items {
			want[it.Key] = string(item.Append(nil, it))
		}
		a.must(a.Walk(t.Context(), "service", nil, func(it item.Item) error {
			if got := string(item.Append(nil, it)); got != want[it.Key] {
				t.Errorf("round %d: the record has %s, want %s", round, got, want[it.Key])
			}
			return nil
		}, func(string, int64) {}))
		if n := a.pending(); n != len(want) {
			t.Errorf("round %d: %d items wait, want %d", round, n, len(want))
		}
	}
	change(1) // all of it is new
	change(2) // all of it waits
	a.upload()
	change(3) // the hub has all of it
	a.upload()
	a.checkLevel()
}
