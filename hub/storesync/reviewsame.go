package storesync

import (
	"context"
	"maps"
	"slices"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/merge"
)

// means reports whether it is said of a plan's item.
func (s SameItem) means(p merge.ItemPlan) bool {
	return s.Kind == p.Kind && (s.Item == p.UID || item.NormalName(s.Item) == item.NormalName(p.Name))
}

func (s SameItem) String() string { return s.Kind + ":" + s.Item + "=" + s.As }

// same keeps that items of the source are stores' own, and reports whether any is
// said to be.
func (d *deciding) same(ctx context.Context, p Plan) (said bool, err error) {
	if len(d.Decide.Same) == 0 {
		return false, nil
	}
	i := slices.IndexFunc(p.Stores, func(at StorePlan) bool { return d.Decide.At == at.ID || d.Decide.At == at.Name })
	if len(p.Stores) == 1 && d.Decide.At == "" {
		i = 0
	}
	if i < 0 {
		return false, refuse("say of which store the items are that are the same: %d receive this", len(p.Stores))
	}
	uids := map[SameItem]map[string]bool{}
	err = d.eachTested(ctx, p, p.Stores[i], true, func(_ tests, plan merge.ItemPlan) {
		for _, s := range d.Decide.Same {
			if s.means(plan) {
				if uids[s] == nil {
					uids[s] = map[string]bool{}
				}
				uids[s][plan.UID] = true
			}
		}
	})
	if err != nil {
		return false, err
	}
	for s, found := range uids {
		if len(found) > 1 {
			return false, refuse("the source has %d %s called %s: name it by its uid", len(found), s.Kind, quoted(s.Item))
		}
		d.named[s.String()] = true
		for uid := range maps.Keys(found) {
			if err := d.keepSame(ctx, p, p.Stores[i], s, uid); err != nil {
				return false, err
			}
		}
	}
	return len(uids) > 0, nil
}

// keepSame keeps one alias; the same again changes nothing.
func (d *deciding) keepSame(ctx context.Context, p Plan, at StorePlan, s SameItem, uid string) error {
	return d.db.WithNetwork(ctx, p.Network, func(tx *store.NetworkTx) error {
		in, err := tx.In(at.ID)
		if err != nil {
			return err
		}
		own, err := d.ownItem(in, s)
		if err != nil {
			return err
		}
		known, err := tx.Aliases(p.Network, s.Kind)
		if err != nil {
			return err
		}
		al := newAliases(known)
		if al.canonical(s.Kind, own) == al.canonical(s.Kind, uid) {
			return nil
		}
		if slices.ContainsFunc(known, func(a store.Alias) bool { return a.UID == own }) {
			return refuse("%s %s of store %s is marked as the same as another item of the network already", s.Kind, quoted(s.As), at.Name)
		}
		if err := tx.AddAlias(store.Alias{Kind: s.Kind, UID: own, SameAs: uid, By: d.By}); err != nil {
			return err
		}
		return tx.Audit(d.By, "item.same", []string{at.ID}, map[string]string{"kind": s.Kind, "uid": own, "same_as": uid})
	})
}

// ownItem finds the uid of a store's item by its key, or by its name.
func (d *deciding) ownItem(in *store.StoreView, s SameItem) (uid string, err error) {
	k, ok := d.kinds.Kind(s.Kind)
	if !ok {
		return "", refuse("the network's catalogue has no kind %.40q", s.Kind)
	}
	var byKey string
	var byName []string
	err = eachItem(copyOf{in}, s.Kind, func(at store.Item, it item.Item) error {
		switch {
		case !at.Live():
		case it.Key == s.As:
			byKey = it.UID(in.Store.ID)
		case item.NormalName(it.Fields.Get(k.Called()).Str()) == item.NormalName(s.As):
			byName = append(byName, it.UID(in.Store.ID))
		}
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case byKey != "":
		return byKey, nil
	case len(byName) == 0:
		return "", refuse("store %s has no %s %s", in.Store.Name, s.Kind, quoted(s.As))
	case len(byName) > 1:
		return "", refuse("store %s has %d %s called %s: name it by its key", in.Store.Name, len(byName), s.Kind, quoted(s.As))
	}
	return byName[0], nil
}
