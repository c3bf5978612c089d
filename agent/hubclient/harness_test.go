package hubclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"plait/agent/hubclient"
	"plait/shared/catalog"
	"plait/shared/wire"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	address = "http://127.0.0.1:9" // nobody listens: the test's line leads to its hub
	secret  = "store-secret"
)

// line is a network of one wire, inside the test.
type line struct {
	calls chan net.Conn
	over  chan struct{}
	once  sync.Once
}

func newLine() *line { return &line{calls: make(chan net.Conn), over: make(chan struct{})} }

func (l *line) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.calls <- there:
		return here, nil
	case <-l.over:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *line) Accept() (net.Conn, error) {
	select {
	case c := <-l.calls:
		return c, nil
	case <-l.over:
		return nil, net.ErrClosed
	}
}

func (l *line) Close() error {
	l.once.Do(func() { close(l.over) })
	return nil
}

func (l *line) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9} }

// asked is one request that arrived.
type asked struct {
	method, path, body string
	header             http.Header
	at                 time.Duration // since the test began
}

// hub notes every request, and answers the n-th, from 1, as the test says.
type hub struct {
	answer func(w http.ResponseWriter, n int)
	start  time.Time
	busy   sync.WaitGroup // handlers outlive a client that went away

	mu   sync.Mutex
	seen []asked
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.busy.Add(1)
	defer h.busy.Done()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	h.mu.Lock()
	h.seen = append(h.seen, asked{r.Method, r.URL.Path, string(body), r.Header.Clone(), time.Since(h.start)})
	n := len(h.seen)
	h.mu.Unlock()
	h.answer(w, n)
}

func (h *hub) requests() []asked {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen
}

// talk runs a test with a client and its hub, in a bubble whose clock jumps.
func talk(t *testing.T, answer func(w http.ResponseWriter, n int), test func(t *testing.T, c *hubclient.Client, h *hub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { reach(t, hubclient.Options{}, answer, test) })
}

// reach is talk on the real clock: zstd keeps its decoders from test to test.
func reach(t *testing.T, o hubclient.Options, answer func(w http.ResponseWriter, n int), test func(t *testing.T, c *hubclient.Client, h *hub)) {
	t.Helper()
	l, h := newLine(), &hub{answer: answer, start: time.Now()}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Hour}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	o.URL, o.Credential, o.Dial = address, secret, l.dial
	c, err := hubclient.New(o)
	if err != nil {
		t.Fatal(err)
	}
	test(t, c, h)
	c.Close()
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
	h.busy.Wait()
}

// says answers as a hub does, whatever it says.
func says(status int, body string) func(http.ResponseWriter, int) {
	return func(w http.ResponseWriter, _ int) { write(w, status, body) }
}

func write(w http.ResponseWriter, status int, body string) {
	w.Header().Set(wire.HeaderProtocol, "1")
	w.WriteHeader(status)
	// A client that has gone away is what some tests are about.
	_, _ = io.WriteString(w, body)
}

// message is one of the protocol, as the client sends it.
type message struct {
	name string
	bulk bool // its answer is a compressed body
	send func(ctx context.Context, c *hubclient.Client) error
}

func sends[A any](name string, send func(c *hubclient.Client, ctx context.Context) (A, error)) message {
	return message{name: name, send: func(ctx context.Context, c *hubclient.Client) error {
		_, err := send(c, ctx)
		return err
	}}
}

var someHash = strings.Repeat("a", 64)

// messages are all of them.
var messages = []message{
	sends("enroll", func(c *hubclient.Client, ctx context.Context) (wire.Enrolled, error) {
		return c.Enroll(ctx, wire.Enroll{})
	}),
	sends("hello", func(c *hubclient.Client, ctx context.Context) (wire.Welcome, error) {
		return c.Hello(ctx, wire.Hello{})
	}),
	{name: "profile", send: func(ctx context.Context, c *hubclient.Client) error { return c.Profile(ctx, wire.Profile{}) }},
	sends("links", func(c *hubclient.Client, ctx context.Context) (wire.LinksPage, error) {
		return c.Links(ctx, wire.LinksAsk{})
	}),
	sends("reconcile", func(c *hubclient.Client, ctx context.Context) (wire.SumsAnswer, error) {
		return c.Sums(ctx, wire.Sums{})
	}),
	sends("reconcile/keys", func(c *hubclient.Client, ctx context.Context) (wire.KeysAnswer, error) {
		return c.Keys(ctx, wire.Keys{})
	}),
	sends("batch", func(c *hubclient.Client, ctx context.Context) (wire.BatchAck, error) {
		return c.Batch(ctx, []byte("zstd"))
	}),
	sends("next", func(c *hubclient.Client, ctx context.Context) (wire.NextAnswer, error) {
		return c.Next(ctx, wire.NextAsk{})
	}),
	sends("begin", func(c *hubclient.Client, ctx context.Context) (wire.BeginAnswer, error) {
		return c.Begin(ctx, wire.Begin{})
	}),
	sends("full/begin", func(c *hubclient.Client, ctx context.Context) (wire.FullState, error) {
		return c.FullBegin(ctx, wire.FullBegin{})
	}),
	sends("full/chunk", func(c *hubclient.Client, ctx context.Context) (wire.FullState, error) {
		return c.FullChunk(ctx, []byte("zstd"))
	}),
	sends("full/commit", func(c *hubclient.Client, ctx context.Context) (wire.FullState, error) {
		return c.FullCommit(ctx, wire.FullCommit{})
	}),
	sends("bye", func(c *hubclient.Client, ctx context.Context) (wire.ByeAnswer, error) { return c.Bye(ctx, wire.Bye{}) }),
	{name: "catalog/" + someHash, bulk: true, send: func(ctx context.Context, c *hubclient.Client) error {
		_, _, err := c.Catalog(ctx, someHash)
		return err
	}},
	sendsBulk("payload/"+someHash, func(c *hubclient.Client, ctx context.Context) ([]byte, error) { return c.Payload(ctx, someHash) }),
}

func sendsBulk[A any](name string, send func(c *hubclient.Client, ctx context.Context) (A, error)) message {
	m := sends(name, send)
	m.bulk = true
	return m
}

// refusal returns the hub's refusal in an error, nil if it is something else.
func refusal(err error) *wire.Error {
	var e *wire.Error
	errors.As(err, &e)
	return e
}

func mustBody(e *wire.Error) string { return string(wire.EncodeControl(e)) }

func someCatalog() *catalog.Catalog {
	return &catalog.Catalog{Kinds: []catalog.Kind{{Name: "service", Title: "Service", Help: "What is done.", Direction: catalog.Sync,
		Match:  catalog.Match{Name: "name"},
		Fields: []catalog.Field{{Name: "name", Title: "Name", Type: "text", Policy: "locked"}}}}}
}

func (a asked) String() string { return fmt.Sprintf("%s %s after %s", a.method, a.path, a.at) }
