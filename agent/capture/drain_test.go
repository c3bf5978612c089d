package capture_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"plait/agent/pos"
	"plait/shared/item"
)

func TestDrainBringsTheRecordLevel(t *testing.T) {
	s := startSalon(t)
	for i, name := range []string{"Cut", "Wash", "Dry", "Colour", "Perm", "Shave"} {
		s.pos.write("service", name[:1]+"1", fields(name, i))
	}
	s.pos.write("sale", "1", fields("", 20))
	s.pos.write("service", "C1", fields("Cut", 30))
	s.pos.delete("service", "W1")
	s.drain()
	s.checkEqual()
	s.pos.delete("sale", "1")
	s.pos.rekey("service", "D1", "D2")
	s.drain()
	s.checkEqual()
	if g := s.gen("service", "D2"); g != 1 {
		t.Errorf("the renamed key has generation %d, want 1", g)
	}
}

func TestGenerationsOfReusedKeys(t *testing.T) {
	cases := []struct {
		name string
		do   func(p *fakePOS)
		want int64
	}{
		{"updated", func(p *fakePOS) { p.write("service", "7", fields("Shave", 9)) }, 1},
		{"replaced without a deletion", func(p *fakePOS) { p.overwrite("service", "7", fields("Shave", 9)) }, 1},
		{"deleted and inserted, the same name", func(p *fakePOS) { p.delete("service", "7"); p.write("service", "7", fields(" CUT", 9)) }, 1},
		{"deleted and inserted, another name", func(p *fakePOS) { p.delete("service", "7"); p.write("service", "7", fields("Shave", 9)) }, 2},
		{"deleted and inserted, the same code", func(p *fakePOS) { p.delete("service", "7"); p.write("service", "7", coded("Shave", "C")) }, 1},
		{"deleted and inserted, another code", func(p *fakePOS) { p.delete("service", "7"); p.write("service", "7", coded("Cut", "D")) }, 2},
		{"renamed away and reused", func(p *fakePOS) { p.rekey("service", "7", "8"); p.write("service", "7", fields("Shave", 9)) }, 2},
		{"deleted", func(p *fakePOS) { p.delete("service", "7") }, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := startSalon(t)
			s.pos.write("service", "7", coded("Cut", "C"))
			s.drain()
			s.upload()
			c.do(s.pos)
			s.drain()
			if got := s.gen("service", "7"); got != c.want {
				t.Errorf("the generation is %d, want %d", got, c.want)
			}
			s.checkEqual()
			s.restart()
			s.drain()
			s.compare()
			if got := s.gen("service", "7"); got != c.want {
				t.Errorf("after a restart the generation is %d, want %d", got, c.want)
			}
		})
	}
}

// TestGenerationsAcrossDrains has a drain, and a pruning, between the deletion
// and the return.
func TestGenerationsAcrossDrains(t *testing.T) {
	for _, prune := range []bool{false, true} {
		for name, want := range map[string]int64{"Cut": 1, "Shave": 2} {
			s := startSalon(t)
			s.pos.write("service", "7", fields("Cut", 1))
			s.drain()
			s.pos.delete("service", "7")
			s.drain()
			if prune {
				s.must(s.cap.Prune(context.Background()))
			}
			s.pos.write("service", "7", fields(name, 2))
			s.drain()
			s.checkEqual()
			s.must(s.cap.Prune(context.Background()))
			row := s.pos.record("service", "7").Row
			if got := s.gen("service", "7"); got != want || (want > 1 && (row.Gen != want || row.Dead)) || (want == 1 && row.Dead) {
				t.Errorf("pruned %v, back as %s: generation %d, want %d; plait_links says %+v", prune, name, got, want, row)
			}
		}
	}
}

func TestALinkAppliesToItsGenerationAlone(t *testing.T) {
	s := startSalon(t)
	s.pos.write("service", "7", fields("Cut", 1))
	link := &item.Link{UID: "u7", Birth: item.BornNetwork}
	s.pos.link(item.ID{Kind: "service", Key: "7", Gen: 1}, link)
	s.drain()
	if it, _ := s.recorded("service", "7"); it.Link == nil || it.Link.UID != "u7" {
		t.Fatalf("the link is %+v, want u7", it.Link)
	}
	s.pos.delete("service", "7")
	s.pos.write("service", "7", fields("cut", 2))
	s.drain()
	if it, _ := s.recorded("service", "7"); it.Link == nil || it.Gen != 1 {
		t.Fatalf("the item came back the same and lost its link: %+v", it)
	}
	s.pos.delete("service", "7")
	s.pos.write("service", "7", fields("Shave", 2))
	s.drain()
	if it, _ := s.recorded("service", "7"); it.Link != nil || it.Gen != 2 {
		t.Fatalf("another item has the old one's link: %+v", it)
	}
	s.checkEqual()
}

func TestALostRecordKeepsWhatLinksSay(t *testing.T) {
	s := startSalon(t)
	s.pos.write("service", "7", fields("Cut", 1))
	s.drain()
	s.pos.delete("service", "7")
	s.pos.write("service", "7", fields("Shave", 1))
	s.drain()
	s.must(s.cap.Prune(context.Background()))
	s.loseRecord()
	if g := s.gen("service", "7"); g != 2 {
		t.Errorf("after the loss of agent.db the generation is %d, want 2", g)
	}
	s.pos.delete("service", "7")
	s.drain()
	s.must(s.cap.Prune(context.Background()))
	s.loseRecord()
	s.pos.write("service", "7", fields("Shave", 1))
	s.drain()
	if g := s.gen("service", "7"); g != 3 {
		t.Errorf("a key whose generation 2 is dead came back as %d, want 3", g)
	}
}

// loseRecord starts with an empty agent.db, and an empty hub: what it holds is
// another test's.
func (s *salon) loseRecord() {
	s.must(s.box.Close())
	s.path += "x"
	s.pos.restart()
	s.hub = map[item.ID]held{}
	s.open()
	s.must(s.box.NewPOSEpoch(context.Background(), s.pos.newest()))
	s.compare()
	s.drain()
}

func TestTroubleParksTheItemAlone(t *testing.T) {
	s := startSalon(t)
	s.pos.write("service", "1", fields("Cut", 1))
	s.pos.write("service", "2", fields("Wash", 1))
	s.pos.trouble["service/1"] = errors.New("price: \"abc\" is no number")
	s.drain()
	parked, err := s.box.Parked(context.Background(), 10)
	s.must(err)
	if len(parked) != 1 || parked[0].Key.Key != "1" || parked[0].Why != "price: \"abc\" is no number" || s.gen("service", "2") != 1 {
		t.Fatalf("parked: %+v; generation of 2: %d", parked, s.gen("service", "2"))
	}
	delete(s.pos.trouble, "service/1")
	s.pos.write("service", "1", fields("Cut", 2))
	s.drain()
	if parked, err = s.box.Parked(context.Background(), 10); err != nil || len(parked) != 0 {
		t.Errorf("still parked: %+v, %v", parked, err)
	}
	s.checkEqual()
}

// TestADeletionOutlivesTrouble: what was deleted before a row that could not be
// read is still known when it can.
func TestADeletionOutlivesTrouble(t *testing.T) {
	s := startSalon(t)
	s.pos.write("service", "1", fields("Cut", 1))
	s.drain()
	s.pos.delete("service", "1")
	s.pos.write("service", "1", fields("Shave", 1))
	s.pos.trouble["service/1"] = errors.New("no number")
	s.drain()
	delete(s.pos.trouble, "service/1")
	s.pos.write("service", "1", fields("Shave", 2))
	s.drain()
	if g := s.gen("service", "1"); g != 2 {
		t.Errorf("the generation is %d, want 2", g)
	}
	s.checkEqual()
}

func TestABrokenKindIsReadAgain(t *testing.T) {
	s := startSalon(t)
	s.pos.write("service", "1", fields("Cut", 1))
	s.drain()
	s.pos.broken["service"] = errors.New("no such column: price")
	s.pos.delete("service", "1")
	s.pos.write("service", "1", fields("Shave", 1))
	s.pos.write("category", "1", fields("Hair", 1))
	s.drain()
	done, err := s.cap.Compare(context.Background(), capture0, true)
	s.must(err)
	if s.gen("category", "1") != 1 || done.Skipped["service"] == "" {
		t.Fatalf("the other kinds stopped too, or nobody was told: %+v", done)
	}
	delete(s.pos.broken, "service")
	s.drain()
	if g := s.gen("service", "1"); g != 2 {
		t.Errorf("the generation is %d, want 2", g)
	}
	s.checkEqual()
}

func TestABusyPOSStopsAndNothingIsLost(t *testing.T) {
	s := startSalon(t)
	s.pos.write("service", "1", fields("Cut", 1))
	s.pos.broken["service"] = pos.ErrBusy
	if err := s.cap.Drain(context.Background()); !errors.Is(err, pos.ErrBusy) {
		t.Fatalf("Drain = %v, want ErrBusy", err)
	}
	delete(s.pos.broken, "service")
	s.pos.busy = pos.ErrBusy
	s.must(s.cap.RunOnce(context.Background()))
	s.checkEqual()
}

// TestADeletionBehindThePage: the rows that are read stand behind a deletion that
// comes in the next page, or after it, and yet the reused key is told apart.
func TestADeletionBehindThePage(t *testing.T) {
	for name, want := range map[string]int64{"Shave": 2, "Cut": 1} {
		s := startSalon(t)
		s.pos.write("service", "1", fields("Cut", 1))
		s.drain()
		s.pos.write("service", "1", fields("Cut", 2))
		for i := range 5 { // the page is full before the deletion
			s.pos.write("sale", fmt.Sprint(i), fields("", i))
		}
		s.pos.delete("service", "1")
		s.pos.write("service", "1", fields(name, 3))
		s.drain()
		if got := s.gen("service", "1"); got != want {
			t.Errorf("back as %s: generation %d, want %d", name, got, want)
		}
		s.checkEqual()
	}
}

// TestARenameIsNoOtherItem: without a deletion a new name, at the end of a page or
// not, keeps the generation and arrives with the same drain.
func TestARenameIsNoOtherItem(t *testing.T) {
	s := startSalon(t)
	for i := range 6 {
		s.pos.write("service", fmt.Sprint(i), fields(fmt.Sprint("Service ", i), 1))
	}
	s.drain()
	for i := range 6 {
		s.pos.write("service", fmt.Sprint(i), fields(fmt.Sprint("New name ", i), 1))
	}
	s.must(s.cap.DrainFrom(t.Context(), s.pos))
	s.checkEqual()
	for i := range 6 {
		if g := s.gen("service", fmt.Sprint(i)); g != 1 {
			t.Errorf("service %d was renamed and has generation %d", i, g)
		}
	}
}
