package hubclient_test

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"plait/agent/hubclient"
	"plait/shared/enrolcode"
	"plait/shared/wire"
)

// A hub with another CA than the pinned one gets neither the credential nor a
// second try, and a PC whose clock is wrong is told so.
func TestTheHubIsKnownByItsPin(t *testing.T) {
	var requests, handshakes atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		write(w, http.StatusOK, `{"equal":true,"pending":0}`)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that are refused
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			handshakes.Add(1)
		}
	}
	server.StartTLS()
	defer server.Close()
	cert := server.Certificate()
	right := enrolcode.PinOf(cert)
	during := cert.NotBefore.Add(time.Hour)
	var clock *enrolcode.ClockError
	for name, c := range map[string]struct {
		pin enrolcode.Pin
		now time.Time
		bad func(error) bool
	}{
		"the pin":           {right, during, nil},
		"another pin":       {"00112233445566778899", during, func(err error) bool { return errors.Is(err, enrolcode.ErrWrongHub) }},
		"a clock in 1969":   {right, time.Unix(-1, 0), func(err error) bool { return errors.As(err, &clock) }},
		"a clock in 2190":   {right, cert.NotAfter.Add(1000 * time.Hour), func(err error) bool { return errors.As(err, &clock) }},
		"neither pin, late": {"00112233445566778899", cert.NotAfter.Add(time.Hour), func(err error) bool { return errors.Is(err, enrolcode.ErrWrongHub) }},
	} {
		t.Run(name, func(t *testing.T) {
			requests.Store(0)
			handshakes.Store(0)
			client, err := hubclient.New(hubclient.Options{URL: server.URL, Credential: secret,
				TLS: c.pin.TLSConfig("127.0.0.1", func() time.Time { return c.now })})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			_, err = client.Bye(t.Context(), wire.Bye{})
			if c.bad == nil {
				if err != nil || requests.Load() != 1 {
					t.Errorf("%v after %d requests", err, requests.Load())
				}
				return
			}
			if err == nil || !c.bad(err) || requests.Load() != 0 || handshakes.Load() > 1 {
				t.Errorf("%v after %d handshakes and %d requests", err, handshakes.Load(), requests.Load())
			}
		})
	}
}
