package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"plait/shared/enrolcode"
)

const (
	caYears = 20
	// caRenewal is how long before its end the CA's certificate is made anew.
	// The key, and so the pin, stays.
	caRenewal = 2 * 365 * 24 * time.Hour

	serverLife = 90 * 24 * time.Hour
	// serverRenewal is how long before its end a server certificate is
	// replaced.
	serverRenewal = 30 * 24 * time.Hour

	// backdate moves the beginning of every certificate into the past, for
	// salons whose clock is behind by a few days.
	backdate = 7 * 24 * time.Hour
)

// alwaysHosts are in every server certificate, for the hub's own commands and
// for trying things out.
var alwaysHosts = []string{"localhost", "127.0.0.1", "::1"}

// Options say whose CA it is.
type Options struct {
	// Dir is the hub's data folder. It must exist.
	Dir string
	// Hosts are the names and addresses by which agents and browsers reach the
	// hub, without a scheme or port. The loopback ones are added.
	Hosts []string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// An Authority issues the hub's server certificates. Its methods may be called
// from many goroutines.
type Authority struct {
	options Options
	key     *ecdsa.PrivateKey
	cert    *x509.Certificate

	mu     sync.Mutex
	server *tls.Certificate
}

// Open loads the CA from the data folder, making what is missing, and issues the
// first server certificate.
func Open(o Options) (*Authority, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Hosts = slices.Concat(o.Hosts, alwaysHosts)
	for _, host := range o.Hosts {
		if err := checkHost(host); err != nil {
			return nil, err
		}
	}
	key, err := loadOrCreateKey(o.Dir)
	if err != nil {
		return nil, err
	}
	a := &Authority{options: o, key: key}
	if err := a.loadOrIssueCA(); err != nil {
		return nil, err
	}
	if _, err := a.current(); err != nil {
		return nil, err
	}
	return a, nil
}

// Pin returns the full pin of the CA, for enrolment codes and for the operator.
func (a *Authority) Pin() enrolcode.Pin { return enrolcode.PinOf(a.cert) }

// CertPEM returns the CA's certificate, for browsers that should trust it.
func (a *Authority) CertPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: certBlock, Bytes: a.cert.Raw})
}

// TLSConfig returns the server's end of every connection. It holds the newest
// certificate for as long as the hub runs.
func (a *Authority) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		Time:           a.options.Now,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return a.current() },
	}
}

// current returns the server certificate, renewed if it nears its end.
func (a *Authority) current() (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.options.Now()
	if a.server != nil && !due(a.server.Leaf, now, serverRenewal) {
		return a.server, nil
	}
	renewed, err := a.issueServer(now)
	if err != nil {
		return nil, fmt.Errorf("cannot issue the hub's certificate: %w", err)
	}
	a.server = renewed
	return renewed, nil
}

// issueServer certifies a new key for the hub. The CA's certificate goes along
// in the chain: it is where an agent looks for its pin.
func (a *Authority) issueServer(now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "Plait hub"},
		NotBefore:   now.Add(-backdate),
		NotAfter:    now.Add(serverLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range a.options.Hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	leaf, err := sign(template, a.cert, key, a.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw, a.cert.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// loadOrIssueCA reads the CA's certificate, and makes a new one for the same key
// if there is none or it nears its end.
func (a *Authority) loadOrIssueCA() error {
	path := filepath.Join(a.options.Dir, certFile)
	der, err := readPEM(path, certBlock)
	if errors.Is(err, fs.ErrNotExist) {
		return a.issueCA(path)
	}
	if err != nil {
		return fmt.Errorf("cannot read the CA's certificate: %w", err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return fmt.Errorf("cannot read the CA's certificate %s: %w", path, err)
	}
	if !a.key.PublicKey.Equal(a.cert.PublicKey) {
		return fmt.Errorf("cannot use the CA: %s and %s do not belong together: restore both from one backup", path, keyFile)
	}
	if due(a.cert, a.options.Now(), caRenewal) {
		return a.issueCA(path)
	}
	return nil
}

// due reports whether a certificate ends within margin, or has not begun: then
// it was issued while the hub's clock was ahead, and would lock agents out.
func due(cert *x509.Certificate, now time.Time, margin time.Duration) bool {
	return now.Add(margin).After(cert.NotAfter) || now.Before(cert.NotBefore)
}

func (a *Authority) issueCA(path string) error {
	now := a.options.Now()
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Plait hub's own CA"},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.AddDate(caYears, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	cert, err := sign(template, template, a.key, a.key)
	if err != nil {
		return fmt.Errorf("cannot issue the CA's certificate: %w", err)
	}
	if err := writePEM(path, certBlock, cert.Raw); err != nil {
		return fmt.Errorf("cannot write the CA's certificate: %w", err)
	}
	a.cert = cert
	return nil
}

// sign certifies subject's public key with the issuer's; x509 chooses a random
// serial number.
func sign(template, parent *x509.Certificate, subject, issuer *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, subject.Public(), issuer)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]{0,62}\.?)*$`)

func checkHost(host string) error {
	if net.ParseIP(host) == nil && (len(host) > 253 || !hostName.MatchString(host)) {
		return fmt.Errorf("cannot issue a certificate for %q: give a name or an address, without https:// and without a port", host)
	}
	return nil
}
