package daemon

import (
	"context"
	"sync"

	"plait/hub/store"
	"plait/hub/storesync"
)

// spreader has the changes of sources become entries in their receivers' queues,
// in the background. What it misses, because the hub was killed or its database
// was busy, is found at the next start, at the next change, or when the receiver
// asks for its next job.
type spreader struct {
	sync   *storesync.Service
	failed func(error)

	mu   sync.Mutex
	due  map[string]bool // ids of networks
	wake chan struct{}
}

func newSpreader(s *storesync.Service, failed func(error)) *spreader {
	return &spreader{sync: s, failed: failed, due: map[string]bool{}, wake: make(chan struct{}, 1)}
}

// moved notes that something changed at a store of a network: ingest's Moved.
func (p *spreader) moved(network, _ string) {
	p.mu.Lock()
	p.due[network] = true
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default: // it is awake already
	}
}

func (p *spreader) take() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	due := p.due
	p.due = map[string]bool{}
	return due
}

// run spreads until ctx ends: for all networks at first, then for those that it
// is told of.
func (p *spreader) run(ctx context.Context, db *store.DB) {
	err := db.View(ctx, func(v *store.View) error {
		all, err := v.Networks()
		for _, n := range all {
			p.moved(n.ID, "")
		}
		return err
	})
	p.report(ctx, err)
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		for network := range p.take() {
			p.report(ctx, p.sync.Spread(ctx, network))
		}
	}
}

func (p *spreader) report(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		p.failed(err)
	}
}
