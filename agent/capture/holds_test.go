package capture_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"plait/agent/capture"
	"plait/agent/outbox"
	"plait/shared/item"

	"pgregory.net/rapid"
)

// slowPOS gives no bodies with Scan, so that every row is read and judged.
type slowPOS struct{ *fakePOS }

func (p slowPOS) Scan(ctx context.Context, kind, after string, limit int) ([]item.Form, string, error) {
	forms, next, err := p.fakePOS.Scan(ctx, kind, after, limit)
	for i := range forms {
		forms[i].Body = nil
	}
	return forms, next, err
}

// TestPropertyInStepAsOneByOne: a comparison that leaves out what the record holds
// just so comes to the record, the generations and the outbox that judging every row
// comes to.
func TestPropertyInStepAsOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, slow := newRapidSalon(t), newRapidSalon(t)
		slowly := func() *capture.Capturer {
			c := capture.New(slowPOS{slow.pos}, slow.box, capture.Options{Match: match, Now: clock})
			c.SetPageRows(4)
			return c
		}
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			for range rapid.IntRange(1, 4).Draw(t, "statements") {
				s.oddStatement(t)
			}
			slow.pos.restoreRows(s.pos.posState)
			switch rapid.IntRange(0, 3).Draw(t, "capture") {
			case 0:
				s.compare()
				slow.must(slowly().CompareAll(t.Context(), nil))
			case 1:
				s.must(s.cap.Prune(t.Context()))
				slow.must(slow.cap.Prune(t.Context()))
			default:
				s.drain()
				slow.drain()
			}
		}
		s.compare()
		slow.must(slowly().CompareAll(t.Context(), nil))
		if got, want := s.everything(), slow.everything(); got != want {
			t.Fatalf("in step:\n%s\none by one:\n%s", got, want)
		}
	})
}

// oddStatement lets the POS do something, or something happen to it.
func (s *salon) oddStatement(t *rapid.T) {
	kind, key := someKinds.Draw(t, "kind"), someKeys.Draw(t, "key")
	switch rapid.IntRange(0, 7).Draw(t, "odd statement") {
	case 0:
		s.pos.silently(kind, key, fields(someNames.Draw(t, "name"), 9))
	case 1:
		s.pos.silently(kind, key, nil)
	case 2:
		s.pos.trouble[kind+"/"+key] = errors.New("it cannot be read")
	case 3:
		delete(s.pos.trouble, kind+"/"+key)
	default:
		s.statement(t)
	}
}

// everything is what the record knows of the keys, as text.
func (s *salon) everything() (text string) {
	s.t.Helper()
	ctx := context.Background()
	for _, k := range s.pos.kinds {
		known, err := s.box.Known(ctx, k.Kind, []string{"1", "2", "3"})
		s.must(err)
		for _, key := range []string{"1", "2", "3"} {
			row := known.Rows[key]
			gone, dirty := known.Dirty[key]
			text += fmt.Sprintf("%s %s: %s dirty %t %t unsettled %v\n", k.Kind, key, row.Body, dirty, gone, known.Unsettled[key])
		}
	}
	parked, err := s.box.Parked(ctx, 100)
	s.must(err)
	pending, err := s.box.Pending(ctx)
	s.must(err)
	return fmt.Sprintf("%s%v\n%d pending", text, parked, pending)
}

// blindPOS says of every row that it is what the record holds: the control.
type blindPOS struct {
	*fakePOS
	box *outbox.Box
}

func (p blindPOS) Scan(ctx context.Context, kind, after string, limit int) ([]item.Form, string, error) {
	forms, next, err := p.fakePOS.Scan(ctx, kind, after, limit)
	for i, f := range forms {
		rows, err := p.box.Newest(ctx, kind, []string{f.Key})
		if err != nil {
			return nil, "", err
		}
		forms[i].Body = rows[f.Key].Body
	}
	return forms, next, err
}

// TestBlindComparisonIsCaught: the harness sees a comparison that takes rows for
// equal which are not.
func TestBlindComparisonIsCaught(t *testing.T) {
	s := startSalon(t)
	for i := range 9 {
		s.pos.write("service", fmt.Sprint(i), fields("Cut", i))
	}
	s.drain()
	s.pos.silently("service", "4", fields("Cut", 77))
	blind := capture.New(blindPOS{s.pos, s.box}, s.box, capture.Options{Match: match, Now: clock})
	s.must(blind.CompareAll(t.Context(), nil))
	if it, _ := s.recorded("service", "4"); it.Fields.Equal(fields("Cut", 77)) {
		t.Fatal("the control found the difference: it is not blind")
	}
	s.compare()
	s.checkEqual()
}

// TestHarnessFlippedBitsAreCompared is promise P14 with P9: with one bit flipped
// anywhere in agent.db, a comparison, after a restart or two where the file must be
// set aside, brings the record level with the POS.
func TestHarnessFlippedBitsAreCompared(t *testing.T) {
	s := startSalon(t)
	for i := range 60 {
		s.pos.write([]string{"service", "sale"}[i%2], fmt.Sprint(100+i), fields("Cut", i))
	}
	s.drain()
	s.must(s.cap.Prune(t.Context()))
	s.compare()
	s.must(s.box.Close())
	image, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.open() // for the end of the salon
	source := rand.New(rand.NewPCG(9, 14))
	backup, level, refused := s.pos.backup(), 0, 0
	for range flips() {
		at, bit := source.IntN(len(image)), byte(1)<<source.IntN(8)
		image[at] ^= bit
		s.pos.restoreFile(backup)
		removeRecord(t, s.path)
		if err := os.WriteFile(s.path, image, 0o600); err != nil {
			t.Fatal(err)
		}
		if s.heals(t) {
			level++
		} else {
			refused++
		}
		image[at] ^= bit
	}
	removeRecord(t, s.path)
	t.Logf("%d flipped bits: %d times the record came level, %d times the file was refused as another program's or a newer one's", flips(), level, refused)
	if level == 0 {
		t.Error("the record never came level")
	}
}

// flips is how many flipped bits the everyday run tries; PLAIT_SCALE multiplies it.
func flips() int { return statements() / 20 }

func removeRecord(t *testing.T, path string) {
	t.Helper()
	for _, end := range []string{"", "-wal", "-shm", ".damaged"} {
		if err := os.Remove(path + end); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}

// restoreFile brings the file back as it was, its nonces too.
func (f *fakePOS) restoreFile(s posState) {
	f.posState = s.backup()
	f.restart()
}

// heals lets the agent start, compare and drain, again where an error ended it, and
// compares the record with the POS. It is false if the file was refused.
func (s *salon) heals(t *testing.T) bool {
	t.Helper()
	ctx := context.Background()
	var last error
	for range 4 {
		box, _, err := outbox.Open(ctx, s.path, outbox.Options{Now: clock})
		if err != nil {
			return false
		}
		s.box = box
		s.cap = capture.New(s.pos, box, capture.Options{Match: match, Now: clock})
		if last = s.level(ctx); last == nil {
			s.checkRecord()
			s.must(box.Close())
			return true
		}
		s.must(box.Close())
	}
	t.Fatalf("the record does not come level: %v", last)
	return false
}

// level brings the record level with the POS, as a start of the agent does.
func (s *salon) level(ctx context.Context) error {
	mark, _, err := s.box.Marks(ctx)
	if err == nil && mark.POSEpoch == "" { // a fresh file
		if mark, err = s.pos.Newest(ctx); err == nil {
			err = s.box.NewPOSEpoch(ctx, mark)
		}
	}
	for _, step := range []func() error{
		func() error { return s.cap.CompareAll(ctx, nil) },
		func() error { return s.cap.Drain(ctx) },
		func() error { return s.cap.CompareAll(ctx, nil) },
	} {
		if err == nil {
			err = step()
		}
	}
	return err
}
