package storesync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/wire"
)

// Continuous sync runs along flows: a kind, and the one store that it usually
// comes from (decision 9). Each receiver has a cursor for each flow, and what it
// is to be sent is told by comparing that with the source's newest sync_rev.
// Nothing else is kept of a change, so there is nothing to forget when the hub is
// killed between an upload and the entries in the receivers' queues.

// usual is the store that a kind usually comes from; ok is false if the network
// has none.
func (s Settings) usual(kind string, stores []store.Store) (src store.Store, ok bool) {
	id := s.Usual[kind]
	i := slices.IndexFunc(stores, func(st store.Store) bool {
		return st.ID == id || (id == "" && st.Role == store.HeadOffice)
	})
	if i < 0 || stores[i].Role == store.Single {
		return src, false
	}
	return stores[i], true
}

// Settle works out a network's flows anew and has them kept, in the transaction
// that changed its settings, its kinds or a store's role.
func Settle(v *store.View, network string, keep func([]store.Flow) error) error {
	n, err := v.Network(network)
	if err != nil {
		return err
	}
	set, err := SettingsOf(n)
	if err != nil {
		return err
	}
	if len(set.Continuous) == 0 || n.Catalog == "" {
		return keep(nil)
	}
	kinds, err := catalogOf(v, n)
	if err != nil {
		return err
	}
	stores, err := v.Stores(network)
	if err != nil {
		return err
	}
	var flows []store.Flow
	for _, name := range set.Continuous {
		k, known := kinds.Kind(name)
		src, ok := set.usual(name, stores)
		if known && k.Direction == catalog.Sync && !k.ByHand && ok {
			flows = append(flows, store.Flow{Kind: name, Source: src.ID})
		}
	}
	if err := keep(flows); err != nil {
		return fmt.Errorf("cannot settle the continuous syncs of network %s: %w", n.Name, err)
	}
	return nil
}

// takes reports whether a store's POS can take items of a kind at present.
func takes(p wire.Profile, kind string) bool {
	i := slices.IndexFunc(p.Kinds, func(k wire.ProfileKind) bool { return k.Kind == kind })
	return i >= 0 && !p.Kinds[i].UploadOnly && p.Kinds[i].Paused == ""
}

// Waits reports whether a continuous sync has something for the store. It makes
// Service a queue.Continuous.
func (s *Service) Waits(v *store.StoreView) (bool, error) {
	if st := v.Store; st.Switch != store.On || !st.Revoked.IsZero() || (st.Role != store.HeadOffice && st.Role != store.Branch) {
		return false, nil
	}
	list, err := waiting(v)
	return len(list) > 0, err
}

// waiting are the flows of which the store is to be sent something. A kind that
// its POS cannot take at present waits, with its cursor, until it can.
func waiting(v *store.StoreView) ([]store.Lag, error) {
	lags, err := v.Lags()
	if err != nil {
		return nil, err
	}
	lags = slices.DeleteFunc(lags, func(l store.Lag) bool { return !l.Waits() })
	if len(lags) == 0 {
		return nil, nil
	}
	profile, err := v.Profile()
	return slices.DeleteFunc(lags, func(l store.Lag) bool { return !takes(profile, l.Kind) }), err
}

// Names of a continuous sync's entries and jobs.
const (
	continuousLabel = "Continuous sync"
	continuousCause = "continuous"
)

// Spread sees to it that every store of a network that a continuous sync has
// something for has an entry in its queue. It is called after an upload of a
// source, and may be called at any time: what is there already stays.
func (s *Service) Spread(ctx context.Context, network string) error {
	var behind []store.Lag
	err := s.db.View(ctx, func(v *store.View) (err error) {
		behind, err = v.Behind(network)
		return err
	})
	if err != nil {
		return fmt.Errorf("cannot tell whom the continuous syncs of network %s have something for: %w", network, err)
	}
	stores := map[string]bool{}
	for _, l := range behind {
		stores[l.Store] = true
	}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(stores)), queueChunk) {
		if err := s.db.WithStores(ctx, ids, s.spread); err != nil {
			return fmt.Errorf("cannot queue what continuous syncs of network %s have: %w", network, err)
		}
	}
	return nil
}

func (s *Service) spread(all store.StoresTx) error {
	for _, tx := range all {
		// It may have been cut already since it was looked at.
		waits, err := s.Waits(tx.StoreView)
		if err != nil {
			return err
		}
		if !waits {
			continue
		}
		if _, err := queue.PutPending(tx, continuousLabel, continuousCause); err != nil && !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return nil
}
