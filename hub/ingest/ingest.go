package ingest

import (
	"sync"

	"plait/hub/recent"
	"plait/hub/store"
	"plait/shared/wire"
)

// TakeResult takes in the result of a job, in the transaction of its batch. It
// fails only if the hub does: what a result says is never a reason to refuse it.
type TakeResult func(*store.StoreTx, wire.Result) error

// Ingest takes in what stores upload. Its methods may be called from many
// goroutines.
type Ingest struct {
	// Moved is told, once it is durable, that something that can be synced has changed
	// at a store. Nil tells nobody. Set it before the first call.
	Moved func(network, store string)

	db      *store.DB
	result  TakeResult
	schemas *recent.Values[*schema] // by digest of the catalogue
	trees   *recent.Values[*tree]
	landing locks

	// For the control of a test: a hub that lands over open jobs.
	landOverJobs bool
}

// Sizes of what is remembered between calls; either may be lost at any time.
const (
	keptSchemas = 64
	keptTrees   = 4
)

// New returns an Ingest over db that gives results to the given function,
// queue.Result.
func New(db *store.DB, result TakeResult) *Ingest {
	return &Ingest{db: db, result: result, schemas: recent.Keep[*schema](keptSchemas), trees: recent.Keep[*tree](keptTrees), landOverJobs: weakSwap}
}

func (in *Ingest) moved(s store.Store) {
	if in.Moved != nil {
		in.Moved(s.Network, s.ID)
	}
}

// locks lets one full upload of a store land at a time.
type locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	sync.Mutex
	users int
}

// take waits for the store's lock and returns what gives it back.
func (l *locks) take(key string) (release func()) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]*lock{}
	}
	k := l.held[key]
	if k == nil {
		k = &lock{}
		l.held[key] = k
	}
	k.users++
	l.mu.Unlock()
	k.Lock()
	return func() {
		k.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.users--; k.users == 0 {
			delete(l.held, key)
		}
	}
}
