package operator

import (
	"context"
	"slices"

	"plait/hub/access"
	"plait/hub/store"
)

// maxLabels bounds the labels of a store.
const maxLabels = 50

func checkLabels(labels []string) error {
	if len(labels) > maxLabels {
		return refuse("a store has %d labels, more than %d", len(labels), maxLabels)
	}
	for i, label := range labels {
		if err := checkName("a label", label); err != nil {
			return err
		}
		if slices.Contains(labels[:i], label) {
			return refuse("the label %q is given twice", label)
		}
	}
	return nil
}

// SetStore renames a store, or gives it other labels.
func (d *Desk) SetStore(ctx context.Context, who access.Who, ref string, in SetStore) (out Store, err error) {
	if in.Name != "" {
		if err := checkName("a store", in.Name); err != nil {
			return out, err
		}
	}
	if in.Labels != nil {
		if err := checkLabels(*in.Labels); err != nil {
			return out, err
		}
	}
	act := access.Act{What: "store.set", Need: access.Admin, Detail: in}
	err = d.onStore(ctx, who, ref, act, func(tx *store.StoreTx) error {
		s := tx.Store
		if in.Name != "" {
			s.Name = in.Name
		}
		if in.Labels != nil {
			s.Labels = *in.Labels
		}
		if err := apart(tx.View, s.Network, s.ID, s.Name, s.Labels); err != nil {
			return err
		}
		if err := tx.SetStore(s); err != nil {
			return err
		}
		out, err = d.showStore(tx.StoreView)
		return err
	})
	return out, err
}

// apart refuses a name that another store has, and a label that is a store's
// name: receivers of a sync are named by either.
func apart(v *store.View, network, id, name string, labels []string) error {
	all, err := v.Stores(network)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(s store.Store) bool { return s.ID == id })
	for _, s := range append(all, store.Store{ID: id, Name: name, Labels: labels}) {
		switch {
		case s.ID != id && s.Name == name:
			return conflict("network %s has a store called %q already", s.NetworkName, name)
		case slices.Contains(labels, s.Name):
			return conflict("%q is a store's name: a label of that name could not be told from it", s.Name)
		case slices.Contains(s.Labels, name):
			return conflict("%q is a label of store %s: a store of that name could not be told from it", name, s.Name)
		}
	}
	return nil
}
