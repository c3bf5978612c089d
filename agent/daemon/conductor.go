package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"plait/agent/control"
	"plait/agent/daemon/config"
	"plait/agent/upload"
)

// The reasons of a conversation, as a Hello says them.
const (
	reasonStart      = "start"
	reasonSchedule   = "schedule"
	reasonRetry      = "retry"
	reasonTechnician = upload.ReasonTechnician
)

// longestNap bounds how long the conductor sleeps: a clock that was set, or a PC
// that slept, is noticed within it.
const longestNap = time.Minute

// A conductor decides when conversations run, and runs them one at a time. After
// a failure, or where jobs still wait, it tries again by its own timer: no new
// change and no schedule is needed (P12).
type conductor struct {
	now      func() time.Time
	schedule config.Schedule
	wait     *backoff
	talk     func(ctx context.Context, req upload.Request) (upload.Report, error)
	// fullWaits reports whether a full upload that a technician asked for has not
	// landed yet.
	fullWaits func(ctx context.Context) bool
	// ended, if set, is told of every conversation.
	ended func(last control.Last)

	asks    chan ask
	wake    chan struct{} // holds one
	stopped chan struct{}
	over    atomic.Bool // no further conversation begins: all is made anew

	mu       sync.Mutex
	next     time.Time
	reason   string
	kicked   kick
	current  *upload.Step // nil while no conversation runs
	watchers map[*watcher]bool
}

// ask is a technician's request on its way to the conductor.
type ask struct {
	req  upload.Request
	done chan outcome // holds one
}

type outcome struct {
	report upload.Report
	err    error
}

// watcher is one command that follows the conversations. Its channel drops steps
// that nobody reads in time: a command that was stopped must not hold an upload.
type watcher struct{ steps chan upload.Step }

const watchedSteps = 256

func newConductor(now func() time.Time, c config.Config) *conductor {
	return &conductor{
		now: now, schedule: c.Schedule, wait: newBackoff(c.Retry),
		fullWaits: func(context.Context) bool { return false },
		asks:      make(chan ask), wake: make(chan struct{}, 1), stopped: make(chan struct{}),
		watchers: map[*watcher]bool{},
	}
}

// run holds conversations until ctx ends. It is called once.
func (c *conductor) run(ctx context.Context) {
	defer close(c.stopped)
	c.plan(c.now().Add(c.wait.first()), reasonStart)
	for ctx.Err() == nil && !c.over.Load() {
		timer := time.NewTimer(c.nap())
		select {
		case <-ctx.Done():
		case a := <-c.asks:
			report, err := c.hold(ctx, a.req)
			a.done <- outcome{report, err}
		case <-c.wake:
			c.hasten()
		case <-timer.C:
			c.ifDue(ctx)
		}
		timer.Stop()
	}
}

func (c *conductor) plan(at time.Time, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next, c.reason = at, reason
}

func (c *conductor) planned() (time.Time, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next, c.reason
}

func (c *conductor) nap() time.Duration {
	next, _ := c.planned()
	return min(max(0, next.Sub(c.now())), longestNap)
}

// ifDue holds a conversation if its time has come. A clock that was set back may
// have left the plan years ahead: the schedule by the present clock bounds it.
func (c *conductor) ifDue(ctx context.Context) {
	now := c.now()
	next, reason := c.planned()
	if latest := c.schedule.Next(now); next.After(latest) {
		c.plan(latest, reasonSchedule)
		return
	}
	if !now.Before(next) {
		// An error is in the log and in the status; the next attempt is planned.
		_, _ = c.hold(ctx, upload.Request{Reason: reason, Full: c.fullWaits(ctx)})
	}
}

// A kick moves the next conversation forward.
type kick int

const (
	noKick   kick = iota
	kickSoon      // within the present retry wait: something came back that was lacking
	kickNow       // at once, at a technician's word
)

// kick asks for a conversation sooner than planned. It may be called from any
// goroutine and does not wait; several kicks are one.
func (c *conductor) kick(k kick) {
	c.mu.Lock()
	c.kicked = max(c.kicked, k)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default: // it is awake already
	}
}

// hasten does what was kicked for. A kick during a conversation comes after its
// planning, and so is not lost to it.
func (c *conductor) hasten() {
	c.mu.Lock()
	k := c.kicked
	c.kicked = noKick
	c.mu.Unlock()
	next, _ := c.planned()
	switch k {
	case kickNow:
		c.plan(c.now(), reasonTechnician)
	case kickSoon:
		if at := c.now().Add(c.wait.present()); at.Before(next) {
			c.plan(at, reasonRetry)
		}
	}
}

// hold runs one conversation and plans the next.
func (c *conductor) hold(ctx context.Context, req upload.Request) (upload.Report, error) {
	req.Progress = c.broadcast
	c.broadcast(upload.Step{Phase: upload.PhaseCapture, Text: "Beginning."})
	report, err := c.talk(ctx, req)
	last := control.Last{Report: report}
	if err != nil {
		last.Error = err.Error()
	}
	c.after(report, err)
	if c.ended != nil && ctx.Err() == nil {
		c.ended(last)
	}
	c.mu.Lock()
	c.current = nil
	c.mu.Unlock()
	return report, err
}

// after plans the next conversation: by the schedule, or sooner where something
// that was begun is not done.
func (c *conductor) after(report upload.Report, err error) {
	now := c.now()
	next, reason := c.schedule.Next(now), reasonSchedule
	unlanded := report.Full != nil && !report.Full.Landed
	if err == nil && report.OpenJobs == 0 && !unlanded {
		c.wait.reset()
	} else if retry := now.Add(c.wait.next()); retry.Before(next) {
		next, reason = retry, reasonRetry
	}
	c.plan(next, reason)
}

func (c *conductor) broadcast(s upload.Step) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = &s
	for w := range c.watchers {
		select {
		case w.steps <- s:
		default:
		}
	}
}

// upload asks for a conversation and follows it to its end. progress
// may be nil. If ctx ends first the conversation goes on alone.
func (c *conductor) upload(ctx context.Context, req upload.Request, progress func(upload.Step)) (upload.Report, error) {
	if progress == nil {
		progress = func(upload.Step) {}
	}
	w := &watcher{steps: make(chan upload.Step, watchedSteps)}
	c.mu.Lock()
	c.watchers[w] = true
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.watchers, w)
	}()
	a := ask{req: req, done: make(chan outcome, 1)}
	asks := c.asks
	for {
		select {
		case asks <- a:
			asks = nil // taken; a nil channel is never ready
		case s := <-w.steps:
			progress(s)
		case o := <-a.done:
			w.drain(progress)
			return o.report, o.err
		case <-ctx.Done():
			return upload.Report{}, fmt.Errorf("the upload goes on without this command: %w", ctx.Err())
		case <-c.stopped:
			if asks != nil {
				return upload.Report{}, errNotTaken
			}
			return a.last()
		}
	}
}

func (w *watcher) drain(progress func(upload.Step)) {
	for {
		select {
		case s := <-w.steps:
			progress(s)
		default:
			return
		}
	}
}

var errStopped = errors.New("the agent stopped; what was done is kept, and it goes on when it starts again")

// errNotTaken: the conversation was not begun, so it may be asked for again.
var errNotTaken = fmt.Errorf("the upload was not begun: %w", errStopped)

// last is what came of an ask whose conductor stopped.
func (a ask) last() (upload.Report, error) {
	select {
	case o := <-a.done:
		return o.report, o.err
	default:
		return upload.Report{}, errStopped
	}
}

// running returns the present step of the conversation that runs; nil if none.
func (c *conductor) running() *upload.Step {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}
