package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plait/hub/daemon"
	"plait/hub/daemon/config"
	"plait/shared/wire"
)

const (
	maxAnswer   = 256 << 20        // bytes of an answer: a Test of ten thousand stores
	callTimeout = 15 * time.Minute // a Test of a large network takes its time
)

// client speaks the operators' API.
type client struct {
	base  *url.URL
	token string
	http  *http.Client
}

// client finds the hub, its certificate and the token, from flags, variables or
// the data folder.
func (a *App) client() (*client, error) {
	local, err := a.local()
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(local.URL)
	if err != nil || base.Host == "" {
		return nil, usageError{fmt.Errorf("%q is not an address of a hub: write it as https://host:port", local.URL)}
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !loopback(base.Hostname())) {
		return nil, usageError{fmt.Errorf("cannot use %s: a token travels over https only", local.URL)}
	}
	token, err := a.token()
	if err != nil {
		return nil, err
	}
	roots, err := a.roots(local)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: local.ServerName}
	transport.DisableKeepAlives = true // one command, a few calls
	return &client{base: base, token: token, http: &http.Client{Transport: transport, Timeout: callTimeout, CheckRedirect: noRedirect}}, nil
}

// noRedirect: a redirect would carry the token elsewhere.
func noRedirect(req *http.Request, _ []*http.Request) error {
	return fmt.Errorf("it redirects to %s, which no hub does", req.URL.Host)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// dataDir is the data folder of the hub on this machine.
func (a *App) dataDir() string {
	for _, dir := range []string{a.flags.data, a.env("DATA")} {
		if dir != "" {
			return dir
		}
	}
	return config.DefaultData
}

func (a *App) local() (daemon.Local, error) {
	if a.flags.hub != "" {
		return daemon.Local{URL: a.flags.hub}, nil
	}
	return daemon.ReadLocal(a.dataDir())
}

func (a *App) token() (string, error) {
	switch {
	case a.flags.tokenFile != "":
		return daemon.ReadToken(a.flags.tokenFile)
	case a.flags.hub != "" && a.flags.data == "":
		return "", usageError{errors.New("a hub elsewhere needs your token: name its file with --token-file")}
	}
	return daemon.ReadToken(filepath.Join(a.dataDir(), daemon.TokenFile))
}

// roots are whose certificates are accepted; nil means the system's.
func (a *App) roots(local daemon.Local) (*x509.CertPool, error) {
	path := a.flags.ca
	if path == "" && (local.OwnCA || (a.flags.hub != "" && a.flags.data != "")) {
		path = filepath.Join(a.dataDir(), daemon.CAFile)
	}
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the hub's CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("cannot use %s as the hub's CA: it holds no certificate", path)
	}
	return pool, nil
}

// call sends in (nil for none) as JSON and reads the answer into out.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	return c.send(ctx, method, path, body, out)
}

// send sends a body as it is.
func (c *client) send(ctx context.Context, method, path string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.base.String()+"/api/v1/"+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return c.unreachable(err)
	}
	if resp.Header.Get(wire.HeaderProtocol) == "" {
		return fmt.Errorf("what answers at %s is no Plait hub (%s)", c.base.Host, resp.Status)
	}
	if resp.StatusCode != http.StatusOK {
		return refusalOf(text, resp.Status)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("cannot read the hub's answer: %w", err)
	}
	return nil
}

// refusalOf reads the hub's reason.
func refusalOf(text []byte, status string) error {
	var e wire.Error
	if err := json.Unmarshal(text, &e); err != nil || e.Message == "" {
		return fmt.Errorf("the hub answered %s", status)
	}
	if e.Ref != "" {
		e.Message += fmt.Sprintf(" The hub's log has it under %q.", e.Ref)
	}
	return &e
}

func (c *client) unreachable(err error) error {
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		return fmt.Errorf("cannot trust the hub at %s: its certificate comes from a CA that is not known here: name the hub's ca.pem with --ca", c.base.Host)
	}
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("cannot reach the hub at %s: %w: is it running?", c.base.Host, err)
}

// at joins a path, each part escaped.
func at(parts ...string) string {
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// ask makes one call and returns its answer.
func ask[Out any](cmd *cobra.Command, a *App, method, path string, in any) (out Out, err error) {
	c, err := a.client()
	if err != nil {
		return out, err
	}
	err = c.call(cmd.Context(), method, path, in, &out)
	return out, err
}
