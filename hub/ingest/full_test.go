package ingest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plait/hub/ingest"
	"plait/hub/queue"
	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

// record is what an agent holds: the truth that a full upload brings.
type record map[item.ID]item.Item

func recordOf(items ...item.Item) record {
	r := record{}
	for _, it := range items {
		r[it.ID] = it
	}
	return r
}

func (r record) items() (out []item.Item) {
	for _, it := range r {
		out = append(out, it)
	}
	return out
}

// kindsOf are the sums of the record, for FullCommit.
func (r record) kinds() []wire.KindSum { return sumsOf(r.items()...) }

// differing asks the hub round by round what differs: nodes, leaves, keys.
func (a *agent) differing(r record, upload, kind string) (want []item.Item, extra []item.ID) {
	a.Helper()
	ctx := context.Background()
	leaves := map[int][]item.Item{}
	for _, it := range r {
		if it.Kind == kind && !it.Deleted {
			l := wire.Leaf(kind, it.Key)
			leaves[l] = append(leaves[l], it)
		}
	}
	sum := func(from, to int) string {
		var d item.Digest
		n := 0
		for l := from; l < to; l++ {
			for _, it := range leaves[l] {
				d = d.Xor(item.DigestOf(item.Append(nil, it)))
				n++
			}
		}
		if n == 0 {
			return ""
		}
		return d.String()[:16]
	}
	ask := wire.Sums{Upload: upload, Kind: kind}
	for n := range wire.Nodes {
		ask.Sum = append(ask.Sum, sum(n*wire.Leaves, (n+1)*wire.Leaves))
	}
	nodes, err := a.ingest.Reconcile(ctx, a.store, ask)
	if err != nil {
		a.Fatal(err)
	}
	if len(nodes.Differ) == 0 {
		return nil, nil
	}
	ask = wire.Sums{Upload: upload, Kind: kind, Node: nodes.Differ}
	for _, n := range nodes.Differ {
		for l := range wire.Leaves {
			ask.Sum = append(ask.Sum, sum(n*wire.Leaves+l, n*wire.Leaves+l+1))
		}
	}
	answer, err := a.ingest.Reconcile(ctx, a.store, ask)
	if err != nil {
		a.Fatal(err)
	}
	keys := wire.Keys{Upload: upload, Kind: kind}
	var asked []item.Item
	for _, place := range answer.Differ {
		l := nodes.Differ[place/wire.Leaves]*wire.Leaves + place%wire.Leaves
		keys.Leaf = append(keys.Leaf, l)
		for _, it := range leaves[l] {
			keys.Items = append(keys.Items, wire.KeyHash{Key: it.Key, Gen: it.Gen, Digest: item.DigestOf(item.Append(nil, it)).String()[:16]})
			asked = append(asked, it)
		}
	}
	found, err := a.ingest.ReconcileKeys(ctx, a.store, keys)
	if err != nil {
		a.Fatal(err)
	}
	for _, i := range found.Want {
		want = append(want, asked[i])
	}
	for _, x := range found.Extra {
		extra = append(extra, item.ID{Kind: kind, Key: x.Key, Gen: x.Gen})
	}
	return want, extra
}

// full is one full upload as an agent makes it.
type full struct {
	*agent
	id    string
	chunk int64
}

func (f *full) begin(r record) (wire.FullState, error) {
	s, err := f.ingest.FullBegin(context.Background(), f.store, wire.FullBegin{Upload: f.id, Revision: 1, Rows: int64(len(r))})
	if err == nil {
		f.chunk = s.Chunk
	}
	return s, err
}

// stage sends what differs, at most n entries a chunk.
func (f *full) stage(r record, n int) {
	f.Helper()
	var entries []entry
	for _, kind := range []string{"product", "sale"} {
		want, extra := f.differing(r, f.id, kind)
		for _, it := range want {
			entries = append(entries, put(1, it))
		}
		for _, id := range extra {
			entries = append(entries, put(1, item.Item{ID: id, Deleted: true}))
		}
	}
	for part := range slices.Chunk(entries, n) {
		if _, err := f.ingest.FullChunk(context.Background(), f.store, f.chunkBytes(f.chunk+1, part)); err != nil {
			f.Fatal(err)
		}
		f.chunk++
	}
}

func (f *full) chunkBytes(number int64, entries []entry) []byte {
	f.Helper()
	w, err := wire.NewChunk(wire.ChunkHeader{Upload: f.id, Number: number})
	if err != nil {
		f.Fatal(err)
	}
	fill(f, w, entries)
	lines, _ := w.Finish()
	return wire.Compress(nil, lines)
}

func (f *full) commit(r record) (wire.FullState, error) {
	return f.ingest.FullCommit(context.Background(), f.store, wire.FullCommit{Upload: f.id, Chunks: f.chunk, Kinds: r.kinds()})
}

// bothWays runs a test with landings in place and by a new copy.
func bothWays(t *testing.T, test func(*testing.T)) {
	t.Run("in place", test)
	t.Run("new copy", func(t *testing.T) {
		defer ingest.LandAtOnce(0)()
		test(t)
	})
}

func manyProducts(n int, name string) (out []item.Item) {
	for i := range n {
		out = append(out, product(fmt.Sprint(i), name))
	}
	return out
}

func TestFullUploadLands(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		a := newWorld(t).newAgent("branch", "e1")
		var entries []entry
		for i, it := range manyProducts(50, "old") {
			entries = append(entries, put(int64(i+1), it))
		}
		a.send(append(entries, put(100, sale("1", "5")), put(101, sale("2", "6")))...)
		same := a.row(product("7", "").ID)
		r := recordOf(append(manyProducts(49, "old"), product("3", "changed"), product("60", "new"), sale("1", "5"))...)
		f := &full{agent: a, id: "u1"}
		if _, err := f.begin(r); err != nil {
			t.Fatal(err)
		}
		f.stage(r, 2)
		before := a.kindSums()
		if d := cmp.Diff(before, a.kindSums()); d != "" {
			t.Errorf("staging changed the copy: %s", d)
		}
		s, err := f.commit(r)
		if err != nil {
			t.Fatal(err)
		}
		if s.State != "landed" || s.Changed != 4 || s.Rows != 51 {
			t.Errorf("landed: %+v, want 4 changes to 51 rows", s)
		}
		if d := cmp.Diff(r.kinds(), a.kindSums()); d != "" {
			t.Errorf("sums: %s", d)
		}
		if now := a.row(product("7", "").ID); now.Revision != same.Revision || now.SyncRev != same.SyncRev || now.SyncAt.IsZero() || !now.SyncAt.Equal(same.SyncAt) {
			t.Errorf("a row with the same digest moved from %d to %d", same.Revision, now.Revision)
		}
		if now := a.row(product("49", "").ID); now.Live() {
			t.Error("what is gone lives")
		}
		again, err := f.commit(r)
		if err != nil || again.Changed != s.Changed {
			t.Errorf("the second answer is %+v, %v", again, err)
		}
		if begun, err := f.begin(r); err != nil || begun.State != "landed" {
			t.Errorf("beginning it again: %+v, %v", begun, err)
		}
		if _, err := a.ingest.Sweep(t.Context(), "branch"); err != nil {
			t.Fatal(err)
		}
		a.view(func(v *store.StoreView) error {
			old, err := v.OldCopies()
			rows, err2 := v.StagedRows("u1", item.ID{}, 10)
			if len(old) > 0 || len(rows) > 0 || err2 != nil {
				t.Errorf("sweeping left copies %v and %d staged rows, %v", old, len(rows), err2)
			}
			return err
		})
		if d := cmp.Diff(r.kinds(), a.kindSums()); d != "" {
			t.Errorf("sums after sweeping: %s", d)
		}
		a.send(put(200, product("60", "newer")))
		if now := a.row(product("60", "").ID); now.AgentRev != 200 {
			t.Errorf("a later change is not taken: %+v", now)
		}
	})
}

func TestFullUploadIsRefusedWhileAJobIsOpen(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		a := newWorld(t).newAgent("branch", "e1")
		a.send(put(1, product("1", "old")))
		r := recordOf(product("1", "new"))
		f := &full{agent: a, id: "u1"}
		if _, err := f.begin(r); err != nil {
			t.Fatal(err)
		}
		f.stage(r, 10)
		job, err := a.queueJob("branch", "spring prices")
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.commit(r)
		if code(err) != wire.CodeJobsOpen {
			t.Fatalf("commit over an open job: %v", err)
		}
		b := err.(*wire.Error).Blocking
		if len(b) != 1 || b[0].Job != job || b[0].Label != "spring prices" || len(b[0].Ways) < 2 {
			t.Errorf("blocking is %+v: the job and its ways out must be named", b)
		}
		if d := cmp.Diff(sumsOf(product("1", "old")), a.kindSums()); d != "" {
			t.Errorf("the copy changed: %s", d)
		}
		if _, err := (&full{agent: a, id: "u2"}).begin(r); code(err) != wire.CodeJobsOpen {
			t.Errorf("begin over an open job: %v", err)
		}
		err = a.db.WithStore(t.Context(), "branch", func(tx *store.StoreTx) error {
			_, err := queue.Cancel(tx, "ann", job)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if s, err := f.begin(r); err != nil || s.Staged != 1 {
			t.Errorf("staging did not survive the refusal: %+v, %v", s, err)
		}
		if s, err := f.commit(r); err != nil || s.State != "landed" {
			t.Errorf("commit without jobs: %+v, %v", s, err)
		}
	})
}

func TestFullUploadConflicts(t *testing.T) {
	bothWays(t, func(t *testing.T) {
		a := newWorld(t).newAgent("branch", "e1")
		a.send(put(1, product("1", "old")), put(2, product("2", "old")))
		r := recordOf(product("1", "new"), product("2", "old"))
		f := &full{agent: a, id: "u1"}
		if _, err := f.begin(r); err != nil {
			t.Fatal(err)
		}
		f.stage(r, 10)
		f.chunk++
		if _, err := f.commit(r); code(err) != wire.CodeConflict {
			t.Errorf("a missing chunk: %v", err)
		}
		f.chunk--
		if _, err := f.commit(recordOf(product("1", "new"))); code(err) != wire.CodeConflict || !strings.Contains(err.Error(), "product") {
			t.Errorf("other sums: %v, want a conflict that names the kind", err)
		}
		a.send(put(3, product("2", "changed meanwhile")))
		if _, err := f.commit(r); code(err) != wire.CodeConflict {
			t.Errorf("a copy that changed: %v", err)
		}
		r = recordOf(product("1", "new"), product("2", "changed meanwhile"))
		if s, err := f.begin(r); err != nil || s.Staged != 1 {
			t.Fatalf("beginning again: %+v, %v", s, err)
		}
		f.stage(r, 10)
		if f.chunk != 1 {
			t.Errorf("%d chunks: what was staged was sent again", f.chunk)
		}
		if s, err := f.commit(r); err != nil || s.Changed != 1 {
			t.Errorf("commit: %+v, %v", s, err)
		}
		if d := cmp.Diff(r.kinds(), a.kindSums()); d != "" {
			t.Errorf("sums: %s", d)
		}
	})
}

func TestChunksAreAnsweredAgain(t *testing.T) {
	a := newWorld(t).newAgent("branch", "e1")
	f := &full{agent: a, id: "u1"}
	ctx := t.Context()
	if _, err := a.ingest.FullChunk(ctx, "branch", f.chunkBytes(1, []entry{put(1, product("1", "x"))})); code(err) != wire.CodeConflict {
		t.Errorf("a chunk before the beginning: %v", err)
	}
	if _, err := f.begin(nil); err != nil {
		t.Fatal(err)
	}
	one := f.chunkBytes(1, []entry{put(1, product("1", "x"))})
	for range 2 {
		if s, err := a.ingest.FullChunk(ctx, "branch", one); err != nil || s.Chunk != 1 || s.Staged != 1 {
			t.Errorf("chunk 1: %+v, %v", s, err)
		}
	}
	for name, body := range map[string][]byte{
		"another digest": f.chunkBytes(1, []entry{put(1, product("2", "x"))}),
		"a gap":          f.chunkBytes(3, nil),
	} {
		if _, err := a.ingest.FullChunk(ctx, "branch", body); code(err) != wire.CodeBatchConflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := product("5", "x")
	bad.Kind = "spaceship"
	if _, err := a.ingest.FullChunk(ctx, "branch", f.chunkBytes(2, []entry{put(1, bad)})); code(err) != wire.CodeBadRequest || !strings.Contains(err.Error(), "spaceship") {
		t.Errorf("an item of an unknown kind: %v", err)
	}
	if _, err := (&full{agent: a, id: "u2"}).begin(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := f.begin(nil); code(err) != wire.CodeConflict {
		t.Errorf("beginning an upload that another replaced: %v", err)
	}
}

// The hub stops in the middle of building a new copy: the next attempt lands.
func TestBuildingIsTakenUpAgain(t *testing.T) {
	defer ingest.LandAtOnce(0)()
	a := newWorld(t).newAgent("branch", "e1")
	a.send(put(1, product("1", "old")))
	r := recordOf(manyProducts(20, "new")...)
	f := &full{agent: a, id: "u1"}
	if _, err := f.begin(r); err != nil {
		t.Fatal(err)
	}
	f.stage(r, 100)
	err := a.db.WithStore(t.Context(), "branch", func(tx *store.StoreTx) error { // what a hub that stopped leaves behind
		c, err := tx.Copy()
		if err != nil {
			return err
		}
		c.Building = 2
		if err := tx.SetCopy(c); err != nil {
			return err
		}
		_, err = tx.InsertItems(2, []store.Item{{ID: product("1", "").ID, Revision: 9, Body: []byte("x")}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := f.commit(r); err != nil || s.Rows != 20 {
		t.Fatalf("commit: %+v, %v", s, err)
	}
	if n, err := a.ingest.Sweep(t.Context(), "branch"); err != nil || n != 1+1+20 {
		t.Errorf("swept %d rows, %v", n, err)
	}
}

func TestHealingFindsEveryDifference(t *testing.T) {
	for _, name := range []string{"remembered", "read again"} {
		t.Run(name, func(t *testing.T) {
			if name == "read again" {
				defer ingest.KeepNoHeads()()
			}
			a := newWorld(t).newAgent("branch", "e1")
			var entries []entry
			for i, it := range manyProducts(900, "same") {
				entries = append(entries, put(int64(i+1), it))
			}
			a.send(entries...)
			r := recordOf(manyProducts(900, "same")...)
			for _, key := range []string{"10", "500"} {
				r[product(key, "").ID] = product(key, "other")
			}
			r[product("new", "").ID] = product("new", "new")
			delete(r, product("77", "").ID)
			r[product("78", "").ID] = dead(product("78", "same"))
			want, extra := a.differing(r, "", "product")
			var keys []string
			for _, it := range want {
				keys = append(keys, it.Key)
			}
			slices.Sort(keys)
			if d := cmp.Diff([]string{"10", "500", "new"}, keys); d != "" {
				t.Errorf("wanted: %s", d)
			}
			keys = nil
			for _, id := range extra {
				keys = append(keys, id.Key)
			}
			slices.Sort(keys)
			if d := cmp.Diff([]string{"77", "78"}, keys); d != "" {
				t.Errorf("only at the hub: %s", d)
			}
		})
	}
}
