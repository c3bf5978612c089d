package storesync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"plait/hub/store"
	"plait/shared/item"
)

// SameMark is an operator's word that two items are the same (SameItem).
type SameMark struct {
	Kind   string    `json:"kind"`
	UID    string    `json:"uid"`     // of the item that was marked
	SameAs string    `json:"same_as"` // as which it is the same
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	// Name and Stores are of the marked item: where it lives under its own uid, and so is
	// found by the mark alone. None have it once a sync has linked it.
	Name   string      `json:"name,omitempty"`
	Stores []StoreName `json:"stores"`
	As     string      `json:"as,omitempty"` // what the other is called
}

// Apart is a mark that was taken back.
type Apart struct {
	SameMark
	Linked []StoreName `json:"linked"` // where a sync has linked the item by the mark
	Says   string      `json:"says"`   // what follows from it
}

// Marks lists a kind's marks, by uid. Errors: ErrRequest.
func (s *Service) Marks(ctx context.Context, network, kind string) (out []SameMark, err error) {
	out = []SameMark{}
	err = s.db.View(ctx, func(v *store.View) error {
		l := &look{View: v}
		if err := l.read(network, kind); err != nil {
			return err
		}
		known, err := v.Aliases(network, kind)
		for _, a := range known {
			if err != nil {
				return err
			}
			var m SameMark
			m, err = l.mark(a)
			out = append(out, m)
		}
		return err
	})
	if err != nil {
		return out, fmt.Errorf("cannot list which items of %s are marked as the same: %w", kind, err)
	}
	return out, nil
}

func (l *look) mark(a store.Alias) (m SameMark, err error) {
	m = SameMark{Kind: a.Kind, UID: a.UID, SameAs: a.SameAs, By: a.By, At: a.At}
	if m.Name, m.Stores, err = l.whereUID(a.UID); err == nil {
		m.As, _, err = l.whereUID(a.SameAs)
	}
	return m, err
}

// whereUID says which stores have an item of that very uid, and what the first of them
// calls it.
func (l *look) whereUID(uid string) (name string, at []StoreName, err error) {
	at = []StoreName{}
	has, err := l.StoresWith(l.network.ID, l.kind.Name, []string{uid})
	for _, s := range l.stores {
		if err != nil || !has[s.ID] {
			continue
		}
		if at = append(at, StoreName{s.ID, s.Name}); len(at) == 1 {
			name, err = l.nameAt(s.ID, uid)
		}
	}
	return name, at, err
}

func (l *look) nameAt(id, uid string) (string, error) {
	in, err := l.In(id)
	if err != nil {
		return "", err
	}
	rows, err := in.ItemsByUID(l.kind.Name, uid)
	i := slices.IndexFunc(rows, store.Item.Live)
	if err != nil || i < 0 {
		return "", err
	}
	it, err := rows[i].Decode()
	if err != nil {
		return "", err
	}
	return l.called(in, it)
}

// linkedBy are the stores in which the item of that uid was linked to the other since.
func (l *look) linkedBy(a store.Alias) (out []StoreName, err error) {
	out = []StoreName{}
	has, err := l.StoresWith(l.network.ID, l.kind.Name, []string{a.SameAs})
	for _, s := range l.stores {
		if err != nil {
			return nil, err
		}
		if !has[s.ID] {
			continue
		}
		var in *store.StoreView
		var rows []store.Item
		if in, err = l.In(s.ID); err == nil {
			rows, err = in.ItemsByUID(l.kind.Name, a.SameAs)
		}
		was := func(r store.Item) bool { return r.Live() && (item.Item{ID: r.ID}).UID(s.ID) == a.UID }
		if slices.ContainsFunc(rows, was) {
			out = append(out, StoreName{s.ID, s.Name})
		}
	}
	return out, err
}

// Apart takes a mark back, by the uid of the item that was marked. Nothing changes at
// any store by it. Errors: ErrRequest.
func (s *Service) Apart(ctx context.Context, network, kind, uid, by string) (out Apart, err error) {
	err = s.db.WithNetwork(ctx, network, func(tx *store.NetworkTx) error {
		l := &look{View: tx.View}
		if err := l.read(network, kind); err != nil {
			return err
		}
		known, err := tx.Aliases(network, kind)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(known, func(a store.Alias) bool { return a.UID == uid })
		if i < 0 {
			return refuse("none of the uid %.40q is marked so: plait-hub item same %s lists them", uid, kind)
		}
		if out.SameMark, err = l.mark(known[i]); err != nil {
			return err
		}
		if out.Linked, err = l.linkedBy(known[i]); err != nil {
			return err
		}
		out.Says = out.follows()
		var stores []string
		for _, at := range slices.Concat(out.Stores, out.Linked) {
			stores = append(stores, at.ID)
		}
		return errors.Join(tx.DropAlias(kind, uid),
			tx.Audit(by, "item.apart", stores, map[string]string{"kind": kind, "uid": uid, "same_as": out.SameAs}))
	})
	if err != nil {
		return out, fmt.Errorf("cannot take back that a %s is the same as another: %w", kind, err)
	}
	return out, nil
}

// follows says what becomes of the item.
func (a Apart) follows() string {
	names := func(at []StoreName) (out []string) {
		for _, s := range at {
			out = append(out, s.Name)
		}
		return out
	}
	switch {
	case len(a.Linked) > 0:
		return fmt.Sprintf("At %s it was linked by a sync already, and stays so: take that sync back (plait-hub sync revert), and it is the store's own again", named(names(a.Linked)))
	case len(a.Stores) == 0:
		return "No store has the item any more, so nothing else follows"
	}
	return fmt.Sprintf("The next sync that brings the other to %s matches it anew, by code, else by name, else beside the store's own; its Test says which. "+
		"Jobs that are queued, and Tests that were made before, still take the two for one", named(names(a.Stores)))
}
