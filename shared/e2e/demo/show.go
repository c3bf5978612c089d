package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"plait/hub/storesync"
	"plait/shared/e2e/rig"
	"plait/shared/e2e/salon"
)

// The salons.
const (
	mainStreet = "Main Street" // head office
	dockside   = "Dockside"
	oldTown    = "Old Town" // reaches the hub through a gate, so that we can time things
	hillside   = "Hillside"
)

var branches = []string{dockside, oldTown, hillside}

// show is the demonstration on its way.
type show struct {
	options
	*rig.Rig
	gate   *rig.Gate
	people map[string]*people
	prices storesync.Sync // that is taken back later
	step   int
}

// run starts a hub, tells the story, and stops everything. Being interrupted is no
// failure.
func run(ctx context.Context, o options) (err error) {
	s := &show{options: o, people: map[string]*people{}}
	s.headline("Building plait-agent and plait-hub, and starting a hub")
	s.Rig, err = rig.New(ctx, rig.Options{Dir: o.folder, Schedule: "@every 10s", Capture: 500 * time.Millisecond})
	if err == nil {
		err = s.tell(ctx)
		defer func() { err = errors.Join(err, s.stop()) }()
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// tell tells the story, and goes on until ctx ends unless it is to be told once.
func (s *show) tell(ctx context.Context) error {
	for _, chapter := range []func(context.Context) error{
		s.open, s.firstUploads, s.firstSync, s.catchUp, s.customised, s.drifted, s.takenBack, s.refusal, s.where,
	} {
		if err := chapter(ctx); err != nil {
			return err
		}
		if err := s.wait(ctx, s.pause); err != nil {
			return err
		}
	}
	if s.once {
		return s.level(ctx)
	}
	return s.goOn(ctx)
}

// stop sends the people home, then ends every process.
func (s *show) stop() error {
	s.say("Stopping the POSs, the agents and the hub.")
	var errs []error
	for _, p := range s.people {
		errs = append(errs, p.leave())
	}
	errs = append(errs, s.Rig.Close())
	if err := errors.Join(errs...); err != nil {
		return err
	}
	s.say("Stopped. %s was removed.", s.folder)
	return nil
}

func (s *show) headline(format string, args ...any) {
	s.step++
	fmt.Fprintf(s.out, "\n%d. %s\n", s.step, fmt.Sprintf(format, args...))
}

// say prints one sentence.
func (s *show) say(format string, args ...any) {
	fmt.Fprintf(s.out, "   %s\n", fmt.Sprintf(format, args...))
}

// line prints a command to try.
func (s *show) line(text string) { fmt.Fprintf(s.out, "     %s\n", text) }

func (s *show) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// open makes the stores with their POSs, enrols their agents by code and starts
// them.
func (s *show) open(ctx context.Context) (err error) {
	if s.gate, err = s.NewGate(); err != nil {
		return err
	}
	s.headline("A head office and three salons, each a POS and an agent, enrolled by code")
	for i, name := range append([]string{mainStreet}, branches...) {
		o := rig.StoreOptions{Name: name, Role: "branch", Mapping: salon.Mapping}
		switch name {
		case mainStreet:
			o.Role = "head_office"
		case oldTown:
			o.Hub = s.gate.URL
		}
		at, err := s.AddStore(ctx, o)
		if err != nil {
			return err
		}
		if s.people[name], err = hire(at.POS(), name, uint64(i+1)); err != nil {
			return err
		}
	}
	if err := s.stock(); err != nil {
		return err
	}
	for _, at := range s.Stores {
		if err := at.Start(ctx); err != nil {
			return err
		}
		s.people[at.Name].work(at.Name != hillside)
	}
	s.say("The hub listens at %s.", s.Hub.URL)
	s.say("The people at Main Street, Dockside and Old Town sell from now on; nothing that they do waits for Plait.")
	return nil
}

// stock puts head office's catalogue into its POS, and what the branches had of
// their own into theirs.
func (s *show) stock() error {
	return errors.Join(
		s.people[mainStreet].pos.Stock(),
		s.does(dockside, "INSERT INTO category (sort, name) VALUES ('service', 'Barber')"),
		s.does(dockside, "INSERT INTO service (category_id, name, price, tax_rate) SELECT id, 'Beard Trim', 18, 7 FROM category WHERE name = 'Barber'"),
		s.does(oldTown, "INSERT INTO category (sort, name) VALUES ('service', 'Hair')"),
		s.does(oldTown, "INSERT INTO service (category_id, name, price, tax_rate) SELECT id, 'Men''s Haircut', 27.50, 7 FROM category"),
	)
}

// does lets the people at a salon do something in their POS.
func (s *show) does(name, statement string, args ...any) error {
	return s.people[name].pos.Exec(statement, args...)
}

// value reads one value from a salon's POS.
func (s *show) value(name, query string) string {
	v, err := s.people[name].pos.Value(query)
	if err != nil {
		return err.Error()
	}
	return v
}

// words joins sentences of one line each.
func words(list []string) string { return strings.Join(list, ", ") }
