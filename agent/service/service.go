// Package service runs a program as a service of its system: under the service
// manager on Windows, under systemd on Linux, where the same is started and
// stopped by signals. What runs is any [Program]; the package knows nothing of
// what it does.
//
// Whether a process is a service is said by an explicit argument and not guessed
// from its session: under Wine, and in some remote sessions, the guess is wrong.
package service

import (
	"context"
	"fmt"

	"github.com/kardianos/service"
)

// Program is what runs: Start returns once it runs, Stop once it does not.
type Program interface {
	Start(ctx context.Context) error
	Stop() error
}

// Config names a service.
type Config struct {
	Name        string // as the system's tools know it
	DisplayName string
	Description string
	Arguments   []string // of the program when it runs as the service
	// Dependencies are systemd's lines for the unit, "After=…"; ignored on Windows.
	Dependencies []string
}

// program adapts a Program to kardianos's interface, which must not block.
type program struct {
	Program
	ctx context.Context
}

func (p program) Start(service.Service) error {
	if err := p.Program.Start(p.ctx); err != nil {
		return fmt.Errorf("cannot start: %w", err)
	}
	return nil
}

func (p program) Stop(service.Service) error { return p.Program.Stop() }

func open(ctx context.Context, c Config, p Program) (service.Service, error) {
	s, err := service.New(program{p, ctx}, &service.Config{
		Name: c.Name, DisplayName: c.DisplayName, Description: c.Description, Arguments: c.Arguments, Dependencies: c.Dependencies,
		Option: service.KeyValue{
			"OnFailure": "restart", "OnFailureDelayDuration": "10s", "OnFailureResetPeriod": 3600, "DelayedAutoStart": true,
			"Restart": "always",
		},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot speak with this system's service manager: %w", err)
	}
	return s, nil
}

// Run runs p under the service manager until that asks it to stop.
func Run(ctx context.Context, c Config, p Program) error {
	s, err := open(ctx, c, p)
	if err != nil {
		return err
	}
	if err := s.Run(); err != nil {
		return fmt.Errorf("cannot run as a service: %w", err)
	}
	return nil
}

// Acts are what Control takes.
var Acts = []string{"install", "uninstall", "start", "stop", "restart"}

// Control has the service manager install, uninstall, start, stop or restart the
// service.
func Control(c Config, act string) error {
	s, err := open(context.Background(), c, nothing{})
	if err != nil {
		return err
	}
	if err := service.Control(s, act); err != nil {
		return fmt.Errorf("cannot %s the service %s: %w", act, c.Name, err)
	}
	return nil
}

// nothing stands where a service is only spoken about.
type nothing struct{}

func (nothing) Start(context.Context) error { return nil }
func (nothing) Stop() error                 { return nil }
