package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"plait/configs"
	"plait/shared/catalog"
)

// Options say what a rig is made of.
type Options struct {
	// Dir is an existing folder that nobody else uses.
	Dir string
	// Network is the name of the one network. "" means "Harbour Hair".
	Network string
	// Catalog is a folder with the network's own kinds; "" means that it has none.
	Catalog string
	// Schedule is when agents upload by themselves; "" means that they come at their
	// start, after a failure, and when they are asked to.
	Schedule string
	// Capture is how often agents look for changes; 0 means ten times a second.
	Capture time.Duration
	// Tag builds weakened programs, for a control; "" builds the real ones.
	Tag string
	// Programs is a folder with both programs, as Build returned it; "" builds them.
	Programs string
}

// A Rig is a hub with one network, and the network's stores. It is used by one
// goroutine.
type Rig struct {
	Options
	Hub    *Hub
	Stores []*Store
	Kinds  *catalog.Catalog // the network's

	programs programs
	gates    []*Gate
	taps     []*Tap
}

// New builds both programs, starts a hub and makes the network. Where it fails,
// nothing of it runs any more.
func New(ctx context.Context, o Options) (*Rig, error) {
	if o.Network == "" {
		o.Network = "Harbour Hair"
	}
	if o.Schedule == "" {
		o.Schedule = "@every 24h"
	}
	if o.Capture == 0 {
		o.Capture = 100 * time.Millisecond
	}
	r := &Rig{Options: o}
	var err error
	if r.Kinds, err = kinds(o.Catalog); err != nil {
		return nil, err
	}
	if r.programs = programsIn(o.Programs); o.Programs == "" {
		r.programs, err = built(o.Tag)
	}
	if err != nil {
		return nil, err
	}
	if r.Hub, err = newHub(r); err != nil {
		return nil, err
	}
	if err := r.Hub.Start(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	args := []string{"network", "add", o.Network}
	if o.Catalog != "" {
		args = append(args, "--catalog", o.Catalog)
	}
	if err := r.Hub.Run(ctx, nil, args...); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func kinds(folder string) (*catalog.Catalog, error) {
	cat, err := configs.Catalog()
	if err != nil || folder == "" {
		return cat, err
	}
	own, err := catalog.Load(os.DirFS(folder), ".")
	if err != nil {
		return nil, err
	}
	return cat.Overlay(own), nil
}

// Store returns the store of that name; nil if there is none.
func (r *Rig) Store(name string) *Store {
	for _, s := range r.Stores {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Close stops every process, agents first, and reports those that would not end
// well.
func (r *Rig) Close() error {
	var errs []error
	for _, s := range r.Stores {
		errs = append(errs, s.Stop())
	}
	for _, g := range r.gates {
		errs = append(errs, g.Close())
	}
	for _, t := range r.taps {
		errs = append(errs, t.Close())
	}
	return errors.Join(append(errs, r.Hub.Stop())...)
}

// Logs returns the end of every process's log, for a test that failed.
func (r *Rig) Logs() string {
	all := []string{r.Hub.process.tail()}
	for _, s := range r.Stores {
		all = append(all, s.process.tail())
	}
	return strings.Join(all, "\n")
}

// folder makes a private folder of the rig.
func (r *Rig) folder(parts ...string) (string, error) {
	path := filepath.Join(append([]string{r.Dir}, parts...)...)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", fmt.Errorf("cannot make the rig's folder: %w", err)
	}
	return path, nil
}
