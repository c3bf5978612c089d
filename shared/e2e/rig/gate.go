package rig

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"plait/hub/access/pki"
	"plait/shared/wire"
)

// A Gate stands between agents and the hub, with a certificate from the hub's
// own CA, so that agents which enrolled at its URL cannot tell. It lets everything
// through, and calls back at chosen points of a conversation: "the moment before
// the hub sees this message" is a moment that a test can hold on to.
type Gate struct {
	URL    string
	server *http.Server

	mu     sync.Mutex
	before map[string]func()
	after  map[string]bool
	watch  func(Exchange)
	talks  map[string]string // by what entitles to it: the conversation that was held last
}

// Exchange is a message to the hub with its answer.
type Exchange struct {
	Path   string
	Sent   []byte // the message's body as it travels
	Status int    // of the answer; 0 while there is none
	Answer []byte // its body as it travels
}

// NewGate opens a gate before the hub, which must have run once.
func (r *Rig) NewGate() (*Gate, error) {
	ca, err := pki.Open(pki.Options{Dir: r.Hub.data()})
	if err != nil {
		return nil, fmt.Errorf("cannot open a gate: %w", err)
	}
	proxy, err := r.Hub.proxy()
	if err != nil {
		return nil, fmt.Errorf("cannot open a gate: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot open a gate: %w", err)
	}
	g := &Gate{URL: "https://" + listener.Addr().String(), before: map[string]func(){}, after: map[string]bool{}, talks: map[string]string{}}
	g.server = &http.Server{Handler: g.through(proxy), TLSConfig: ca.TLSConfig()}
	go func() { _ = g.server.ServeTLS(listener, "", "") }() // ends with Close
	r.gates = append(r.gates, g)
	return g, nil
}

// Before calls do once, when the next message to that path has arrived and
// before the hub sees it.
func (g *Gate) Before(path string, do func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.before[path] = do
}

// Lose loses the hub's next answer to a message to that path: the hub has done
// what it was asked, and the agent does not know.
func (g *Gate) Lose(path string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.after[path] = true
}

// Watch calls sees twice for each message from now on: when it has arrived and
// before the hub sees it, and when the hub has answered and before the agent hears
// of it.
func (g *Gate) Watch(sees func(Exchange)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.watch = sees
}

func (g *Gate) watcher() func(Exchange) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.watch
}

// watched lets a message through under the eyes of sees.
func watched(next http.Handler, sees func(Exchange), w http.ResponseWriter, r *http.Request) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the agent has gone in the middle of it
	}
	e := Exchange{Path: r.URL.Path, Sent: sent}
	sees(e)
	r.Body = io.NopCloser(bytes.NewReader(sent))
	h := heard{ResponseWriter: w, status: http.StatusOK}
	next.ServeHTTP(&h, r)
	e.Status, e.Answer = h.status, h.body.Bytes()
	sees(e)
	w.WriteHeader(h.status)
	_, _ = w.Write(e.Answer) // the agent may have gone
}

// heard keeps an answer back, save its header.
type heard struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *heard) Write(b []byte) (int, error) { return h.body.Write(b) }
func (h *heard) WriteHeader(status int)      { h.status = status }

func (g *Gate) through(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.hear(r.Header)
		do, lose := g.take(r.URL.Path)
		if do != nil {
			do()
		}
		if lose {
			next.ServeHTTP(unheard{http.Header{}}, r)
			panic(http.ErrAbortHandler)
		}
		if sees := g.watcher(); sees != nil {
			watched(next, sees, w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (g *Gate) hear(h http.Header) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if id := h.Get(wire.HeaderConversation); id != "" {
		g.talks[h.Get("Authorization")] = id
	}
}

func (g *Gate) heard(entitled string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.talks[entitled]
}

func (g *Gate) take(path string) (do func(), lose bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	do, lose = g.before[path], g.after[path]
	delete(g.before, path)
	delete(g.after, path)
	return do, lose
}

// unheard is where a lost answer goes.
type unheard struct{ header http.Header }

func (u unheard) Header() http.Header         { return u.header }
func (u unheard) Write(b []byte) (int, error) { return len(b), nil }
func (u unheard) WriteHeader(int)             {}

// Close ends the gate and the conversations that are in it.
func (g *Gate) Close() error { return g.server.Close() }

// proxy carries messages to the hub over TLS.
func (h *Hub) proxy() (http.Handler, error) {
	pem, err := os.ReadFile(filepath.Join(h.data(), "ca.pem"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("the hub's CA is no certificate")
	}
	target, err := url.Parse(h.URL)
	if err != nil {
		return nil, err
	}
	return &httputil.ReverseProxy{
		Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(target) },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
			panic(http.ErrAbortHandler) // the agent meets a line that broke, as it would without us
		},
	}, nil
}
