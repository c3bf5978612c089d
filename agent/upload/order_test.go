package upload_test

import (
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
