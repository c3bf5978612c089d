package daemon

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"plait/configs"
	"plait/hub/access"
	"plait/hub/api"
	"plait/hub/contact"
	"plait/hub/daemon/config"
	"plait/hub/ingest"
	"plait/hub/operator"
	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/storesync"
)

// Options say how a hub runs.
type Options struct {
	Config  config.Config
	Version string
	Log     zerolog.Logger
	// Tell is where the administrator's token is shown at the first start. Nil
	// shows it nowhere: it is in the data folder.
	Tell io.Writer
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
}

// Daemon is a hub that runs, or will.
type Daemon struct {
	options Options
	local   Local

	db         *store.DB
	http       *http.Server
	base       context.CancelFunc // ends the calls that are being answered
	background sync.WaitGroup
	failed     chan error // the listener broke
}

// New returns a hub that is not started yet.
func New(o Options) *Daemon {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Daemon{options: o, failed: make(chan error, 1)}
}

// Start opens the data folder, puts the rooms together and listens. Once it
// returns, calls are answered; if it fails, nothing is left running. ctx bounds
// the start alone.
func (d *Daemon) Start(ctx context.Context) error {
	c := d.options.Config
	if err := c.CheckFolders(); err != nil {
		return err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("cannot make the data folder: %w", err)
	}
	who, err := identify(c, d.options.Now)
	if err != nil {
		return err
	}
	if d.db, err = store.Open(ctx, c.Database(), store.Options{Now: d.options.Now}); err != nil {
		return err
	}
	if err := d.open(ctx, who); err != nil {
		return errors.Join(err, d.db.Close())
	}
	d.options.Log.Info().Str("url", d.local.URL).Str("data", c.Data).Str("version", d.options.Version).
		Str("pin", string(who.pin)).Msg("the hub listens")
	return nil
}

// open puts the rooms together over an open database.
func (d *Daemon) open(ctx context.Context, who identity) error {
	shipped, err := configs.Catalog()
	if err != nil {
		return err
	}
	presets, err := configs.Presets()
	if err != nil {
		return err
	}
	c := d.options.Config
	door := access.NewDoor(d.db, who.pin, c.Enrol.Valid)
	contacts := contact.New(d.db)
	contacts.Grace, contacts.Repair = c.Contact.Grace, storesync.RepairedBy
	taking := ingest.New(d.db, queue.Result)
	syncs := storesync.New(d.db)
	if syncs.Zone, err = c.Zone(); err != nil {
		return fmt.Errorf("cannot find the time zone: %w", err)
	}
	spread := newSpreader(syncs, func(err error) { d.options.Log.Error().Err(err).Msg("cannot queue what was changed") })
	taking.Moved = spread.moved
	desk := operator.NewDesk(operator.Options{
		DB: d.db, Door: door, Contact: contacts, Sync: syncs,
		Shipped: shipped, Presets: presets, Preset: configs.DefaultPreset, Grace: c.Contact.Grace, Version: d.options.Version,
	})
	if err := desk.Refresh(ctx); err != nil {
		return err
	}
	if err := d.firstToken(ctx, door); err != nil {
		return err
	}
	server := api.New(api.Options{
		DB: d.db, Door: door, Operator: desk, Log: d.options.Log, Now: d.options.Now,
		Agents: api.Agents{Contact: contacts, Ingest: taking, Queue: queue.New(d.db, syncs)},
	})
	return d.listen(server, who, func(ctx context.Context) {
		d.background.Go(func() { d.sweep(ctx, taking) })
		d.background.Go(func() { spread.run(ctx, d.db) })
		d.background.Go(func() { d.due(ctx, syncs) })
	})
}

// firstToken keeps the administrator's token, and shows it once.
func (d *Daemon) firstToken(ctx context.Context, door *access.Door) error {
	path := filepath.Join(d.options.Config.Data, TokenFile)
	return door.First(ctx, func(secret string) error {
		if err := writePrivate(path, []byte(secret+"\n")); err != nil {
			return fmt.Errorf("cannot keep the administrator's token: %w", err)
		}
		d.options.Log.Info().Str("file", path).Msg("the administrator's token was made")
		if d.options.Tell != nil {
			fmt.Fprintf(d.options.Tell, "The administrator's token of this hub, shown once and kept in %s:\n\n  %s\n\n", path, secret)
		}
		return nil
	})
}

// listen answers calls from now on, and starts what runs beside them until the
// hub stops.
func (d *Daemon) listen(server *api.Server, who identity, background func(context.Context)) error {
	listener, err := net.Listen("tcp", d.options.Config.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	scheme := "http"
	if who.tls != nil {
		scheme = "https"
	}
	d.local = who.local
	d.local.URL = localURL(scheme, listener.Addr())
	text, err := json.Marshal(d.local)
	if err == nil {
		err = writePrivate(filepath.Join(d.options.Config.Data, localFile), text)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("cannot say where the hub listens: %w", err), listener.Close())
	}
	base, cancel := context.WithCancel(context.Background())
	d.base, d.http = cancel, server.HTTP()
	d.http.BaseContext = func(net.Listener) context.Context { return base }
	background(base)
	go d.serve(listener, who.tls)
	return nil
}

func (d *Daemon) serve(listener net.Listener, secure *tls.Config) {
	var err error
	if secure == nil {
		err = d.http.Serve(listener)
	} else {
		d.http.TLSConfig = secure
		err = d.http.ServeTLS(listener, "", "")
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	d.failed <- err
}

// URL returns where the hub can be reached on this machine.
func (d *Daemon) URL() string { return d.local.URL }

// Run starts the hub, and stops it when ctx ends or its listener breaks.
// Calls that are being answered get at most wait.
func (d *Daemon) Run(ctx context.Context, wait time.Duration) error {
	if err := d.Start(ctx); err != nil {
		return err
	}
	var broken error
	select {
	case <-ctx.Done():
	case broken = <-d.failed:
		d.failed <- nil // Stop waits for it
		if broken != nil {
			broken = fmt.Errorf("the listener broke: %w", broken)
		}
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait)
	defer cancel()
	return errors.Join(broken, d.Stop(bounded))
}

// Stop takes no more calls, lets those that are being answered end until ctx
// does, and closes the database. It is called once, after Start succeeded.
func (d *Daemon) Stop(ctx context.Context) error {
	err := d.http.Shutdown(ctx)
	d.base()
	if err != nil {
		err = errors.Join(fmt.Errorf("calls were cut off: %w", err), d.http.Close())
	}
	<-d.failed
	d.background.Wait()
	d.options.Log.Info().Msg("the hub has stopped")
	return errors.Join(err, d.db.Close())
}
