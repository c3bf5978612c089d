package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"plait/configs"
	"plait/hub/access"
	"plait/hub/contact"
	"plait/hub/ingest"
	"plait/hub/operator"
	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/enrolcode"
	"plait/shared/wire"
)

// A salon is a store with its secrets and one open job.
type salon struct {
	store      store.Store
	credential string
	job        store.Job
	upload     string
}

// A hub is a server over real rooms with two networks. Bella's stores are one and
// two, Rival's is foreign; every network has tokens of each role.
type hub struct {
	t                 *testing.T
	now               time.Time
	db                *store.DB
	door              *access.Door
	server            *Server
	log               strings.Builder
	one, two, foreign salon
	tokens            map[string]string // "admin", "Bella viewer" …
	peers             int
}

func newHub(t *testing.T) *hub {
	t.Helper()
	h := &hub{t: t, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), tokens: map[string]string{}}
	clock := func() time.Time { return h.now }
	var err error
	h.db, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"), store.Options{Now: clock})
	h.must(err)
	t.Cleanup(func() {
		if err := h.db.Close(); err != nil {
			t.Error(err)
		}
	})
	shipped, err := configs.Catalog()
	h.must(err)
	presets, err := configs.Presets()
	h.must(err)
	h.door = access.NewDoor(h.db, enrolcode.SystemRoots, 24*time.Hour)
	contacts := contact.New(h.db)
	h.server = New(Options{
		DB: h.db, Door: h.door, Log: zerolog.New(&h.log), Now: clock,
		Agents: Agents{Contact: contacts, Ingest: ingest.New(h.db, queue.Result), Queue: queue.New(h.db, nil)},
		Operator: operator.NewDesk(operator.Options{
			DB: h.db, Door: h.door, Contact: contacts, Sync: storesync.New(h.db), Shipped: shipped, Presets: presets, Preset: configs.DefaultPreset, Grace: time.Hour, Version: "test",
		}),
	})
	h.must(h.door.First(h.ctx(), func(secret string) error { h.tokens["admin"] = secret; return nil }))
	h.network("Bella")
	h.network("Rival")
	h.one, h.two, h.foreign = h.salon("Bella", "One"), h.salon("Bella", "Two"), h.salon("Rival", "Foreign")
	return h
}

// conversation is the one that every PC of these tests is in.
const conversation = "the one"

// hello lets a store's PC into its first conversation.
func (h *hub) hello(name, credential string) {
	h.t.Helper()
	h.done(h.call(call1{route: "POST /agent/v1/hello", secret: credential, body: encode(wire.Hello{
		Protocol: wire.Protocol, CanonicalForm: wire.CanonicalForm, Installation: "pc-" + name, AgentEpoch: "epoch-" + name,
		Chain: wire.Chain{Counter: 1, Next: "n1"}, Conversation: conversation, NextDue: 3600,
	})}), nil)
}

func (h *hub) ctx() context.Context { return h.t.Context() }

func (h *hub) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// network makes a network with a token for each role.
func (h *hub) network(name string) {
	h.t.Helper()
	h.done(h.operator("admin", "POST /api/v1/networks", `{"name":"`+name+`"}`), nil)
	for _, role := range access.Roles {
		var made operator.MadeToken
		h.done(h.operator("admin", "POST /api/v1/tokens", fmt.Sprintf(`{"name":"%s %s","role":"%s","network":"%s"}`, name, role, role, name)), &made)
		h.tokens[name+" "+string(role)] = made.Secret
	}
}

// salon adds a store, enrols its PC over the API and queues a job.
func (h *hub) salon(network, name string) (s salon) {
	h.t.Helper()
	var e operator.Enrolment
	h.done(h.operator("admin", "POST /api/v1/networks/"+network+"/stores", `{"name":"`+name+`","role":"branch"}`), &e)
	s.credential = enrolcode.NewSecret(enrolcode.CredentialPrefix)
	s.upload = "up-" + name
	var enrolled wire.Enrolled
	h.done(h.call(call1{route: "POST /agent/v1/enroll", body: encode(wire.Enroll{Protocol: 1, Code: e.Code, Installation: "pc-" + name, Credential: s.credential})}), &enrolled)
	h.hello(name, s.credential)
	body := []byte("payload for " + name)
	hash := wire.Sum(body)
	h.must(h.db.WithStore(h.ctx(), enrolled.Store, func(tx *store.StoreTx) (err error) {
		if err = tx.AddPayload(store.Payload{Hash: hash, Body: wire.Compress(nil, body), Items: 1}); err != nil {
			return err
		}
		s.job, err = queue.Put(tx, store.Job{Sort: "sync", Label: "job of " + name, Payload: hash, Items: 1, CreatedBy: "ann"})
		s.store = tx.Store
		return err
	}))
	return s
}

// call1 is one request.
type call1 struct {
	route  string // "POST /path"
	secret string
	body   string
	reader io.Reader // in place of body
	header map[string]string
	peer   string // "" for one that never came before
}

func encode(v any) string { return string(wire.EncodeControl(v)) }

func (h *hub) call(c call1) *httptest.ResponseRecorder {
	h.t.Helper()
	method, path, _ := strings.Cut(c.route, " ")
	body := c.reader
	if body == nil {
		body = strings.NewReader(c.body)
	}
	req := httptest.NewRequest(method, path, body).WithContext(h.ctx())
	if h.peers++; c.peer == "" {
		c.peer = fmt.Sprintf("10.%d.%d.%d:1000", h.peers>>16&255, h.peers>>8&255, h.peers&255)
	}
	req.RemoteAddr = c.peer
	if c.secret != "" {
		req.Header.Set("Authorization", "Bearer "+c.secret)
	}
	if strings.HasPrefix(path, "/agent/") {
		req.Header.Set(wire.HeaderProtocol, strconv.Itoa(wire.Protocol))
		req.Header.Set(wire.HeaderConversation, conversation)
	}
	for k, v := range c.header {
		req.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.server.ServeHTTP(w, req)
	if w.Header().Get(wire.HeaderProtocol) != "1" {
		h.t.Errorf("%s: the answer lacks the protocol's header", c.route)
	}
	return w
}

func (h *hub) operator(token, route, body string) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.call(call1{route: route, secret: h.tokens[token], body: body})
}

func (h *hub) agent(s salon, route, body string) *httptest.ResponseRecorder {
	h.t.Helper()
	return h.call(call1{route: route, secret: s.credential, body: body})
}

// done demands success, and reads the answer.
func (h *hub) done(w *httptest.ResponseRecorder, out any) {
	h.t.Helper()
	if w.Code != http.StatusOK {
		h.t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
	if out != nil {
		h.must(json.Unmarshal(w.Body.Bytes(), out))
	}
}

// refused demands a status and code.
func (h *hub) refused(w *httptest.ResponseRecorder, status int, code wire.Code, what string) {
	h.t.Helper()
	var e wire.Error
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != status || e.Code != code || e.Message == "" {
		h.t.Errorf("%s: answered %d %s, want %d %s", what, w.Code, w.Body, status, code)
	}
}

func (h *hub) audited(network, what string) (n int) {
	h.t.Helper()
	h.must(h.db.View(h.ctx(), func(v *store.View) error {
		log, err := v.AuditLog(network, 0, 1000)
		for _, e := range log {
			if e.What == what {
				n++
			}
		}
		return err
	}))
	return n
}
