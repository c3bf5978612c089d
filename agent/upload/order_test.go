package upload_test

import (
	"context"
	"strings"
	"testing"

	"plait/agent/upload"
)

func TestTheOrderOfAConversation(t *testing.T) {
	s := newSalon(t)
	s.do(sells("1", "Cut", "30"), sells("2", "Color", "80"))
	s.hub.queue("spring", brings("Wash", "10", 5))
	r := s.talk(upload.Request{Reason: "start"})
	s.level(r)
	want := "hello catalog profile batch next payload begin batch next bye"
	if got := strings.Join(s.hub.calls, " "); got != want {
		t.Errorf("the first conversation: %s\nwant %s", got, want)
	}
	if r.RowsUp != 4 || r.Batches != 2 || r.JobsApplied != 1 || r.ItemsDown != 1 {
		t.Errorf("%+v", r)
	}
	r = s.talk(upload.Request{})
	s.level(r)
	if got := strings.Join(s.hub.calls, " "); got != "hello next bye" {
		t.Errorf("with nothing to do: %s", got)
	}
	r = s.talk(upload.Request{Full: true})
	s.level(r)
	if got := strings.Join(s.hub.calls, " "); got != "hello next full/begin full/commit bye" || !r.Full.Landed {
		t.Errorf("a full upload of what is equal: %s, %+v", got, r.Full)
	}
}

// Capture works beside a conversation: it finds that the POS database was restored,
// and compares it, after the hub was told of the history before. The hub hears of the
// new one before anything that is of it: which job is due may be another.
func TestAnotherHistoryBeginsWithinAConversation(t *testing.T) {
	for _, call := range []string{"hello", "batch", "next", "payload", "begin"} {
		t.Run(call, func(t *testing.T) {
			s := newSalon(t)
			s.do(sells("1", "Cut", "30"))
			s.talk(upload.Request{})
			s.do(sells("2", "Color", "80"))
			s.hub.queue("autumn", brings("Wash", "10", 5))
			s.hub.before = once(call, func() {
				s.must(s.mem.NewEpoch(context.Background(), "another"))
				s.must(s.up.Capture.Drain(context.Background()))
				s.must(s.up.Capture.CompareAll(context.Background(), nil))
			})
			r := s.talk(upload.Request{})
			s.level(r)
			if s.hub.posEpoch != "another" || s.hub.mark.POSEpoch != "another" {
				t.Errorf("the hub was told of %s, and batches are of %s", s.hub.posEpoch, s.hub.mark.POSEpoch)
			}
			if s.hub.state("autumn") != "applied" || !s.told(r, "it begins anew") {
				t.Errorf("autumn is %s; told: %v", s.hub.state("autumn"), r.Notes)
			}
		})
	}
}
