package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"plait/agent/control"
	"plait/agent/pos"
	"plait/agent/upload"
	"plait/hub/operator"
)

// Store is one store: a folder with its POS database, mapping and agent, and the
// agent's process.
type Store struct {
	Name string
	ID   string
	Dir  string

	rig     *Rig
	process *process
	config  string
	mapping *pos.Mapping
}

// StoreOptions say what a new store is.
type StoreOptions struct {
	Name    string
	Role    string // "head_office", "branch", "single"
	Mapping []byte // the mapping file; the POS database is named in it
	Hub     string // where the agent reaches the hub: a gate's URL; "" means the hub's
}

// AddStore makes a store at the hub and enrols its agent by code; it does not
// start it.
func (r *Rig) AddStore(ctx context.Context, o StoreOptions) (*Store, error) {
	dir, err := r.folder("stores", o.Name)
	if err != nil {
		return nil, err
	}
	s := &Store{Name: o.Name, Dir: dir, rig: r, config: filepath.Join(dir, "agent.yaml")}
	s.process = &process{
		name: "the agent of " + o.Name, path: r.programs.agent, log: filepath.Join(dir, "agent.log"),
		args: []string{"run", "--config", s.config},
	}
	if err := s.write(o.Mapping); err != nil {
		return nil, fmt.Errorf("cannot make the store %s: %w", o.Name, err)
	}
	var made operator.Enrolment
	if err := r.Hub.Run(ctx, &made, "store", "add", "--network", r.Network, "--role", o.Role, o.Name); err != nil {
		return nil, err
	}
	s.ID = made.Store.ID
	if o.Hub == "" {
		o.Hub = r.Hub.URL
	}
	r.Stores = append(r.Stores, s)
	return s, s.Enrol(ctx, o.Hub, made.Code)
}

// Configure adds settings to the agent's configuration file. It reads them when it
// starts.
func (s *Store) Configure(text string) (err error) {
	f, err := os.OpenFile(s.config, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("cannot configure the agent of %s: %w", s.Name, err)
	}
	_, err = f.WriteString(text + "\n")
	return errors.Join(err, f.Close())
}

// write writes the mapping and the agent's configuration.
func (s *Store) write(mapping []byte) (err error) {
	path := filepath.Join(s.Dir, "mapping.yaml")
	config := fmt.Sprintf("data: data\nmapping: mapping.yaml\nschedule: %q\nretry: {first: 1s, longest: 5s}\ncapture: {every: %v}\nlog: {level: debug}\n",
		s.rig.Schedule, s.rig.Capture)
	err = errors.Join(os.WriteFile(path, mapping, 0o600), os.WriteFile(s.config, []byte(config), 0o600))
	if err != nil {
		return err
	}
	s.mapping, err = pos.LoadMapping(path)
	return err
}

// Enrol makes this store's agent one of the network with a code; more are further
// flags.
func (s *Store) Enrol(ctx context.Context, hub, code string, more ...string) error {
	return s.Run(ctx, nil, append([]string{"enroll", hub, code}, more...)...)
}

// POS is the path of the POS database.
func (s *Store) POS() string { return s.mapping.Path }

// Database is the path of agent.db.
func (s *Store) Database() string { return filepath.Join(s.data(), "agent.db") }

func (s *Store) data() string { return filepath.Join(s.Dir, "data") }

// Line is a command of the agent's as a person would type it.
func (s *Store) Line(args ...string) string {
	return lineOf(s.process.path, append(args, "--config", s.config))
}

// Start starts the agent and waits until it knows how things stand.
func (s *Store) Start(ctx context.Context) error {
	if err := s.process.start(); err != nil {
		return err
	}
	return s.process.ready(ctx, func() error {
		st, err := control.NewClient(s.data()).Status(ctx)
		if err == nil && st.State == control.Working && st.Current == nil {
			err = errors.New(st.Sentence) // it is starting
		}
		return err
	})
}

// Stop asks the agent to end, and waits for it.
func (s *Store) Stop() error { return s.process.stop() }

// Kill ends the agent as a power cut would.
func (s *Store) Kill() error { return s.process.kill() }

// Run calls a command as a technician would, with --json, and decodes its answer
// into into, which may be nil. A command that fails gives a *CommandError.
func (s *Store) Run(ctx context.Context, into any, args ...string) error {
	return call(ctx, s.process.path, into, append(args, "--config", s.config)...)
}

// Say calls a command as a technician at a terminal would, and returns what it
// printed. A command that fails gives a *CommandError.
func (s *Store) Say(ctx context.Context, args ...string) (string, error) {
	return say(ctx, s.process.path, append(args, "--config", s.config)...)
}

// Running reports whether the agent's process runs.
func (s *Store) Running() bool { return s.process.running() }

// Mapping is the store's mapping.
func (s *Store) Mapping() *pos.Mapping { return s.mapping }

// Status asks the agent how things stand.
func (s *Store) Status(ctx context.Context) (st control.Status, err error) {
	return st, s.Run(ctx, &st, "status")
}

// Upload asks the agent for a conversation now, and waits for its end.
func (s *Store) Upload(ctx context.Context, more ...string) (report upload.Report, err error) {
	return report, s.Run(ctx, &report, append([]string{"upload"}, more...)...)
}

// Follow asks the agent for a conversation, a full one or not, tells of its steps
// as they are taken, and waits for its end.
func (s *Store) Follow(ctx context.Context, full bool, each func(upload.Step)) (upload.Report, error) {
	return control.NewClient(s.data()).Upload(ctx, control.UploadAsk{Full: full}, each)
}
