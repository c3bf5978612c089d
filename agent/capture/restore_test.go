package capture_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"plait/shared/item"
)

// TestARestoreToAnyMomentOfADrain: the POS writes between two calls of a drain, a
// backup is taken just before that, capture is cut off some calls later, and what
// it has goes up. When the backup comes back, record and hub come level with it by
// themselves: no comparison is asked for.
func TestARestoreToAnyMomentOfADrain(t *testing.T) {
	for at := range 10 {
		for cut := at; cut < at+6; cut++ {
			t.Run(fmt.Sprintf("written at step %d, cut off at %d", at, cut), func(t *testing.T) {
				s := startSalon(t)
				s.work(1)
				backup := s.pos.backup()
				s.interrupt(func(n int) error {
					if n == at {
						backup = s.pos.backup()
						s.work(2)
					}
					if n >= cut {
						return errCut
					}
					return nil
				}, s.cap.Drain)
				s.upload()
				s.pos.restore(backup)
				s.drain()
				s.checkEqual()
			})
		}
	}
}

// TestARestoreWithinADrain: a backup comes back between two calls of a drain, or of
// a comparison, and the POS works on. Nothing that was read of the history before
// is kept as one of this.
func TestARestoreWithinADrain(t *testing.T) {
	for name, act := range map[string]func(*salon) func(context.Context) error{
		"drain": func(s *salon) func(context.Context) error { return s.cap.Drain },
		"compare": func(s *salon) func(context.Context) error {
			return func(ctx context.Context) error { return s.cap.CompareAll(ctx, nil) }
		},
	} {
		for at := range 24 {
			t.Run(fmt.Sprintf("%s, step %d", name, at), func(t *testing.T) {
				s := startSalon(t)
				s.work(1)
				s.drain()
				s.upload()
				s.pos.write("category", "new", fields("Skin", 1))
				backup := s.pos.backup()
				s.work(2)
				s.interrupt(func(n int) error {
					if n == at {
						s.pos.restore(backup)
						s.pos.write("category", "late", fields("Late", 1))
					}
					return nil
				}, act(s))
				s.upload()
				s.drain()
				s.checkEqual()
			})
		}
	}
}

// work changes more than a page of items, one of them twice.
func (s *salon) work(price int) {
	s.pos.write("service", "1", fields("Cut", price))
	for i := range 5 {
		s.pos.write("category", fmt.Sprint(i), fields("Hair", price))
	}
	s.pos.write("service", "1", fields("Cut", 10+price))
}

// interrupt runs an act of capture, with something happening at its nth step.
func (s *salon) interrupt(step func(n int) error, act func(context.Context) error) {
	s.t.Helper()
	n := -1
	s.pos.step = func() error { n++; return step(n) }
	if err := act(context.Background()); err != nil && !errors.Is(err, errCut) {
		s.t.Fatal(err)
	}
	s.mend()
}

// TestARestoreForgetsWhatWasToBeSettled: a key was given to another item, and before
// plait_links learned it the file of before came back. The death of the first item
// is of a history that is no more: its link is the item's again.
func TestARestoreForgetsWhatWasToBeSettled(t *testing.T) {
	s := startSalon(t)
	s.pos.write("service", "7", fields("Cut", 1))
	s.drain()
	s.pos.link(item.ID{Kind: "service", Key: "7", Gen: 1}, &item.Link{UID: "u", Birth: item.BornNetwork})
	s.drain()
	s.must(s.cap.Prune(t.Context()))
	backup := s.pos.backup()
	s.pos.delete("service", "7")
	s.pos.write("service", "7", fields("Colour", 2))
	s.drain()
	s.pos.restore(backup)
	s.drain()
	s.compare()
	s.must(s.cap.Prune(t.Context()))
	it, ok := s.recorded("service", "7")
	if !ok || it.Link == nil || it.Link.UID != "u" {
		t.Errorf("the record has %+v", it)
	}
	if row := s.pos.record("service", "7").Row; row.Link == nil || row.Gen != it.Gen || row.UID != "u" {
		t.Errorf("plait_links has %+v", row)
	}
}

// TestAnOlderRecordOfAQuietPOSKnowsWhatItMissed: agent.db was saved before the POS had
// changed anything, and comes back when the change rows that it never saw are gone.
func TestAnOlderRecordOfAQuietPOSKnowsWhatItMissed(t *testing.T) {
	s := startSalon(t)
	saved := s.path + ".saved"
	s.save(saved)
	s.work(1)
	s.drain()
	s.must(s.cap.Prune(t.Context()))
	s.restoreRecord(saved)
	s.drain()
	if judging, err := s.box.Judging(t.Context()); err != nil || !judging {
		t.Fatalf("it is to be compared: %v (%v)", judging, err)
	}
	s.compare()
	s.checkRecord()
}
