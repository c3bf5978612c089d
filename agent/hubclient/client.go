package hubclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

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
	c.RetryWaitMin, c.RetryWaitMax = shortestWait, longestWait
	c.CheckRetry, c.Backoff, c.Logger = checkRetry, backoff, nil
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
