package upload_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"plait/agent/pos"
	"plait/agent/upload"
	"plait/shared/wire"
)

// P10: whatever the hub does with its time, the POS does not wait for it.
func TestThePOSIsFreeWhileTheHubIsAsked(t *testing.T) {
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			s := newSalon(t)
			story.set(s)
			s.hub.before = func(call string) {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				tx, err := s.mem.Begin(ctx)
				if err == nil {
					err = tx.Rollback()
				}
				if err != nil && !errors.Is(err, pos.ErrAbsent) {
					t.Errorf("the POS cannot be written to while the hub is asked for %s: %v", call, err)
				}
			}
			s.level(s.talk(upload.Request{Full: story.full}))
		})
	}
}

// Many links come back without a long transaction in the POS.
func TestLinksComeBackInShortTransactions(t *testing.T) {
	s := newSalon(t)
	var items []wire.PayloadItem
	for i := range 300 {
		items = append(items, brings(fmt.Sprint("Service ", i), "10", int64(i+1)))
	}
	s.hub.queue("spring", items...)
	s.talk(upload.Request{})
	s.must(s.mem.Uninstall(t.Context()))
	links, most := 0, 0
	s.mem.Fail(func(call string) error {
		switch call {
		case "PutLink":
			links++
			most = max(most, links)
		case "Commit":
			links = 0
		}
		return nil
	})
	r := s.talk(upload.Request{})
	s.level(r)
	if most == 0 || most > 100 || r.JobsApplied != 0 {
		t.Errorf("%d links in one transaction; %+v", most, r)
	}
}

// A hub whose links do not end is not followed for ever.
func TestLinksThatDoNotEnd(t *testing.T) {
	s := newSalon(t)
	stories["Plait's tables lost"].set(s)
	s.hub.fault = bends("links", func(p *wire.LinksPage) { p.Next = "after 1" })
	if _, err := s.try(upload.Request{}); err == nil || !strings.Contains(err.Error(), "links") || s.hub.sent("links") > 3 {
		t.Errorf("%v after %v", err, s.hub.calls)
	}
	s.hub.fault = nil
	s.level(s.talk(upload.Request{}))
}

// Decision 15: a POS that cannot be read or written, from any of our calls on, is
// no failure: what is in the record goes up, jobs wait, and a person is told why.
// Once it is back, all is done.
func TestAPOSThatIsInTheWay(t *testing.T) {
	for _, name := range []string{"a new store", "a restored POS", "Plait's tables lost"} {
		story := stories[name]
		t.Run(name, func(t *testing.T) {
			s := newSalon(t)
			story.set(s)
			var calls []string
			s.mem.Fail(func(call string) error { calls = append(calls, call); return nil })
			s.talk(upload.Request{Full: story.full})
			for i, call := range calls {
				if call != "Committed" && call != "Rollback" && slices.Index(calls, call) == i {
					t.Run(call, func(t *testing.T) { inTheWay(t, story, call) })
				}
			}
		})
	}
}

func inTheWay(t *testing.T, story story, from string) {
	s := newSalon(t)
	story.set(s)
	trouble := fmt.Errorf("cannot write to table \"Item\":\n%w", pos.ErrBusy)
	met := false
	s.mem.Fail(func(call string) error {
		if met = met || call == from; met && call != "Rollback" {
			return trouble
		}
		return nil
	})
	r, err := s.try(upload.Request{Full: story.full})
	if err != nil {
		t.Errorf("%v after %v", err, s.hub.calls)
	}
	s.mem.Fail(nil)
	if from == "Prune" { // tidying up is not waited for
		s.level(r)
		return
	}
	if !met || !s.told(r, "is busy") || s.hub.sent("bye") == 0 {
		t.Errorf("nobody is told why it waits: %q after %v", r.Notes, s.hub.calls)
	}
	if last := s.steps[len(s.steps)-1]; strings.Contains(last.Text, "exactly what this store's POS holds") {
		t.Errorf("it cannot know what the POS holds: %q", last.Text)
	}
	s.restart()
	r = s.talk(upload.Request{Full: story.full})
	s.level(r)
	for _, j := range s.hub.jobs {
		if j.State != "applied" {
			t.Errorf("job %d is %s", j.Number, j.State)
		}
	}
}

// Errors of a POS are of any length and form; the hub takes one line of a limit.
func TestWhatThePOSSaysIsPutInTheProtocolsForm(t *testing.T) {
	for name, text := range map[string]string{
		"lines":    "cannot read:\n\tcolumn \x1b[31mA\x00 is gone\r\n",
		"long":     strings.Repeat("column Preis fehlt; ", 1000),
		"accents":  strings.Repeat("é", 5000),
		"wide":     "x" + strings.Repeat("語", 5000),
		"no UTF-8": "caf\xe9 \xff",
	} {
		t.Run(name, func(t *testing.T) {
			s := newSalon(t)
			s.do(sells("1", "Cut", "30"))
			s.mem.describe = func(p *wire.Profile) { p.POS, p.Kinds[1].Paused = text, text }
			s.talk(upload.Request{})
			if s.hub.profile == "" {
				t.Error("the hub has no profile")
			}
			s.mem.Fail(func(string) error { return fmt.Errorf("%s: %w", text, pos.ErrUnreachable) })
			s.talk(upload.Request{})
			if s.hub.trouble == "" || len(s.hub.trouble) > wire.MaxReasonBytes {
				t.Errorf("the hub is told %q", s.hub.trouble)
			}
		})
	}
}
