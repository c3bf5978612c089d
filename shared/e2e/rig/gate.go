package rig

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"plait/hub/access/pki"
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
	g := &Gate{URL: "https://" + listener.Addr().String(), before: map[string]func(){}, after: map[string]bool{}}
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

func (g *Gate) through(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		do, lose := g.take(r.URL.Path)
		if do != nil {
			do()
		}
		if lose {
			next.ServeHTTP(unheard{http.Header{}}, r)
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
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
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if !errors.Is(err, context.Canceled) {
				w.WriteHeader(http.StatusBadGateway)
			}
		},
	}, nil
}
