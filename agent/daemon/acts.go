package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"plait/agent/control"
	"plait/agent/datafolder"
	"plait/agent/outbox"
	"plait/agent/upload"
)

// Upload holds a conversation now.
func (d *Daemon) Upload(ctx context.Context, ask control.UploadAsk, progress func(upload.Step)) (upload.Report, error) {
	d.log.Info().Bool("full", ask.Full).Bool("release", ask.Release != "").Msg("a technician asked for an upload")
	for {
		c, err := d.ready(ctx)
		if err != nil {
			return upload.Report{}, fmt.Errorf("cannot upload: %w", err)
		}
		report, err := c.conductor.upload(ctx, upload.Request{Reason: reasonTechnician, Full: ask.Full, Release: ask.Release}, progress)
		if !errors.Is(err, errNotTaken) || !d.otherThan(ctx, c) {
			return report, err
		}
	}
}

// Queue lists what waits and what is parked.
func (d *Daemon) Queue(ctx context.Context, limit int) (control.Queue, error) {
	box, err := d.openBox(ctx)
	if err != nil {
		return control.Queue{}, err
	}
	waits, err := box.Status(ctx)
	if err != nil {
		return control.Queue{}, err
	}
	parked, err := box.Parked(ctx, limit)
	if err != nil {
		return control.Queue{}, err
	}
	q := control.Queue{Waiting: pendingOf(waits), More: waits.Parked - len(parked)}
	for _, p := range parked {
		q.Parked = append(q.Parked, control.ParkedItem{Kind: p.Kind, Key: p.Key.Key, Name: p.Name, Cause: p.Cause, Why: p.Why, Since: p.At})
	}
	var s control.Status
	d.history(&s)
	q.OpenJobs = s.OpenJobs
	return q, nil
}

// Retry queues an item that the hub refused again.
func (d *Daemon) Retry(ctx context.Context, item control.ItemAsk) error {
	box, err := d.openBox(ctx)
	if err != nil {
		return err
	}
	return box.Retry(ctx, outbox.Key{Kind: item.Kind, Key: item.Key})
}

// Pause takes the triggers away, so that the POS can be upgraded. The file that
// says so is durable first: an agent that starts meanwhile leaves the POS alone.
func (d *Daemon) Pause(ctx context.Context) error {
	c, err := d.ready(ctx)
	if err != nil {
		return fmt.Errorf("cannot pause capture: %w", err)
	}
	if c.gate.pass() != nil {
		return nil
	}
	now := d.now()
	flag := filepath.Join(d.config.Data, datafolder.PausedName)
	if err := datafolder.WriteFile(flag, []byte(now.Format("2006-01-02 15:04:05")+"\n")); err != nil {
		return err
	}
	c.gate.shut(now)
	if err := c.gate.Pause(ctx); err != nil {
		c.gate.open()
		return errors.Join(fmt.Errorf("cannot pause capture: the triggers are still there: %w", err), os.Remove(flag))
	}
	d.log.Warn().Msg("a technician paused capture for an upgrade of the POS")
	return nil
}

// Resume opens the POS again. The conversation that follows puts the triggers
// back and compares everything, since nothing was captured meanwhile.
func (d *Daemon) Resume(context.Context) error {
	flag := filepath.Join(d.config.Data, datafolder.PausedName)
	if err := os.Remove(flag); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot resume capture: %w", err)
	}
	c, err := d.present()
	if err != nil {
		return nil // the next core finds the gate open
	}
	c.gate.open()
	if d.started() {
		c.conductor.kick(kickNow)
	}
	d.log.Info().Msg("a technician resumed capture")
	return nil
}
