package daemon

import (
	"context"
	"errors"

	"plait/agent/datafolder"
)

// Inspect opens what an agent would, without running any of it: for the commands
// of a PC on which no agent runs. It fails with datafolder.ErrInUse if one does.
// release gives everything back.
func Inspect(ctx context.Context, o Options) (d *Daemon, release func() error, err error) {
	if err := datafolder.Prepare(o.Config.Data); err != nil {
		return nil, nil, err
	}
	lock, err := datafolder.Acquire(o.Config.Data)
	if err != nil {
		return nil, nil, err
	}
	d = New(o)
	d.have(d.open(ctx))
	return d, func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		var errs []error
		if d.core != nil {
			errs = append(errs, d.core.close())
		}
		if d.box != nil {
			errs = append(errs, d.box.Close())
		}
		return errors.Join(append(errs, lock.Release())...)
	}, nil
}

// Uninstall takes triggers and tables out of the POS database, for good. It is
// for an agent that does not run.
func (d *Daemon) Uninstall(ctx context.Context) error {
	c, err := d.present()
	if err != nil {
		return err
	}
	return c.gate.Uninstall(ctx)
}
