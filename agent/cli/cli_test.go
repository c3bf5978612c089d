package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plait/agent/control"
	"plait/agent/upload"
	"plait/shared/wire"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 5, 1, 14, 0, 0, 0, time.UTC)

// desk is a command line with a data folder, and what was printed on it.
type desk struct {
	App
	t        *testing.T
	dir      string
	out, err bytes.Buffer
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir()}
	d.App = App{Version: "1.2.3", In: strings.NewReader(""), Now: func() time.Time { return now }}
	d.write("agent.yaml", "data: data\nmapping: mapping.yaml\n")
	if err := os.Mkdir(filepath.Join(d.dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) write(name, text string) string {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// types runs a command and returns its exit code.
func (d *desk) types(args ...string) int {
	d.t.Helper()
	d.out.Reset()
	d.err.Reset()
	app := d.App
	app.Out, app.Err = &d.out, &d.err
	return app.Run(d.t.Context(), append(args, "--config", filepath.Join(d.dir, "agent.yaml")))
}

// want compares what was printed, and the exit code, with what should be.
func (d *desk) want(code int, gotCode int, out, err string) {
	d.t.Helper()
	if gotCode != code {
		d.t.Errorf("exit code %d, want %d", gotCode, code)
	}
	if diff := cmp.Diff(strings.TrimLeft(out, "\n"), d.out.String()); diff != "" {
		d.t.Errorf("printed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(strings.TrimLeft(err, "\n"), d.err.String()); diff != "" {
		d.t.Errorf("errors (-want +got):\n%s", diff)
	}
}

// fakeAgent answers with what the test gave it.
type fakeAgent struct {
	status   control.Status
	queue    control.Queue
	findings control.Findings
	steps    []upload.Step
	report   upload.Report
	err      error
	asked    control.UploadAsk
	acts     []string
}

func (a *fakeAgent) Status(context.Context) (control.Status, error)    { return a.status, nil }
func (a *fakeAgent) Queue(context.Context, int) (control.Queue, error) { return a.queue, nil }
func (a *fakeAgent) Doctor(context.Context) (control.Findings, error)  { return a.findings, nil }
func (a *fakeAgent) Pause(context.Context) error                       { a.acts = append(a.acts, "pause"); return a.err }
func (a *fakeAgent) Resume(context.Context) error                      { a.acts = append(a.acts, "resume"); return a.err }
func (a *fakeAgent) Retry(_ context.Context, i control.ItemAsk) error {
	a.acts = append(a.acts, "retry "+i.Kind+" "+i.Key)
	return a.err
}

func (a *fakeAgent) Upload(_ context.Context, ask control.UploadAsk, progress func(upload.Step)) (upload.Report, error) {
	a.asked = ask
	for _, s := range a.steps {
		progress(s)
	}
	return a.report, a.err
}

// serve lets a fake agent answer for the desk's data folder.
func (d *desk) serve(agent control.Agent) {
	d.t.Helper()
	l, err := control.Listen(filepath.Join(d.dir, "data"))
	if err != nil {
		d.t.Fatal(err)
	}
	server, done := control.NewServer(agent), make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	d.t.Cleanup(func() {
		if err := server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			d.t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			d.t.Error(err)
		}
	})
}

func TestStatus(t *testing.T) {
	d := newDesk(t)
	agent := &fakeAgent{status: control.Status{State: control.Waiting, Sentence: "All is well: 3 changes wait.", Now: now,
		Store: "s1", StoreName: "Lake\x1b[31mside", Role: "branch", Hub: "https://hub.example:8443",
		Waiting: control.Pending{Total: 3, Kinds: map[string]int{"service": 2}, Results: 1, Oldest: 200}, OpenJobs: 1,
		Next: now.Add(15 * time.Minute), NextReason: "schedule", Proven: now.Add(-time.Hour), Compared: now.Add(-24 * time.Hour),
		Last: &control.Last{Report: upload.Report{Reason: "retry", Ended: now, RowsUp: 5, JobsApplied: 1}}}}
	d.serve(agent)
	d.want(0, d.types("status"), `
All is well: 3 changes wait.
  store                Lake\x1b[31mside (branch) at https://hub.example:8443
  waits to go up       2 of service, 1 result of a job, the oldest for 3 minutes
  jobs at the hub      1
  next upload          at 14:15 (schedule)
  last upload          at 14:00 (retry): 5 rows up, 1 job applied
  proven equal         at 13:00
  compared with POS    on 2026-04-30 at 14:00
`, "")
	code := d.types("status", "--json")
	var s control.Status
	if err := json.Unmarshal(d.out.Bytes(), &s); err != nil || code != 0 || s.Waiting.Kinds["service"] != 2 || s.Last.RowsUp != 5 {
		t.Errorf("--json: code %d, %v, %s", code, err, &d.out)
	}
	agent.status.State = control.Trouble
	if code := d.types("status"); code != 1 {
		t.Errorf("in trouble: exit code %d", code)
	}
}

func TestUploadSaysWhatItDid(t *testing.T) {
	d := newDesk(t)
	agent := &fakeAgent{
		steps: []upload.Step{{Phase: "capture", Text: "Reading what changed in the POS."}, {Phase: "upload", Text: "Sending 5 rows; 2 remain.", RowsUp: 3, RowsUpLeft: 2},
			{Phase: "upload", Text: "left out: the same phase at the same time"}, {Phase: "jobs", Text: "Job 4 (Spring\nprices): 9 items.", RowsUp: 5, RowsDown: 3, RowsDownLeft: 6}},
		report: upload.Report{Reason: "technician", Started: now, Ended: now.Add(1500 * time.Millisecond), RowsUp: 5, Batches: 1, JobsApplied: 1, ItemsDown: 9, Parked: 1, Equal: true,
			Notes: []string{"compared with the hub: it was restored"}},
	}
	d.serve(agent)
	d.want(0, d.types("upload"), `
14:00:00  capture  up 0, left 0  down 0, left 0  Reading what changed in the POS.
14:00:00  upload   up 3, left 2  down 0, left 0  Sending 5 rows; 2 remain.
14:00:00  jobs     up 5, left 0  down 3, left 6  Job 4 (Spring\x0aprices): 9 items.
2026-05-01 14:00:01, technician: 5 rows up in 1 batch; 9 rows down in 1 job, in 1.5s.
Note: compared with the hub: it was restored.
The POS refused 1 item of these jobs; the hub lists them by name.
Hub and record are proven equal.
`, "")
	if agent.asked != (control.UploadAsk{}) {
		t.Errorf("asked for %+v", agent.asked)
	}
}

func TestRefusedFullUploadNamesEachJobAndEachWayOut(t *testing.T) {
	d := newDesk(t)
	agent := &fakeAgent{report: upload.Report{Reason: "technician", Started: now, Ended: now, Full: &upload.FullReport{Refusals: []upload.Refusal{{At: "end", Blocking: []wire.Blocking{
		{Number: 12, Label: "Spring prices", State: "queued", Items: 40, Age: 7200, Ways: []string{"deliver it now: plait-agent upload", "cancel it at the hub"}},
		{Number: 13, Label: "New \x1b]0;owned\x07 colours", State: "begun", Items: 1, Age: 30, Ways: []string{"deliver it now: plait-agent upload"}},
	}}}}}}
	d.serve(agent)
	d.want(1, d.types("upload", "--full", "--release", "R-1"), `
2026-05-01 14:00:00, technician: 0 rows up in 0 batches; 0 rows down in 0 jobs, in 0s.
The hub refused the full upload at its end: these jobs are queued for this store, and it would have trampled them.
  job 12, Spring prices: queued, 40 items, queued 2 hours ago
    - deliver it now: plait-agent upload
    - cancel it at the hub
  job 13, New \x1b]0;owned\x07 colours: begun, 1 item, queued a moment ago
    - deliver it now: plait-agent upload
`, `
the full upload has not landed: the hub's copy is as it was before; what was sent is kept, and the agent goes on by itself
`)
	if agent.asked != (control.UploadAsk{Full: true, Release: "R-1"}) {
		t.Errorf("asked for %+v", agent.asked)
	}
	code := d.types("upload", "--full", "--json")
	var answer uploadAnswer
	if err := json.Unmarshal(d.out.Bytes(), &answer); err != nil || code != 1 || answer.Done || answer.Error == "" || answer.Full.Refusals[0].Blocking[0].Number != 12 {
		t.Errorf("--json: code %d, %v, %s", code, err, &d.out)
	}
}

func TestUploadSucceedsOnlyIfItDidWhatWasAsked(t *testing.T) {
	for name, test := range map[string]struct {
		report upload.Report
		err    error
		full   bool
		code   int
	}{
		"done":                   {report: upload.Report{Started: now}},
		"landed":                 {report: upload.Report{Started: now, Full: &upload.FullReport{Landed: true}}, full: true},
		"an error":               {err: errors.New("cannot finish the upload: no line"), code: 1},
		"jobs wait":              {report: upload.Report{Started: now, OpenJobs: 1}, code: 1},
		"differs":                {report: upload.Report{Started: now, Differ: []string{"service"}}, code: 1},
		"full, but nothing came": {report: upload.Report{Started: now}, full: true, code: 1},
	} {
		d := newDesk(t)
		d.serve(&fakeAgent{report: test.report, err: test.err})
		args := []string{"upload"}
		if test.full {
			args = append(args, "--full")
		}
		if code := d.types(args...); code != test.code || (d.err.Len() > 0) != (code != 0) {
			t.Errorf("%s: exit code %d, want %d; %s", name, code, test.code, &d.err)
		}
	}
}

// Bars are for people; what they say in the end must be there, and their
// goroutine gone (TestMain).
func TestBarsAtATerminal(t *testing.T) {
	d := newDesk(t)
	d.Terminal = true
	d.serve(&fakeAgent{steps: []upload.Step{{Phase: "upload", Text: "Sending.", RowsUp: 3, RowsUpLeft: 4}, {Phase: "done", Text: "Done.", RowsUp: 7}}, report: upload.Report{Started: now, Ended: now, RowsUp: 7}})
	if code := d.types("upload"); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, part := range []string{"rows up, 0 remaining", "rows down, 0 remaining", "7 rows up"} {
		if !strings.Contains(d.out.String(), part) {
			t.Errorf("%q is missing in %q", part, &d.out)
		}
	}
}

func TestQueue(t *testing.T) {
	d := newDesk(t)
	agent := &fakeAgent{queue: control.Queue{Waiting: control.Pending{Total: 2, Kinds: map[string]int{"service": 2}, Oldest: 90000}, OpenJobs: 1, More: 4, Parked: []control.ParkedItem{
		{Kind: "service", Key: "7", Name: "Cut\u202e", Cause: "hub", Why: "name is too long", Since: now},
		{Kind: "vendor", Key: "9", Cause: "pos", Why: "column Price: not a number", Since: now}}}}
	d.serve(agent)
	d.want(0, d.types("queue"), `
Waits to go up: 2 of service, the oldest for 25 hours.
Jobs that wait at the hub, when it last said so: 1.

 KIND     CHANGES
 service        2

These items need a person; they keep nothing else back:
 KIND     KEY  NAME       SINCE             CAUSE
 service  7    Cut\u202e  2026-05-01 14:00  the hub refused it: name is too long
 vendor   9               2026-05-01 14:00  column Price: not a number
… and 4 more: --limit N lists more.
Mend the item in the POS, or run: plait-agent queue retry KIND KEY
`, "")
	if code := d.types("queue", "retry", "service", "7"); code != 0 || agent.acts[0] != "retry service 7" {
		t.Errorf("retry: %d, %v, %s", code, agent.acts, &d.err)
	}
}

func TestDoctor(t *testing.T) {
	d := newDesk(t)
	agent := &fakeAgent{findings: control.Findings{Findings: []control.Finding{{OK: true, Subject: "hub", Message: "it answers"}, {Subject: "clock", Message: "it is wrong: set it"}}}}
	d.serve(agent)
	d.want(1, d.types("doctor"), `
✔ OK      hub: it answers
✘ NOT OK  clock: it is wrong: set it
1 thing is to be mended.
`, "")
	agent.findings = control.Findings{OK: true, Findings: agent.findings.Findings[:1]}
	d.want(0, d.types("doctor"), "✔ OK      hub: it answers\nAll is OK.\n", "")
}

func TestPauseAndResume(t *testing.T) {
	d := newDesk(t)
	agent := &fakeAgent{}
	d.serve(agent)
	d.want(0, d.types("pause"), "Capture is paused; upgrade the POS, then run: plait-agent resume.\n", "")
	d.want(0, d.types("resume"), "Capture resumes; the upload that now runs compares everything.\n", "")
	agent.err = errors.New("cannot pause capture: the POS database is busy")
	d.want(1, d.types("pause"), "", "cannot pause capture: the POS database is busy\n")
	d.want(1, d.types("pause", "--json"), "{\n  \"error\": \"cannot pause capture: the POS database is busy\"\n}\n", "")
	if got := strings.Join(agent.acts, " "); got != "pause resume pause pause" {
		t.Errorf("acts: %s", got)
	}
}

func TestWithoutAnAgent(t *testing.T) {
	d := newDesk(t)
	d.want(1, d.types("upload"), "", "cannot upload: cannot ask the agent: the agent is not running: start it with: plait-agent service start\n")
	code := d.types("status")
	if first, _, _ := strings.Cut(d.out.String(), "\n"); code != 1 || first != "This PC is not enrolled: ask the hub's operator for a code and run: plait-agent enroll URL CODE." {
		t.Errorf("status: %d, %s", code, first)
	}
	if code := d.types("doctor"); code != 1 || !strings.Contains(d.out.String(), "NOT OK  enrolment") {
		t.Errorf("doctor: %d, %s", code, &d.out)
	}
	if code := d.types("queue", "--json"); code != 0 {
		t.Errorf("queue: %d, %s", code, &d.err)
	}
}

func TestEnrollWithABadCode(t *testing.T) {
	d := newDesk(t)
	d.In = strings.NewReader("K7QF-2M0X\n")
	d.want(1, d.types("enroll", "https://hub.example", "-"), "",
		"cannot enroll: cannot read enrolment code: the code is mistyped: it has 8 characters, not 36: compare it with the one that the hub shows\n")
	d.want(2, d.types("enroll", "https://hub.example"), "", "cannot run plait-agent enroll: write it as: plait-agent enroll URL CODE [flags]\n")
	if entries, err := os.ReadDir(filepath.Join(d.dir, "data")); err != nil || len(entries) > 1 {
		t.Errorf("a mistyped code left %v, %v", entries, err)
	}
}

func TestMistypedCommands(t *testing.T) {
	d := newDesk(t)
	d.want(2, d.types("staus"), "", "cannot run \"staus\": there is no such command; did you mean \"status\"?; see plait-agent help\n")
	d.want(2, d.types("upload", "--ful"), "", "cannot run plait-agent upload: unknown flag: --ful; see plait-agent upload --help\n")
	d.want(2, d.types("status", "now"), "", "cannot run plait-agent status: write it as: plait-agent status [flags]\n")
	d.want(2, d.types("service", "explode"), "", "cannot run plait-agent service \"explode\": it is none of install, uninstall, start, stop, restart\n")
}

func TestConfigCheck(t *testing.T) {
	d := newDesk(t)
	example, err := os.ReadFile("../../configs/mapping.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d.write("mapping.yaml", string(example))
	config, mapping := filepath.Join(d.dir, "agent.yaml"), filepath.Join(d.dir, "mapping.yaml")
	d.want(0, d.types("config", "check"), "OK: "+config+"\nOK: "+mapping+"\n", "")

	d.write("mapping.yaml", strings.Replace(string(example), "  vendor:\n", "  vendro:\n", 1))
	if code := d.types("config", "check"); code != 1 || !strings.Contains(d.err.String(), `the catalogue has no kind "vendro": did you mean "vendor"?`) ||
		!strings.Contains(d.err.String(), mapping+":") {
		t.Errorf("a mistyped kind: %d, %s", code, &d.err)
	}
	d.write("agent.yaml", "data: data\nmaping: x\n")
	d.want(1, d.types("config", "check"), "", "cannot use the configuration:\n"+config+`:2: there is no setting "maping"; did you mean "mapping"?`+"\n")
}

func TestVersion(t *testing.T) {
	d := newDesk(t)
	if code := d.types("version"); code != 0 || !strings.HasPrefix(d.out.String(), "plait-agent 1.2.3, protocol 1, for ") {
		t.Errorf("%d, %s", code, &d.out)
	}
}

func TestTextsFromThePOSAreHarmless(t *testing.T) {
	for text, want := range map[string]string{
		"Müller & Söhne 東京 👍": "Müller & Söhne 東京 👍",
		"a\nb\tc":             `a\x0ab\x09c`,
		"\x1b[2J\a":           `\x1b[2J\x07`,
		"\u009b31m":           `\x9b31m`,
		"\u202egnp.exe":       `\u202egnp.exe`,
		"bad \xff":            `bad \ufffd`,
	} {
		if got := clean(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := sanitize("two\nlines\x1b"); got != "two\nlines\\x1b" {
		t.Errorf("got %q", got)
	}
}
