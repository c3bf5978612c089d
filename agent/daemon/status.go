package daemon

import (
	"context"
	"errors"

	"plait/agent/control"
	"plait/agent/enrol"
	"plait/agent/outbox"
	"plait/agent/pos"
)

// Status says how things stand. It answers whatever is missing or broken: then
// the sentence says that.
func (d *Daemon) Status(ctx context.Context) (control.Status, error) {
	s := control.Status{Version: d.version, Now: d.now()}
	c, lack := d.present()
	d.identity(&s)
	d.history(&s)
	recordTrouble := d.record(ctx, &s)
	if c != nil {
		c.describe(&s)
	}
	s.State, s.Sentence = judge(s, errors.Join(lack, recordTrouble), d.started())
	return s, nil
}

// identity fills in who this PC is. A credential that cannot be read is the
// business of what opens everything.
func (d *Daemon) identity(s *control.Status) {
	cred, err := enrol.Read(d.config.Credential())
	if err != nil {
		return
	}
	s.Hub, s.Network, s.Store, s.StoreName, s.Role = cred.Hub, cred.Network, cred.Store, cred.StoreName, cred.Role
}

func (d *Daemon) history(s *control.Status) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.Proven = d.memory.Proven
	if last := d.memory.Last; !last.Started.IsZero() {
		s.Last, s.OpenJobs = &last, last.OpenJobs
	}
}

// record fills in what agent.db counts.
func (d *Daemon) record(ctx context.Context, s *control.Status) error {
	d.mu.Lock()
	box := d.box
	d.mu.Unlock()
	if box == nil {
		return nil // lack says why
	}
	waits, err := box.Status(ctx)
	if err != nil {
		return err
	}
	standing, err := box.Standing(ctx)
	if err != nil {
		return err
	}
	refused, err := box.RefusedRepairs(ctx, unrepairedListed)
	if err != nil {
		return err
	}
	s.Unrepaired = unrepaired(refused)
	if len(d.config.After.Command) > 0 {
		after, err := afterState(ctx, box)
		if err != nil {
			return err
		}
		s.AfterApply = &after
	}
	s.Waiting, s.Parked, s.Compared = pendingOf(waits), waits.Parked, standing.Compared
	return nil
}

// unrepairedListed bounds the items that a status names.
const unrepairedListed = 20

func unrepaired(list []outbox.Repair) (out []control.Unrepaired) {
	for _, r := range list {
		out = append(out, control.Unrepaired{Kind: r.Kind, Key: r.Key, Name: r.Name, Why: r.Refused})
	}
	return out
}

func pendingOf(s outbox.Status) control.Pending {
	return control.Pending{Total: s.Total, Kinds: s.Pending, Results: s.Results, Dirty: s.Dirty, Oldest: s.Oldest.Seconds()}
}

// describe fills in what the running parts know.
func (c *core) describe(s *control.Status) {
	var shut shutError
	if errors.As(c.gate.pass(), &shut) {
		s.PausedSince = shut.since
	} else if err := c.posTrouble(); err != nil && !errors.Is(err, pos.ErrAbsent) && !errors.Is(err, errUntried) {
		s.POSTrouble = err.Error()
	}
	s.PausedKinds = c.paused()
	s.Next, s.NextReason = c.conductor.planned()
	if step := c.conductor.running(); step != nil {
		s.Current = step
	}
}
