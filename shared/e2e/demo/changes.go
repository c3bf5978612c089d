package main

import (
	"context"
	"errors"

	"plait/hub/storesync"
	"plait/shared/e2e/rig"
)

// customised: a salon and head office change the same service, and a sync brings
// the two together.
func (s *show) customised(ctx context.Context) error {
	s.headline("A salon and head office change the same service")
	s.say("Dockside asks 155 for its Balayage: a price is the salon's to change. Head office renames it and asks 150.")
	err := errors.Join(
		s.does(dockside, "UPDATE service SET price = 155 WHERE name = 'Balayage'"),
		s.does(mainStreet, "UPDATE service SET name = 'Balayage Deluxe', price = 150 WHERE name = 'Balayage'"),
		s.upload(ctx, dockside, mainStreet),
	)
	if err != nil {
		return err
	}
	test, err := s.Hub.Test(ctx, "--kind", "service", "--all", "--label", "New prices")
	if err != nil {
		return err
	}
	s.say("Before anything is done, the Test says what would become of it at Dockside, field by field:")
	if err := s.sayFields(ctx, test, dockside, "Balayage Deluxe"); err != nil {
		return err
	}
	s.say("Synchronize does just that:")
	if s.prices, err = s.Hub.Sync(ctx, test); err != nil {
		return err
	}
	return s.sayBalayage(ctx, s.prices)
}

// sayFields says what a Test found of one item's fields on which the two ends do
// not agree.
func (s *show) sayFields(ctx context.Context, t rig.Tested, store, item string) error {
	var page storesync.ItemsPage
	if err := s.Hub.Run(ctx, &page, "sync", "detail", t.Plan.Digest, store, "--item", item); err != nil {
		return err
	}
	for _, it := range page.Items {
		for _, f := range it.Fields {
			if f.Branch != nil && f.Source != nil && *f.Branch != *f.Source {
				s.say("  - %s.", f.Why)
			}
		}
	}
	return nil
}

// sayBalayage lets the branches apply a sync, and reads from their POSs what has
// become of the Balayage.
func (s *show) sayBalayage(ctx context.Context, sync storesync.Sync) error {
	for _, name := range branches {
		if err := s.applied(ctx, sync, name); err != nil {
			return err
		}
		s.say("  %s has now: %s.", name, s.value(name, "SELECT name || ' at ' || price FROM service WHERE name LIKE 'Balayage%'"))
	}
	return nil
}

// drifted: a salon changes what is head office's to change.
func (s *show) drifted(ctx context.Context) error {
	s.headline("A salon changes what is locked")
	s.say("Dockside renames the Manicure. Its POS lets it, and Plait never stands in its way; but the name is head office's.")
	err := errors.Join(s.does(dockside, "UPDATE service SET name = 'Mia''s Manicure' WHERE name = 'Manicure'"), s.upload(ctx, dockside))
	if err != nil {
		return err
	}
	var page storesync.DriftPage
	if err := s.Hub.Run(ctx, &page, "drift", dockside); err != nil {
		return err
	}
	s.say("The hub lists that as drift (plait-hub drift):")
	for _, it := range page.Items {
		for _, f := range it.Fields {
			s.say("  - %s, %s %q: %s was “%s” at the last sync and is “%s”.", page.Store.Name, it.Kind, it.Name, f.Title, text(f.Base), text(f.Value))
		}
	}
	test, err := s.Hub.Test(ctx, "--kind", "service", "--to", dockside, "--label", "Put right")
	if err != nil {
		return err
	}
	sync, err := s.Hub.Sync(ctx, test)
	if err == nil {
		err = s.applied(ctx, sync, dockside)
	}
	if err != nil {
		return err
	}
	s.say("The next sync undoes it: Dockside has the %s again.", s.value(dockside, "SELECT name FROM service WHERE name LIKE '%Manicure' AND name NOT LIKE 'Gel%'"))
	return nil
}

func text(v *string) string {
	if v == nil {
		return ""
	}
	return *v
}

// takenBack: a sync was a mistake.
func (s *show) takenBack(ctx context.Context) error {
	s.headline("A sync is taken back")
	s.say("“New prices” was a mistake. Taking it back is a Test first, like any sync:")
	test, err := s.Hub.TestBy(ctx, "revert", s.prices.ID)
	if err != nil {
		return err
	}
	s.say("  %s", test.Plan.Sentence())
	for _, name := range []string{dockside, oldTown} {
		for _, e := range test.Store(name).Exceptions {
			s.say("  - %s: %s.", name, e.Why)
		}
	}
	s.say("What a salon has changed itself is left as it is:")
	sync, err := s.Hub.Sync(ctx, test)
	if err != nil {
		return err
	}
	return s.sayBalayage(ctx, sync)
}

// upload lets stores upload one after the other.
func (s *show) upload(ctx context.Context, names ...string) error {
	for _, name := range names {
		if _, err := s.Store(name).Upload(ctx); err != nil {
			return err
		}
	}
	return nil
}
