package ingest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"plait/shared/item"
	"plait/shared/wire"
)

// TestBatchesAgainstAModel sends batches of random entries, lost answers and old
// batches again, new agent epochs and restored POS databases. The model is a map:
// for each item the newest state by (epoch, revision). What the hub holds must
// have the model's sums, and its revision must move exactly when they do.
func TestBatchesAgainstAModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		a := w.newAgent("branch", "epoch-0")
		m := model{items: map[item.ID]held{}}
		var sent [][]byte // of this agent epoch
		rev, epochs := int64(0), 1
		rt.Repeat(map[string]func(*rapid.T){
			"batch": func(rt *rapid.T) {
				entries := m.entries(rt, &rev, epochs)
				body := a.frozen(a.batch+1, entries...)
				a.send(entries...)
				sent = append(sent, body)
			},
			"again": func(rt *rapid.T) {
				if len(sent) == 0 {
					return
				}
				i := rapid.IntRange(0, len(sent)-1).Draw(rt, "which")
				_, err := w.ingest.Batch(context.Background(), "branch", sent[i])
				if last := i == len(sent)-1; last != (err == nil) {
					rt.Fatalf("batch %d of %d again: %v", i+1, len(sent), err)
				}
				if err != nil && code(err) != wire.CodeBatchConflict {
					rt.Fatal(err)
				}
			},
			"new agent epoch": func(*rapid.T) {
				a = w.newAgent("branch", fmt.Sprint("epoch-", epochs))
				epochs++
				sent, rev = nil, 0
			},
			"restored POS": func(rt *rapid.T) {
				a.pos = fmt.Sprint("pos-", rapid.IntRange(1, 4).Draw(rt, "history"))
				a.sayHello()
			},
			"": func(rt *rapid.T) {
				if d := cmp.Diff(sumsOf(m.live()...), a.kindSums()); d != "" {
					rt.Fatalf("sums (-model +hub): %s", d)
				}
			},
		})
	})
}

type model struct{ items map[item.ID]held }

type held struct {
	it    item.Item
	epoch int
	rev   int64
}

// entries draws a batch and applies it to the model. Some revisions are old
// ones, which must not win.
func (m *model) entries(rt *rapid.T, rev *int64, epoch int) (out []entry) {
	keys := rapid.SampledFrom([]int{8, 8, 8, 70}).Draw(rt, "keys") // few that come again, or more than one stroke writes
	for range rapid.IntRange(0, 3*keys).Draw(rt, "entries") {
		*rev++
		r := *rev
		if rapid.IntRange(0, 9).Draw(rt, "late") == 0 {
			r = rapid.Int64Range(1, *rev).Draw(rt, "revision")
		}
		key := fmt.Sprint(rapid.IntRange(1, keys).Draw(rt, "key"))
		it := product(key, fmt.Sprint("name ", rapid.IntRange(1, 3).Draw(rt, "name")))
		if rapid.Bool().Draw(rt, "sale") {
			it = sale(key, fmt.Sprint(rapid.IntRange(1, 3).Draw(rt, "total")))
		}
		it.Deleted = rapid.IntRange(0, 3).Draw(rt, "dead") == 0
		e := put(r, it)
		if it.Deleted && rapid.Bool().Draw(rt, "gone") {
			e.op = wire.EntryGone
		}
		out = append(out, e)
		old, ok := m.items[it.ID]
		if !ok || epoch > old.epoch || r >= old.rev {
			m.items[it.ID] = held{it, epoch, r}
		}
	}
	return out
}

func (m *model) live() (out []item.Item) {
	for _, h := range m.items {
		out = append(out, h.it)
	}
	return out
}
