package daemon

import (
	"errors"
	"testing"
	"time"

	"plait/agent/control"
	"plait/agent/enrol"
	"plait/agent/upload"
)

func TestStatusInOneSentence(t *testing.T) {
	now := time.Date(2026, 5, 1, 14, 0, 0, 0, time.UTC)
	well := control.Status{Now: now, Next: now.Add(15 * time.Minute), Proven: now.Add(-time.Minute)}
	with := func(change func(*control.Status)) control.Status {
		s := well
		change(&s)
		return s
	}
	for name, test := range map[string]struct {
		status   control.Status
		lack     error
		stopped  bool
		state    string
		sentence string
	}{
		"well": {status: well, state: control.Well,
			sentence: "All is well: nothing waits, the hub was proven equal at 13:59, and the next upload runs at 14:15."},
		"never proven": {status: with(func(s *control.Status) { s.Proven = time.Time{} }), state: control.Well,
			sentence: "All is well: nothing waits, the hub has not been proven equal yet, and the next upload runs at 14:15."},
		"a change waits": {status: with(func(s *control.Status) { s.Waiting.Total = 1; s.Next = now.Add(24 * time.Hour) }), state: control.Waiting,
			sentence: "All is well: 1 change waits safely on this PC, and the next upload runs on 2026-05-02 at 14:00."},
		"jobs wait": {status: with(func(s *control.Status) { s.OpenJobs = 2 }), state: control.Waiting,
			sentence: "All is well: 2 jobs wait at the hub, and the next upload runs at 14:15."},
		"working": {status: with(func(s *control.Status) { s.Current = &upload.Step{Text: "Sending 10 rows; 4 remain."} }), state: control.Working,
			sentence: "An upload is running: Sending 10 rows; 4 remain."},
		"the line is dead": {status: with(func(s *control.Status) {
			s.Last = &control.Last{Error: "cannot reach the hub"}
			s.Waiting.Total = 3
		}), state: control.Trouble,
			sentence: "The last upload did not succeed (cannot reach the hub); 3 changes wait safely on this PC, and the next upload runs at 14:15."},
		"POS and parked": {status: with(func(s *control.Status) { s.POSTrouble = "it is busy"; s.Parked = 1 }), state: control.Trouble,
			sentence: "The POS cannot be read, so jobs wait (it is busy); 1 item needs a person: run plait-agent queue; nothing waits, and the next upload runs at 14:15."},
		"a kind is paused": {status: with(func(s *control.Status) {
			s.PausedKinds = []control.PausedKind{{Kind: "service", Why: "no column Price"}}
		}), state: control.Trouble,
			sentence: "Service is paused (no column Price); nothing waits, and the next upload runs at 14:15."},
		"full upload": {status: with(func(s *control.Status) { s.Last = &control.Last{Report: upload.Report{Full: &upload.FullReport{}}} }), state: control.Trouble,
			sentence: "A full upload has not landed yet; nothing waits, and the next upload runs at 14:15."},
		"paused": {status: with(func(s *control.Status) { s.PausedSince = now }), state: control.Paused,
			sentence: "Capture is paused since 2026-05-01 14:00 for an upgrade of the POS: run plait-agent resume when that is done."},
		"not enrolled": {status: well, lack: enrol.ErrNotEnrolled, state: control.NotEnrolled,
			sentence: "This PC is not enrolled: ask the hub's operator for a code and run: plait-agent enroll URL CODE."},
		"a mapping with an error": {status: well, lack: errors.New("cannot use mapping m.yaml: m.yaml:3: no"), state: control.Trouble,
			sentence: "The agent cannot work: cannot use mapping m.yaml: m.yaml:3: no. It tries again by itself."},
		"starting": {status: well, lack: errStarting, state: control.Working, sentence: "The agent is starting."},
		"not running": {status: with(func(s *control.Status) { s.Waiting.Total = 2 }), stopped: true, state: control.NotRunning,
			sentence: "The agent is not running; 2 changes wait safely on this PC."},
	} {
		state, sentence := judge(test.status, test.lack, !test.stopped)
		if state != test.state || sentence != test.sentence {
			t.Errorf("%s:\ngot  %s: %s\nwant %s: %s", name, state, sentence, test.state, test.sentence)
		}
	}
}
