package daemon

import (
	"context"
	"errors"
	"sync"
	"time"

	"plait/agent/apply"
	"plait/agent/capture"
	"plait/agent/control"
	"plait/agent/daemon/config"
	"plait/agent/enrol"
	"plait/agent/outbox"
	"plait/agent/pos"

	"github.com/rs/zerolog"
)

// How often the loops that settings do not name look around.
const (
	comparePause = time.Minute            // between two looks whether a comparison is due
	compareTurn  = 100 * time.Millisecond // that a comparison works before it rests
	pruneEvery   = 30 * time.Second
	watchEvery   = time.Minute
	watchSoon    = 2 * time.Second
)

// capturer is what the loops need of capture.Capturer.
type capturer interface {
	Drain(ctx context.Context) error
	Compare(ctx context.Context, budget capture.Budget, full bool) (capture.Comparison, error)
	Prune(ctx context.Context) error
}

// repairer undoes drift; apply.Repairer is one.
type repairer interface {
	Run(ctx context.Context) (repaired int, err error)
}

// core is everything that needs an enrolment, a mapping and a catalogue. It is
// made anew when the network's catalogue changes.
type core struct {
	config    config.Config
	cred      enrol.Credential
	box       *outbox.Box
	gate      *gate
	capture   capturer
	repair    repairer
	after     *afterApply
	conductor *conductor
	log       zerolog.Logger
	now       func() time.Time
	closers   []func() error

	// catalogChanged says that the conversation which runs brought a new catalogue;
	// renew ends run once that conversation has ended, or the record is damaged.
	renew          chan struct{} // holds one
	catalogChanged bool          // the conductor's goroutine alone uses it
	unrepaired     error         // why drift could not be undone at the last try; captureOnce's alone

	mu       sync.Mutex
	trouble  error         // why the POS could not be captured at the last try; errUntried before one
	findings []pos.Finding // of the last look at the schema
	finished time.Time     // when this process last ended a comparison
}

// run keeps the loops going until ctx ends or the core must be made anew. It
// returns once none of them runs.
func (c *core) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var loops sync.WaitGroup
	defer loops.Wait()
	loops.Go(func() { c.conductor.run(ctx) })
	loops.Go(func() { repeat(ctx, func() time.Duration { c.captureOnce(ctx); return c.config.Capture.Every }) })
	loops.Go(func() { repeat(ctx, func() time.Duration { return c.compareOnce(ctx) }) })
	loops.Go(func() { repeat(ctx, func() time.Duration { c.pruneOnce(ctx); return pruneEvery }) })
	loops.Go(func() { repeat(ctx, func() time.Duration { return c.watchOnce(ctx) }) })
	select {
	case <-ctx.Done():
	case <-c.renew:
		c.log.Info().Msg("beginning anew: the network's catalogue changed, or the record is damaged")
	}
	cancel() // before loops.Wait, which is deferred later and so runs first
}

// beginAnew ends run, so that the daemon opens what it needs again.
func (c *core) beginAnew() {
	select {
	case c.renew <- struct{}{}:
	default: // it is asked for already
	}
}

func (c *core) close() error {
	var errs []error
	for _, closeOne := range c.closers {
		errs = append(errs, closeOne())
	}
	return errors.Join(errs...)
}

// repeat calls once now and then after each pause that it returns, until ctx ends.
func repeat(ctx context.Context, once func() time.Duration) {
	for ctx.Err() == nil {
		_ = sleep(ctx, once()) // an error says that ctx ended, which the loop sees
	}
}

// sleep waits for d, or returns ctx's error as soon as it ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// errUntried stands until capture was tried once.
var errUntried = errors.New("the POS database was not looked at yet")

// captureOnce drains what the POS changed. Where the POS came back, or Plait's
// tables are not there, a conversation follows soon: jobs may wait for it.
func (c *core) captureOnce(ctx context.Context) {
	err := c.capture.Drain(ctx)
	if ctx.Err() != nil {
		return
	}
	if c.box.Damaged() {
		c.beginAnew()
	}
	c.mu.Lock()
	before := c.trouble
	c.trouble = err
	c.mu.Unlock()
	if err == nil {
		c.repairOnce(ctx)
	}
	switch {
	case err == nil && before != nil && !errors.Is(before, errUntried) && !errors.Is(before, pos.ErrAbsent):
		c.log.Info().Msg("the POS database can be read again")
		c.conductor.kick(kickSoon)
	case errors.Is(err, pos.ErrAbsent):
		c.conductor.kick(kickSoon) // its first step puts them there
	case err != nil && (before == nil || before.Error() != err.Error()):
		c.log.Warn().Err(err).Msg("cannot capture; trying on")
	}
}

// repairOnce undoes what drifted, where the network asks for it. What does not
// succeed now is tried after the next capture.
func (c *core) repairOnce(ctx context.Context) {
	n, err := c.repair.Run(ctx)
	if n > 0 {
		_ = c.after.settle(ctx) // it has told what went wrong; the next upload tries again
	}
	before := c.unrepaired
	c.unrepaired = err
	if err == nil || ctx.Err() != nil || errors.Is(err, apply.ErrWaits) || (before != nil && before.Error() == err.Error()) {
		return
	}
	c.log.Warn().Err(err).Msg("cannot undo drift; trying on")
}

// compareOnce works on the comparison if one is due, and returns how long to
// rest: the settings' share of the time is for work, the rest is the POS's.
func (c *core) compareOnce(ctx context.Context) time.Duration {
	if c.gate.pass() != nil || !c.compareDue(ctx) {
		return comparePause
	}
	began := time.Now()
	done, err := c.capture.Compare(ctx, capture.Budget{Time: compareTurn}, false)
	switch {
	case err != nil:
		return comparePause // captureOnce says what is wrong with the POS
	case done.Finished:
		c.log.Info().Int("kinds_left_out", len(done.Skipped)).Msg("the record was compared with the POS")
		c.mu.Lock()
		c.finished = c.now()
		c.mu.Unlock()
		return comparePause
	}
	worked := max(time.Since(began), time.Millisecond)
	return worked * time.Duration(100-c.config.Compare.Budget) / time.Duration(c.config.Compare.Budget)
}

// compareDue: the first filling of the record is a conversation's, before it
// there is nothing to compare with. A time in the future is a wrong clock's.
func (c *core) compareDue(ctx context.Context) bool {
	standing, err := c.box.Standing(ctx)
	if err != nil || standing.Mark.POSEpoch == "" {
		return false
	}
	c.mu.Lock()
	last := c.finished
	c.mu.Unlock()
	if standing.Compared.After(last) {
		last = standing.Compared
	}
	now := c.now()
	return last.After(now) || now.Sub(last) >= c.config.Compare.Every
}

// pruneOnce tidies up while nothing else goes on.
func (c *core) pruneOnce(ctx context.Context) {
	if c.gate.pass() != nil || c.posTrouble() != nil || c.conductor.running() != nil {
		return
	}
	if err := c.capture.Prune(ctx); err != nil && ctx.Err() == nil {
		c.log.Warn().Err(err).Msg("cannot tidy up in the POS database; trying on")
	}
}

// watchOnce holds mapping and triggers against the schema. What a POS upgrade
// broke pauses its kind alone; triggers that are gone come back with the next
// conversation, which compares.
func (c *core) watchOnce(ctx context.Context) time.Duration {
	if err := c.posTrouble(); err != nil || c.gate.pass() != nil {
		return watchSoon // until the POS can be read, there is nothing to hold against it
	}
	findings, err := c.gate.Check(ctx)
	if err != nil {
		return watchSoon // captureOnce says what is wrong with the POS
	}
	c.mu.Lock()
	before := pausedKinds(c.findings)
	c.findings = findings
	c.mu.Unlock()
	for _, k := range pausedKinds(findings) {
		if !contains(before, k) {
			c.log.Warn().Str("kind", k.Kind).Str("why", k.Why).Msg("a kind is paused: its mapping does not fit the POS")
		}
	}
	for _, f := range findings {
		if !f.OK && f.Subject == "triggers" {
			c.log.Warn().Str("why", f.Message).Msg("capture is not complete; the next upload puts it right")
			c.conductor.kick(kickSoon)
		}
	}
	return watchEvery
}

func (c *core) posTrouble() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.trouble
}

// paused lists the kinds that the schema broke, as of the last look.
func (c *core) paused() []control.PausedKind {
	c.mu.Lock()
	defer c.mu.Unlock()
	return pausedKinds(c.findings)
}

func pausedKinds(findings []pos.Finding) (out []control.PausedKind) {
	for _, f := range findings {
		if !f.OK && f.Kind != "" {
			out = append(out, control.PausedKind{Kind: f.Kind, Why: f.Message})
		}
	}
	return out
}

func contains(list []control.PausedKind, k control.PausedKind) bool {
	for _, l := range list {
		if l == k {
			return true
		}
	}
	return false
}
