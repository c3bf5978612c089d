package upload_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"plait/agent/pos"
	"plait/agent/upload"
	"plait/shared/item"
)

// shaves is a hub that refuses every batch with a shave in it.
func shaves(s *salon) {
	s.hub.cannot = func(it item.Item) string {
		if it.Kind == "service" && strings.HasPrefix(it.Fields.Get("name").Str(), "Shave") {
			return "shaves are not taken"
		}
		return ""
	}
}

// A batch that is refused whole is split down to the item that is at fault: that is
// parked and named, the others go up, and what remains is counted right all the while.
func TestABatchRefusedWhole(t *testing.T) {
	s := newSalon(t)
	const rows = 7
	for i := range rows {
		name := fmt.Sprint("Cut ", i)
		if i == 4 {
			name = "Shave"
		}
		s.do(sells(fmt.Sprint(i), name, "30"))
	}
	shaves(s)
	r := s.talk(upload.Request{})
	if r.RowsUp != rows-1 || r.Equal {
		t.Errorf("%+v", r)
	}
	if notes := strings.Join(r.Notes, "\n"); strings.Count(notes, "the hub refused service 4 (Shave): shaves are not taken") != 1 {
		t.Errorf("what is parked is not named: %q", r.Notes)
	}
	sent, left := 0, int64(rows)
	for _, step := range s.steps {
		var n, remain int64
		if _, err := fmt.Sscanf(step.Text, "Sending %d rows; %d remain.", &n, &remain); err != nil {
			continue
		}
		sent++
		// Once the shave was tried alone it counts no more.
		if here := step.RowsUp + n + remain; remain != step.RowsUpLeft || here > left || here < rows-1 {
			t.Errorf("%+v: that makes %d rows, after %d", step, here, left)
		} else {
			left = here
		}
	}
	if sent < 4 || left != rows-1 {
		t.Errorf("%d batches were sent, and in the end there were %d rows", sent, left)
	}
}

// What is parked keeps both ends apart, and that is known: the agent does not begin
// anew for it, contact after contact.
func TestAParkedItemBeginsNothingAnew(t *testing.T) {
	s := newSalon(t)
	s.do(sells("1", "Cut", "30"), sells("2", "Shave", "9"))
	shaves(s)
	s.talk(upload.Request{})
	for range 4 {
		s.talk(upload.Request{})
	}
	if len(s.hub.epochs) != 1 {
		t.Errorf("%d agent epochs: %v", len(s.hub.epochs), s.hub.epochs)
	}
	s.hub.cannot = nil
	s.do(sells("2", "Shave and cut", "9"))
	s.level(s.talk(upload.Request{}))
}

// A POS that was restored and cannot be read since has what waits wait: both ends
// differ by that, which is known, and no contact begins anew for it.
func TestARestoredPOSThatCannotBeReadBeginsNothingAnew(t *testing.T) {
	s := newSalon(t)
	s.do(sells("1", "Cut", "30"))
	s.talk(upload.Request{})
	epochs := len(s.hub.epochs)
	s.do(sells("2", "Color", "80"))
	s.hub.fault = func(call string) fault { return fault{lost: call == "hello"} }
	if _, err := s.try(upload.Request{}); err == nil || s.pending() != 1 {
		t.Fatalf("%d entries wait, %v", s.pending(), err)
	}
	s.hub.fault = nil
	s.must(s.mem.NewEpoch(context.Background(), "another")) // it was restored
	judged := false
	s.mem.Fail(func(call string) error {
		if judging, err := s.box.Judging(context.Background()); err != nil || judging || judged {
			judged = true
			return fmt.Errorf("the drawer is locked: %w", pos.ErrUnreachable)
		}
		return nil
	})
	for range 4 {
		if r := s.talk(upload.Request{}); !s.told(r, "the drawer is locked") || r.Equal {
			t.Errorf("%+v", r)
		}
	}
	if !judged || s.pending() != 1 || len(s.hub.epochs) != epochs {
		t.Errorf("judged: %t; %d entries wait; agent epochs %v, of which %d were there before", judged, s.pending(), s.hub.epochs, epochs)
	}
	s.mem.Fail(nil)
	s.level(s.talk(upload.Request{}))
}
