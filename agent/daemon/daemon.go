package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"plait/agent/control"
	"plait/agent/daemon/config"
	"plait/agent/datafolder"
	"plait/agent/enrol"
	"plait/agent/outbox"

	"github.com/rs/zerolog"
)

// Options say with what to run an agent.
type Options struct {
	Config  config.Config
	Version string
	Log     zerolog.Logger
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// Daemon is one agent. It may be started again after it was stopped.
type Daemon struct {
	config  config.Config
	version string
	log     zerolog.Logger
	now     func() time.Time
	open    func(ctx context.Context) (*core, error) // openCore, but for tests

	life sync.Mutex // held while starting and stopping
	run  *running   // nil while stopped; guarded by life and mu

	mu     sync.Mutex
	box    *outbox.Box // nil until it could be opened
	core   *core       // nil until everything that it needs is there
	lack   error       // why there is no core
	memory memory
	news   chan struct{} // closed, and made anew, whenever core or lack changes
}

// running is what one Start began.
type running struct {
	lock   *datafolder.Lock
	server *http.Server
	cancel context.CancelFunc
	loops  sync.WaitGroup
}

// How long to wait before what is missing is looked for again.
const (
	enrolEvery = 2 * time.Second
	mendEvery  = 15 * time.Second
)

// ErrStarted says that Start was called twice.
var ErrStarted = errors.New("the agent runs already")

// New returns an agent; it opens nothing.
func New(o Options) *Daemon {
	d := &Daemon{config: o.Config, version: o.Version, log: o.Log, now: o.Now, news: make(chan struct{})}
	if d.now == nil {
		d.now = time.Now
	}
	d.open = d.openCore
	return d
}

// Start takes the data folder, opens the control channel and begins. It fails
// where nothing can go on without a person: a folder that others may write to,
// another agent on it. What may come by itself is waited for in the background.
func (d *Daemon) Start(ctx context.Context) error {
	d.life.Lock()
	defer d.life.Unlock()
	if d.started() {
		return ErrStarted
	}
	if err := d.config.CheckFolders(); err != nil {
		return err
	}
	if err := datafolder.Prepare(d.config.Data); err != nil {
		return err
	}
	lock, err := datafolder.Acquire(d.config.Data)
	if err != nil {
		return err
	}
	listener, err := control.Listen(d.config.Data)
	if err != nil {
		return errors.Join(err, lock.Release())
	}
	// The agent ends with Stop, not with the context of its start.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &running{lock: lock, server: control.NewServer(d), cancel: cancel}
	d.mu.Lock()
	d.run = r
	d.mu.Unlock()
	d.have(nil, errStarting)
	r.loops.Go(func() {
		if err := r.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			d.log.Error().Err(err).Msg("the control channel broke")
		}
	})
	r.loops.Go(func() { d.work(ctx) })
	d.log.Info().Str("version", d.version).Str("data", d.config.Data).Str("config", d.config.File).Msg("the agent started")
	return nil
}

var errStarting = errors.New("the agent is starting")

// Stop ends everything that Start began and returns once nothing runs. What was
// begun is kept and goes on at the next start. Stopping twice does nothing.
func (d *Daemon) Stop() error {
	d.life.Lock()
	defer d.life.Unlock()
	d.mu.Lock()
	r := d.run
	d.mu.Unlock()
	if r == nil {
		return nil
	}
	r.cancel()
	err := r.server.Close()
	r.loops.Wait()
	d.mu.Lock()
	box := d.box
	d.run, d.box, d.memory = nil, nil, memory{}
	d.mu.Unlock()
	d.have(nil, errStopped)
	if box != nil {
		err = errors.Join(err, box.Close())
	}
	d.log.Info().Msg("the agent stopped")
	return errors.Join(err, r.lock.Release())
}

// Run starts, waits for ctx to end, and stops.
func (d *Daemon) Run(ctx context.Context) error {
	if err := d.Start(ctx); err != nil {
		return fmt.Errorf("cannot start the agent: %w", err)
	}
	<-ctx.Done()
	return d.Stop()
}

func (d *Daemon) started() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.run != nil
}

// work opens what is needed, or waits for it, and keeps it going.
func (d *Daemon) work(ctx context.Context) {
	for ctx.Err() == nil {
		c, err := d.open(ctx)
		d.have(c, err)
		if err != nil {
			_ = sleep(ctx, mendPause(err)) // an error says that ctx ended, which the loop sees
			continue
		}
		c.run(ctx)
		d.have(nil, errStarting)
		if err := c.close(); err != nil {
			d.log.Error().Err(err).Msg("cannot close everything")
		}
	}
}

func mendPause(err error) time.Duration {
	if errors.Is(err, enrol.ErrNotEnrolled) {
		return enrolEvery
	}
	return mendEvery
}

// have notes the core that runs, or why there is none.
func (d *Daemon) have(c *core, err error) {
	d.mu.Lock()
	before := d.lack
	d.core, d.lack = c, err
	close(d.news)
	d.news = make(chan struct{})
	d.mu.Unlock()
	if err != nil && (before == nil || before.Error() != err.Error()) && !errors.Is(err, errStarting) && !errors.Is(err, errStopped) {
		d.log.Warn().Err(err).Msg("cannot work yet; trying on")
	}
}

// ready is present for one who can wait until the agent has started.
func (d *Daemon) ready(ctx context.Context) (*core, error) {
	for {
		d.mu.Lock()
		c, lack, news := d.core, d.lack, d.news
		d.mu.Unlock()
		if c != nil || !errors.Is(lack, errStarting) {
			return c, lack
		}
		select {
		case <-ctx.Done():
			return nil, lack
		case <-news:
		}
	}
}

// otherThan waits until a core is no longer the one that runs; false: ctx ended
// before.
func (d *Daemon) otherThan(ctx context.Context, c *core) bool {
	for {
		d.mu.Lock()
		now, news := d.core, d.news
		d.mu.Unlock()
		if now != c {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-news:
		}
	}
}

// present returns the core, or an error that says why there is none.
func (d *Daemon) present() (*core, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.core == nil {
		return nil, d.lack
	}
	return d.core, nil
}
