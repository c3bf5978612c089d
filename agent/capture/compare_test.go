package capture_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"plait/agent/capture"
	"plait/agent/pos"
)

var capture0 capture.Budget

func TestCompareFindsWhatTriggersMissed(t *testing.T) {
	s := startSalon(t)
	for i := range 20 {
		s.pos.write("service", fmt.Sprintf("%02d", i), fields(fmt.Sprint("Service ", i), i))
		s.pos.write("sale", fmt.Sprintf("%02d", i), fields("", i))
	}
	s.drain()
	s.pos.silently("service", "03", fields("Service 3", 99))
	s.pos.silently("service", "07", nil)
	s.pos.silently("service", "30", fields("New", 1))
	s.pos.silently("sale", "05", nil)
	s.pos.silently("sale", "06", fields("", 77))
	steps := 0
	for finished := false; !finished; steps++ {
		done, err := s.cap.Compare(context.Background(), capture.Budget{Rows: 5}, false)
		s.must(err)
		finished = done.Finished
		if steps%3 == 0 {
			s.restart()
		}
	}
	if steps < 8 {
		t.Errorf("the round took %d calls: the budget does not bound", steps)
	}
	s.checkEqual()
}

func TestACleanRoundWritesNothing(t *testing.T) {
	s := startSalon(t)
	for i := range 10 {
		s.pos.write("service", fmt.Sprintf("%02d", i), fields(fmt.Sprint("Service ", i), i))
	}
	s.drain()
	before, err := s.box.Revision(context.Background())
	s.must(err)
	s.compare()
	after, err := s.box.Revision(context.Background())
	s.must(err)
	standing, err := s.box.Standing(context.Background())
	s.must(err)
	if before != after || !standing.Compared.Equal(clock()) {
		t.Errorf("revision %d became %d; compared at %v", before, after, standing.Compared)
	}
}

// TestCompareLeavesPendingDeletionsToDrain: read between a deletion's commit and
// its capture, a reused key must not pass for the same item.
func TestCompareLeavesPendingDeletionsToDrain(t *testing.T) {
	s := startSalon(t)
	s.pos.write("service", "1", fields("Cut", 1))
	s.drain()
	s.pos.delete("service", "1")
	s.pos.write("service", "1", fields("Shave", 1))
	s.compare()
	s.drain()
	if g := s.gen("service", "1"); g != 2 {
		t.Errorf("the generation is %d, want 2", g)
	}
	s.checkEqual()
}

func TestARestoredPOSBeginsANewHistory(t *testing.T) {
	s := startSalon(t)
	s.pos.write("service", "1", fields("Cut", 1))
	s.pos.write("service", "2", fields("Wash", 1))
	s.drain()
	backup := s.pos.backup()
	s.pos.write("service", "1", fields("Cut", 2))
	s.pos.delete("service", "2")
	s.pos.write("service", "2", fields("Perm", 1))
	s.pos.write("service", "3", fields("Dry", 1))
	s.drain()
	s.upload()
	s.pos.restore(backup)
	s.pos.write("service", "3", fields("Colour", 1)) // reuses sequence numbers
	s.pos.write("service", "4", fields("Beard", 1))
	s.pos.write("service", "4", fields("Beard trim", 1))
	s.pos.write("service", "4", fields("Beard trim", 2))
	s.drain()
	s.compare()
	s.checkEqual()
	mark, _, err := s.box.Marks(context.Background())
	s.must(err)
	if mark.POSEpoch == "p1" || s.pos.meta.Epoch != mark.POSEpoch {
		t.Errorf("the POS epoch is still %s in the record, %s in the POS", mark.POSEpoch, s.pos.meta.Epoch)
	}
	for key, want := range map[string]int64{"1": 1, "2": 3, "3": 2, "4": 1} {
		if got := s.gen("service", key); got != want {
			t.Errorf("service %s has generation %d, want %d", key, got, want)
		}
	}
	if judging, err := s.box.Judging(context.Background()); err != nil || judging {
		t.Errorf("still judging: %v, %v", judging, err)
	}
}

// TestARestoredPOSIsComparedAtOnce: nothing goes up before, so one turn in the
// background goes to the end of the round, whatever the budget.
func TestARestoredPOSIsComparedAtOnce(t *testing.T) {
	s := startSalon(t)
	for i := range 12 {
		s.pos.write("service", fmt.Sprintf("%02d", i), fields(fmt.Sprint("Service ", i), i))
	}
	backup := s.pos.backup()
	s.drain()
	s.pos.write("service", "03", fields("Service 3", 99))
	s.drain()
	s.pos.restore(backup)
	s.cap = capture.New(s.pos, s.box, capture.Options{Match: match, Now: clock, Budget: capture.Budget{Rows: 2}})
	s.cap.SetPageRows(4)
	s.must(s.cap.RunOnce(t.Context()))
	if judging, err := s.box.Judging(t.Context()); err != nil || judging {
		t.Errorf("still judging after one turn: %v, %v", judging, err)
	}
	s.checkEqual()
}

// TestAComparisonDecidesWhatItDrained: an item seems to be another one, and its change
// row is met only when it is judged. What was too early to decide then is decided
// before the round ends.
func TestAComparisonDecidesWhatItDrained(t *testing.T) {
	s := startSalon(t)
	s.pos.write("category", "2", fields("Cut", 1))
	s.drain()
	s.pos.write("category", "2", fields("Shave", 2))
	s.compare()
	s.checkRecord()
}

// TestAComparisonOutlivesWhatWasRecognised: what reads the POS says of a restore once
// that it met it, though the new history was begun before; the comparison goes on. One
// that meets a restore at every turn ends.
func TestAComparisonOutlivesWhatWasRecognised(t *testing.T) {
	s := startSalon(t)
	s.work(1)
	s.drain()
	s.pos.silently("service", "1", fields("Missed", 3))
	s.pos.write("service", "2", fields("Pending", 3))
	s.pos.lost = true
	s.compare()
	s.checkRecord()

	s.pos.silently("service", "1", fields("Missed", 4))
	s.pos.step = func() error { s.pos.lost = true; return nil }
	if err := s.cap.CompareAll(t.Context(), nil); !errors.Is(err, pos.ErrRestored) {
		t.Errorf("restored at every turn: %v", err)
	}
}
