package e2e_test

import (
	"errors"
	"os"
	"strings"

	"plait/hub/operator"
	"plait/shared/e2e/rig"
	"plait/shared/e2e/salon"
)

// setAside copies one of a salon's databases while nobody writes it.
func (s *story) setAside(name, database string) rig.Snapshot {
	s.Helper()
	s.close(name)
	kept, err := rig.TakeSnapshot(database)
	s.must(err)
	s.reopen(name)
	return kept
}

// close ends a salon's agent and POS.
func (s *story) close(name string) {
	s.Helper()
	s.must(s.Store(name).Stop())
	s.must(s.pos[name].Close())
}

func (s *story) reopen(name string) {
	s.Helper()
	p, err := salon.Open(s.Store(name).POS(), strings.ToLower(name), salon.Options{Seed: uint64(s.posSeed()), Busy: 5000})
	s.must(err)
	s.pos[name] = p
	s.must(s.Store(name).Start(s.ctx))
}

// posSeed makes the people behave otherwise each time that their POS opens.
func (s *story) posSeed() int {
	s.seeds++
	return 100 + s.seeds
}

// restoredPOS: a backup of the POS is put back, taken before a sync that was
// applied since. The job goes again, and what the POS sold since its backup stays
// in the hub's archive.
func (s *story) restoredPOS() {
	backup := s.setAside(dockside, s.Store(dockside).POS())
	s.queues(dockside, "48")
	s.sell(dockside, 4)
	s.upload(dockside)
	s.has(dockside, "48", "SELECT price FROM service WHERE name = 'Pedicure'")
	s.close(dockside)
	s.must(backup.Restore())
	s.reopen(dockside)
	s.has(dockside, "42", "SELECT price FROM service WHERE name = 'Pedicure'")
	s.sell(dockside, 2) // they take keys that the lost sales had
	s.upload(dockside)
	s.has(dockside, "48", "SELECT price FROM service WHERE name = 'Pedicure'")
	s.equal(dockside)
}

// restoredRecord: an older copy of agent.db is held until a technician releases
// it by code.
func (s *story) restoredRecord() {
	at := s.Store(oldTown)
	backup := s.setAside(oldTown, at.Database())
	s.sell(oldTown, 3)
	s.upload(oldTown)
	s.close(oldTown)
	s.must(backup.Restore())
	s.reopen(oldTown)
	_, err := at.Upload(s.ctx)
	var refused *rig.CommandError
	if !errors.As(err, &refused) || !refused.Says("held") {
		s.Fatalf("an older copy of agent.db should be held: %v", err)
	}
	shown, err := s.Hub.Show(s.ctx, oldTown)
	s.must(err)
	if shown.State != operator.StateHeld || shown.Held == nil {
		s.Errorf("the hub should name the copy that is held: %+v", shown)
	}
	var code operator.Release
	s.must(s.Hub.Run(s.ctx, &code, "store", "release", oldTown))
	report, err := at.Upload(s.ctx, "--release", code.Code)
	s.must(err)
	if !report.Equal {
		s.Errorf("the released agent is not level: %+v", report)
	}
	s.equal(oldTown)
}

// lostRecord: without agent.db everything is read from the POS again, and no job
// is applied twice.
func (s *story) lostRecord() {
	s.close(hillside)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(s.Store(hillside).Database() + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			s.Fatal(err)
		}
	}
	s.reopen(hillside)
	s.sell(hillside, 2)
	s.upload(hillside)
	s.equal(hillside)
	s.has(hillside, "13", "SELECT count(*) FROM service")
}

// restoredHub: the hub goes back to a backup, and the salons bring it level.
func (s *story) restoredHub() {
	s.must(s.Hub.Stop())
	backup, err := rig.TakeSnapshot(s.Hub.Database())
	s.must(err)
	s.must(s.Hub.Start(s.ctx))
	s.queues(hillside, "49")
	for _, at := range s.Stores {
		s.sell(at.Name, 3)
		s.upload(at.Name)
	}
	s.must(s.Hub.Stop())
	s.must(backup.Restore())
	s.must(s.Hub.Start(s.ctx))
	for _, at := range s.Stores {
		s.upload(at.Name)
		s.equal(at.Name)
	}
	s.has(hillside, "49", "SELECT price FROM service WHERE name = 'Pedicure'")
	s.queues(hillside, "50") // under a number that was used before
	s.upload(hillside)
	s.has(hillside, "50", "SELECT price FROM service WHERE name = 'Pedicure'")
}
