package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"plait/agent/apply"
	"plait/agent/capture"
	"plait/agent/control"
	"plait/agent/datafolder"
	"plait/agent/enrol"
	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/agent/upload"
	"plait/shared/catalog"
)

// noteLast is where agent.db keeps the last conversation, for the status after a
// restart.
const noteLast = "last-conversation"

// memory is what noteLast holds.
type memory struct {
	Last   control.Last `json:"last"`
	Proven time.Time    `json:"proven,omitzero"`
}

// openBox opens agent.db, once, and again where it was damaged while in use.
func (d *Daemon) openBox(ctx context.Context) (*outbox.Box, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.box != nil && !d.box.Damaged() {
		return d.box, nil
	}
	if d.box != nil {
		if err := d.box.Close(); err != nil {
			d.log.Warn().Err(err).Msg("cannot close the agent's damaged record")
		}
		d.box = nil
	}
	box, opened, err := outbox.Open(ctx, d.config.Database(), outbox.Options{Now: d.now})
	if err != nil {
		return nil, fmt.Errorf("cannot open the agent's record: %w", err)
	}
	if opened.SetAside != "" {
		d.log.Error().Err(opened.Why).Str("set_aside", opened.SetAside).Msg("the agent's record was damaged; a fresh one is filled from the POS")
	}
	d.box = box
	d.remember(ctx, box)
	return box, nil
}

// remember reads the last conversation back. What cannot be read is only missing
// from the status until the next one.
func (d *Daemon) remember(ctx context.Context, box *outbox.Box) {
	raw, err := box.Note(ctx, noteLast)
	if err == nil && len(raw) > 0 {
		err = json.Unmarshal(raw, &d.memory)
	}
	if err != nil {
		d.log.Warn().Err(err).Msg("cannot read what the last upload did")
	}
}

// openCore wires the rooms. Its error says what is missing and the way out.
func (d *Daemon) openCore(ctx context.Context) (_ *core, err error) {
	cred, err := enrol.Read(d.config.Credential())
	if err != nil {
		return nil, err
	}
	box, err := d.openBox(ctx)
	if err != nil {
		return nil, err
	}
	if err := d.ownRecord(ctx, box, cred); err != nil {
		return nil, err
	}
	mapping, err := pos.LoadMapping(d.config.Mapping)
	if err != nil {
		return nil, err
	}
	hub, err := cred.Client(d.now, 0)
	if err != nil {
		return nil, err
	}
	c := &core{config: d.config, cred: cred, box: box, log: d.log, now: d.now, trouble: errUntried, renew: make(chan struct{}, 1)}
	c.closers = append(c.closers, func() error { hub.Close(); return nil })
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	cat, err := d.catalogue(ctx, box, hub, cred)
	if err != nil {
		return nil, err
	}
	if err := c.connect(ctx, mapping, cat); err != nil {
		return nil, err
	}
	if err := d.settle(ctx, c, mapping.Path); err != nil {
		return nil, err
	}
	if err := d.setInstallation(ctx, box, cred.Installation); err != nil {
		return nil, err
	}
	return c, d.wire(c, mapping, cat, hub)
}

// catalogue is the network's, as the last conversation left it; before the first
// the hub is asked for the one that the enrolment named.
func (d *Daemon) catalogue(ctx context.Context, box *outbox.Box, hub upload.Hub, cred enrol.Credential) (*catalog.Catalog, error) {
	encoded, err := box.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	if len(encoded) > 0 {
		cat, err := catalog.Decode(encoded)
		if err != nil {
			return nil, fmt.Errorf("cannot read the network's catalogue in the agent's record: %w", err)
		}
		return cat, nil
	}
	if !d.started() {
		return nil, errors.New("the network's catalogue is not here yet: the agent fetches it when it starts")
	}
	cat, encoded, err := hub.Catalog(ctx, cred.Catalog)
	if err != nil {
		return nil, fmt.Errorf("cannot fetch the network's catalogue: %w", err)
	}
	return cat, box.SetCatalog(ctx, encoded)
}

// connect makes the connector, behind a gate that is shut if a technician paused
// capture before.
func (c *core) connect(ctx context.Context, mapping *pos.Mapping, cat *catalog.Catalog) error {
	standing, err := c.box.Standing(ctx)
	if err != nil {
		return err
	}
	conn, err := pos.Open(ctx, mapping, cat, pos.Options{Resume: standing.Taken, Now: c.now})
	if err != nil {
		return err
	}
	c.gate = &gate{Connector: conn}
	c.closers = append(c.closers, conn.Close)
	since, paused, err := pausedSince(c.config.Data)
	if paused {
		c.gate.shut(since)
	}
	return err
}

// pausedSince reads the file that a pause leaves, which outlives agent.db.
func pausedSince(folder string) (since time.Time, paused bool, err error) {
	info, err := os.Stat(filepath.Join(folder, datafolder.PausedName))
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("cannot tell whether capture is paused: %w", err)
	}
	return info.ModTime(), true, nil
}

func (d *Daemon) setInstallation(ctx context.Context, box *outbox.Box, id string) error {
	standing, err := box.Standing(ctx)
	if err != nil || standing.Installation == id {
		return err
	}
	return box.SetInstallation(ctx, id)
}

// wire makes capture, applying, the upload and what conducts them.
func (d *Daemon) wire(c *core, mapping *pos.Mapping, cat *catalog.Catalog, hub upload.Hub) error {
	capturer := capture.New(c.gate, c.box, capture.Options{Now: d.now, Match: func(kind string) catalog.Match {
		k, _ := cat.Kind(kind)
		return k.Match
	}})
	c.after = &afterApply{config: d.config.After, box: c.box, log: c.log, now: d.now}
	applier := &apply.Applier{POS: c.gate, Record: c.box, Capture: capturer, Now: d.now, Sleep: sleep, Writing: c.after.owe}
	repair := &apply.Repairer{Applier: applier, Log: c.box, Catalog: cat, Refused: func(r outbox.Repair) {
		c.log.Warn().Str("kind", r.Kind).Str("key", r.Key).Str("why", r.Refused).Msg("an item drifted and cannot be repaired")
	}}
	uploader, err := upload.New(upload.Config{
		Store: c.cred.Store, Version: d.version, Mapping: mapping.Digest(), POS: c.gate, Box: c.box, Capture: capturer, Hub: hub, Now: d.now,
		Apply:          applier,
		Repair:         repair,
		NextDue:        d.config.Schedule.Next,
		CatalogChanged: func(*catalog.Catalog) { c.catalogChanged = true },
	})
	if err != nil {
		return err
	}
	c.capture, c.repair = capturer, repair
	c.conductor = newConductor(d.now, d.config)
	c.conductor.talk = c.talk(uploader)
	c.conductor.fullWaits = c.fullWaits
	c.conductor.ended = func(last control.Last) { d.ended(c, last) }
	return nil
}

// noteFull stands in agent.db while a technician's full upload has not landed. One
// that an operator asked for is the hub's to ask for again.
const noteFull = "full-upload-asked"

// fullWaits reports whether the next attempt must be a full upload, too.
func (c *core) fullWaits(ctx context.Context) bool {
	note, err := c.box.Note(ctx, noteFull)
	return err == nil && len(note) > 0
}

// keepFull notes whether a technician's full upload waits for the next attempt.
func (c *core) keepFull(ctx context.Context, last control.Last) error {
	switch {
	case last.Full == nil:
		return nil
	case last.Full.Landed:
		return c.box.SetNote(ctx, noteFull, nil)
	case last.Reason == reasonTechnician:
		return c.box.SetNote(ctx, noteFull, []byte("1"))
	}
	return nil
}

// ended logs a conversation, keeps it for the status, and begins anew where it
// brought another catalogue.
func (d *Daemon) ended(c *core, last control.Last) {
	event := d.log.Info()
	if last.Error != "" {
		event = d.log.Warn().Str("error", last.Error)
	}
	event.Str("reason", last.Reason).Int64("rows_up", last.RowsUp).Int("jobs", last.JobsApplied).Int64("items_down", last.ItemsDown).
		Int("parked", last.Parked).Int("open_jobs", last.OpenJobs).Bool("equal", last.Equal).Int("notes", len(last.Notes)).
		Dur("took_ms", last.Ended.Sub(last.Started)).Msg("upload")
	d.mu.Lock()
	d.memory.Last = last
	if last.Equal && last.Error == "" {
		d.memory.Proven = last.Ended
	}
	kept, err := json.Marshal(d.memory)
	d.mu.Unlock()
	if err == nil {
		err = errors.Join(c.box.SetNote(context.Background(), noteLast, kept), c.keepFull(context.Background(), last))
	}
	if err != nil {
		d.log.Warn().Err(err).Msg("cannot keep what the upload did")
	}
	if err := c.box.Shrink(context.Background()); err != nil {
		d.log.Warn().Err(err).Msg("cannot give back memory")
	}
	debug.FreeOSMemory() // the next conversation is minutes away, and the PC is the POS's
	if c.catalogChanged {
		c.catalogChanged = false
		c.conductor.over.Store(true) // whoever asks for a conversation just now gets it from the next core
		c.beginAnew()
	}
}
