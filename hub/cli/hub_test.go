package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"plait/hub/cli"
	"plait/hub/daemon"
	"plait/hub/daemon/config"
	"plait/shared/enrolcode"
	"plait/shared/item"
	"plait/shared/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A hub runs in this process; commands reach it by its data folder.
type hub struct {
	t    *testing.T
	data string
	url  string
	web  *http.Client
}

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{t: t, data: filepath.Join(t.TempDir(), "data")}
	d := daemon.New(daemon.Options{
		Config: config.Config{
			Data: h.data, Listen: "127.0.0.1:0", Contact: config.Contact{Grace: time.Hour}, Enrol: config.Enrol{Valid: time.Hour},
		},
		Version: "test", Log: zerolog.Nop(),
	})
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := d.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	h.url = d.URL()
	return h
}

// ran is what a command printed and how it ended.
type ran struct {
	t        *testing.T
	line     string
	status   int
	out, err string
}

func run(t *testing.T, stdin string, environ []string, args ...string) ran {
	t.Helper()
	var out, errs bytes.Buffer
	a := &cli.App{Version: "1.2.3", In: strings.NewReader(stdin), Out: &out, Err: &errs, Environ: environ}
	status := a.Run(t.Context(), args...)
	return ran{t, strings.Join(args, " "), status, out.String(), errs.String()}
}

// run runs a command line of words; an argument with spaces is given after it.
func (h *hub) run(words string, more ...string) ran {
	h.t.Helper()
	return h.answer("", words, more...)
}

// answer is run with something typed.
func (h *hub) answer(typed, words string, more ...string) ran {
	h.t.Helper()
	return run(h.t, typed, nil, append(append([]string{"--data", h.data}, strings.Fields(words)...), more...)...)
}

// done demands status 0, and these texts in the output.
func (r ran) done(want ...string) ran {
	r.t.Helper()
	if r.status != 0 {
		r.t.Fatalf("%s: status %d: %s", r.line, r.status, r.err)
	}
	return r.says(r.out, want)
}

// failed demands another status, and these texts in the error.
func (r ran) failed(status int, want ...string) {
	r.t.Helper()
	if r.status != status {
		r.t.Errorf("%s: status %d, want %d: %s", r.line, r.status, status, r.err)
	}
	if !strings.HasSuffix(r.err, "\n") || !strings.Contains(r.err, "plait-hub: ") {
		r.t.Errorf("%s: the error is no sentence: %q", r.line, r.err)
	}
	r.says(r.err, want)
}

func (r ran) says(text string, want []string) ran {
	r.t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			r.t.Errorf("%s: %q does not say %q", r.line, text, w)
		}
	}
	return r
}

// into reads what a command with --json printed.
func (r ran) into(v any) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.done().out), v); err != nil {
		r.t.Fatalf("%s printed %q: %v", r.line, r.out, err)
	}
}

// An agent is a store's PC, as far as the hub can see.
type agent struct {
	*hub
	credential, installation string
}

// store adds a store and enrols its PC.
func (h *hub) store(name, role string) agent {
	h.t.Helper()
	var made struct{ Code string }
	h.run("--json store add --role "+role, name).into(&made)
	a := agent{h, enrolcode.NewSecret(enrolcode.CredentialPrefix), "pc-" + strings.ReplaceAll(name, " ", "-")}
	code, err := enrolcode.ParseCode(made.Code)
	if err != nil {
		h.t.Fatal(err)
	}
	if h.web == nil {
		transport := &http.Transport{TLSClientConfig: code.Pin().TLSConfig("127.0.0.1", time.Now), DisableKeepAlives: true}
		h.web = &http.Client{Transport: transport, Timeout: 20 * time.Second}
	}
	a.post("enroll", wire.EncodeControl(wire.Enroll{Protocol: 1, Code: made.Code, Installation: a.installation, Host: "PC-1", Credential: a.credential}), nil)
	return a
}

func (a agent) post(path string, body []byte, out any) {
	a.t.Helper()
	req, err := http.NewRequest(http.MethodPost, a.url+"/agent/v1/"+path, bytes.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set(wire.HeaderProtocol, "1")
	req.Header.Set(wire.HeaderConversation, "c1")
	if path != "enroll" {
		req.Header.Set("Authorization", "Bearer "+a.credential)
	}
	resp, err := a.web.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode == http.StatusOK && out != nil {
		err = json.Unmarshal(text, out)
	}
	if err != nil || resp.StatusCode != http.StatusOK {
		a.t.Fatalf("%s: %s %s, %v", path, resp.Status, text, err)
	}
}

// uploads holds a conversation in which the store's vendors go up.
func (a agent) uploads(vendors ...string) {
	a.t.Helper()
	profile := wire.Profile{POS: "a POS", Kinds: []wire.ProfileKind{{Kind: "vendor", CanDelete: true, Fields: []wire.ProfileField{{Name: "name"}}}}}
	digest := wire.Sum(wire.EncodeControl(profile))
	var welcome wire.Welcome
	a.post("hello", wire.EncodeControl(wire.Hello{
		Protocol: 1, CanonicalForm: 1, Version: "9.9", Installation: a.installation, AgentEpoch: "a1", POSEpoch: "p1", Profile: digest,
		Chain: wire.Chain{Counter: 1, Next: "n1"}, Conversation: "c1", Receipt: wire.ReceiptHead{Known: true, Absent: true}, Reason: "schedule", NextDue: 3600,
	}), &welcome)
	a.post("profile", wire.EncodeControl(profile), nil)
	w, err := wire.NewBatch(wire.BatchHeader{AgentEpoch: "a1", Number: 1, Mark: wire.Mark{POSEpoch: "p1", Seq: 1, Nonce: 1}})
	if err != nil {
		a.t.Fatal(err)
	}
	for i, name := range vendors {
		it := item.Item{ID: item.ID{Kind: "vendor", Key: string(rune('a' + i)), Gen: 1}}
		it.Fields = it.Fields.With("name", item.MustText(name))
		if err := w.Put(int64(i+1), item.Append(nil, it)); err != nil {
			a.t.Fatal(err)
		}
	}
	lines, _ := w.Finish()
	var ack wire.BatchAck
	a.post("batch", wire.Compress(nil, lines), &ack)
	if len(ack.Refused) > 0 {
		a.t.Fatalf("the hub refused %+v", ack.Refused)
	}
	a.post("bye", wire.EncodeControl(wire.Bye{Revision: int64(len(vendors)), Kinds: []wire.KindSum{}}), nil)
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
