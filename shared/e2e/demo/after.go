package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"plait/shared/e2e/rig"
)

// where says what to try in another terminal.
func (s *show) where(context.Context) error {
	s.headline("Where to look")
	at := s.Store(dockside)
	hub, agent := s.Hub.Line(), at.Line()
	if runtime.GOOS == "windows" {
		s.say("These work in another terminal. At the hub, %s:", s.Hub.URL)
	} else {
		s.say("In another terminal, type these two lines first:")
		s.line(fmt.Sprintf("alias hub=%q", hub))
		s.line(fmt.Sprintf("alias agent=%q", agent))
		hub, agent = "hub", "agent"
		s.say("Then at the hub, %s:", s.Hub.URL)
	}
	for _, words := range []string{"store list", "sync list", "sync test --kind service --all", "drift", "audit"} {
		s.line(hub + " " + words)
	}
	s.say("At Dockside's agent:")
	for _, words := range []string{"status", "upload --full", "doctor"} {
		s.line(agent + " " + words)
	}
	s.say("Dockside's POS database, to change something by hand: %s", at.POS())
	s.say("Logs are beside them: %s", s.folder)
	return nil
}

// goOn keeps the salons going and says now and then how they stand.
func (s *show) goOn(ctx context.Context) error {
	s.headline("The salons go on. Ctrl-C stops everything")
	for {
		if err := s.wait(ctx, 15*time.Second); err != nil {
			return err
		}
		for _, at := range s.Stores {
			st, err := at.Status(ctx)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				st.Sentence = err.Error()
			}
			s.say("%s  %-12s %5d tickets sold. %s", time.Now().Format("15:04:05"), at.Name, s.people[at.Name].tickets.Load(), st.Sentence)
		}
	}
}

// level ends the story: nobody sells any more, and every POS file is compared with
// the hub's copy of it.
func (s *show) level(ctx context.Context) error {
	s.headline("The salons close, and every POS is compared with the hub's copy of it")
	for _, at := range s.Stores {
		s.people[at.Name].close()
		if err := rig.Until(ctx, 30*time.Second, func() error { return s.equal(ctx, at) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *show) equal(ctx context.Context, at *rig.Store) error {
	report, err := at.Upload(ctx)
	if err != nil {
		return err
	}
	if !report.Equal {
		return errors.New("the upload of " + at.Name + " ended without a proof of equality")
	}
	c, err := at.Compare(ctx)
	if err != nil {
		return err
	}
	if len(c.Differ) > 0 {
		return fmt.Errorf("%s differs from the hub's copy in %d items, the first: %s", at.Name, len(c.Differ), c.Differ[0])
	}
	s.say("%s: %d tickets were sold, %d items are compared, all are equal.", at.Name, s.people[at.Name].tickets.Load(), c.Total())
	return nil
}
