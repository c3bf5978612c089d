package storesync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// keepTest is how long a Test may be run.
const keepTest = 24 * time.Hour

// Service makes Tests and runs syncs. Its methods may be called from many
// goroutines. Who may call them is the caller's to check.
type Service struct {
	// Zone is the hub's time zone: where a date begins, and by which a schedule
	// goes. It is set before the first use; UTC otherwise.
	Zone *time.Location

	db        *store.DB
	snapshots snapshots
	looked    lookedStores
	counted   countedSetups
}

// New returns a service over the hub's database.
func New(db *store.DB) *Service { return &Service{Zone: time.UTC, db: db} }

// Progress is told, while a Test is made, which receiver was finished, and how
// many of how many are.
type Progress func(store string, done, total int)

// Plan returns a Test that has not expired; ErrExpired otherwise.
func (s *Service) Plan(ctx context.Context, network, digest string) (Plan, error) {
	p, _, err := s.storedPlan(ctx, network, digest)
	return p, err
}

// storedPlan is Plan, with the bytes in which it is kept.
func (s *Service) storedPlan(ctx context.Context, network, digest string) (p Plan, body []byte, err error) {
	err = s.db.View(ctx, func(v *store.View) (err error) {
		body, err = readStored(v, network, digest, &p)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return p, nil, fmt.Errorf("%w, or was never made: %w", ErrExpired, err)
	}
	return p, body, err
}

// Detail returns a receiver's part of a Test, item by item. It fails with
// store.ErrNotFound for a store that the Test does not have, or that was blocked.
func (s *Service) Detail(ctx context.Context, network, digest, storeID string) (StoreDetail, error) {
	var d StoreDetail
	p, err := s.Plan(ctx, network, digest)
	if err != nil {
		return d, err
	}
	for _, at := range p.Stores {
		if at.ID == storeID && at.Detail != "" {
			err := s.db.View(ctx, func(v *store.View) error {
				_, err := readStored(v, network, at.Detail, &d)
				return err
			})
			return d, err
		}
	}
	return d, fmt.Errorf("store %s in the Test %.12s: %w", storeID, digest, store.ErrNotFound)
}

// Cancel cancels one job of a store, as queue.Cancel does.
func (s *Service) Cancel(ctx context.Context, storeID, job, by string) (j store.Job, err error) {
	err = s.db.WithStore(ctx, storeID, func(tx *store.StoreTx) (err error) {
		j, err = queue.Cancel(tx, by, job)
		return err
	})
	return j, err
}

// Predict says what a job that was cut already would do at its store if it were
// applied to the hub's copy as it is now. It does not know of jobs before it.
func (s *Service) Predict(ctx context.Context, storeID, job string) (p Prediction, err error) {
	err = s.db.ViewStore(ctx, storeID, func(v *store.StoreView) error {
		j, err := v.Job(job)
		if err != nil {
			return err
		}
		payload, own, err := contents(v, j)
		if err != nil {
			return fmt.Errorf("cannot read job %d of store %s: %w", j.Number, v.Store.Name, err)
		}
		p, err = predictIn(v, payload, own)
		return err
	})
	return p, err
}

// contents reads what a job carries.
func contents(v *store.StoreView, j store.Job) (payload wire.Payload, own wire.Own, err error) {
	lines, err := content(v, j.Payload)
	if err == nil && lines != nil {
		payload, err = wire.DecodePayload(lines)
	}
	if err == nil {
		lines, err = content(v, j.Own)
	}
	if err == nil && lines != nil {
		own, err = wire.DecodeOwn(lines)
	}
	return payload, own, err
}

func content(v *store.StoreView, hash string) ([]byte, error) {
	if hash == "" {
		return nil, nil
	}
	p, err := v.Payload(hash)
	if err != nil {
		return nil, err
	}
	return wire.Decompress(p.Body, wire.MaxPayloadBytes)
}

func predictIn(v *store.StoreView, payload wire.Payload, own wire.Own) (Prediction, error) {
	r, _, err := receiving(v, payload, own)
	if err != nil {
		return Prediction{}, err
	}
	return r.predict(&payload, own, nil)
}

// receiving reads a store as the receiver of a job that was cut already, and its
// network's catalogue.
func receiving(v *store.StoreView, payload wire.Payload, own wire.Own) (*receiver, *catalog.Catalog, error) {
	network, err := v.Network(v.Store.Network)
	if err != nil {
		return nil, nil, err
	}
	kinds, err := catalogOf(v.View, network)
	if err != nil {
		return nil, nil, err
	}
	profile, err := v.Profile()
	if err != nil {
		return nil, nil, err
	}
	held := copyOf{v}
	r, err := readReceiver(held, v.Store.ID, profile, payload.Kinds)
	if err != nil {
		return nil, nil, err
	}
	if targets := r.targets(own.Items); len(targets) > 0 {
		r.refs, err = readReferrers(held, kinds, profile, targets)
	}
	return r, kinds, err
}

// targets are the store's items that a job deletes, or whose creation it takes
// back.
func (r *receiver) targets(list []wire.PayloadItem) (ids []item.ID) {
	for _, it := range list {
		uncreates := it.Undo != nil && it.Undo.Did == wire.DidCreate
		if key, ok := r.index.KeyOf(it.Kind, it.UID); ok && (it.Op == wire.OpDelete || uncreates) {
			ids = append(ids, item.ID{Kind: it.Kind, Key: key})
		} else if uncreates {
			ids = append(ids, item.ID{Kind: it.Kind, Key: it.Undo.Key})
		}
	}
	return ids
}
