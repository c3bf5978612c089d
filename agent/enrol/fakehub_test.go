package enrol_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"plait/shared/catalog"
	"plait/shared/enrolcode"
	"plait/shared/item"
	"plait/shared/wire"
)

// fakeHub redeems one code, once, for one installation.
type fakeHub struct {
	*httptest.Server
	code enrolcode.Code
	cat  *catalog.Catalog

	mu       sync.Mutex
	seen     []wire.Enroll
	redeemed wire.Enroll
	lose     bool // the next answer to an Enroll is lost
}

// validity of the certificates that the tests make.
var notBefore, notAfter = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func today() time.Time { return time.Date(2027, 3, 4, 5, 6, 7, 0, time.UTC) }

func newHub(t *testing.T) *fakeHub {
	t.Helper()
	h := &fakeHub{cat: &catalog.Catalog{Kinds: []catalog.Kind{{Name: "service", Title: "Service", Help: "What is done.", Direction: catalog.Sync,
		Match:  catalog.Match{Name: "name"},
		Fields: []catalog.Field{{Name: "name", Title: "Name", Type: "text", Policy: item.Locked}}}}}}
	ca, chain := certificates(t)
	var err error
	if h.code, err = enrolcode.NewCode(enrolcode.PinOf(ca)); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /agent/v1/enroll", h.enroll)
	mux.HandleFunc("GET /agent/v1/catalog/{digest}", h.catalog)
	h.Server = httptest.NewUnstartedServer(mux)
	h.TLS = &tls.Config{Certificates: []tls.Certificate{chain}}
	h.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that the tests refuse
	h.StartTLS()
	t.Cleanup(h.Close)
	return h
}

func (h *fakeHub) enroll(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var m wire.Enroll
	if err := wire.DecodeStrict(r.Body, wire.MaxControlBytes, &m); err != nil {
		refuse(w, http.StatusBadRequest, wire.CodeBadRequest, err.Error())
		return
	}
	if err := m.Validate(); err != nil {
		refuse(w, http.StatusBadRequest, wire.CodeBadRequest, err.Error())
		return
	}
	h.seen = append(h.seen, m)
	if m.Code != h.code.String() || (h.redeemed.Installation != "" && h.redeemed.Installation != m.Installation) {
		refuse(w, http.StatusNotFound, wire.CodeNotFound, "this code is not valid any more: make a new one at the hub")
		return
	}
	h.redeemed = m
	if h.lose {
		h.lose = false
		panic(http.ErrAbortHandler)
	}
	answer(w, wire.EncodeControl(wire.Enrolled{Network: "n1", Store: "s1", StoreName: "Lakeside", Role: "branch", Catalog: h.cat.Digest()}))
}

func (h *fakeHub) catalog(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+h.redeemed.Credential || r.PathValue("digest") != h.cat.Digest() {
		refuse(w, http.StatusUnauthorized, wire.CodeUnauthorized, "unknown credential")
		return
	}
	answer(w, wire.Compress(nil, h.cat.Encode()))
}

func answer(w http.ResponseWriter, body []byte) {
	w.Header().Set(wire.HeaderProtocol, strconv.Itoa(wire.Protocol))
	_, _ = w.Write(body)
}

func refuse(w http.ResponseWriter, status int, code wire.Code, message string) {
	w.Header().Set(wire.HeaderProtocol, strconv.Itoa(wire.Protocol))
	w.WriteHeader(status)
	_, _ = w.Write(wire.EncodeControl(&wire.Error{Code: code, Message: message}))
}

// certificates makes a CA and a server's chain for 127.0.0.1.
func certificates(t *testing.T) (*x509.Certificate, tls.Certificate) {
	t.Helper()
	caKey, serverKey := newKey(t), newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, NotBefore: notBefore.AddDate(-1, 0, 0),
		NotAfter: notAfter.AddDate(20, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	ca := sign(t, template, template, caKey, caKey)
	server := sign(t, &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: notBefore, NotAfter: notAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, ca, serverKey, caKey)
	return ca, tls.Certificate{Certificate: [][]byte{server.Raw, ca.Raw}, PrivateKey: serverKey}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
