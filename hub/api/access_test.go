package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"plait/hub/access"
	"plait/hub/queue"
	"plait/hub/store"
	"plait/shared/enrolcode"
	"plait/shared/wire"
)

// filled returns a route's pattern with the ids of a store in it.
func filled(pattern string, s salon) string {
	return strings.NewReplacer("{network}", s.store.Network, "{store}", s.store.ID, "{job}", s.job.ID, "{hash}", s.job.Payload,
		"{digest}", s.store.Catalog, "{token}", "none", "{sync}", "none", "{saved}", "none").Replace(pattern)
}

// bodies are messages that get as far as the question whose the ids are.
var bodies = map[string]string{
	"POST /api/v1/networks":                              `{"name":"New"}`,
	"POST /api/v1/networks/{network}/stores":             `{"name":"New","role":"branch"}`,
	"PATCH /api/v1/stores/{store}":                       `{"labels":["north"]}`,
	"POST /api/v1/stores/{store}/switch":                 `{"to":"off","jobs":"cancel"}`,
	"POST /api/v1/stores/{store}/link":                   `{"role":"single"}`,
	"POST /api/v1/stores/{store}/revoke":                 `{"jobs":1}`,
	"POST /api/v1/tokens":                                `{"name":"x","role":"admin"}`,
	"PATCH /api/v1/networks/{network}":                   `{"switches":{"price_sync":true}}`,
	"POST /api/v1/networks/{network}/tests":              `{"source":"One","kinds":[{"kind":"service","all":true}],"all_receivers":true}`,
	"POST /api/v1/networks/{network}/saved":              `{"name":"x","request":{"source":"One","kinds":[{"kind":"service","all":true}],"all_receivers":true}}`,
	"POST /api/v1/networks/{network}/tests/{digest}/run": `{"deletes":0}`,
}

func body(pattern string) string {
	if b, ok := bodies[pattern]; ok {
		return b
	}
	return "{}"
}

func operators(n need) bool { return slices.Contains(access.Roles, access.Role(n)) }

func TestTableIsComplete(t *testing.T) {
	for _, r := range routes {
		_, path, _ := strings.Cut(r.pattern, " ")
		want := map[string]bool{
			"/agent/": r.need == agent || (r.need == newcomer && path == "/agent/v1/enroll"),
			"/api/":   operators(r.need),
			"/health": r.need == everyone,
		}
		i := slices.IndexFunc([]string{"/agent/", "/api/", "/health"}, func(p string) bool { return strings.HasPrefix(path, p) })
		if i < 0 || !want[[]string{"/agent/", "/api/", "/health"}[i]] {
			t.Errorf("%s needs %q", r.pattern, r.need)
		}
		if operators(r.need) && !strings.HasPrefix(r.pattern, "GET") && r.need == viewer {
			t.Errorf("%s changes something, and a viewer may", r.pattern)
		}
	}
}

// Every route, with every secret that does not open it (P16).
func TestNobodyEntersWithoutTheRight(t *testing.T) {
	h := newHub(t)
	revoked := h.salon("Bella", "Gone")
	h.must(h.db.WithStore(h.ctx(), revoked.store.ID, func(tx *store.StoreTx) error { return queue.Revoke(tx, "ann") }))
	strangers := map[string]string{"none": "", "garbage": "x", "a store's that is none": enrolcode.NewSecret(enrolcode.CredentialPrefix), "a token that is none": access.NewSecret()}
	for _, r := range routes {
		if r.need == everyone || r.need == newcomer {
			continue
		}
		route, body := filled(r.pattern, h.one), body(r.pattern)
		try := func(secret string) func(status int, code wire.Code, what string) {
			w := h.call(call1{route: route, secret: secret, body: body})
			return func(status int, code wire.Code, what string) {
				t.Helper()
				h.refused(w, status, code, r.pattern+" with "+what)
			}
		}
		for what, secret := range strangers {
			try(secret)(http.StatusUnauthorized, wire.CodeUnauthorized, what)
		}
		if r.need == agent {
			try(h.tokens["admin"])(http.StatusUnauthorized, wire.CodeUnauthorized, "the administrator's token")
			try(revoked.credential)(http.StatusForbidden, wire.CodeRevoked, "a revoked credential")
			continue
		}
		try(h.one.credential)(http.StatusUnauthorized, wire.CodeUnauthorized, "a store's credential")
		for _, role := range access.Roles {
			if !role.Allows(access.Role(r.need)) {
				try(h.tokens["Bella "+string(role)])(http.StatusForbidden, wire.CodeForbidden, "the role "+string(role))
			}
		}
	}
}

// Every route that names a network, store or job, by somebody of another network
// who has every right there.
func TestAnotherNetworkDoesNotExist(t *testing.T) {
	h := newHub(t)
	for _, r := range routes {
		if !operators(r.need) || !strings.Contains(r.pattern, "{") {
			continue
		}
		w := h.operator("Rival admin", filled(r.pattern, h.one), body(r.pattern))
		if r.pattern == "DELETE /api/v1/tokens/{token}" {
			h.refused(w, http.StatusForbidden, wire.CodeForbidden, r.pattern)
			continue
		}
		h.refused(w, http.StatusNotFound, wire.CodeNotFound, r.pattern)
		for _, secret := range []string{h.one.store.Name, h.one.store.NetworkName, h.one.job.Label} {
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("%s tells of %q: %s", r.pattern, secret, w.Body)
			}
		}
	}
	for _, route := range []string{"GET /api/v1/networks", "GET /api/v1/stores", "GET /api/v1/queue", "GET /api/v1/tokens", "GET /api/v1/audit", "GET /api/v1/health"} {
		w := h.operator("Rival admin", route, "")
		h.done(w, nil)
		if strings.Contains(w.Body.String(), "Bella") || strings.Contains(w.Body.String(), h.one.store.ID) {
			t.Errorf("%s tells of another network: %s", route, w.Body)
		}
	}
	h.refused(h.operator("Rival viewer", "GET /api/v1/stores?network=Bella", ""), http.StatusNotFound, wire.CodeNotFound, "stores of Bella")
	h.refused(h.operator("Rival viewer", "GET /api/v1/audit?network=Bella", ""), http.StatusNotFound, wire.CodeNotFound, "audit of Bella")
	if w := h.operator("Rival viewer", "GET /api/v1/audit", ""); strings.Contains(w.Body.String(), "administrator") && strings.Contains(w.Body.String(), "network.add") {
		t.Errorf("the hub's own log was shown to one network: %s", w.Body)
	}
}

// Every route by which an agent could name something, with another store's.
func TestAnotherStoreDoesNotExist(t *testing.T) {
	h := newHub(t)
	for _, s := range []salon{h.one, h.two} {
		h.done(h.operator("admin", "POST /api/v1/jobs/"+s.job.ID+"/cancel", ""), nil)
	}
	h.done(h.agent(h.two, "POST /agent/v1/full/begin", encode(wire.FullBegin{Upload: "two", Revision: 1, Receipt: wire.ReceiptHead{Known: true, Absent: true}})), nil)
	tries := map[string]string{
		"POST /agent/v1/begin":                             encode(wire.Begin{Job: h.two.job.ID, Receipt: wire.ReceiptHead{}}),
		"GET /agent/v1/payload/" + h.two.job.Payload:       "",
		"GET /agent/v1/payload/none":                       "",
		"GET /agent/v1/catalog/" + strings.Repeat("0", 64): "",
	}
	n := 0
	for route, body := range tries {
		h.refused(h.agent(h.one, route, body), http.StatusNotFound, wire.CodeNotFound, route)
		if n++; h.audited(h.one.store.Network, "agent.foreign") != n {
			t.Errorf("%s was not audited", route)
		}
	}
	// An upload's id is its own agent's choice: another's is one that was never begun.
	commit := func(upload string) string {
		w := h.agent(h.one, "POST /agent/v1/full/commit", encode(wire.FullCommit{Upload: upload, Kinds: []wire.KindSum{}}))
		h.refused(w, http.StatusConflict, wire.CodeConflict, "another's upload")
		return strings.ReplaceAll(w.Body.String(), upload, "…")
	}
	if theirs, none := commit("two"), commit("never"); theirs != none {
		t.Errorf("another's upload is answered %s, none %s", theirs, none)
	}
	w := h.agent(h.one, "GET /agent/v1/payload/"+h.one.job.Payload, "")
	if got, err := wire.Decompress(w.Body.Bytes(), 1000); w.Code != http.StatusOK || err != nil || string(got) != "payload for One" {
		t.Errorf("its own payload: %d %q, %v", w.Code, got, err)
	}
}

func TestForeignTriesDoNotFillTheLog(t *testing.T) {
	h := newHub(t)
	for range 3 * foreignBurst {
		h.refused(h.agent(h.one, "GET /agent/v1/payload/none", ""), http.StatusNotFound, wire.CodeNotFound, "a payload")
	}
	if n := h.audited(h.one.store.Network, "agent.foreign"); n != foreignBurst {
		t.Errorf("%d entries, want %d", n, foreignBurst)
	}
}

func TestGuessingIsThrottled(t *testing.T) {
	h := newHub(t)
	peer := "192.0.2.1:5555"
	guess := func() int {
		return h.call(call1{route: "GET /api/v1/stores", secret: access.NewSecret(), peer: peer}).Code
	}
	for range failureBurst {
		if got := guess(); got != http.StatusUnauthorized {
			t.Fatalf("a guess was answered %d", got)
		}
	}
	w := h.call(call1{route: "POST /agent/v1/next", secret: "x", peer: peer})
	h.refused(w, http.StatusTooManyRequests, wire.CodeBusy, "the guess after that")
	if w.Header().Get("Retry-After") == "" {
		t.Error("it does not say when to come again")
	}
	if w := h.call(call1{route: "GET /api/v1/stores", secret: h.tokens["admin"], peer: peer}); w.Code != http.StatusOK {
		t.Errorf("a good token behind the same address was answered %d", w.Code)
	}
	h.now = h.now.Add(failureEvery)
	if got := guess(); got != http.StatusUnauthorized {
		t.Errorf("after the wait a guess was answered %d", got)
	}
}

func TestEnrolmentIsThrottled(t *testing.T) {
	h := newHub(t)
	try := func() int {
		return h.call(call1{route: "POST /agent/v1/enroll", body: "{}", peer: "192.0.2.1:5555"}).Code
	}
	for range enrolBurst {
		if got := try(); got != http.StatusBadRequest {
			t.Fatalf("a try was answered %d", got)
		}
	}
	if got := try(); got != http.StatusTooManyRequests {
		t.Errorf("the try after that was answered %d", got)
	}
}

// What comes of no conversation, or of one that is over, changes nothing.
func TestMessagesOfAnotherConversationAreRefused(t *testing.T) {
	h := newHub(t)
	for route, body := range map[string]string{
		"POST /agent/v1/next":        encode(wire.NextAsk{}),
		"POST /agent/v1/begin":       encode(wire.Begin{Job: h.one.job.ID}),
		"POST /agent/v1/full/begin":  encode(wire.FullBegin{Upload: "one", Revision: 1}),
		"POST /agent/v1/full/commit": encode(wire.FullCommit{Upload: "one", Kinds: []wire.KindSum{}}),
		"POST /agent/v1/repairs":     encode(wire.Repairs{List: []wire.Repair{}}),
		"POST /agent/v1/bye":         encode(wire.Bye{Kinds: []wire.KindSum{}}),
	} {
		for _, id := range []string{"", "an older one"} {
			w := h.call(call1{route: route, secret: h.one.credential, body: body, header: map[string]string{wire.HeaderConversation: id}})
			h.refused(w, http.StatusConflict, wire.CodeOver, route)
		}
	}
}
