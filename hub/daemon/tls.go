package daemon

import (
	"crypto/tls"
	"fmt"
	"slices"
	"time"

	"plait/hub/access/pki"
	"plait/hub/daemon/config"
	"plait/shared/enrolcode"
)

// identity is how the hub shows who it is.
type identity struct {
	tls   *tls.Config // nil: no TLS
	pin   enrolcode.Pin
	local Local // but for the URL
}

// identify takes the certificate that was given, or makes the hub its own CA.
func identify(c config.Config, now func() time.Time) (identity, error) {
	switch {
	case c.TLS.Off:
		// A proxy in front shows a certificate that we cannot know.
		return identity{pin: enrolcode.SystemRoots}, nil
	case c.TLS.Cert != "":
		return given(c, now)
	}
	ca, err := pki.Open(pki.Options{Dir: c.Data, Hosts: c.Names, Now: now})
	if err != nil {
		return identity{}, err
	}
	return identity{tls: ca.TLSConfig(), pin: ca.Pin(), local: Local{OwnCA: true}}, nil
}

func given(c config.Config, now func() time.Time) (identity, error) {
	pair, err := tls.LoadX509KeyPair(c.TLS.Cert, c.TLS.Key)
	if err != nil {
		return identity{}, fmt.Errorf("cannot use the certificate %s with the key %s: %w", c.TLS.Cert, c.TLS.Key, err)
	}
	if end := pair.Leaf.NotAfter; now().After(end) {
		return identity{}, fmt.Errorf("cannot use the certificate %s: it ended on %s: renew it", c.TLS.Cert, end.Format(time.DateOnly))
	}
	for _, name := range c.Names {
		if err := pair.Leaf.VerifyHostname(name); err != nil {
			return identity{}, fmt.Errorf("cannot use the certificate %s: %w: correct names, or get another certificate", c.TLS.Cert, err)
		}
	}
	names := slices.Concat(c.Names, pair.Leaf.DNSNames)
	id := identity{tls: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}, pin: enrolcode.SystemRoots}
	if len(names) > 0 {
		id.local.ServerName = names[0]
	}
	return id, nil
}
