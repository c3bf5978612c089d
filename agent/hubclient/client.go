package hubclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"plait/shared/enrolcode"
	"plait/shared/wire"

	"github.com/hashicorp/go-retryablehttp"
)

// Options say how to reach the hub.
type Options struct {
	URL        string      // https://host:port; http is refused off loopback
	TLS        *tls.Config // pinned to the hub's CA; see enrolcode.Pin.TLSConfig
	Credential string      // the store's; "" only for Enroll
	// Attempts for one message, the first included. 0 means 4.
	Attempts int
	// Timeout of one attempt, body included. 0 means two minutes.
	Timeout time.Duration
	// Dial replaces the dialler in tests; nil dials as usual.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Client sends messages to one hub. It is safe for concurrent use.
type Client struct {
	base       *url.URL
	credential string
	http       *retryablehttp.Client
	// conversation is the one that was let in last; every later message names it.
	conversation atomic.Pointer[string]
}

// ErrNotTheHub means that something else answered: a captive portal, a proxy, a
// wrong address.
var ErrNotTheHub = errors.New("what answered is not a Plait hub")

// New returns a client. It opens no connection.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("cannot use hub address %q: write it as https://host:port", o.URL)
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !isLoopback(base.Hostname())) {
		return nil, fmt.Errorf("cannot use hub address %q: it must begin with https://", o.URL)
	}
	base.Path = ""
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: o.TLS, DialContext: o.Dial,
		MaxIdleConns: 2, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: 20 * time.Second,
		ResponseHeaderTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10, DisableCompression: true,
	}
	c := retryablehttp.NewClient()
	c.HTTPClient = &http.Client{Transport: transport, Timeout: orElse(o.Timeout, 2*time.Minute), CheckRedirect: refuseRedirect}
	c.RetryMax = orElse(o.Attempts, 4) - 1
	c.RetryWaitMin, c.RetryWaitMax = 250*time.Millisecond, 20*time.Second
	c.CheckRetry, c.Logger = checkRetry, nil
	c.ErrorHandler = retryablehttp.PassthroughErrorHandler
	return &Client{base: base, credential: o.Credential, http: c}, nil
}

// Close drops idle connections.
func (c *Client) Close() { c.http.HTTPClient.CloseIdleConnections() }

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func refuseRedirect(req *http.Request, _ []*http.Request) error {
	return fmt.Errorf("%w: it redirects to %s", ErrNotTheHub, req.URL.Host)
}

// checkRetry tries again after network faults and when the hub is busy or
// failing, never after an answer that a repeat would not change.
func checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		return !isAnswer(err), nil
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true, nil
	}
	return false, nil
}

// isAnswer reports whether the fault is one that another try would meet again:
// somebody else answered, or this PC's clock is wrong.
func isAnswer(err error) bool {
	var cert *tls.CertificateVerificationError
	var clock *enrolcode.ClockError
	return errors.Is(err, ErrNotTheHub) || errors.Is(err, enrolcode.ErrWrongHub) || errors.As(err, &cert) || errors.As(err, &clock)
}

// post sends a control message and reads its answer into out; nil takes none.
func (c *Client) post(ctx context.Context, path string, in, out any) error {
	return c.send(ctx, http.MethodPost, path, wire.EncodeControl(in), "application/json", func(body io.Reader) error {
		if out == nil {
			return nil
		}
		return wire.DecodeStrict(body, wire.MaxControlBytes, out)
	})
}

// postBulk sends a compressed body and reads the answer into out.
func (c *Client) postBulk(ctx context.Context, path string, zstd []byte, out any) error {
	return c.send(ctx, http.MethodPost, path, zstd, "application/zstd", func(body io.Reader) error {
		return wire.DecodeStrict(body, wire.MaxControlBytes, out)
	})
}

// get reads a compressed body of at most max bytes, and decompresses it.
func (c *Client) get(ctx context.Context, path string, max int) ([]byte, error) {
	var raw []byte
	err := c.send(ctx, http.MethodGet, path, nil, "", func(body io.Reader) error {
		packed, err := io.ReadAll(io.LimitReader(body, int64(max)+1))
		if err != nil {
			return fmt.Errorf("the answer broke off: %w", err)
		}
		raw, err = wire.Decompress(packed, max)
		return err
	})
	return raw, err
}

func (c *Client) send(ctx context.Context, method, path string, body []byte, contentType string, read func(io.Reader) error) error {
	var rawBody any
	if body != nil {
		rawBody = bytes.NewReader(body)
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, method, c.base.JoinPath(path).String(), rawBody)
	if err != nil {
		return fmt.Errorf("cannot build the request %s: %w", path, err)
	}
	req.Header.Set(wire.HeaderProtocol, strconv.Itoa(wire.Protocol))
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if id := c.conversation.Load(); id != nil {
		req.Header.Set(wire.HeaderConversation, *id)
	}
	if c.credential != "" {
		req.Header.Set("Authorization", "Bearer "+c.credential)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("cannot reach the hub at %s: %w", c.base.Host, err)
	}
	defer resp.Body.Close()
	if err := c.answer(resp, read); err != nil {
		return err
	}
	return nil
}

func (c *Client) answer(resp *http.Response, read func(io.Reader) error) error {
	if _, err := strconv.Atoi(resp.Header.Get(wire.HeaderProtocol)); err != nil {
		return fmt.Errorf("%w: %s answered %s without the protocol's header; is there a sign-in page or proxy in between?", ErrNotTheHub, c.base.Host, resp.Status)
	}
	if resp.StatusCode != http.StatusOK {
		e := &wire.Error{}
		if err := wire.DecodeStrict(resp.Body, wire.MaxControlBytes, e); err != nil {
			return fmt.Errorf("cannot read the hub's refusal (%s): %w", resp.Status, err)
		}
		return e
	}
	if err := read(resp.Body); err != nil {
		return fmt.Errorf("cannot read the hub's answer: %w", err)
	}
	return nil
}
