package contact_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plait/shared/wire"
)

// TestRestoresAndClones is P6, P7 and P8 over one store: a PC edits and talks,
// conversations break off at any step, the PC is cloned, its image is put back,
// and the hub is put back to its backups. Whoever is let in last and talks to the
// end is equal with the hub, and what it recorded is what the hub holds.
func TestRestoresAndClones(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := &salon{hub: newHub(t)}
		s.pcs = []*pc{s.newPC("branch")}
		s.backups = []string{s.backup()}
		rt.Repeat(map[string]func(*rapid.T){
			"edit": func(rt *rapid.T) {
				s.edits++
				key := fmt.Sprint(rapid.IntRange(1, 4).Draw(rt, "key"))
				name := fmt.Sprint("edit ", s.edits)
				if rapid.IntRange(0, 4).Draw(rt, "delete") == 0 {
					name = ""
				}
				s.pick(rt).edit(key, name)
			},
			"converse":   func(rt *rapid.T) { s.talk(rt, s.pick(rt)) },
			"break off":  func(rt *rapid.T) { s.breakOff(rt, s.pick(rt)) },
			"time":       func(rt *rapid.T) { s.clock.Advance(time.Duration(rapid.IntRange(1, 4).Draw(rt, "hours")) * time.Hour) },
			"image":      func(rt *rapid.T) { s.images = append(s.images, s.pick(rt).disk.clone()) },
			"clone":      func(rt *rapid.T) { s.clone(rt) },
			"put back":   func(rt *rapid.T) { s.putBack(rt) },
			"back up":    func(*rapid.T) { s.backups = append(s.backups, s.backup()) },
			"restore it": func(rt *rapid.T) { s.hub.restore(rapid.SampledFrom(s.backups).Draw(rt, "backup")) },
		})
		s.settle(rt)
	})
}

type salon struct {
	*hub
	pcs     []*pc
	images  []disk
	backups []string
	edits   int
}

func (s *salon) pick(rt *rapid.T) *pc { return rapid.SampledFrom(s.pcs).Draw(rt, "pc") }

// talk is a conversation that nothing breaks off: it ends equal, or the PC is
// held.
func (s *salon) talk(rt *rapid.T, p *pc) {
	a, err := p.converse()
	switch {
	case code(err) == wire.CodeHeld:
	case err != nil:
		rt.Fatalf("a conversation: %v", err)
	case !a.Equal:
		rt.Fatalf("a conversation ended with %+v", a)
	}
}

// breakOff is a conversation of which the last answer is lost.
func (s *salon) breakOff(rt *rapid.T, p *pc) {
	if rapid.Bool().Draw(rt, "at the hello") {
		_, err := p.contacts.Hello(rt.Context(), p.store, p.greeting())
		if err != nil && code(err) != wire.CodeHeld {
			rt.Fatalf("a hello: %v", err)
		}
		return
	}
	_, ctx, err := p.hello()
	if code(err) == wire.CodeHeld {
		return
	}
	if err != nil {
		rt.Fatalf("a hello: %v", err)
	}
	p.freeze()
	if p.frozen == nil {
		return
	}
	if _, err := p.ingest.Batch(ctx, p.store, p.frozen); err != nil {
		rt.Fatalf("a batch: %v", err)
	}
}

func (s *salon) clone(rt *rapid.T) {
	if len(s.pcs) < 3 {
		s.pcs = append(s.pcs, &pc{hub: s.hub, store: "branch", disk: s.pick(rt).disk.clone()})
	}
}

func (s *salon) putBack(rt *rapid.T) {
	if len(s.images) > 0 {
		s.pick(rt).disk = rapid.SampledFrom(s.images).Draw(rt, "image").clone()
	}
}

// settle lets one of the PCs come until it is let in: two days pass without the
// others.
func (s *salon) settle(rt *rapid.T) {
	s.clock.Advance(48 * time.Hour)
	p := s.pick(rt)
	for range 2 {
		a, err := p.converse()
		if err != nil || !a.Equal {
			rt.Fatalf("in the end: %+v, %v", a, err)
		}
	}
	if acts := s.audited(); len(s.pcs) == 1 && len(s.images) == 0 && slices.Contains(acts, "agent.held") {
		rt.Fatalf("the only PC there is was held: %v", acts)
	}
}
