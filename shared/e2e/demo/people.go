package main

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"plait/shared/e2e/salon"
)

// people work at one salon: they sell until they leave.
type people struct {
	pos     *salon.POS
	tickets atomic.Int64
	going   chan struct{}
	closing sync.Once
	gone    sync.WaitGroup
	mu      sync.Mutex
	failed  error // a statement of the POS that did not succeed
}

// hire makes a salon's POS.
func hire(path, name string, seed uint64) (*people, error) {
	pos, err := salon.Open(path, name, salon.Options{Seed: seed, Busy: 1000})
	if err != nil {
		return nil, err
	}
	if err := pos.Create(); err != nil {
		return nil, errors.Join(err, pos.Close())
	}
	return &people{pos: pos, going: make(chan struct{})}, nil
}

// work lets them sell about twice a second.
func (p *people) work(sell bool) {
	if !sell {
		return
	}
	p.gone.Go(func() {
		ticker := time.NewTicker(500 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-p.going:
				return
			case <-ticker.C:
				p.sellOne()
			}
		}
	})
}

func (p *people) sellOne() {
	if err := p.pos.Sell(); err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.failed = errors.Join(p.failed, fmt.Errorf("a sale failed, which Plait must never bring about: %w", err))
		return
	}
	p.tickets.Add(1)
}

// close ends their work for the day.
func (p *people) close() {
	p.closing.Do(func() { close(p.going) })
	p.gone.Wait()
}

// leave closes the POS too, and tells of sales that failed.
func (p *people) leave() error {
	p.close()
	return errors.Join(p.failed, p.pos.Close())
}
