package ingest

import (
	"context"
	"encoding/hex"

	"plait/hub/store"
	"plait/shared/wire"
)

// Reconcile says which nodes of a kind, or which leaves of the nodes named,
// differ from the sums given. With a full upload's id, what it staged counts as
// held.
func (in *Ingest) Reconcile(ctx context.Context, storeID string, s wire.Sums) (wire.SumsAnswer, error) {
	a := wire.SumsAnswer{Differ: []int{}}
	if err := s.Validate(); err != nil {
		return a, err
	}
	err := in.withTree(ctx, storeID, s.Kind, s.Upload, func(_ *store.StoreView, t *tree) error {
		for i, sum := range s.Sum {
			var c cell
			if s.Node == nil {
				c = t.node(i)
			} else {
				c = t.leaves[s.Node[i/wire.Leaves]*wire.Leaves+i%wire.Leaves]
			}
			if c.hex() != sum {
				a.Differ = append(a.Differ, i)
			}
		}
		return nil
	})
	return a, err
}

// ReconcileKeys compares the live items of some leaves: which of them the hub
// lacks or holds otherwise, and which only the hub holds.
func (in *Ingest) ReconcileKeys(ctx context.Context, storeID string, k wire.Keys) (wire.KeysAnswer, error) {
	a := wire.KeysAnswer{Want: []int{}, Extra: []wire.KeyHash{}}
	if err := k.Validate(); err != nil {
		return a, err
	}
	err := in.withTree(ctx, storeID, k.Kind, k.Upload, func(v *store.StoreView, t *tree) error {
		heads, err := t.headsIn(v, k.Kind, k.Upload, k.Leaf)
		if err == nil {
			a.Want, a.Extra, err = compareKeys(heads, k)
		}
		return err
	})
	return a, err
}

func (in *Ingest) withTree(ctx context.Context, storeID, kind, upload string, fn func(*store.StoreView, *tree) error) error {
	return in.db.ViewStore(ctx, storeID, func(v *store.StoreView) error {
		var u store.Upload
		if upload != "" {
			var err error
			if u, err = stagingUpload(v, upload); err != nil {
				return err
			}
		}
		t, err := in.treeOf(v, kind, u)
		if err != nil {
			return err
		}
		return fn(v, t)
	})
}

func compareKeys(heads []leafHead, k wire.Keys) (want []int, extra []wire.KeyHash, err error) {
	want, extra = []int{}, []wire.KeyHash{}
	type id struct {
		key string
		gen int64
	}
	theirs := make(map[id]int, len(k.Items))
	for i, it := range k.Items {
		if _, twice := theirs[id{it.Key, it.Gen}]; twice {
			return nil, nil, wire.Refuse(wire.CodeBadRequest, "%s %.100q stands twice", k.Kind, it.Key)
		}
		theirs[id{it.Key, it.Gen}] = i
	}
	same := make([]bool, len(k.Items))
	for _, h := range heads {
		i, ok := theirs[id{h.key, h.gen}]
		if !ok {
			extra = append(extra, wire.KeyHash{Key: h.key, Gen: h.gen, Digest: shortHex(h.digest)})
			continue
		}
		d, err := hex.DecodeString(k.Items[i].Digest)
		same[i] = err == nil && shortHex(h.digest) == hex.EncodeToString(d)
	}
	for i, ok := range same {
		if !ok {
			want = append(want, i)
		}
	}
	return want, extra, nil
}
