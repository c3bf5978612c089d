package storesync

import (
	"fmt"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
)

// copyOf is the hub's copy of a store as a holder.
type copyOf struct{ *store.StoreView }

// Item returns the live copy's row of an identity.
func (c copyOf) Item(id item.ID) (store.Item, error) {
	at, err := c.Copy()
	if err != nil {
		return store.Item{}, err
	}
	return c.StoreView.Item(at.Live, id)
}

// catalogOf reads the network's catalogue.
func catalogOf(v *store.View, n store.Network) (*catalog.Catalog, error) {
	if n.Catalog == "" {
		return nil, fmt.Errorf("network %s has no catalogue: %w", n.Name, store.ErrNotFound)
	}
	b, err := v.Catalog(n.ID, n.Catalog)
	if err != nil {
		return nil, err
	}
	return catalog.Decode(b)
}
