package enrolcode_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"strings"
	"testing"
	"time"

	"plait/shared/enrolcode"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func certify(t *testing.T, template *x509.Certificate, key *ecdsa.PrivateKey, by authority) *x509.Certificate {
	t.Helper()
	if by.cert == nil {
		by = authority{key, template}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newAuthority makes a CA. Every one has the same name: a forger would copy it.
func newAuthority(t *testing.T, key *ecdsa.PrivateKey) authority {
	t.Helper()
	return authority{key, certify(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Hub"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(10, 0, 0),
	}, key, authority{})}
}

func (a authority) server(t *testing.T, host string) *x509.Certificate {
	t.Helper()
	return certify(t, &x509.Certificate{
		DNSNames: []string{host}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotBefore:   noon.AddDate(0, 0, -1), NotAfter: noon.AddDate(0, 1, 0),
	}, newKey(t), a)
}

func TestVerify(t *testing.T) {
	ours, forger := newAuthority(t, newKey(t)), newAuthority(t, newKey(t))
	renewed := newAuthority(t, ours.key)
	pin := enrolcode.PinOf(ours.cert)
	short := newCode(t, pin).Pin()
	server := ours.server(t, "hub.example")
	forged := forger.server(t, "hub.example")
	for name, test := range map[string]struct {
		pin   enrolcode.Pin
		chain []*x509.Certificate
		host  string
		want  error // nil: accepted; errAny: refused
	}{
		"full pin":                    {pin, []*x509.Certificate{server, ours.cert}, "hub.example", nil},
		"pin of the code":             {short, []*x509.Certificate{server, ours.cert}, "hub.example", nil},
		"renewed CA with its old key": {pin, []*x509.Certificate{server, renewed.cert}, "hub.example", nil},
		"another CA":                  {pin, []*x509.Certificate{forged, forger.cert}, "hub.example", enrolcode.ErrWrongHub},
		"another CA, ours beside it":  {pin, []*x509.Certificate{forged, forger.cert, ours.cert}, "hub.example", errAny},
		"our CA without its server":   {pin, []*x509.Certificate{ours.cert}, "hub.example", errAny},
		"no CA in the chain":          {pin, []*x509.Certificate{server}, "hub.example", enrolcode.ErrWrongHub},
		"nothing presented":           {pin, nil, "hub.example", enrolcode.ErrWrongHub},
		"another host":                {pin, []*x509.Certificate{server, ours.cert}, "other.example", errAny},
		"no host":                     {pin, []*x509.Certificate{server, ours.cert}, "", errAny},
		"pin of the server itself":    {enrolcode.PinOf(server), []*x509.Certificate{server, ours.cert}, "hub.example", enrolcode.ErrWrongHub},
		"system roots":                {enrolcode.SystemRoots, []*x509.Certificate{server, ours.cert}, "hub.example", errAny},
		"pin too short":               {pin[:18], []*x509.Certificate{server, ours.cert}, "hub.example", enrolcode.ErrWrongHub},
	} {
		err := test.pin.Verify(test.chain, test.host, noon)
		switch {
		case test.want == nil && err != nil, test.want != nil && err == nil:
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		case test.want != nil && test.want != errAny && !errors.Is(err, test.want):
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	if got := short.Full([]*x509.Certificate{server, ours.cert}); got != pin {
		t.Errorf("the full pin is %s, want %s", got, pin)
	}
	if got := short.Full([]*x509.Certificate{forged, forger.cert}); got != short {
		t.Errorf("another CA widened the pin to %s", got)
	}
}

var errAny = errors.New("any error")

func TestWrongClockIsNoRiddle(t *testing.T) {
	ca := newAuthority(t, newKey(t))
	chain := []*x509.Certificate{ca.server(t, "hub.example"), ca.cert}
	pin := enrolcode.PinOf(ca.cert)
	for _, year := range []int{2009, 2190} {
		err := pin.Verify(chain, "hub.example", time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))
		var clock *enrolcode.ClockError
		if !errors.As(err, &clock) || !strings.Contains(err.Error(), "clock is wrong") {
			t.Errorf("in %d: %v", year, err)
		}
	}
	err := pin.Verify(chain, "other.example", time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC))
	var clock *enrolcode.ClockError
	if err == nil || errors.As(err, &clock) {
		t.Errorf("a wrong host was put down to the clock: %v", err)
	}
}

func TestParsePin(t *testing.T) {
	got, err := enrolcode.ParsePin("00:11:22:33:44:55:66:77:88:99:AA")
	if err != nil || got != "00112233445566778899aa" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := enrolcode.ParsePin(""); err != nil || got != enrolcode.SystemRoots {
		t.Errorf("an empty pin: %q, %v", got, err)
	}
	for _, bad := range []string{"0011", "hub.example", string(samplePin) + "00"} {
		if _, err := enrolcode.ParsePin(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
