package rig

import (
	"context"
	"fmt"
	"net"
	"path/filepath"

	"plait/hub/operator"
)

// Hub is the hub's process and its data folder.
type Hub struct {
	URL string // where agents reach it

	rig     *Rig
	dir     string
	process *process
}

func newHub(r *Rig) (*Hub, error) {
	dir, err := r.folder("hub")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	h := &Hub{URL: "https://" + addr, rig: r, dir: dir}
	h.process = &process{
		name: "the hub", path: r.programs.hub, log: filepath.Join(dir, "hub.log"),
		args: []string{"serve", "--data", h.data(), "--listen", addr, "--log-level", "debug"},
	}
	return h, nil
}

func (h *Hub) data() string { return filepath.Join(h.dir, "data") }

// Database is the path of the hub's database.
func (h *Hub) Database() string { return filepath.Join(h.data(), "hub.db") }

// Line is a command of the hub's as a person would type it.
func (h *Hub) Line(args ...string) string {
	return lineOf(h.process.path, append([]string{"--data", h.data()}, args...))
}

// Start starts the hub and waits until it answers.
func (h *Hub) Start(ctx context.Context) error {
	if err := h.process.start(); err != nil {
		return err
	}
	return h.process.ready(ctx, func() error { return h.Run(ctx, new(operator.Health), "health") })
}

// Stop asks the hub to end, and waits for it.
func (h *Hub) Stop() error { return h.process.stop() }

// Running reports whether the hub's process runs.
func (h *Hub) Running() bool { return h.process.running() }

// Kill ends the hub as a power cut would.
func (h *Hub) Kill() error { return h.process.kill() }

// Run calls a command as an operator would, with --json, and decodes its answer
// into into, which may be nil. A command that fails gives a *CommandError.
func (h *Hub) Run(ctx context.Context, into any, args ...string) error {
	return call(ctx, h.process.path, into, append(args, "--data", h.data())...)
}

// Say calls a command as an operator at a terminal would, and returns what it
// printed. A command that fails gives a *CommandError.
func (h *Hub) Say(ctx context.Context, args ...string) (string, error) {
	return say(ctx, h.process.path, append(args, "--data", h.data())...)
}

// freeAddress returns a loopback address whose port nobody listens on now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("cannot find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}
