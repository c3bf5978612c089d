package hubclient

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"plait/shared/wire"
)

// Probed is what a look at the hub shows, without a conversation.
type Probed struct {
	Took             time.Duration
	Date             time.Time // the hub's clock, to the second; zero if it does not say
	CertificateUntil time.Time // zero without TLS
}

// Probe reaches for the hub once, without a credential and whatever it answers:
// that the pinned hub answers at all is what is asked.
func (c *Client) Probe(ctx context.Context) (Probed, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.JoinPath(prefix).String(), nil)
	if err != nil {
		return Probed{}, fmt.Errorf("cannot build the request: %w", err)
	}
	req.Header.Set(wire.HeaderProtocol, strconv.Itoa(wire.Protocol))
	began := time.Now()
	resp, err := c.http.HTTPClient.Do(req)
	if err != nil {
		return Probed{}, fmt.Errorf("cannot reach the hub at %s: %w", c.base.Host, err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, wire.MaxControlBytes)); err != nil {
		return Probed{}, fmt.Errorf("cannot read what the hub at %s answered: %w", c.base.Host, err)
	}
	p := Probed{Took: time.Since(began)}
	p.Date, _ = http.ParseTime(resp.Header.Get("Date")) // zero is "it does not say"
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		p.CertificateUntil = resp.TLS.PeerCertificates[0].NotAfter
	}
	return p, nil
}
