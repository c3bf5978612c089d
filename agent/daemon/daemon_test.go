package daemon

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"plait/agent/capture"
	"plait/agent/control"
	"plait/agent/daemon/config"
	"plait/agent/datafolder"
	"plait/agent/enrol"
	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/agent/upload"
	"plait/shared/wire"

	"github.com/rs/zerolog"
	_ "modernc.org/sqlite"
)

const mapping = `pos: {engine: sqlite, path: pos.db, busy_timeout: 5000}
kinds:
  vendor: {table: Supplier, key: Id, fields: {name: Company}}
`

// salon is a folder with configuration, mapping, POS and an enrolment at a hub
// that nobody can reach.
type salon struct {
	config config.Config
	pos    string
}

func newSalon(t *testing.T) *salon {
	t.Helper()
	dir := t.TempDir()
	schedule, err := config.ParseSchedule("@every 1h")
	if err != nil {
		t.Fatal(err)
	}
	s := &salon{pos: filepath.Join(dir, "pos.db"), config: config.Config{
		Data: filepath.Join(dir, "data"), Mapping: filepath.Join(dir, "mapping.yaml"), Schedule: schedule,
		Retry: config.Retry{First: time.Hour, Longest: time.Hour, Jitter: 90}, Capture: config.Capture{Every: time.Hour},
		Compare: config.Compare{Every: time.Hour, Budget: 10},
	}}
	if err := os.WriteFile(s.config.Mapping, []byte(mapping), 0o600); err != nil {
		t.Fatal(err)
	}
	s.exec(t, "CREATE TABLE Supplier (Id INTEGER PRIMARY KEY, Company TEXT); INSERT INTO Supplier VALUES (1, 'Gloss')")
	return s
}

// enrolled writes what an enrolment leaves.
func (s *salon) enrolled(t *testing.T) *salon {
	t.Helper()
	if err := datafolder.Prepare(s.config.Data); err != nil {
		t.Fatal(err)
	}
	cred := enrol.Credential{Hub: "https://127.0.0.1:1", Pin: "00112233445566778899", Installation: "i1", Secret: "s", Enrolled: time.Unix(1, 0), Store: "s1", StoreName: "Lakeside", Role: "branch"}
	if err := cred.Write(s.config.Credential()); err != nil {
		t.Fatal(err)
	}
	s.fetched(t)
	return s
}

func (s *salon) exec(t *testing.T, text string) {
	t.Helper()
	db, err := sql.Open("sqlite", s.pos)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

func (s *salon) triggers(t *testing.T) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", s.pos)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (s *salon) options() Options {
	return Options{Config: s.config, Version: "test", Log: zerolog.New(io.Discard)}
}

func TestStartAndStopUnderStress(t *testing.T) {
	s := newSalon(t).enrolled(t)
	d := New(s.options())
	if err := d.Stop(); err != nil {
		t.Errorf("stopped before it was started: %v", err)
	}
	client := control.NewClient(s.config.Data)
	for range 15 {
		if err := d.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := d.Start(t.Context()); !errors.Is(err, ErrStarted) {
			t.Errorf("started twice: %v", err)
		}
		if _, err := client.Status(t.Context()); err != nil {
			t.Errorf("the control channel does not answer once Start returned: %v", err)
		}
		var stops sync.WaitGroup
		for range 3 {
			stops.Go(func() {
				if err := d.Stop(); err != nil {
					t.Error(err)
				}
			})
		}
		// Whoever asks meanwhile gets an answer or is told that nobody is there.
		stops.Go(func() { _, _ = client.Upload(t.Context(), control.UploadAsk{}, nil) })
		stops.Wait()
	}
	if _, err := client.Status(t.Context()); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("after the last stop: %v", err)
	}
}

func TestSecondAgentIsRefused(t *testing.T) {
	s := newSalon(t)
	first := New(s.options())
	if err := first.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := New(s.options()).Start(t.Context()); !errors.Is(err, datafolder.ErrInUse) {
		t.Errorf("a second agent: %v", err)
	}
	if _, _, err := Inspect(t.Context(), s.options()); !errors.Is(err, datafolder.ErrInUse) {
		t.Errorf("a look into the folder: %v", err)
	}
	if status, err := control.NewClient(s.config.Data).Status(t.Context()); err != nil || status.State == control.NotRunning {
		t.Errorf("the first agent answers %+v, %v", status, err)
	}
	if err := first.Stop(); err != nil {
		t.Error(err)
	}
}

func TestExposedFoldersAreRefusedAtStart(t *testing.T) {
	s := newSalon(t)
	if err := os.Chmod(s.config.Mapping, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := New(s.options()).Start(t.Context()); !errors.Is(err, datafolder.ErrExposed) || !strings.Contains(err.Error(), "chmod o-w") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(s.config.Data); err == nil {
		t.Error("the data folder was made all the same")
	}
}

func TestPauseOutlivesTheAgent(t *testing.T) {
	s := newSalon(t).enrolled(t)
	ctx := t.Context()
	inspect := func(test func(d *Daemon, c *core)) {
		t.Helper()
		d, release, err := Inspect(ctx, s.options())
		if err != nil {
			t.Fatal(err)
		}
		c, err := d.present()
		if err != nil {
			t.Fatal(err)
		}
		test(d, c)
		if err := release(); err != nil {
			t.Fatal(err)
		}
	}
	inspect(func(d *Daemon, c *core) {
		if _, err := c.gate.Install(ctx, "s1"); err != nil || s.triggers(t) == 0 {
			t.Fatalf("%d triggers, %v", s.triggers(t), err)
		}
		if err := d.Pause(ctx); err != nil || s.triggers(t) != 0 {
			t.Errorf("paused: %d triggers, %v", s.triggers(t), err)
		}
	})
	inspect(func(d *Daemon, c *core) {
		_, err := c.gate.Install(ctx, "s1")
		if !errors.Is(err, pos.ErrUnreachable) || !strings.Contains(err.Error(), "plait-agent resume") || s.triggers(t) != 0 {
			t.Errorf("after a restart: %d triggers, %v", s.triggers(t), err)
		}
		if status, err := d.Status(ctx); err != nil || status.PausedSince.IsZero() {
			t.Errorf("status: %+v, %v", status, err)
		}
		if err := d.Resume(ctx); err != nil {
			t.Error(err)
		}
		if _, err := c.gate.Install(ctx, "s1"); err != nil || s.triggers(t) == 0 {
			t.Errorf("resumed: %d triggers, %v", s.triggers(t), err)
		}
	})
	inspect(func(d *Daemon, _ *core) {
		if err := d.Uninstall(ctx); err != nil || s.triggers(t) != 0 {
			t.Errorf("uninstalled: %d triggers, %v", s.triggers(t), err)
		}
	})
}

func TestDoctorSaysWhatIsWrongAndGoesOn(t *testing.T) {
	s := newSalon(t).enrolled(t)
	s.exec(t, "ALTER TABLE Supplier RENAME COLUMN Company TO Firm")
	d, release, err := Inspect(t.Context(), s.options())
	if err != nil {
		t.Fatal(err)
	}
	found, err := d.Doctor(t.Context())
	if err != nil || found.OK {
		t.Errorf("OK: %v, %v", found.OK, err)
	}
	said := map[string]bool{}
	for _, f := range found.Findings {
		said[f.Subject] = f.OK
		if f.Subject == "table Supplier" && (f.OK || f.Kind != "vendor" || !strings.Contains(f.Message, "Company")) {
			t.Errorf("the renamed column: %+v", f)
		}
	}
	for subject, want := range map[string]bool{"permissions": true, "disk": true, "agent.db": true, "enrolment": true, "mapping": true,
		"hub": false, "comparison": false, "triggers": false, "last upload": false} {
		if ok, there := said[subject]; !there || ok != want {
			t.Errorf("%s: said %v, OK %v, want %v", subject, there, ok, want)
		}
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}

// A technician's full upload that was refused, or met a busy POS, is tried again
// until it lands; an operator's is the hub's business.
func TestFullUploadIsRemembered(t *testing.T) {
	s := newSalon(t).enrolled(t)
	d, release, err := Inspect(t.Context(), s.options())
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.present()
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		reason string
		full   *upload.FullReport
		want   bool
	}{
		{reasonSchedule, &upload.FullReport{}, false},
		{reasonTechnician, nil, false},
		{reasonTechnician, &upload.FullReport{}, true},
		{reasonRetry, &upload.FullReport{}, true},
		{reasonSchedule, nil, true},
		{reasonRetry, &upload.FullReport{Landed: true}, false},
	} {
		d.ended(c, control.Last{Report: upload.Report{Reason: step.reason, Started: time.Unix(1, 0), Full: step.full}})
		if got := c.fullWaits(t.Context()); got != step.want {
			t.Errorf("after %+v: waits %v", step, got)
		}
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}

// fakeCapture is a POS that the test breaks and mends.
type fakeCapture struct {
	mu      sync.Mutex
	err     error
	drained int
	turns   int // of comparison, until it is finished
	pruned  int
}

func (f *fakeCapture) Drain(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drained++
	return f.err
}

func (f *fakeCapture) Compare(context.Context, capture.Budget, bool) (capture.Comparison, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turns++
	return capture.Comparison{Finished: f.turns%5 == 0}, nil
}

func (f *fakeCapture) Prune(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pruned++
	return nil
}

func (f *fakeCapture) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// fakePOS says that all is right with the schema.
type fakePOS struct{ pos.Connector }

func (fakePOS) Check(context.Context) ([]pos.Finding, error) { return nil, nil }

// The loops run for a day in a bubble: the POS goes away and comes back, and a
// conversation follows soon, long before the schedule; compare and prune go on.
func TestADayOfTheLoops(t *testing.T) {
	s := newSalon(t)
	synctest.Test(t, func(t *testing.T) {
		if err := datafolder.Prepare(s.config.Data); err != nil {
			t.Fatal(err)
		}
		box, _, err := outbox.Open(t.Context(), s.config.Database(), outbox.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := box.NewPOSEpoch(t.Context(), wire.Mark{POSEpoch: "e1"}); err != nil {
			t.Fatal(err)
		}
		settings := s.config
		settings.Capture.Every, settings.Compare.Every = 15*time.Second, 6*time.Hour
		settings.Retry = config.Retry{First: 30 * time.Second, Longest: time.Hour}
		if settings.Schedule, err = config.ParseSchedule("@every 48h"); err != nil {
			t.Fatal(err)
		}
		fake := &fakeCapture{}
		c := &core{config: settings, box: box, gate: &gate{Connector: fakePOS{}}, capture: fake, repair: noRepair{}, conductor: newConductor(time.Now, settings),
			log: zerolog.Nop(), now: time.Now, trouble: errUntried, renew: make(chan struct{}, 1)}
		var talks []string
		c.conductor.talk = func(_ context.Context, req upload.Request) (upload.Report, error) {
			talks = append(talks, req.Reason)
			return upload.Report{}, nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); c.run(ctx) }()

		<-time.After(time.Hour)
		fake.set(pos.ErrBusy)
		<-time.After(time.Hour)
		if c.posTrouble() == nil {
			t.Error("a busy POS is no trouble")
		}
		fake.set(nil)
		<-time.After(22 * time.Hour)
		cancel()
		<-ended
		if want := []string{reasonStart, reasonRetry}; strings.Join(talks, " ") != strings.Join(want, " ") {
			t.Errorf("conversations: %v, want %v", talks, want)
		}
		if fake.drained < 5700 || fake.pruned < 2000 {
			t.Errorf("drained %d times, pruned %d times", fake.drained, fake.pruned)
		}
		if fake.turns != 20 {
			t.Errorf("%d turns of comparison in a day, want four rounds of five", fake.turns)
		}
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What is missing is waited for: an enrolment that comes later is found.
func TestWaitsForItsEnrolment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := New(Options{Log: zerolog.Nop()})
		var mu sync.Mutex
		lack, opened := enrol.ErrNotEnrolled, 0
		d.open = func(context.Context) (*core, error) {
			mu.Lock()
			defer mu.Unlock()
			opened++
			return nil, lack
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); d.work(ctx) }()
		<-time.After(10 * time.Second)
		mu.Lock()
		if opened < 4 {
			t.Errorf("looked %d times in ten seconds", opened)
		}
		lack = errors.New("cannot read mapping")
		mu.Unlock()
		<-time.After(3 * time.Second)
		if _, err := d.present(); err == nil || err.Error() != "cannot read mapping" {
			t.Errorf("says %v", err)
		}
		cancel()
		<-ended
	})
}

// noRepair is of a network that does not ask for it.
type noRepair struct{}

func (noRepair) Run(context.Context) (int, error) { return 0, nil }
