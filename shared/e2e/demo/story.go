package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plait/hub/storesync"
	"plait/shared/e2e/rig"
	"plait/shared/wire"
)

// everything is what head office syncs.
var everything = []string{
	"--kind", "service_category", "--kind", "product_category", "--kind", "vendor",
	"--kind", "service", "--kind", "product", "--kind", "discount", "--kind", "package",
}

func (s *show) firstUploads(ctx context.Context) error {
	s.headline("Everything that the POSs hold goes up")
	for _, at := range s.Stores {
		report, err := at.Upload(ctx)
		if err != nil {
			return err
		}
		held, err := s.Hub.Show(ctx, at.Name)
		if err != nil {
			return err
		}
		var items int64
		for _, k := range held.Kinds {
			items += k.Items
		}
		proof := "a digest proves it equal"
		if !report.Equal {
			proof = "the POS is ahead already"
		}
		s.say("%s: the hub holds %d items of %d kinds, and %s.", at.Name, items, len(held.Kinds), proof)
	}
	return nil
}

func (s *show) firstSync(ctx context.Context) error {
	s.headline("Head office's catalogue goes to the salons, after a Test; Hillside is offline")
	if err := s.Store(hillside).Stop(); err != nil {
		return err
	}
	test, err := s.Hub.Test(ctx, append(everything, "--all", "--label", "The catalogue")...)
	if err != nil {
		return err
	}
	s.say("The Test says: %s", test.Plan.Sentence())
	s.sayExceptions(test, oldTown, "adopt")
	s.say("Synchronize carries out exactly that.")
	sync, err := s.Hub.Sync(ctx, test)
	if err != nil {
		return err
	}
	for _, name := range []string{dockside, oldTown} {
		if err := s.applied(ctx, sync, name); err != nil {
			return err
		}
	}
	return s.sayOutcome(ctx, sync)
}

// sayExceptions says what a Test found at one store of one sort.
func (s *show) sayExceptions(t rig.Tested, name, action string) {
	for _, e := range t.Store(name).Exceptions {
		if e.Action == action && e.Field == "" {
			s.say("  %s: %s %q: %s.", name, e.Kind, e.Name, e.Why)
		}
	}
}

// applied lets a store take its job: at the agent's own next contact, or now.
func (s *show) applied(ctx context.Context, sync storesync.Sync, name string) error {
	if _, err := s.Store(name).Upload(ctx); err != nil {
		return err
	}
	return rig.Until(ctx, 30*time.Second, func() error {
		at, err := s.outcome(ctx, sync, name)
		if err == nil && at.State != "applied" {
			err = fmt.Errorf("%s has not applied %q: it is %s", name, sync.Label, at.State)
		}
		return err
	})
}

func (s *show) outcome(ctx context.Context, sync storesync.Sync, name string) (storesync.SyncStore, error) {
	now, err := s.Hub.Outcome(ctx, sync.ID)
	if err != nil {
		return storesync.SyncStore{}, err
	}
	for _, at := range now.Stores {
		if at.Name == name {
			return at, nil
		}
	}
	return storesync.SyncStore{}, rig.Hopeless(fmt.Errorf("the sync %q does not go to %s", sync.Label, name))
}

func (s *show) sayOutcome(ctx context.Context, sync storesync.Sync) error {
	now, err := s.Hub.Outcome(ctx, sync.ID)
	if err != nil {
		return err
	}
	for _, at := range now.Stores {
		if at.State == "applied" {
			s.say("  %s: applied, %s.", at.Name, counts(at.Outcome))
		} else {
			s.say("  %s: %s; it will apply on return (%s).", at.Name, at.State, at.Waits)
		}
	}
	return nil
}

func counts(c wire.Counts) string {
	var out []string
	for _, part := range []struct {
		n    int
		word string
	}{{c.Created, "created"}, {c.Adopted, "linked to their own"}, {c.Updated, "updated"}, {c.Equal, "equal"}, {c.Kept, "kept"}, {c.Parked, "refused"}} {
		if part.n > 0 {
			out = append(out, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	return words(out)
}

func (s *show) catchUp(ctx context.Context) error {
	s.headline("Hillside is back, and catches up by itself")
	if err := s.Store(hillside).Start(ctx); err != nil {
		return err
	}
	if _, err := s.Store(hillside).Upload(ctx); err != nil {
		return err
	}
	s.people[hillside].work(true)
	s.say("Hillside's POS has %s services now, and its people sell them.", s.value(hillside, "SELECT count(*) FROM service"))
	s.say("Dockside still has its own Beard Trim at %s; Old Town's own price of the Men's Haircut is still %s.",
		s.value(dockside, "SELECT price FROM service WHERE name = 'Beard Trim'"), s.value(oldTown, "SELECT price FROM service WHERE name = 'Men''s Haircut'"))
	return nil
}

// refusal: while Old Town's technician asks for a full upload, the operator
// queues a sync for that salon.
func (s *show) refusal(ctx context.Context) error {
	s.headline("A full upload meets a queued sync")
	s.say("Old Town's technician asks for a full upload. In that moment the operator queues a sync for Old Town.")
	var queued error
	s.gate.Before("/agent/v1/full/commit", func() { queued = s.queuePedicure(ctx) })
	report, err := s.Store(oldTown).Upload(ctx, "--full")
	if err := errors.Join(err, queued); err != nil {
		return err
	}
	for _, r := range report.Full.Refusals {
		for _, b := range r.Blocking {
			s.say("Refused at the %s: job %d, %q, is queued, and a full upload would trample it. The ways out:", r.At, b.Number, b.Label)
			for _, way := range b.Ways {
				s.say("  - %s", way)
			}
		}
	}
	if !report.Full.Landed {
		return errors.New("the full upload has not landed")
	}
	s.say("The agent took the first way in the same conversation: %d job applied (the Pedicure costs %s at Old Town), then the full upload landed.",
		report.JobsApplied, s.value(oldTown, "SELECT price FROM service WHERE name = 'Pedicure'"))
	return nil
}

func (s *show) queuePedicure(ctx context.Context) error {
	if err := s.does(mainStreet, "UPDATE service SET price = 41 WHERE name = 'Pedicure'"); err != nil {
		return err
	}
	if _, err := s.Store(mainStreet).Upload(ctx); err != nil {
		return err
	}
	test, err := s.Hub.Test(ctx, "--name", "service=Pedicure", "--to", oldTown, "--label", "The Pedicure")
	if err == nil {
		_, err = s.Hub.Sync(ctx, test)
	}
	return err
}
