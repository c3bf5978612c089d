package pki_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"plait/hub/access/pki"
	"plait/shared/enrolcode"
)

var start = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// A clock is set by the test.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func open(t *testing.T, dir string, c *clock) *pki.Authority {
	t.Helper()
	a, err := pki.Open(pki.Options{Dir: dir, Hosts: []string{"hub.example", "192.0.2.7"}, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// handshake connects an agent with this pin and returns the server certificate
// that it accepted.
func handshake(t *testing.T, a *pki.Authority, pin enrolcode.Pin, host string, agent *clock) (*x509.Certificate, error) {
	t.Helper()
	here, there := net.Pipe()
	defer here.Close()
	served := make(chan error, 1)
	go func() {
		defer there.Close()
		served <- tls.Server(there, a.TLSConfig()).HandshakeContext(t.Context())
	}()
	client := tls.Client(here, pin.TLSConfig(host, agent.now))
	err := client.HandshakeContext(t.Context())
	here.Close()
	<-served
	if err != nil {
		return nil, err
	}
	return client.ConnectionState().PeerCertificates[0], nil
}

func TestAgentsAcceptTheirHub(t *testing.T) {
	c := &clock{start}
	a := open(t, t.TempDir(), c)
	code, err := enrolcode.NewCode(a.Pin())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"hub.example", "192.0.2.7", "localhost", "127.0.0.1", "::1"} {
		for _, pin := range []enrolcode.Pin{code.Pin(), a.Pin()} {
			if _, err := handshake(t, a, pin, host, c); err != nil {
				t.Errorf("%s with pin %s: %v", host, pin, err)
			}
		}
	}
	if _, err := handshake(t, a, a.Pin(), "elsewhere.example", c); err == nil {
		t.Error("another host was accepted")
	}
	if _, err := handshake(t, a, a.Pin(), "192.0.2.8", c); err == nil {
		t.Error("another address was accepted")
	}
	other := open(t, t.TempDir(), c)
	if _, err := handshake(t, other, code.Pin(), "hub.example", c); !errors.Is(err, enrolcode.ErrWrongHub) {
		t.Errorf("another hub: got %v, want ErrWrongHub", err)
	}
}

func TestSalonClocks(t *testing.T) {
	a := open(t, t.TempDir(), &clock{start})
	if _, err := handshake(t, a, a.Pin(), "hub.example", &clock{start.AddDate(0, 0, -6)}); err != nil {
		t.Errorf("a clock six days behind: %v", err)
	}
	var wrong *enrolcode.ClockError
	if _, err := handshake(t, a, a.Pin(), "hub.example", &clock{start.AddDate(-17, 0, 0)}); !errors.As(err, &wrong) {
		t.Errorf("a clock in 2009: got %v, want a ClockError", err)
	}
}

func TestServerCertificateIsRenewedWhileRunning(t *testing.T) {
	c := &clock{start}
	a := open(t, t.TempDir(), c)
	first, err := handshake(t, a, a.Pin(), "hub.example", c)
	if err != nil {
		t.Fatal(err)
	}
	c.Time = start.AddDate(0, 0, 30)
	same, err := handshake(t, a, a.Pin(), "hub.example", c)
	if err != nil || !same.Equal(first) {
		t.Errorf("after 30 days the certificate changed already (%v)", err)
	}
	// A hub that runs for two years meets an agent every week.
	for week := range 104 {
		c.Time = start.AddDate(0, 0, 7*week)
		cert, err := handshake(t, a, a.Pin(), "hub.example", c)
		if err != nil {
			t.Fatalf("in week %d: %v", week, err)
		}
		if left := cert.NotAfter.Sub(c.Time); left < 29*24*time.Hour {
			t.Fatalf("in week %d the certificate has only %v left", week, left)
		}
	}
}

func TestCAOutlivesTheProcessAndItsCertificate(t *testing.T) {
	dir := t.TempDir()
	c := &clock{start}
	first := open(t, dir, c)
	if again := open(t, dir, c); string(again.CertPEM()) != string(first.CertPEM()) {
		t.Error("a restart changed the CA's certificate")
	}
	c.Time = start.AddDate(19, 0, 0)
	renewed := open(t, dir, c)
	if string(renewed.CertPEM()) == string(first.CertPEM()) || renewed.Pin() != first.Pin() {
		t.Error("a year before its end, the certificate should be new and the pin the old one")
	}
	if _, err := handshake(t, renewed, first.Pin(), "hub.example", c); err != nil {
		t.Errorf("an agent enrolled 19 years ago: %v", err)
	}
	// The hub's clock was ahead when that certificate was made.
	c.Time = start
	mended := open(t, dir, c)
	if _, err := handshake(t, mended, first.Pin(), "hub.example", c); err != nil {
		t.Errorf("after the hub's clock was set right: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "ca.pem")); err != nil {
		t.Fatal(err)
	}
	if got := open(t, dir, c).Pin(); got != first.Pin() {
		t.Error("the pin is lost with the certificate, though the key is here")
	}
}

func TestFilesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("Windows keeps access lists instead of modes; nothing to check here")
		return
	}
	dir := t.TempDir()
	open(t, dir, &clock{start})
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Fatalf("the folder holds %v, %v; want the key and the certificate", entries, err)
	}
	key := filepath.Join(dir, "ca-key.pem")
	info, err := os.Stat(key)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key has mode %v, %v; want 600", info.Mode(), err)
	}
	if err := os.Chmod(key, 0o640); err != nil {
		t.Fatal(err)
	}
	_, err = pki.Open(pki.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a readable key: %v, want a refusal that names the mend", err)
	}
}

func TestBrokenFolders(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	open(t, dir, &clock{start})
	open(t, other, &clock{start})
	path := func(name string) string { return filepath.Join(dir, name) }
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(want string) {
		t.Helper()
		if _, err := pki.Open(pki.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	move(path("ca-key.pem"), path("kept"))
	refused("restore the key from a backup")
	if _, err := os.Stat(path("ca-key.pem")); err == nil {
		t.Error("a new key was made, which would lock out every agent")
	}
	move(filepath.Join(other, "ca-key.pem"), path("ca-key.pem"))
	refused("do not belong together")
	if err := os.WriteFile(path("ca-key.pem"), []byte("<html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("holds no PEM block")
	move(path("kept"), path("ca-key.pem"))
	open(t, dir, &clock{start})
}

func TestHostsAreNamesOrAddresses(t *testing.T) {
	for _, host := range []string{"", "https://hub.example", "hub.example:8443", "*.example", "a b", "[::1]", strings.Repeat("a.", 200)} {
		if _, err := pki.Open(pki.Options{Dir: t.TempDir(), Hosts: []string{host}}); err == nil {
			t.Errorf("%q was accepted", host)
		}
	}
	for _, host := range []string{"hub", "hub.example", "salon-1.internal_net.example", "2001:db8::1"} {
		if _, err := pki.Open(pki.Options{Dir: t.TempDir(), Hosts: []string{host}}); err != nil {
			t.Errorf("%q: %v", host, err)
		}
	}
}
