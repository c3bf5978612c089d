package upload_test

import (
	"slices"
	"strings"
	"testing"

	"plait/agent/outbox"
	"plait/agent/upload"
	"plait/shared/wire"
)

func (s *salon) repaired(key, refused string) {
	s.t.Helper()
	r := outbox.Repair{Repair: wire.Repair{ID: "r-" + key, Kind: "product", Key: key, UID: "u-" + key, Refused: refused}, Gen: 1, Seen: "x", Times: 1}
	s.must(s.box.SetRepair(s.t.(*testing.T).Context(), outbox.RepairDone, r))
}

// What was repaired is told once, whatever becomes of the message; what the hub will
// not hear of holds nothing up.
func TestRepairsAreToldWhateverBecomesOfTheMessage(t *testing.T) {
	for name, f := range map[string]fault{"it is lost": {lost: true}, "its answer is lost": {unsaid: true}} {
		t.Run(name, func(t *testing.T) {
			s := openSalon(t, t.TempDir())
			defer s.close()
			s.talk(upload.Request{})
			s.repaired("1", "")
			s.repaired("2", "the drawer is locked")
			s.hub.fault = func(call string) fault {
				if call != "repairs" {
					return fault{}
				}
				return f
			}
			if _, err := s.try(upload.Request{}); err == nil {
				t.Fatal("the conversation did not notice")
			}
			s.hub.fault = nil
			s.restart()
			r := s.talk(upload.Request{})
			if r.Repaired != 1 || r.Unrepaired != 1 || strings.Join(s.hub.repairs, " ") != "r-1 r-2" {
				t.Errorf("told %d and %d, the hub has %q", r.Repaired, r.Unrepaired, s.hub.repairs)
			}
			if r = s.talk(upload.Request{}); r.Repaired+r.Unrepaired > 0 {
				t.Errorf("told again: %+v", r)
			}
		})
	}
	s := openSalon(t, t.TempDir())
	defer s.close()
	s.repaired("1", "")
	s.hub.fault = func(call string) fault {
		if call != "repairs" {
			return fault{}
		}
		return fault{refuse: wire.Refuse(wire.CodeBadRequest, "not that")}
	}
	if r := s.talk(upload.Request{}); !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, "not that") }) {
		t.Errorf("the notes are %q", r.Notes)
	}
}

// Which kinds are repaired is kept for the time without the hub.
func TestTheRuleOfRepairIsKept(t *testing.T) {
	s := openSalon(t, t.TempDir())
	defer s.close()
	for _, told := range [][]string{nil, {"product"}, {"product", "service"}, {"product"}, nil} {
		s.hub.repair = told
		s.talk(upload.Request{})
		s.restart()
		rule, err := s.box.RepairRule(t.Context())
		s.must(err)
		if !slices.Equal(rule.Kinds, told) {
			t.Errorf("told %q, it keeps %q", told, rule.Kinds)
		}
	}
}

// What drifted before is looked for once something is repaired that was not: a kind, or
// a field that was left to the store.
func TestWhatIsRepairedAnewIsLookedForFromTheBeginning(t *testing.T) {
	s := openSalon(t, t.TempDir())
	defer s.close()
	s.do(sells("1", "Cut", "30"))
	for _, step := range []struct {
		told   []string
		rewind bool
	}{
		{[]string{"service"}, true}, {[]string{"service", "service.price"}, true}, {[]string{"service"}, true}, {[]string{"product", "service"}, true}, {[]string{"service"}, false},
	} {
		s.hub.repair = step.told
		rule, err := s.box.RepairRule(t.Context())
		s.must(err)
		const far = 1 << 40
		rule.UpTo = far
		s.must(s.box.SetRepairRule(t.Context(), rule))
		s.talk(upload.Request{})
		rule, err = s.box.RepairRule(t.Context())
		s.must(err)
		if (rule.UpTo != far) != step.rewind {
			t.Errorf("told %q, it goes on from %d", step.told, rule.UpTo)
		}
	}
}
