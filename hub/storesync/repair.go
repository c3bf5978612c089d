package storesync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"plait/hub/store"
	"plait/shared/item"
)

// RepairedBy returns the kinds of which a store undoes drift by itself: where the
// network asks for it, all that are held at the store; and as "kind.field" their
// fields that a switch leaves to the store.
func RepairedBy(v *store.StoreView) ([]string, error) {
	if liftedAt(v.Store) != "" || v.Store.Catalog == "" {
		return nil, nil
	}
	n, err := v.Network(v.Store.Network)
	if err != nil {
		return nil, err
	}
	if set, err := SettingsOf(n); err != nil || !set.Repair {
		return nil, err
	}
	d, err := driftsOf(v)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, k := range d.catalog.Kinds {
		held, err := d.kindOf(k.Name)
		if err != nil {
			return nil, err
		}
		if !held.held {
			continue
		}
		out = append(out, k.Name)
		for _, f := range k.Fields {
			if f.LockedWhen != "" && d.left(held, f.Name) {
				out = append(out, k.Name+"."+f.Name)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// RepairsPage is what a store told of drift that it undid by itself, by kind and
// key: of each item, the last.
type RepairsPage struct {
	Store StoreName    `json:"store"`
	Items []RepairItem `json:"items"`
	Next  string       `json:"next,omitempty"` // what to ask after for the rest
}

// RepairItem is what a store told of one item.
type RepairItem struct {
	Kind    string       `json:"kind"`
	Key     string       `json:"key"`
	UID     string       `json:"uid"`
	Name    string       `json:"name"`
	Fields  []DriftField `json:"fields,omitempty"`
	Refused string       `json:"refused,omitempty"` // why it could not; "" if it did
	Times   int          `json:"times"`             // how often it told of the item
	At      time.Time    `json:"at"`                // when the hub was told
}

// Repairs lists what a store told of drift that it undid by itself.
func (s *Service) Repairs(ctx context.Context, storeID string, ask DriftAsk) (page RepairsPage, err error) {
	err = s.db.ViewStore(ctx, storeID, func(v *store.StoreView) error {
		page.Store, page.Items = StoreName{v.Store.ID, v.Store.Name}, []RepairItem{}
		d, err := driftsOf(v)
		if err == nil {
			err = d.knows(ask.Kind)
		}
		if err != nil {
			return err
		}
		at, err := placeOf(ask.After)
		if err != nil {
			return err
		}
		limit := pageLimit(ask.Limit)
		list, err := v.Repairs(at, limit+1)
		for _, r := range list[:min(len(list), limit)] {
			if ask.Kind == "" || r.Kind == ask.Kind {
				page.Items = append(page.Items, d.repair(r))
			}
			at = item.ID{Kind: r.Kind, Key: r.Key}
		}
		if len(list) > limit {
			page.Next = place(at)
		}
		return err
	})
	if err != nil {
		return page, fmt.Errorf("cannot list what store %s repaired by itself: %w", cmp.Or(page.Store.Name, storeID), err)
	}
	return page, nil
}

func (d *drifts) repair(r store.Repair) RepairItem {
	out := RepairItem{Kind: r.Kind, Key: r.Key, UID: r.UID, Name: r.Name, Refused: r.Refused, Times: r.Times, At: r.ToldAt}
	k, _ := d.catalog.Kind(r.Kind)
	for _, f := range r.Fields {
		field, _ := k.Field(f.Field)
		out.Fields = append(out.Fields, DriftField{Field: f.Field, Title: field.Title, Base: &f.Base, Value: &f.Value})
	}
	return out
}

// unrepaired is why the store could not undo the drift of an item by itself; "" if
// nothing is known of that.
func (d *drifts) unrepaired(it item.Item) (string, error) {
	r, err := d.in.Repair(it.Kind, it.Key)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return r.Refused, err
}
