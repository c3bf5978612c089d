package storesync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"plait/hub/store"
)

// hubName is who does what nobody asked for just now.
const hubName = "the hub"

// errMoved: somebody else has taken the sync a step further, or ended it.
var errMoved = errors.New("the sync has moved on")

// Advance takes the unfinished syncs of a network as far as they go by now. It is
// called regularly, and after each start: all that it needs is in the database,
// and a step that was cut short is taken again. One sync that fails does not hold
// the others.
func (s *Service) Advance(ctx context.Context, network string) error {
	var all []store.Sync
	err := s.db.View(ctx, func(v *store.View) (err error) {
		all, err = v.UnfinishedSyncs(network)
		return err
	})
	for _, y := range all {
		if ctx.Err() == nil {
			err = errors.Join(err, s.advance(ctx, network, y.ID, Plan{}))
		}
	}
	return err
}

// advance takes a sync's steps until none is due. p is its Test, if that was read.
func (s *Service) advance(ctx context.Context, network, id string, p Plan) error {
	for {
		at, err := s.look(ctx, network, id, p)
		if err != nil || (at.sync.State != store.SyncRunning && at.step != end) {
			return err
		}
		p = at.plan
		// Each turn queues a wave, of which there are only so many, or ends.
		moved, err := s.step(ctx, at)
		if err != nil || !moved {
			return err
		}
	}
}

// standingSync is how a sync stands, with all that decides its next step.
type standingSync struct {
	sync   store.Sync
	course Course
	plan   Plan
	report report
	step   step
	why    string
}

// look reads how a sync stands in one snapshot. p is its Test, if that was read.
func (s *Service) look(ctx context.Context, network, id string, p Plan) (at standingSync, err error) {
	err = s.db.View(ctx, func(v *store.View) error {
		y, err := v.Sync(network, id)
		if err != nil {
			return err
		}
		at, err = syncStanding(v, network, y, p)
		return err
	})
	return at, err
}

func syncStanding(v *store.View, network string, y store.Sync, p Plan) (at standingSync, err error) {
	at.sync, at.plan = y, p
	if at.course, err = courseOf(y); err != nil {
		return at, err
	}
	if p.Digest != y.Plan {
		at.plan, err = planOf(y)
	}
	if err != nil || (y.State != store.SyncRunning && y.State != store.SyncHalted) {
		return at, err
	}
	if at.report, err = at.fared(v); err != nil {
		return at, err
	}
	at.step, at.why = at.course.next(v.Now(), at.report)
	epoch, err := v.HubEpoch()
	if err == nil && epoch.Epoch != at.plan.HubEpoch {
		at.step, at.why = end, "the hub was restored from a backup since, and its counters may not be those of the Test: make another"
	}
	return at, err
}

// fared looks at what became of the jobs of the waves that were queued.
func (at *standingSync) fared(v *store.View) (r report, err error) {
	if at.course.Wave == 0 {
		return r, nil
	}
	jobs, err := v.JobsByCause(at.plan.Network, at.sync.ID)
	if err != nil {
		return r, err
	}
	outcomes, err := v.OutcomesByCause(at.plan.Network, at.sync.ID)
	if err != nil {
		return r, err
	}
	refused := map[string]int{} // by job
	for _, o := range outcomes {
		refused[o.Job] = o.Counts.Parked
	}
	last := map[string]bool{}
	for _, id := range at.course.waves(at.plan)[at.course.Wave-1] {
		last[id] = true
	}
	planned := at.plan.byStore()
	for _, j := range jobs {
		plan, ok := planned[j.Store]
		if !ok {
			continue
		}
		if err := r.add(v, j, plan, refused[j.ID]-at.course.Refused, last[j.Store]); err != nil {
			return r, err
		}
	}
	return r, nil
}

// add counts a store's job. refused is how many items it refused past what the
// operator allows.
func (r *report) add(v *store.View, j store.JobOfNetwork, planned StorePlan, refused int, inLast bool) error {
	switch {
	case j.State == store.Applied && refused <= planned.Counts.Parked:
		if inLast {
			r.applied++
		}
	case !j.Open():
		r.failed = append(r.failed, planned.Name)
	case inLast:
		silent, err := silentSince(v, j)
		if err == nil && !silent {
			r.open = append(r.open, planned.Name)
		}
		return err
	}
	return nil
}

// silentSince reports whether the store of an open job has not been heard of for
// a day since it was queued: what it waits for is the store, not the sync.
func silentSince(v *store.View, j store.JobOfNetwork) (bool, error) {
	in, err := v.In(j.Store)
	if err != nil {
		return false, err
	}
	c, err := in.Contact()
	return v.Now().Sub(j.Created) > quiet && !c.HelloAt.After(j.Created), err
}

// step takes the step that is due, and reports whether another may be.
func (s *Service) step(ctx context.Context, at standingSync) (moved bool, err error) {
	switch at.step {
	case stay:
		return false, nil
	case queueNext:
		err = s.queueWave(ctx, at)
	case finish:
		err = s.set(ctx, at, store.SyncDone, hubName, "", "")
	case halt:
		err = s.set(ctx, at, store.SyncHalted, hubName, at.why, "sync.halt")
	case end:
		err = s.set(ctx, at, store.SyncEnded, hubName, at.why, "sync.end")
	}
	if errors.Is(err, errMoved) {
		return false, nil
	}
	return at.step == queueNext, err
}

// queueWave queues the next wave, store by store, and then says that it is
// queued. Killed in between, it begins again, and finds what it has done.
func (s *Service) queueWave(ctx context.Context, at standingSync) error {
	wave := at.course.waves(at.plan)[at.course.Wave]
	left, err := s.queueFor(ctx, at.plan, at.sync, wave, at.unmoved)
	if err != nil {
		return err
	}
	return s.change(ctx, at, func(tx *store.NetworkTx, y *store.Sync, c *Course) error {
		c.Wave++
		c.keepLeft(wave, left)
		if c.Wave == c.Of {
			y.State = store.SyncDone
		}
		if c.Of == 1 && c.From.IsZero() {
			return nil // the entry of Run says it all
		}
		return tx.Audit(hubName, "sync.wave", wave, map[string]any{"sync": y.ID, "label": y.Label, "wave": c.Wave, "of": c.Of, "left": len(left)})
	})
}

// keepLeft notes which of some stores got no job.
func (c *Course) keepLeft(ids []string, left map[string]string) {
	if c.Left == nil {
		c.Left = map[string]string{}
	}
	maps.DeleteFunc(c.Left, func(id, _ string) bool { return slices.Contains(ids, id) })
	maps.Copy(c.Left, left)
}

// unmoved fails if the sync is not where it was.
func (at standingSync) unmoved(now store.Sync) error {
	c, err := courseOf(now)
	if err == nil && (now.State != at.sync.State || c.Wave != at.course.Wave) {
		err = errMoved
	}
	return err
}

// change changes a sync that is where it was; else it fails with errMoved.
func (s *Service) change(ctx context.Context, at standingSync, fn func(*store.NetworkTx, *store.Sync, *Course) error) error {
	return s.db.WithNetwork(ctx, at.plan.Network, func(tx *store.NetworkTx) error {
		now, err := tx.Sync(at.plan.Network, at.sync.ID)
		if err == nil {
			err = at.unmoved(now)
		}
		if err != nil {
			return err
		}
		c, err := courseOf(now)
		if err != nil {
			return err
		}
		if err := fn(tx, &now, &c); err != nil {
			return err
		}
		now.Course = c.encode()
		return tx.SetSync(now)
	})
}

func (s *Service) set(ctx context.Context, at standingSync, state, by, why, act string) error {
	return s.change(ctx, at, func(tx *store.NetworkTx, y *store.Sync, c *Course) error {
		y.State, c.Why, c.By = state, why, by
		if act == "" {
			return nil
		}
		return tx.Audit(by, act, nil, map[string]any{"sync": y.ID, "label": y.Label, "wave": c.Wave, "of": c.Of, "why": why})
	})
}

// fill queues for the stores of past waves that were left out and can receive by
// now.
func (s *Service) fill(ctx context.Context, p Plan, y store.Sync) error {
	at, err := s.look(ctx, p.Network, y.ID, p)
	if err != nil || at.sync.State == store.SyncEnded {
		return err
	}
	past := slices.Concat(at.course.waves(at.plan)[:at.course.Wave]...)
	left, err := s.queueFor(ctx, at.plan, at.sync, past, at.unmoved)
	if err == nil {
		err = s.change(ctx, at, func(_ *store.NetworkTx, _ *store.Sync, c *Course) error {
			c.keepLeft(past, left)
			return nil
		})
	}
	if errors.Is(err, errMoved) {
		return nil
	}
	return err
}

// Continue lets a sync go on that has halted, or that waits for stores: whoever
// says so knows what failed and what is still open. It fails with ErrConfirm for
// one that waits for its time, or for nothing.
func (s *Service) Continue(ctx context.Context, network, id, by string) error {
	at, err := s.look(ctx, network, id, Plan{})
	switch {
	case err != nil:
		return err
	case at.sync.State != store.SyncHalted && (at.sync.State != store.SyncRunning || at.course.Wave == 0):
		return fmt.Errorf("%w: the sync %s does not wait for a person: %s", ErrConfirm, quoted(at.sync.Label), at.stands())
	}
	err = s.change(ctx, at, func(tx *store.NetworkTx, y *store.Sync, c *Course) error {
		y.State, c.Why, c.By = store.SyncRunning, "", by
		c.Released, c.Forgiven = c.Wave, len(at.report.failed)
		return tx.Audit(by, "sync.continue", nil, map[string]any{"sync": y.ID, "label": y.Label, "wave": c.Wave, "of": c.Of, "failed": at.report.failed, "open": at.report.open})
	})
	if err != nil {
		return err
	}
	return s.advance(ctx, network, id, at.plan)
}

// End ends a sync of which jobs are still to be queued: none of them ever is.
// Those that are queued stay. It reports whether there was anything to end.
func (s *Service) End(ctx context.Context, network, id, by string) (ended bool, err error) {
	for range maxEndTries {
		at, err := s.look(ctx, network, id, Plan{})
		if err != nil || (at.sync.State != store.SyncRunning && at.sync.State != store.SyncHalted) {
			return false, err
		}
		why := fmt.Sprintf("%s ended it with %d of %d waves queued", by, at.course.Wave, at.course.Of)
		if err := s.set(ctx, at, store.SyncEnded, by, why, "sync.end"); !errors.Is(err, errMoved) {
			return err == nil, err
		}
	}
	return false, fmt.Errorf("cannot end sync %s: %w: it moves on all the time; try again", id, store.ErrConflict)
}

// maxEndTries bounds how often a wave that is just being queued is waited for.
const maxEndTries = 100

// stands says in words how a sync stands.
func (at standingSync) stands() string {
	switch at.sync.State {
	case store.SyncDone:
		return "all its jobs are queued"
	case store.SyncRunning:
		return cmp.Or(at.why, "its next jobs are queued soon")
	}
	return strings.TrimSpace(at.sync.State + ": " + at.course.Why)
}
