package ingest

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

// tree is what the hub holds of a kind, by leaf: the live copy with a full
// upload's staging laid over it. It is built by one reading of the kind and
// remembered while neither changes.
type tree struct {
	leaves [wire.Nodes * wire.Leaves]cell
	// heads are all items, sorted by leaf, key and gen; nil if there are more than
	// maxHeads, and then leaves are read again when their items are asked for.
	heads []leafHead
}

// cell is the sum over some items.
type cell struct {
	sum uint64 // XOR of the first 64 bits of their digests
	n   int
}

type leafHead struct {
	leaf   int
	key    string
	gen    int64
	digest uint64
}

// maxHeads bounds what a remembered tree holds: about 15 MB. A variable for
// tests.
var maxHeads = 200_000

// headPage is how many rows one reading takes.
const headPage = 2000

func (c cell) hex() string {
	if c.n == 0 {
		return ""
	}
	return fmt.Sprintf("%016x", c.sum)
}

func short(d item.Digest) uint64 { return binary.BigEndian.Uint64(d[:8]) }

func shortHex(d uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], d)
	return hex.EncodeToString(b[:])
}

// add counts an item.
func (t *tree) add(h leafHead) {
	t.leaves[h.leaf].sum ^= h.digest
	t.leaves[h.leaf].n++
}

// node returns the sum of a node's leaves.
func (t *tree) node(n int) cell {
	var c cell
	for _, l := range t.leaves[n*wire.Leaves : (n+1)*wire.Leaves] {
		c.sum ^= l.sum
		c.n += l.n
	}
	return c
}

// treeOf returns the tree of a kind as the view sees it.
func (in *Ingest) treeOf(v *store.StoreView, kind string, u store.Upload) (*tree, error) {
	c, err := v.Copy()
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%s/%d/%d/%s/%d/%s", v.Store.ID, c.Live, c.Revision, u.ID, u.Chunk, kind)
	if t, ok := in.trees.Get(key); ok {
		return t, nil
	}
	t := &tree{}
	whole := true
	err = eachHead(v, kind, u.ID, func(h leafHead) {
		t.add(h)
		if whole = whole && len(t.heads) < maxHeads; whole {
			t.heads = append(t.heads, h)
		}
	})
	if err != nil {
		return nil, err
	}
	if !whole {
		t.heads = nil
	}
	slices.SortFunc(t.heads, compareHeads)
	in.trees.Put(key, t)
	return t, nil
}

func compareHeads(a, b leafHead) int {
	return cmp.Or(a.leaf-b.leaf, cmp.Compare(a.key, b.key), cmp.Compare(a.gen, b.gen))
}

// headsIn returns the items of some leaves, sorted.
func (t *tree) headsIn(v *store.StoreView, kind, upload string, leaves []int) (out []leafHead, err error) {
	if t.heads != nil {
		for _, l := range leaves {
			from, _ := slices.BinarySearchFunc(t.heads, l, func(h leafHead, l int) int { return h.leaf - l })
			out = append(out, t.heads[from:from+t.leaves[l].n]...)
		}
		return out, nil
	}
	err = eachHead(v, kind, upload, func(h leafHead) {
		if _, ok := slices.BinarySearch(leaves, h.leaf); ok {
			out = append(out, h)
		}
	})
	slices.SortFunc(out, compareHeads)
	return out, err
}

// eachHead walks the live items of a kind with a full upload's staging laid over
// them: both come in the order of key and gen, page by page.
func eachHead(v *store.StoreView, kind, upload string, each func(leafHead)) error {
	live := pages[store.Head]{read: func(after item.ID) ([]store.Head, error) { return v.Heads(kind, after, headPage) },
		id: func(h store.Head) item.ID { return h.ID }}
	staged := pages[store.StagedRow]{read: func(after item.ID) ([]store.StagedRow, error) { return v.StagedHeads(upload, kind, after, headPage) },
		id: func(r store.StagedRow) item.ID { return r.ID }, done: upload == ""}
	for {
		h, hasLive, err := live.peek()
		if err != nil {
			return err
		}
		r, hasStaged, err := staged.peek()
		if err != nil {
			return err
		}
		if !hasLive && !hasStaged {
			return nil
		}
		order := compareIDs(h.ID, r.ID)
		if !hasStaged || (hasLive && order < 0) {
			each(leafHead{wire.Leaf(kind, h.Key), h.Key, h.Gen, short(h.Digest)})
			live.pop()
			continue
		}
		if !r.Dead {
			each(leafHead{wire.Leaf(kind, r.Key), r.Key, r.Gen, short(r.Digest)})
		}
		staged.pop()
		if hasLive && order == 0 {
			live.pop()
		}
	}
}

// compareIDs is the order in which the store returns rows.
func compareIDs(a, b item.ID) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Gen, b.Gen))
}

// pages reads a long list page by page.
type pages[T any] struct {
	read func(after item.ID) ([]T, error)
	id   func(T) item.ID
	page []T
	last item.ID
	done bool
}

// peek returns the first that was not popped yet; ok is false at the end.
func (p *pages[T]) peek() (t T, ok bool, err error) {
	if len(p.page) == 0 && !p.done {
		if p.page, err = p.read(p.last); err != nil {
			return t, false, err
		}
		if len(p.page) == 0 {
			p.done = true
		} else {
			p.last = p.id(p.page[len(p.page)-1])
		}
	}
	if len(p.page) == 0 {
		return t, false, nil
	}
	return p.page[0], true, nil
}

func (p *pages[T]) pop() { p.page = p.page[1:] }
