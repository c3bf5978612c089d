package daemon_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"plait/hub/access/pki"
	"plait/hub/daemon"
	"plait/hub/daemon/config"
	"plait/shared/enrolcode"
	"plait/shared/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func settings(t *testing.T) config.Config {
	t.Helper()
	return config.Config{
		Data: filepath.Join(t.TempDir(), "data"), Listen: "127.0.0.1:0", Names: []string{"hub.example"},
		Contact: config.Contact{Grace: time.Hour}, Enrol: config.Enrol{Valid: time.Hour},
	}
}

// start runs a hub until the test ends, and returns what it told.
func start(t *testing.T, c config.Config) (d *daemon.Daemon, told string) {
	t.Helper()
	var tell bytes.Buffer
	d = daemon.New(daemon.Options{Config: c, Version: "test", Log: zerolog.Nop(), Tell: &tell})
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d, tell.String()
}

func stop(t *testing.T, d *daemon.Daemon) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := d.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// client trusts as an agent with this pin does.
func client(t *testing.T, pin enrolcode.Pin, host string) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: pin.TLSConfig(host, time.Now)}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// get returns the body; the connection is not kept.
func get(c *http.Client, url, token string) (status int, body string, err error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	req.Close = true
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

func pinOf(t *testing.T, data string) enrolcode.Pin {
	t.Helper()
	ca, err := pki.Open(pki.Options{Dir: data})
	if err != nil {
		t.Fatal(err)
	}
	return ca.Pin()
}

func TestFirstStartAndTheNext(t *testing.T) {
	c := settings(t)
	d, told := start(t, c)
	token, err := daemon.ReadToken(filepath.Join(c.Data, daemon.TokenFile))
	if err != nil || !strings.Contains(told, token) {
		t.Errorf("the hub told %q, and kept %q, %v", told, token, err)
	}
	web := client(t, pinOf(t, c.Data), "127.0.0.1")
	status, body, err := get(web, d.URL()+"/api/v1/health", token)
	if err != nil || status != http.StatusOK || !strings.Contains(body, `"version":"test"`) {
		t.Errorf("health: %d %s, %v", status, body, err)
	}
	stop(t, d)
	if _, _, err := get(web, d.URL()+"/healthz", ""); err == nil {
		t.Error("a hub that has stopped answers")
	}

	d, told = start(t, c)
	defer stop(t, d)
	if told != "" {
		t.Errorf("the second start told %q", told)
	}
	if status, _, err := get(web, d.URL()+"/api/v1/health", token); err != nil || status != http.StatusOK {
		t.Errorf("after a restart: %d, %v", status, err)
	}
	if runtime.GOOS != "windows" {
		for _, name := range []string{daemon.TokenFile, "hub.json", "hub.db", "ca-key.pem"} {
			if info, err := os.Stat(filepath.Join(c.Data, name)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", name, info, err)
			}
		}
	}
}

func TestAgentsKnowTheirHub(t *testing.T) {
	c := settings(t)
	d, _ := start(t, c)
	defer stop(t, d)
	pin := pinOf(t, c.Data)
	other := pinOf(t, t.TempDir())
	for what, test := range map[string]struct {
		pin  enrolcode.Pin
		host string
		want error
	}{
		"its pin":         {pin, "127.0.0.1", nil},
		"its name":        {pin, "hub.example", nil},
		"another CA":      {other, "127.0.0.1", enrolcode.ErrWrongHub},
		"the system's":    {enrolcode.SystemRoots, "127.0.0.1", errAny},
		"another name":    {pin, "other.example", errAny},
		"the code's part": {pin[:20], "127.0.0.1", nil},
	} {
		_, _, err := get(client(t, test.pin, test.host), d.URL()+"/healthz", "")
		if (err == nil) != (test.want == nil) || (test.want != nil && test.want != errAny && !errors.Is(err, test.want)) {
			t.Errorf("%s: %v, want %v", what, err, test.want)
		}
	}
	old := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}
	address, err := url.Parse(d.URL())
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := tls.Dial("tcp", address.Host, old); err == nil {
		conn.Close()
		t.Error("TLS 1.1 was accepted")
	}
	plain := strings.Replace(d.URL(), "https", "http", 1)
	if status, body, err := get(&http.Client{Timeout: 10 * time.Second}, plain+"/healthz", ""); err == nil && status == http.StatusOK {
		t.Errorf("without TLS it answered %s", body)
	}
}

var errAny = errors.New("any error")

func TestEnrolmentOverTheWire(t *testing.T) {
	c := settings(t)
	d, _ := start(t, c)
	defer stop(t, d)
	token, err := daemon.ReadToken(filepath.Join(c.Data, daemon.TokenFile))
	if err != nil {
		t.Fatal(err)
	}
	pin := pinOf(t, c.Data)
	post := func(web *http.Client, path, secret, body string, out any) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, d.URL()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Close = true
		req.Header.Set("Authorization", "Bearer "+secret)
		req.Header.Set(wire.HeaderProtocol, "1")
		req.Header.Set(wire.HeaderConversation, "c1")
		resp, err := web.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %s, %v", path, resp.Status, text, err)
		}
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatal(err)
		}
	}
	web := client(t, pin, "127.0.0.1")
	var network, enrolled map[string]any
	var made struct{ Code string }
	post(web, "/api/v1/networks", token, `{"name":"Bella"}`, &network)
	post(web, "/api/v1/networks/Bella/stores", token, `{"name":"One","role":"single"}`, &made)
	code, err := enrolcode.ParseCode(made.Code)
	if err != nil || !strings.HasPrefix(string(pin), string(code.Pin())) {
		t.Fatalf("the code's pin is %s of %s, %v", code.Pin(), pin, err)
	}
	agent := client(t, code.Pin(), "127.0.0.1")
	credential := enrolcode.NewSecret(enrolcode.CredentialPrefix)
	post(agent, "/agent/v1/enroll", "", string(wire.EncodeControl(wire.Enroll{Protocol: 1, Code: made.Code, Installation: "pc", Credential: credential})), &enrolled)
	hello := wire.Hello{Protocol: 1, CanonicalForm: 1, Installation: "pc", AgentEpoch: "a1", Chain: wire.Chain{Counter: 1, Next: "n1"}, Conversation: "c1"}
	var welcome wire.Welcome
	post(agent, "/agent/v1/hello", credential, string(wire.EncodeControl(hello)), &welcome)
	var next wire.NextAnswer
	post(agent, "/agent/v1/next", credential, `{"receipt":{"known":false}}`, &next)
	if enrolled["store_name"] != "One" || next.Open != 0 {
		t.Errorf("enrolled %v, next %+v", enrolled, next)
	}
	if digest, _ := enrolled["catalog"].(string); len(digest) != 64 {
		t.Errorf("the catalogue is %q", digest)
	}
}

func TestStartsThatFailLeaveNothing(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for what, test := range map[string]struct {
		change func(*config.Config)
		want   string
	}{
		"a taken port":     {func(c *config.Config) { c.Listen = taken.Addr().String() }, "cannot listen"},
		"no certificate":   {func(c *config.Config) { c.TLS = config.TLS{Cert: "/none.pem", Key: "/none.key"} }, "/none.pem"},
		"a bad name":       {func(c *config.Config) { c.Names = []string{"not a name"} }, "not a name"},
		"an open data dir": {func(c *config.Config) { open(t, c.Data) }, "chmod o-w"},
	} {
		if what == "an open data dir" && runtime.GOOS == "windows" {
			continue
		}
		c := settings(t)
		test.change(&c)
		d := daemon.New(daemon.Options{Config: c, Log: zerolog.Nop()})
		if err := d.Start(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", what, err, test.want)
		}
	}
}

func open(t *testing.T, dir string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
}

func TestGivenCertificate(t *testing.T) {
	c := settings(t)
	c.TLS.Cert, c.TLS.Key = certificate(t, "hub.example", time.Now().Add(time.Hour))
	d, _ := start(t, c)
	defer stop(t, d)
	local, err := daemon.ReadLocal(c.Data)
	if err != nil || local.OwnCA || local.ServerName != "hub.example" || local.URL != d.URL() {
		t.Errorf("local is %+v, %v", local, err)
	}
	if _, err := os.Stat(filepath.Join(c.Data, daemon.CAFile)); err == nil {
		t.Error("it made a CA of its own")
	}
	for what, change := range map[string]func(*config.Config){
		"ended": func(c *config.Config) {
			c.TLS.Cert, c.TLS.Key = certificate(t, "hub.example", time.Now().Add(-time.Minute))
		},
		"another name": func(c *config.Config) { c.Names = []string{"elsewhere.example"} },
	} {
		bad := settings(t)
		bad.TLS = c.TLS
		change(&bad)
		if err := daemon.New(daemon.Options{Config: bad, Log: zerolog.Nop()}).Start(t.Context()); err == nil || !strings.Contains(err.Error(), bad.TLS.Cert) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A heard channel closes when the hub logs that it listens.
type heard chan struct{}

func (h heard) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("the hub listens")) {
		close(h)
	}
	return len(p), nil
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	listens, ended := make(heard), make(chan error, 1)
	d := daemon.New(daemon.Options{Config: settings(t), Log: zerolog.New(listens)})
	go func() { ended <- d.Run(ctx, 10*time.Second) }()
	select {
	case <-listens:
	case err := <-ended:
		t.Fatalf("it ended before it listened: %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
