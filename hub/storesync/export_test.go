package storesync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"plait/hub/store"
	"plait/shared/wire"
)

// StepAfter takes the step of a sync that was due before something else happened.
func (s *Service) StepAfter(ctx context.Context, network, id string, meanwhile func()) error {
	at, err := s.look(ctx, network, id, Plan{})
	if err != nil {
		return err
	}
	meanwhile()
	_, err = s.step(ctx, at)
	return err
}

// CatchUpItems bounds the jobs of continuous syncs to n items until the returned
// function is called.
func CatchUpItems(n int) (restore func()) {
	before := catchUpItems
	catchUpItems = n
	return func() { catchUpItems = before }
}

// QueueChunk lets one transaction queue for n stores until the returned function is
// called.
func QueueChunk(n int) (restore func()) {
	before := queueChunk
	queueChunk = n
	return func() { queueChunk = before }
}

// SaveInBetween runs the first saved sync of a network after something happened
// since it was read.
func (s *Service) SaveInBetween(ctx context.Context, network string, meanwhile func()) error {
	var all []store.SavedSync
	err := s.db.View(ctx, func(v *store.View) (err error) {
		all, err = v.SavedSyncs(network)
		return err
	})
	if err != nil {
		return err
	}
	meanwhile()
	return s.runSaved(ctx, network, all[0])
}

// HardRefs are what an item could not arrive without, as "kind uid".
func HardRefs(p wire.Payload, it wire.PayloadItem) (out []string) {
	for _, n := range hardRefs(p, it) {
		out = append(out, n.kind+" "+n.uid)
	}
	return out
}

// Widen is a Test of many stores that are as the first one of a Test is, kept as if it
// had been made.
func (s *Service) Widen(ctx context.Context, p Plan, stores []StoreName) (Plan, error) {
	one := p.Stores[0]
	p.Stores = nil
	for _, name := range stores {
		one.StoreName = name
		p.Stores = append(p.Stores, one)
	}
	p.State = p.state()
	sum := sha256.Sum256([]byte(p.State + store.NewID()))
	p.Digest = hex.EncodeToString(sum[:])
	root, err := storedJSON(p)
	if err != nil {
		return p, err
	}
	return p, s.db.WithNetwork(ctx, p.Network, func(tx *store.NetworkTx) error {
		return tx.AddPlan(store.Plan{Digest: p.Digest, Body: root.body, By: "ann", Expires: p.Expires})
	})
}
