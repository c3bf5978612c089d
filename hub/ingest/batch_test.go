package ingest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

func TestBatchIsAnsweredAgain(t *testing.T) {
	a := newWorld(t).newAgent("branch", "e1")
	body := a.frozen(1, put(1, product("1", "Cut")), entry{wire.EntryPut, 2, []byte(`{"f":{},"g":1,"i":"9","k":"product" }`)}, put(3, sale("7", "12.5")))
	first, err := a.ingest.Batch(t.Context(), "branch", body)
	if err != nil {
		t.Fatal(err)
	}
	before := a.copyOf()
	again, err := a.ingest.Batch(t.Context(), "branch", body)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("the second answer differs: %s", d)
	}
	if after := a.copyOf(); after != before {
		t.Errorf("the copy moved from %+v to %+v", before, after)
	}
	if len(first.Refused) != 1 || first.Refused[0].Key != "9" || first.Refused[0].Kind != "product" {
		t.Errorf("refused %+v, want product 9 by name", first.Refused)
	}
	if d := cmp.Diff(sumsOf(product("1", "Cut"), sale("7", "12.5")), a.kindSums()); d != "" {
		t.Errorf("sums: %s", d)
	}
}

func TestBatchesOutOfOrderAreConflicts(t *testing.T) {
	a := newWorld(t).newAgent("branch", "e1")
	one := a.send(put(1, product("1", "Cut")))
	for name, body := range map[string][]byte{
		"another digest": a.frozen(1, put(1, product("1", "Dye"))),
		"a gap":          a.frozen(3, put(1, product("1", "Dye"))),
	} {
		_, err := a.ingest.Batch(t.Context(), "branch", body)
		if code(err) != wire.CodeBatchConflict {
			t.Errorf("%s: %v, want a batch conflict", name, err)
			continue
		}
		if last := err.(*wire.Error).Batch; last == nil || last.Number != 1 || last.Digest != one.Digest {
			t.Errorf("%s: last is %+v, want batch 1", name, last)
		}
	}
	a.send(put(2, product("1", "Dye")))
	if _, err := a.ingest.Batch(t.Context(), "branch", a.frozen(1, put(1, product("1", "Cut")))); code(err) != wire.CodeBatchConflict {
		t.Errorf("an older batch: %v, want a batch conflict", err)
	}
}

func TestBatchNeedsAHello(t *testing.T) {
	w := newWorld(t)
	old := w.newAgent("branch", "e1")
	old.send(put(1, product("1", "Cut")))
	stranger := &agent{world: w, store: "branch", epoch: "e9", pos: "p"}
	if _, err := w.ingest.Batch(t.Context(), "branch", stranger.frozen(1)); code(err) != wire.CodeConflict {
		t.Errorf("an epoch that said no hello: %v", err)
	}
	w.newAgent("branch", "e2")
	if _, err := w.ingest.Batch(t.Context(), "branch", old.frozen(2, put(2, product("1", "Old")))); code(err) != wire.CodeConflict {
		t.Errorf("an earlier epoch: %v", err)
	}
}

func TestMalformedBatchStoresNothing(t *testing.T) {
	a := newWorld(t).newAgent("branch", "e1")
	lines, err := wire.Decompress(a.frozen(1, put(1, product("1", "Cut"))), wire.MaxBatchBytes)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"cut short":   string(lines[:len(lines)-4]),
		"wrong count": strings.Replace(string(lines), "end 1", "end 2", 1),
		"no batch":    "<html>\n",
	} {
		_, err := a.ingest.Batch(t.Context(), "branch", wire.Compress(nil, []byte(text)))
		if code(err) != wire.CodeBadRequest {
			t.Errorf("%s: %v, want a bad request", name, err)
		}
	}
	if _, err := a.ingest.Batch(t.Context(), "branch", []byte("no zstd")); code(err) != wire.CodeBadRequest {
		t.Errorf("no zstd: %v", err)
	}
	if c := a.copyOf(); c.Revision != 0 {
		t.Errorf("the copy is at revision %d", c.Revision)
	}
}

func TestRefusedItems(t *testing.T) {
	a := newWorld(t).newAgent("branch", "e1")
	unknown := product("1", "Cut")
	unknown.Kind = "spaceship"
	ack := a.send(put(1, unknown), gone(2, product("2", "Alive")), result(3, wire.Result{Job: "j 1"}), put(4, product("3", "Good")))
	var names []string
	for _, r := range ack.Refused {
		names = append(names, r.Kind+" "+r.Key)
		if r.Why == "" {
			t.Errorf("%s %s is refused without a cause", r.Kind, r.Key)
		}
	}
	if d := cmp.Diff([]string{"spaceship 1", "product 2", "result j 1"}, names); d != "" {
		t.Errorf("refused: %s", d)
	}
	if r := a.row(product("3", "").ID); r.Revision == 0 {
		t.Error("the good item was not taken")
	}
}

func TestSyncRevMovesOnlyWithWhatCanBeSynced(t *testing.T) {
	w := newWorld(t)
	a := w.newAgent("branch", "e1")
	told := 0
	w.ingest.Moved = func(network, id string) {
		if told++; network != "n" || id != "branch" {
			t.Errorf("store %s of network %s is said to have changed", id, network)
		}
	}
	newest := func() (rev int64) {
		a.view(func(v *store.StoreView) (err error) { rev, err = v.SyncRev("product"); return err })
		return rev
	}
	id := product("1", "").ID
	with := func(fields ...item.Field) item.Item {
		it := product("1", "Cut")
		for _, f := range fields {
			it.Fields = it.Fields.With(f.Name, f.Value)
		}
		return it
	}
	vendors := func(account, code string) item.Field {
		v, err := item.Rows([]item.Row{{Key: item.MustText("v"), Cols: item.Fields{{Name: "account", Value: item.MustText(account)}, {Name: "code", Value: item.MustText(code)}}}})
		if err != nil {
			t.Fatal(err)
		}
		return item.Field{Name: "vendors", Value: v}
	}
	linked := with()
	linked.Link = &item.Link{UID: "uid-1", Birth: item.BornNetwork, Adopted: true}
	steps := []struct {
		name  string
		it    item.Item
		moves bool
	}{
		{"new", with(), true},
		{"a never field", with(item.Field{Name: "cost", Value: item.Integer(3)}), false},
		{"a field that no kind has", with(item.Field{Name: "other", Value: item.Integer(3)}), false},
		{"a link", linked, false},
		{"a field", with(item.Field{Name: "name", Value: item.MustText("Dye")}), true},
		{"a column", with(item.Field{Name: "name", Value: item.MustText("Dye")}, vendors("a", "c")), true},
		{"a never column", with(item.Field{Name: "name", Value: item.MustText("Dye")}, vendors("b", "c")), false},
		{"deleted", dead(with()), true},
		{"a tombstone's values", dead(with(vendors("x", "y"))), false},
		{"back again", with(), true},
	}
	last := store.Item{}
	for i, s := range steps {
		before := told
		a.clock.Advance(time.Minute)
		a.send(put(int64(i+1), s.it))
		r := a.row(id)
		// The kind's counter is what continuous sync goes by, and what tells it to look.
		if newest() != r.SyncRev || (told > before) != s.moves {
			t.Errorf("%s: the newest sync_rev of the kind is %d, the item's %d; told %d times", s.name, newest(), r.SyncRev, told-before)
		}
		if r.Revision <= last.Revision {
			t.Errorf("%s: revision %d after %d", s.name, r.Revision, last.Revision)
		}
		if moved := r.SyncRev > last.SyncRev; moved != s.moves {
			t.Errorf("%s: sync_rev went from %d to %d", s.name, last.SyncRev, r.SyncRev)
		}
		if moved := r.SyncAt.After(last.SyncAt); moved != s.moves {
			t.Errorf("%s: the time of its sync_rev went from %s to %s", s.name, last.SyncAt, r.SyncAt)
		}
		last = r
	}
	a.send(put(20, linked))
	if r := a.row(id); r.UID != "uid-1" || r.Birth != item.BornNetwork || !r.Adopted {
		t.Errorf("link: %+v", r)
	}
	a.send(put(21, sale("5", "1")))
	if r := a.row(sale("5", "1").ID); r.SyncRev != 0 || r.UID != "" {
		t.Errorf("a sale has sync_rev %d and uid %q", r.SyncRev, r.UID)
	}
	a.send(put(22, product("8", "Local")))
	if r := a.row(product("8", "").ID); r.UID != item.LocalUID("branch", r.ID) {
		t.Errorf("a local item's uid is %q", r.UID)
	}
}

// The POS was restored from a backup: sale 7 is another sale now, sale 8 is gone,
// sale 9 is as it was.
func TestRestoredPOSOverwritesNothing(t *testing.T) {
	a := newWorld(t).newAgent("branch", "e1")
	a.send(put(1, sale("7", "10")), put(2, sale("8", "20")), put(3, sale("9", "30")), put(4, product("1", "Cut")))
	a.pos = "pos-2"
	if w := a.sayHello(); w.Reconcile == "" {
		t.Error("a new history of the POS asks for no reconciliation")
	}
	a.send(put(5, sale("7", "99")), gone(6, dead(sale("8", "20"))), put(7, sale("9", "30")))
	a.send(put(8, sale("7", "98")), gone(9, dead(sale("8", "20"))))
	var got []string
	a.view(func(v *store.StoreView) error {
		rows, err := v.Archived(item.ID{}, 10)
		for _, r := range rows {
			got = append(got, fmt.Sprintf("%s %s of history %d", r.Kind, r.Key, r.POSEpoch))
		}
		return err
	})
	if d := cmp.Diff([]string{"sale 7 of history 1", "sale 8 of history 1"}, got); d != "" {
		t.Errorf("archived: %s", d)
	}
	if d := cmp.Diff(sumsOf(sale("7", "98"), sale("9", "30"), product("1", "Cut")), a.kindSums()); d != "" {
		t.Errorf("sums: %s", d)
	}
	if r := a.row(sale("8", "20").ID); r.Live() {
		t.Error("the sale that is gone lives at the hub")
	}
}

func TestNewAgentEpochWinsOverRevisions(t *testing.T) {
	w := newWorld(t)
	a := w.newAgent("branch", "e1")
	a.send(put(50, product("1", "Old epoch")))
	b := w.newAgent("branch", "e2")
	b.send(put(3, product("1", "New epoch")))
	if r := b.row(product("1", "").ID); r.AgentEpoch != 2 || r.AgentRev != 3 {
		t.Errorf("the row is of epoch %d, revision %d", r.AgentEpoch, r.AgentRev)
	}
	b.send(put(2, product("1", "Late")))
	if d := cmp.Diff(sumsOf(product("1", "New epoch")), b.kindSums()); d != "" {
		t.Errorf("an older revision was taken: %s", d)
	}
}

func TestBatchWithResultsAndBodies(t *testing.T) {
	a := newWorld(t).newAgent("branch", "e1")
	job, err := a.queueJob("branch", "one")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.queue.Begin(context.Background(), "branch", wire.Begin{Job: job}); err != nil {
		t.Fatal(err)
	}
	r := wire.Result{Job: job, HubEpoch: a.hello.HubEpoch, Number: 1, Done: true, POSEpoch: a.pos, Counts: wire.Counts{Created: 1}}
	a.send(entry{op: wire.EntryBody, body: []byte("an image")}, put(1, product("1", "Cut")), result(2, r))
	a.send(result(3, r))
	a.view(func(v *store.StoreView) error {
		j, err := v.Job(job)
		if err != nil || j.State != store.Applied {
			t.Errorf("the job is %s, %v", j.State, err)
		}
		body, err := v.Body(wire.Sum([]byte("an image")))
		if string(body) != "an image" {
			t.Errorf("the body is %q", body)
		}
		return err
	})
}
