package upload_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"plait/agent/pos/postest"
	"plait/agent/upload"
	"plait/shared/item"
)

// story is a state of things in which a conversation has much to do.
type story struct {
	full bool
	set  func(s *salon)
}

var stories = map[string]story{
	"a new store": {set: func(s *salon) {
		s.do(sells("1", "Cut", "30"), sells("2", "Color", "80"))
		s.hub.queue("spring", brings("Wash", "10", 5), brings("Cut", "32", 6))
		s.hub.queue("summer", brings("Wash", "12", 9))
	}},
	"a full upload of a copy that differs": {full: true, set: func(s *salon) {
		s.do(sells("1", "Cut", "30"), sells("2", "Color", "80"))
		s.talk(upload.Request{})
		s.spoil()
		s.do(sells("3", "Wash", "9"))
	}},
	"an operator's full upload, with a job": {set: func(s *salon) {
		s.do(sells("1", "Cut", "30"))
		s.talk(upload.Request{})
		s.spoil()
		s.hub.request = "r1"
		s.hub.queue("spring", brings("Wash", "10", 5))
	}},
	"a lost agent.db": {set: func(s *salon) {
		s.do(sells("1", "Cut", "30"))
		s.hub.queue("spring", brings("Wash", "10", 5))
		s.talk(upload.Request{})
		s.lose()
		s.do(sells("1", "Cut", "31"), postest.Op{Verb: postest.Erase, Kind: "service", Key: "1"}, sells("7", "Perm", "90"))
	}},
	"a restored hub": {set: func(s *salon) {
		s.do(sells("1", "Cut", "30"))
		s.talk(upload.Request{})
		old := s.hub.backup()
		s.do(sells("1", "Cut", "31"))
		s.hub.queue("spring", brings("Wash", "10", 5))
		s.talk(upload.Request{})
		s.do(sells("4", "Perm", "90"))
		s.talk(upload.Request{})
		s.hub.hubState = old
		s.hub.queue("autumn", brings("Shave", "7", 3))
		s.do(sells("5", "Dry", "5"))
	}},
	"a restored POS": {set: func(s *salon) {
		s.do(sells("1", "Cut", "30"))
		s.hub.queue("spring", brings("Wash", "10", 5))
		s.talk(upload.Request{})
		s.must(s.mem.NewEpoch(context.Background(), "another"))
		s.do(sells("1", "Cut", "33"), sells("6", "Curl", "44"))
	}},
	"Plait's tables lost": {set: func(s *salon) {
		s.do(sells("1", "Cut", "30"))
		s.hub.queue("spring", brings("Wash", "10", 5), brings("Shave", "7", 6), brings("Curl", "44", 7))
		s.talk(upload.Request{})
		s.must(s.mem.Uninstall(context.Background()))
		s.do(sells("1", "Cut", "31"))
		s.hub.page = 1
		s.hub.queue("summer", brings("Wash", "12", 9))
	}},
}

// spoil makes the hub's copy another than the record, unseen.
func (s *salon) spoil() {
	it := item.Item{ID: item.ID{Kind: "service", Key: "99", Gen: 1}, Fields: service("Ghost", "1")}
	s.hub.items[it.ID] = row{body: item.Append(nil, it)}
	delete(s.hub.items, item.ID{Kind: "service", Key: "1", Gen: 1})
	s.hub.revision++
}

// at has the n-th message of a conversation fail, from 0.
func at(n int, f fault) func(string) fault {
	return func(string) fault {
		if n--; n == -1 {
			return f
		}
		return fault{}
	}
}

// A message that is lost, or its answer, at any step: the next conversation goes
// on from what is durable, does nothing twice and leaves nothing out.
func TestAnyMessageIsLost(t *testing.T) {
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			s := newSalon(t)
			story.set(s)
			s.talk(upload.Request{Full: story.full})
			for i, call := range s.hub.calls {
				t.Run(fmt.Sprintf("answer %d to %s", i, call), func(t *testing.T) { loses(t, story, i, fault{unsaid: true}) })
				if slices.Index(s.hub.calls, call) == i { // of the others, the answer before is much the same
					t.Run(fmt.Sprintf("message %d, %s", i, call), func(t *testing.T) { loses(t, story, i, fault{lost: true}) })
				}
			}
		})
	}
}

func loses(t *testing.T, story story, i int, f fault) {
	s := newSalon(t)
	story.set(s)
	s.hub.fault = at(i, f)
	report, err := s.try(upload.Request{Full: story.full})
	if !errors.Is(err, errLine) || report.Equal || report.Ended.IsZero() {
		t.Fatalf("cut off, it says %+v, %v", report, err)
	}
	call := s.hub.calls[len(s.hub.calls)-1]
	if len(s.hub.calls) != i+1 {
		t.Errorf("after a dead line it said %v more", s.hub.calls[i+1:])
	}
	named := strings.Contains(err.Error(), storeID) || strings.Contains(err.Error(), "Lakeside")
	if !named || !strings.Contains(err.Error(), call) {
		t.Errorf("%q names neither the store nor what failed", err)
	}
	s.hub.fault = nil
	s.restart()
	applied, full := report.JobsApplied, story.full && (report.Full == nil || !report.Full.Landed)
	report = s.talk(upload.Request{Full: full})
	s.level(report)
	if len(s.hub.calls) > 40 {
		t.Errorf("%d messages: %v", len(s.hub.calls), s.hub.calls)
	}
	for _, j := range s.hub.jobs {
		if j.State != "applied" || j.results < 1 || j.results > 2 {
			t.Errorf("job %d is %s after %d results", j.Number, j.State, j.results)
		}
	}
	if most := len(s.hub.jobs); applied+report.JobsApplied > most {
		t.Errorf("%d of %d jobs were applied", applied+report.JobsApplied, most)
	}
	if full && (report.Full == nil || !report.Full.Landed) || s.hub.request != "" {
		t.Errorf("the full upload did not land: %+v", report.Full)
	}
	landed := 0
	for _, u := range s.hub.uploads {
		if u.answer != nil {
			landed++
		}
	}
	if landed > 1 {
		t.Errorf("%d full uploads landed", landed)
	}
	if again := s.talk(upload.Request{}); len(s.hub.calls) != 3 {
		t.Errorf("a third conversation says %v, %+v", s.hub.calls, again)
	}
}
