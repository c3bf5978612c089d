package enrolcode

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrWrongHub says that the other end does not show the pinned CA: it is
	// another hub, or somebody in between.
	ErrWrongHub = errors.New("the other end is not the pinned hub")

	errBadPin = errors.New("a pin is 20 to 64 hexadecimal digits")
)

const (
	minPinDigits  = 2 * pinBytes
	fullPinDigits = 2 * sha256.Size
)

// A Pin says which CA an agent trusts: the SHA-256 of its public key, or the
// first 80 or more bits of it, in lower-case hexadecimal.
type Pin string

// SystemRoots is the pin of a hub whose certificate the system's own roots vouch
// for.
const SystemRoots Pin = ""

// PinOf returns the full pin of a CA.
func PinOf(ca *x509.Certificate) Pin {
	sum := sha256.Sum256(ca.RawSubjectPublicKeyInfo)
	return Pin(hex.EncodeToString(sum[:]))
}

// ParsePin reads a pin from a configuration file. Colons and upper case, as
// other tools print them, are taken; an empty text is SystemRoots.
func ParsePin(text string) (Pin, error) {
	pin := Pin(strings.ToLower(strings.ReplaceAll(text, ":", "")))
	if err := pin.check(); err != nil {
		return "", fmt.Errorf("cannot read pin: %w", err)
	}
	return pin, nil
}

func (p Pin) check() error {
	if p == SystemRoots {
		return nil
	}
	if len(p) < minPinDigits || len(p) > fullPinDigits || len(p)%2 != 0 || strings.Trim(string(p), "0123456789abcdef") != "" {
		return errBadPin
	}
	if strings.Trim(string(p[:minPinDigits]), "0") == "" {
		return errors.New("a pin of zeros would mean the system's roots in a code")
	}
	return nil
}

// Matches reports whether ca has this pin. SystemRoots matches none.
func (p Pin) Matches(ca *x509.Certificate) bool {
	return p != SystemRoots && p.check() == nil && strings.HasPrefix(string(PinOf(ca)), string(p))
}

// Full returns the full pin of the certificate that matches p, for keeping
// after the first conversation. It is p itself if none does.
func (p Pin) Full(presented []*x509.Certificate) Pin {
	for _, cert := range presented {
		if p.Matches(cert) {
			return PinOf(cert)
		}
	}
	return p
}

// Verify accepts the presented chain (the server's certificate first) if the
// pinned CA is in it, vouches for the first, and that one names host. host is a
// name or an address. Errors: ErrWrongHub, *ClockError, or x509's own.
func (p Pin) Verify(presented []*x509.Certificate, host string, now time.Time) error {
	if host == "" {
		return errors.New("cannot verify the hub: no host name to expect") // x509 would take any
	}
	if len(presented) == 0 {
		return fmt.Errorf("cannot verify %s: %w: it presented no certificate", host, ErrWrongHub)
	}
	options := x509.VerifyOptions{DNSName: host, CurrentTime: now, Intermediates: x509.NewCertPool()}
	for _, cert := range presented[1:] {
		options.Intermediates.AddCert(cert)
	}
	if p != SystemRoots {
		options.Roots = x509.NewCertPool()
		if !p.addTo(options.Roots, presented) {
			return fmt.Errorf("cannot verify %s: %w: no certificate in its chain has the pin %s", host, ErrWrongHub, p)
		}
	}
	return verify(presented[0], options)
}

func (p Pin) addTo(roots *x509.CertPool, presented []*x509.Certificate) (found bool) {
	for _, cert := range presented {
		if cert.IsCA && p.Matches(cert) {
			roots.AddCert(cert)
			found = true
		}
	}
	return found
}

// verify tells a wrong clock from a wrong certificate: a chain that would be
// right in the middle of its server certificate's life has nothing wrong but
// the time.
func verify(server *x509.Certificate, options x509.VerifyOptions) error {
	_, err := server.Verify(options)
	if err == nil {
		return nil
	}
	now := options.CurrentTime
	options.CurrentTime = server.NotBefore.Add(server.NotAfter.Sub(server.NotBefore) / 2)
	if _, atAnotherTime := server.Verify(options); atAnotherTime == nil {
		return &ClockError{Now: now, NotBefore: server.NotBefore, NotAfter: server.NotAfter}
	}
	return fmt.Errorf("cannot verify %s: %w", options.DNSName, err)
}

// A ClockError says that the hub is the right one, but its certificate is not
// valid at the time that this computer's clock shows.
type ClockError struct {
	Now, NotBefore, NotAfter time.Time
}

func (e *ClockError) Error() string {
	const day = "2006-01-02"
	if e.Now.Before(e.NotBefore) {
		return fmt.Sprintf("this computer's clock is wrong: it shows %s, and the hub's certificate is valid from %s: set the clock",
			e.Now.Format(day), e.NotBefore.Format(day))
	}
	return fmt.Sprintf("this computer's clock is wrong, or the hub's certificate has expired: the clock shows %s, and the certificate is valid until %s: set the clock, or renew the certificate",
		e.Now.Format(day), e.NotAfter.Format(day))
}

// TLSConfig returns the client's end of a connection to the pinned hub at host
// (a name or an address, without a port).
func (p Pin) TLSConfig(host string, now func() time.Time) *tls.Config {
	return &tls.Config{
		ServerName: host,
		MinVersion: tls.VersionTLS12,
		Time:       now,
		// The CA is known by its pin alone and comes with the handshake, so
		// crypto/tls cannot verify: VerifyConnection does, resumed sessions
		// included. host is passed on, for a ConnectionState lacks it when it
		// is an address.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			return p.Verify(state.PeerCertificates, host, now())
		},
	}
}
