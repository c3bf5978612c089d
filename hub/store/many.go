package store

import (
	"fmt"
	"iter"
	"strings"
)

// StoresTx writes for several stores in one transaction that has locked their rows,
// each store once. What it does for many takes a few statements, where a StoreTx
// each would run some for every store. Its methods answer in its order.
type StoresTx []*StoreTx

// named names the stores in an error.
func (all StoresTx) named() string {
	if len(all) == 1 {
		return "store " + all[0].Store.Name
	}
	return fmt.Sprintf("store %s and %d more", all[0].Store.Name, len(all)-1)
}

// strokeSizes are the numbers of rows that one wide statement has. They are few, so that
// a connection keeps their texts compiled whatever the number of stores; past fifty
// rows the engine gains no more.
var strokeSizes = [...]int{50, 10, 1}

// strokes cuts n rows into parts [from, to) of those sizes.
func strokes(n int) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		from := 0
		for _, size := range strokeSizes {
			for ; n-from >= size; from += size {
				if !yield(from, from+size) {
					return
				}
			}
		}
	}
}

// placeholders are n rows of so many placeholders each, as VALUES has them. They are
// "?": SQLite looks "$n" up by name, which costs the square of their number.
func placeholders(n, columns int) string {
	row := ", (?" + strings.Repeat(", ?", columns-1) + ")"
	return strings.Repeat(row, n)[2:]
}

// these begins a statement about n stores, whose places are its first arguments.
func these(n int) string {
	return "WITH l (network, store) AS (VALUES " + placeholders(n, 2) + ") "
}

// places are the arguments of these, with room for a few more.
func (all StoresTx) places() []any {
	args := make([]any, 0, 2*len(all)+8)
	for _, tx := range all {
		args = append(args, tx.at.network, tx.at.store)
	}
	return args
}

// indexes finds stores by their places.
func (all StoresTx) indexes() map[place]int {
	out := make(map[place]int, len(all))
	for i, tx := range all {
		out[tx.at] = i
	}
	return out
}

// locked returns the writers of some stores, in that order. It fails with
// ErrNotFound if one of them is not there.
func (v *View) locked(ids []string) (StoresTx, error) {
	found := make(map[string]*StoreTx, len(ids))
	for from, to := range strokes(len(ids)) {
		args := make([]any, to-from)
		for i, id := range ids[from:to] {
			args[i] = id
		}
		some, err := many(v, readStore, storeQuery+`s.id IN `+placeholders(1, to-from), args...)
		if err != nil {
			return nil, fmt.Errorf("cannot read stores: %w", err)
		}
		for _, s := range some {
			found[s.ID] = &StoreTx{StoreView: &StoreView{View: v, Store: s.Store, at: s.at}}
		}
	}
	all := make(StoresTx, len(ids))
	for i, id := range ids {
		if all[i] = found[id]; all[i] == nil {
			return nil, fmt.Errorf("store %s: %w", id, ErrNotFound)
		}
	}
	return all, nil
}
