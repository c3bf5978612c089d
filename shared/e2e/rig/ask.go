package rig

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"plait/agent/datafolder"
	"plait/agent/enrol"
	"plait/shared/wire"
)

// askWithin bounds one question, and askLimit its answer, in bytes.
const (
	askWithin = 30 * time.Second
	askLimit  = 1 << 20
)

// Ask asks the hub something with this store's credential and in the conversation that
// a gate heard from it last, as one who got hold of the salon's PC could. It returns
// the answer's status and text.
func (s *Store) Ask(ctx context.Context, g *Gate, method, path, body string) (status int, text string, err error) {
	c, err := enrol.Read(filepath.Join(s.data(), datafolder.CredentialName))
	if err != nil {
		return 0, "", fmt.Errorf("cannot ask with the credential of %s: %w", s.Name, err)
	}
	at, err := url.Parse(c.Hub)
	if err != nil {
		return 0, "", fmt.Errorf("cannot ask with the credential of %s: %w", s.Name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, c.Hub+path, strings.NewReader(body))
	if err != nil {
		return 0, "", fmt.Errorf("cannot ask with the credential of %s: %w", s.Name, err)
	}
	r.Header.Set("Authorization", "Bearer "+c.Secret)
	r.Header.Set(wire.HeaderProtocol, strconv.Itoa(wire.Protocol))
	r.Header.Set(wire.HeaderConversation, g.heard(r.Header.Get("Authorization")))
	return answered(r, c.Pin.TLSConfig(at.Hostname(), time.Now))
}

func answered(r *http.Request, trusts *tls.Config) (status int, text string, err error) {
	transport := &http.Transport{TLSClientConfig: trusts}
	defer transport.CloseIdleConnections()
	a, err := transport.RoundTrip(r)
	if err != nil {
		return 0, "", fmt.Errorf("cannot ask the hub: %w", err)
	}
	defer a.Body.Close()
	said, err := io.ReadAll(io.LimitReader(a.Body, askLimit))
	return a.StatusCode, string(said), err
}
