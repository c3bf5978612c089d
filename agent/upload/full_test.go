package upload_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"plait/agent/pos"
	"plait/agent/pos/postest"
	"plait/agent/upload"
	"plait/shared/wire"
)

// ready is a salon whose copy at the hub differs from what it holds.
func ready(t *testing.T) *salon {
	s := newSalon(t)
	s.do(sells("1", "Cut", "30"), sells("2", "Color", "80"))
	s.talk(upload.Request{})
	s.spoil()
	return s
}

func (h *hub) sent(call string) (n int) {
	for _, c := range h.calls {
		if c == call {
			n++
		}
	}
	return n
}

// A job that is queued while a full upload runs refuses it, at its beginning or at
// its end; the same conversation takes the job, and the full upload lands.
func TestARefusalIsAnsweredInTheSameConversation(t *testing.T) {
	for call, at := range map[string]string{"full/begin": "begin", "full/commit": "end"} {
		t.Run(at, func(t *testing.T) {
			s := ready(t)
			s.hub.before = once(call, func() { s.hub.queue("spring", brings("Wash", "10", 5)) })
			r := s.talk(upload.Request{Full: true})
			s.level(r)
			if !r.Full.Landed || r.JobsApplied != 1 || s.hub.state("spring") != "applied" {
				t.Errorf("%+v, %+v", r, r.Full)
			}
			if len(r.Full.Refusals) != 1 || r.Full.Refusals[0].At != at || len(r.Full.Refusals[0].Blocking) != 1 || r.Full.Refusals[0].Blocking[0].Label != "spring" {
				t.Errorf("the refusals are %+v", r.Full.Refusals)
			}
			for _, text := range []string{"Refused: a sync is queued", "Job 1 (spring, queued)", "Deliver it now.", "Cancel it at the hub.", "The full upload landed"} {
				if !s.told(r, text) {
					t.Errorf("nobody is told %q: %v", text, s.steps)
				}
			}
			refused := slices.IndexFunc(s.steps, func(step upload.Step) bool { return strings.Contains(step.Text, "Refused") })
			applied := slices.IndexFunc(s.steps[refused:], func(step upload.Step) bool { return step.Phase == upload.PhaseJobs })
			if applied < 0 || s.steps[refused].Phase != upload.PhaseFull {
				t.Errorf("after the refusal: %v", s.steps[refused:])
			}
		})
	}
}

// An operator who queues faster than the store applies wins this conversation; the
// next one goes on with what was staged, and does not compare again.
func TestRefusedAgainAndAgain(t *testing.T) {
	s := ready(t)
	n := 0
	s.hub.before = func(call string) {
		if call == "full/commit" {
			n++
			s.hub.queue(fmt.Sprint("job ", n), brings("Wash", fmt.Sprint(n), int64(n)))
		}
	}
	r := s.talk(upload.Request{Full: true, Reason: "technician"})
	if r.Full.Landed || len(r.Full.Refusals) != n || n != 6 || s.hub.sent("full/commit") != 6 {
		t.Errorf("%d tries, %d refusals: %+v", n, len(r.Full.Refusals), r.Full)
	}
	if !s.told(r, "jobs are queued faster than this store applies them") {
		t.Errorf("the notes are %q", r.Notes)
	}
	s.hub.before = nil
	s.restart()
	r = s.talk(upload.Request{Reason: "retry", Full: true})
	s.level(r)
	if !r.Full.Landed || s.told(r, "Comparing the POS") || len(s.hub.uploads) != 1 {
		t.Errorf("%+v with %d uploads; %v", r.Full, len(s.hub.uploads), s.steps)
	}
}

// Jobs that are in the way and are not handed out (the switch is off) are not
// asked for again and again, and not called fast.
func TestJobsThatDoNotCome(t *testing.T) {
	s := ready(t)
	s.hub.queue("spring", brings("Wash", "10", 5))
	s.hub.fault = bends("next", func(a *wire.NextAnswer) { a.Job = nil })
	r := s.talk(upload.Request{Full: true})
	if r.Full.Landed || len(r.Full.Refusals) > 2 || r.OpenJobs != 1 {
		t.Errorf("%+v, %+v", r, r.Full)
	}
	if s.told(r, "faster") || !s.told(r, "does not hand out") || !s.told(r, "spring") {
		t.Errorf("the notes are %q", r.Notes)
	}
	s.hub.fault = nil
	r = s.talk(upload.Request{Full: true})
	s.level(r)
}

// A copy that changes all the while (another copy of the agent, a mend at the hub)
// is no job, and not called one.
func TestACopyThatMovesAllTheWhile(t *testing.T) {
	s := ready(t)
	s.hub.before = func(call string) {
		if call == "full/commit" {
			s.hub.revision++
		}
	}
	r := s.talk(upload.Request{Full: true})
	if r.Full.Landed || s.hub.sent("full/begin") > 6 || s.told(r, "jobs are queued") || !s.told(r, "copy changed") {
		t.Errorf("%+v after %v: %q", r.Full, s.hub.calls, r.Notes)
	}
	s.hub.before = nil
	s.level(s.talk(upload.Request{Full: true}))
}

// The agent is killed, or the line dies, between the landing and its answer. The
// next contact, whoever asked for it, learns of it; a full upload that a person
// asks for later compares the POS and lands by itself.
func TestALandingNobodyHeardOf(t *testing.T) {
	for name, request := range map[string]string{"technician": "", "operator": "r1"} {
		t.Run(name, func(t *testing.T) {
			s := ready(t)
			s.hub.request = request
			s.hub.fault = cut("full/commit", 2, fault{unsaid: true}) // the first finds what differs
			if _, err := s.try(upload.Request{Full: request == ""}); !errors.Is(err, errLine) {
				t.Fatal(err)
			}
			s.hub.fault = nil
			s.restart()
			r := s.talk(upload.Request{Reason: "schedule"})
			s.level(r)
			if r.Full == nil || !r.Full.Landed || s.hub.sent("full/commit") != 0 || len(s.hub.uploads) != 1 {
				t.Errorf("the next contact: %+v after %v", r.Full, s.hub.calls)
			}
			s.talk(upload.Request{})
			s.spoil()
			r = s.talk(upload.Request{Full: true, Reason: "technician"})
			s.level(r)
			if !r.Full.Landed || !s.told(r, "Comparing the POS") || len(s.hub.uploads) != 2 {
				t.Errorf("a later one: %+v, %d uploads after %v", r.Full, len(s.hub.uploads), s.hub.calls)
			}
		})
	}
}

// A person who asks anew before the agent knows gets a full upload of now.
func TestAskedAnewBeforeTheLandingIsKnown(t *testing.T) {
	for name, again := range map[string]func(s *salon) upload.Request{
		"by the technician": func(*salon) upload.Request { return upload.Request{Full: true, Reason: "technician"} },
		"by the operator":   func(s *salon) upload.Request { s.hub.request = "r2"; return upload.Request{Reason: "schedule"} },
	} {
		t.Run(name, func(t *testing.T) {
			s := ready(t)
			s.hub.fault = cut("full/commit", 2, fault{unsaid: true}) // the first finds what differs
			if _, err := s.try(upload.Request{Full: true, Reason: "technician"}); !errors.Is(err, errLine) {
				t.Fatal(err)
			}
			s.hub.fault = nil
			s.spoil()
			r := s.talk(again(s))
			s.level(r)
			if !r.Full.Landed || !s.told(r, "Comparing the POS") || len(s.hub.uploads) != 2 || s.hub.request != "" {
				t.Errorf("%+v, %d uploads after %v", r.Full, len(s.hub.uploads), s.hub.calls)
			}
		})
	}
}

// The agent is killed in the middle of one: it goes on by itself.
func TestAFullUploadUnderWayGoesOn(t *testing.T) {
	s := ready(t)
	s.hub.fault = always("full/commit", fault{lost: true})
	if _, err := s.try(upload.Request{Full: true, Reason: "technician"}); !errors.Is(err, errLine) {
		t.Fatal(err)
	}
	s.hub.fault = nil
	s.restart()
	r := s.talk(upload.Request{Reason: "start"})
	s.level(r)
	if r.Full == nil || !r.Full.Landed || len(s.hub.uploads) != 1 || s.told(r, "Comparing the POS") {
		t.Errorf("%+v, %d uploads", r.Full, len(s.hub.uploads))
	}
	if r = s.talk(upload.Request{}); r.Full != nil {
		t.Errorf("and again: %+v", r.Full)
	}
}

// A POS that keeps its database to itself lets the conversation go on.
func TestAFullUploadWaitsForThePOS(t *testing.T) {
	s := ready(t)
	s.do(postest.Op{Verb: postest.Erase, Kind: "service", Key: "2"})
	busy := false
	s.mem.Fail(func(call string) error {
		if busy && call == "Scan" {
			return fmt.Errorf("cannot read table Item: %w", pos.ErrBusy)
		}
		return nil
	})
	s.hub.before = once("next", func() { busy = true })
	r := s.talk(upload.Request{Full: true})
	if r.Full == nil || r.Full.Landed || !s.told(r, "full upload waits") || s.hub.sent("bye") == 0 {
		t.Errorf("%+v after %v: %q", r.Full, s.hub.calls, r.Notes)
	}
	s.mem.Fail(nil)
	s.level(s.talk(upload.Request{Full: true}))
}

// A job in the way that the POS does not take: the report names it, and the ways
// out of it.
func TestARefusalThatThePOSDoesNotLetPass(t *testing.T) {
	s := ready(t)
	s.hub.before = once("full/commit", func() {
		s.hub.queue("spring", brings("Wash", "10", 5))
		s.mem.Fail(func(call string) error {
			if call == "Begin" {
				return fmt.Errorf("cannot write to pos.db: %w", pos.ErrBusy)
			}
			return nil
		})
	})
	r := s.talk(upload.Request{Full: true})
	if r.Full.Landed || s.hub.sent("full/commit") != 1 || s.hub.sent("bye") == 0 {
		t.Errorf("%+v after %v", r.Full, s.hub.calls)
	}
	for _, text := range []string{"waits for the jobs", "Job 1 (spring, queued)", "Cancel it at the hub."} {
		if !slices.ContainsFunc(r.Notes, func(note string) bool { return strings.Contains(note, text) }) {
			t.Errorf("the report does not say %q: %q", text, r.Notes)
		}
	}
	s.mem.Fail(nil)
	s.level(s.talk(upload.Request{}))
}
