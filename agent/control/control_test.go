package control_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"plait/agent/control"
	"plait/agent/upload"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeAgent says what it is told to.
type fakeAgent struct {
	mu     sync.Mutex
	asked  []string
	limit  int
	fail   error
	steps  chan upload.Step
	gone   chan struct{} // closed when an upload's asker hung up
	report upload.Report
}

func (a *fakeAgent) note(what string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, what)
	return a.fail
}

func (a *fakeAgent) Status(context.Context) (control.Status, error) {
	return control.Status{State: control.Well, Sentence: "All is well.", Waiting: control.Pending{Total: 3, Kinds: map[string]int{"service": 3}}}, a.note("status")
}

func (a *fakeAgent) Queue(_ context.Context, limit int) (control.Queue, error) {
	a.limit = limit
	return control.Queue{Parked: []control.ParkedItem{{Kind: "service", Key: "7", Name: "Cut\x1b[2J", Why: "too long"}}}, a.note("queue")
}

func (a *fakeAgent) Doctor(context.Context) (control.Findings, error) {
	return control.Findings{Findings: []control.Finding{{Subject: "hub", Message: "cannot be reached"}}}, a.note("doctor")
}

func (a *fakeAgent) Upload(ctx context.Context, ask control.UploadAsk, progress func(upload.Step)) (upload.Report, error) {
	if ask.Full {
		_ = a.note("full " + ask.Release)
	}
	for {
		select {
		case s, more := <-a.steps:
			if !more {
				return a.report, a.fail
			}
			progress(s)
		case <-ctx.Done():
			close(a.gone)
			return upload.Report{}, ctx.Err()
		}
	}
}

func (a *fakeAgent) Pause(context.Context) error  { return a.note("pause") }
func (a *fakeAgent) Resume(context.Context) error { return a.note("resume") }
func (a *fakeAgent) Retry(_ context.Context, i control.ItemAsk) error {
	return a.note("retry " + i.Kind + " " + i.Key)
}

// serve runs a server over folder's channel until the test ends.
func serve(t *testing.T, folder string, agent control.Agent) *control.Client {
	t.Helper()
	l, err := control.Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	server := control.NewServer(agent)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return control.NewClient(folder)
}

func TestEveryQuestionIsAnswered(t *testing.T) {
	agent := &fakeAgent{}
	c := serve(t, t.TempDir(), agent)
	ctx := t.Context()
	status, err := c.Status(ctx)
	if err != nil || status.Sentence != "All is well." || status.Waiting.Kinds["service"] != 3 {
		t.Errorf("status: %+v, %v", status, err)
	}
	queue, err := c.Queue(ctx, 5)
	if err != nil || agent.limit != 5 || queue.Parked[0].Name != "Cut\x1b[2J" {
		t.Errorf("queue: %+v, limit %d, %v", queue, agent.limit, err)
	}
	if _, err := c.Queue(ctx, 1<<30); err != nil || agent.limit != 10_000 {
		t.Errorf("a huge limit came through as %d, %v", agent.limit, err)
	}
	if f, err := c.Doctor(ctx); err != nil || len(f.Findings) != 1 || f.OK {
		t.Errorf("doctor: %+v, %v", f, err)
	}
	for _, act := range []func() (control.Status, error){
		func() (control.Status, error) { return c.Pause(ctx) },
		func() (control.Status, error) { return c.Resume(ctx) },
		func() (control.Status, error) { return c.Retry(ctx, control.ItemAsk{Kind: "service", Key: "7"}) },
	} {
		if s, err := act(); err != nil || s.State != control.Well {
			t.Errorf("an act: %+v, %v", s, err)
		}
	}
	if got := strings.Join(agent.asked, ","); got != "status,queue,queue,doctor,pause,status,resume,status,retry service 7,status" {
		t.Errorf("the agent was asked %s", got)
	}
}

func TestFailuresAreSentences(t *testing.T) {
	agent := &fakeAgent{fail: errors.New("cannot take the triggers away: the POS database is busy")}
	c := serve(t, t.TempDir(), agent)
	if _, err := c.Pause(t.Context()); err == nil || err.Error() != agent.fail.Error() {
		t.Errorf("got %v", err)
	}
}

// Steps arrive while the upload runs, not at its end: the channel has no buffer,
// so the agent cannot be ahead of what this test has read.
func TestUploadStreams(t *testing.T) {
	agent := &fakeAgent{steps: make(chan upload.Step), report: upload.Report{RowsUp: 2, Full: &upload.FullReport{Landed: true}}}
	c := serve(t, t.TempDir(), agent)
	seen := make(chan upload.Step)
	done := make(chan error, 1)
	var report upload.Report
	go func() {
		var err error
		report, err = c.Upload(t.Context(), control.UploadAsk{Full: true, Release: "r1"}, func(s upload.Step) { seen <- s })
		done <- err
	}()
	for i := range int64(3) {
		agent.steps <- upload.Step{Phase: upload.PhaseUpload, RowsUp: i}
		if s := <-seen; s.RowsUp != i {
			t.Errorf("step %d came as %d", i, s.RowsUp)
		}
	}
	close(agent.steps)
	if err := <-done; err != nil || report.RowsUp != 2 || !report.Full.Landed || agent.asked[0] != "full r1" {
		t.Errorf("report %+v, %v, asked %v", report, err, agent.asked)
	}
}

func TestUploadThatFailsReportsWhatWasDone(t *testing.T) {
	agent := &fakeAgent{steps: make(chan upload.Step), report: upload.Report{RowsUp: 9}, fail: errors.New("cannot finish the upload: the line broke")}
	close(agent.steps)
	report, err := serve(t, t.TempDir(), agent).Upload(t.Context(), control.UploadAsk{}, nil)
	if err == nil || err.Error() != agent.fail.Error() || report.RowsUp != 9 {
		t.Errorf("got %+v, %v", report, err)
	}
}

func TestHangingUpIsNoticed(t *testing.T) {
	agent := &fakeAgent{steps: make(chan upload.Step), gone: make(chan struct{})}
	c := serve(t, t.TempDir(), agent)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		agent.steps <- upload.Step{}
		cancel()
	}()
	if _, err := c.Upload(ctx, control.UploadAsk{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-agent.gone
}

func TestNobodyThere(t *testing.T) {
	if _, err := control.NewClient(t.TempDir()).Status(t.Context()); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("got %v", err)
	}
}

func TestBadRequestsAreRefused(t *testing.T) {
	handler := control.Handler(&fakeAgent{})
	for _, test := range []struct{ method, path, body string }{
		{"POST", "/upload", `{"force": true}`},
		{"POST", "/upload", `{"full": true, "full": true}`},
		{"POST", "/retry", strings.Repeat("x", 70<<10)},
		{"GET", "/upload", ``},
		{"POST", "/status", ``},
	} {
		r, err := http.NewRequestWithContext(t.Context(), test.method, "http://agent"+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		w := &recorder{header: http.Header{}}
		handler.ServeHTTP(w, r)
		if w.status < 400 || w.status >= 500 {
			t.Errorf("%s %s %.20s: status %d", test.method, test.path, test.body, w.status)
		}
	}
}

type recorder struct {
	header http.Header
	status int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return len(p), nil }
