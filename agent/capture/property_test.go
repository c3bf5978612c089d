package capture_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"plait/shared/item"

	"pgregory.net/rapid"
)

var (
	someKeys  = rapid.SampledFrom([]string{"1", "2", "3"})
	someKinds = rapid.SampledFrom([]string{"service", "service", "service", "category", "sale"})
	someNames = rapid.SampledFrom([]string{"Cut", "Shave", "Perm"})
)

// statement lets the POS do something.
func (s *salon) statement(t *rapid.T) {
	kind, key := someKinds.Draw(t, "kind"), someKeys.Draw(t, "key")
	f := fields(someNames.Draw(t, "name"), rapid.IntRange(1, 3).Draw(t, "price"))
	switch rapid.IntRange(0, 5).Draw(t, "statement") {
	case 0:
		s.pos.delete(kind, key)
	case 1:
		s.pos.overwrite(kind, key, f)
	case 2:
		s.pos.rekey(kind, key, someKeys.Draw(t, "to"))
	case 3:
		s.pos.delete(kind, key)
		s.pos.write(kind, key, f)
	default:
		s.pos.write(kind, key, f)
	}
}

func newRapidSalon(t *rapid.T) *salon {
	folder, err := os.MkdirTemp("", "capture")
	if err != nil {
		t.Fatal(err)
	}
	s := newSalon(t, folder)
	t.Cleanup(func() {
		s.box.Close()
		os.RemoveAll(folder)
	})
	return s
}

// drainCut drains, is cut off at some step, and may die there.
func (s *salon) drainCut(t *rapid.T) {
	s.cutAt(rapid.IntRange(0, 14).Draw(t, "steps"))
	if err := s.cap.RunOnce(context.Background()); err != nil && !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	s.mend()
	if rapid.Bool().Draw(t, "die") {
		s.restart()
	}
}

// TestPropertyCutOffAnywhere: whatever the POS does and wherever capture is cut
// off, record and hub come level with the POS, item by item.
func TestPropertyCutOffAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newRapidSalon(t)
		for range rapid.IntRange(1, 25).Draw(t, "turns") {
			switch rapid.IntRange(0, 6).Draw(t, "turn") {
			case 0:
				s.drainCut(t)
			case 1:
				s.drain()
			case 2:
				s.upload()
			case 3:
				s.must(s.cap.Prune(context.Background()))
			default:
				s.statement(t)
			}
		}
		s.drain()
		s.checkEqual()
		s.compare()
		s.checkEqual()
	})
}

// TestPropertyCutOffChangesNothing: the same statements with and without being cut
// off between them and the end come to the same generations.
func TestPropertyCutOffChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, plain := newRapidSalon(t), newRapidSalon(t)
		for range rapid.IntRange(1, 12).Draw(t, "turns") {
			for range rapid.IntRange(1, 4).Draw(t, "statements") {
				s.statement(t)
			}
			plain.pos.restoreRows(s.pos.posState)
			for range rapid.IntRange(0, 2).Draw(t, "cuts") {
				s.cutAt(rapid.IntRange(0, 14).Draw(t, "steps"))
				if err := s.cap.Drain(context.Background()); err != nil && !errors.Is(err, errCut) {
					t.Fatal(err)
				}
				s.mend()
				if rapid.Bool().Draw(t, "die") {
					s.restart()
				}
			}
			s.drain()
			plain.drain()
			for _, key := range []string{"1", "2", "3"} {
				for _, kind := range []string{"service", "category"} {
					if a, b := s.gen(kind, key), plain.gen(kind, key); a != b {
						t.Fatalf("%s %s has generation %d, without being cut off %d", kind, key, a, b)
					}
				}
			}
		}
		s.checkEqual()
	})
}

// restoreRows gives the POS what another one holds, its done rows apart.
func (f *fakePOS) restoreRows(other posState) {
	links, meta := f.links, f.meta
	f.posState = other.backup()
	f.links, f.meta = links, meta
}

// TestPropertyRestores: POS files and agent.db of older days come back, triggers
// miss changes, and after a comparison the record holds what the POS holds.
func TestPropertyRestores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newRapidSalon(t)
		backup := s.pos.backup()
		saved := s.path + ".saved"
		s.save(saved)
		for range rapid.IntRange(1, 30).Draw(t, "turns") {
			switch rapid.IntRange(0, 11).Draw(t, "turn") {
			case 0:
				backup = s.pos.backup()
			case 1:
				s.pos.restore(backup)
			case 2:
				s.save(saved)
			case 3:
				s.restoreRecord(saved)
			case 4:
				kind, key := someKinds.Draw(t, "kind"), someKeys.Draw(t, "key")
				s.pos.silently(kind, key, fields(someNames.Draw(t, "name"), 9))
			case 5:
				s.pos.silently(someKinds.Draw(t, "kind"), someKeys.Draw(t, "key"), nil)
			case 6:
				s.drainCut(t)
			case 7:
				s.must(s.cap.RunOnce(context.Background()))
			case 8:
				s.upload()
			default:
				s.statement(t)
			}
		}
		s.drain()
		s.compare()
		s.drain()
		s.checkRecord()
	})
}

// TestPropertyWhatARestoreMissedIsKnown: POS files and agent.db of older days come
// back, and every change has its row. Where the record does not know that it must be
// compared, it misses nothing.
func TestPropertyWhatARestoreMissedIsKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newRapidSalon(t)
		backup, saved := s.pos.backup(), s.path+".saved"
		s.save(saved)
		for range rapid.IntRange(1, 20).Draw(t, "turns") {
			switch rapid.IntRange(0, 9).Draw(t, "turn") {
			case 0:
				backup = s.pos.backup()
			case 1:
				s.pos.restore(backup)
			case 2:
				s.drain()
				s.save(saved)
			case 3:
				s.restoreRecord(saved)
			case 4, 5:
				s.drain()
				s.must(s.cap.Prune(context.Background()))
			default:
				s.statement(t)
			}
		}
		s.drain()
		judging, err := s.box.Judging(context.Background())
		s.must(err)
		if judging {
			s.compare()
			s.drain()
		}
		s.checkRecord()
	})
}

// save copies agent.db as an image of the PC would.
func (s *salon) save(to string) {
	s.must(s.box.Close())
	copyFile(s.t, s.path, to)
	s.open()
}

// restoreRecord brings an older agent.db back. The agent epoch is new, and what
// the hub holds is found again by reconciling, which is another room's: here the
// hub begins anew.
func (s *salon) restoreRecord(from string) {
	s.must(s.box.Close())
	for _, end := range []string{"", "-wal", "-shm"} {
		os.Remove(s.path + end)
	}
	copyFile(s.t, from, s.path)
	s.pos.restart()
	s.hub = map[item.ID]held{}
	s.open()
	_, err := s.box.NewEpoch(context.Background())
	s.must(err)
}

// checkRecord compares POS and record alone.
func (s *salon) checkRecord() {
	s.t.Helper()
	for _, k := range s.pos.kinds {
		for key, fields := range s.pos.table(k.Kind) {
			if it, ok := s.recorded(k.Kind, key); !ok || !it.Fields.Equal(fields) {
				s.t.Fatalf("%s %s: the record has %v (%v), the POS %v", k.Kind, key, it.Fields, ok, fields)
			}
		}
		n, err := s.box.Live(context.Background(), k.Kind)
		s.must(err)
		if n != int64(len(s.pos.table(k.Kind))) {
			s.t.Fatal(fmt.Sprintf("%s: the record holds %d items alive, the POS %d", k.Kind, n, len(s.pos.table(k.Kind))))
		}
	}
}
