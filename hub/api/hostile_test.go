package api

import (
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"plait/shared/wire"
)

// endless gives the same text again and again, and counts what was taken.
type endless struct {
	text  string
	left  int64
	taken int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && e.left > 0 {
		k := copy(p[n:min(len(p), n+int(min(e.left, int64(len(e.text)))))], e.text)
		n, e.left, e.taken = n+k, e.left-int64(k), e.taken+int64(k)
	}
	return n, nil
}

func TestHugeBodiesAreCutOff(t *testing.T) {
	h := newHub(t)
	const huge = 100 << 20
	for _, r := range routes {
		if strings.HasPrefix(r.pattern, "GET") || strings.Contains(r.pattern, "/cancel") || strings.Contains(r.pattern, "/code") ||
			strings.Contains(r.pattern, "/release") || strings.Contains(r.pattern, "/continue") || strings.HasSuffix(r.pattern, "/test") || strings.HasSuffix(r.pattern, "/again") || strings.HasSuffix(r.pattern, "/retry") || strings.HasSuffix(r.pattern, "/decline") || strings.HasPrefix(r.pattern, "DELETE") {
			continue // it takes no body, and reads none
		}
		secret := h.tokens["admin"]
		if r.need == agent {
			secret = h.one.credential
		}
		in := &endless{text: `{"a":"` + strings.Repeat("x", 1000) + `"}`, left: huge}
		w := h.call(call1{route: filled(r.pattern, h.one), secret: secret, reader: in})
		h.refused(w, http.StatusRequestEntityTooLarge, wire.CodeTooLarge, r.pattern)
		if in.taken > maxPacked+1<<20 {
			t.Errorf("%s read %d bytes", r.pattern, in.taken)
		}
	}
}

func TestHostileJSON(t *testing.T) {
	h := newHub(t)
	for what, body := range map[string]string{
		"nesting":       strings.Repeat(`[`, 10_001) + strings.Repeat(`]`, 10_001),
		"nested value":  `{"to":` + strings.Repeat(`{"a":`, 10_001) + `1` + strings.Repeat(`}`, 10_001) + `}`,
		"doubled key":   `{"to":"on","to":"off"}`,
		"doubled case":  `{"to":"on","To":"off"}`,
		"unknown key":   `{"to":"on","force":true}`,
		"two values":    `{"to":"on"}{}`,
		"no value":      ``,
		"not UTF-8":     "{\"to\":\"\xff\"}",
		"another type":  `{"to":1}`,
		"a broken text": `{"to":"`,
	} {
		h.refused(h.operator("admin", "POST /api/v1/stores/One/switch", body), http.StatusBadRequest, wire.CodeBadRequest, what)
	}
	h.refused(h.agent(h.one, "POST /agent/v1/hello", `{"protocol":1,"protocol":2}`), http.StatusBadRequest, wire.CodeBadRequest, "a hello")
	h.refused(h.agent(h.one, "POST /agent/v1/next", `{"receipt":{"known":true,"job":"a b"}}`), http.StatusBadRequest, wire.CodeBadRequest, "a receipt of no job")
}

func TestCompressionBombs(t *testing.T) {
	h := newHub(t)
	stated := wire.Compress(nil, make([]byte, wire.MaxBatchBytes+1))
	enc, err := zstd.NewWriter(nil)
	h.must(err)
	var unstated strings.Builder
	enc.Reset(&unstated)
	_, err = io.Copy(enc, &endless{text: strings.Repeat("0", 1<<16), left: 256 << 20})
	h.must(errors.Join(err, enc.Close()))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, path := range []string{"batch", "full/chunk"} {
		w := h.agent(h.one, "POST /agent/v1/"+path, string(stated))
		h.refused(w, http.StatusRequestEntityTooLarge, wire.CodeTooLarge, path+" with a bomb")
		if w := h.agent(h.one, "POST /agent/v1/"+path, unstated.String()); w.Code != http.StatusBadRequest && w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s with a bomb that states no length: %d", path, w.Code)
		}
		h.refused(h.agent(h.one, "POST /agent/v1/"+path, "no zstd at all"), http.StatusBadRequest, wire.CodeBadRequest, path+" of text")
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
		t.Errorf("the bombs cost %d bytes", grown)
	}
	w := h.call(call1{route: "POST /agent/v1/next", secret: h.one.credential, body: "{}", header: map[string]string{"Content-Encoding": "gzip"}})
	h.refused(w, http.StatusBadRequest, wire.CodeBadRequest, "a content encoding")
}

func TestProtocolVersions(t *testing.T) {
	h := newHub(t)
	for version, want := range map[string]struct {
		status int
		code   wire.Code
	}{
		"":    {http.StatusBadRequest, wire.CodeBadRequest},
		"one": {http.StatusBadRequest, wire.CodeBadRequest},
		"0":   {http.StatusUpgradeRequired, wire.CodeTooOld},
		"99":  {http.StatusUpgradeRequired, wire.CodeTooOld},
	} {
		for _, route := range []string{"POST /agent/v1/next", "POST /agent/v1/enroll"} {
			w := h.call(call1{route: route, secret: h.one.credential, body: "{}", header: map[string]string{wire.HeaderProtocol: version}})
			h.refused(w, want.status, want.code, route+" in version "+version)
		}
	}
}

func TestPathsThatAreNone(t *testing.T) {
	h := newHub(t)
	for _, route := range []string{"GET /", "GET /agent/v2/hello", "GET /api/v1/", "GET /agent/v1/catalog/a/b"} {
		h.refused(h.call(call1{route: route}), http.StatusNotFound, wire.CodeNotFound, route)
	}
	w := h.call(call1{route: "DELETE /agent/v1/hello"})
	h.refused(w, http.StatusMethodNotAllowed, wire.CodeBadRequest, "another method")
	if w.Header().Get("Allow") != "POST" {
		t.Errorf("Allow is %q", w.Header().Get("Allow"))
	}
	if w := h.call(call1{route: "GET /healthz"}); w.Code != http.StatusOK {
		t.Errorf("healthz answered %d", w.Code)
	}
}

// Errors of our own are logged, and a stranger reads nothing of them.
func TestInternalErrorsStayInside(t *testing.T) {
	h := newHub(t)
	for what, fail := range map[string]handler{
		"an error": func(*Server, *call) (reply, error) { return reply{}, errors.New("secret table items") },
		"a panic":  func(*Server, *call) (reply, error) { panic("secret table items") },
	} {
		r := route{"GET /broken", everyone, fail}
		h.server.mux = http.NewServeMux()
		h.server.mux.Handle(r.pattern, r.serve(h.server))
		h.log.Reset()
		w := h.call(call1{route: "GET /broken"})
		h.refused(w, http.StatusInternalServerError, wire.CodeInternal, what)
		if strings.Contains(w.Body.String(), "secret") || !strings.Contains(w.Body.String(), "Internal error.") {
			t.Errorf("%s: a stranger reads %s", what, w.Body)
		}
		if !strings.Contains(h.log.String(), "secret table items") || !strings.Contains(h.log.String(), `"ref"`) {
			t.Errorf("%s: the log has %s", what, &h.log)
		}
	}
}

func TestLogsHoldNoSecrets(t *testing.T) {
	h := newHub(t)
	h.agent(h.one, "POST /agent/v1/next", "{}")
	h.agent(h.one, "GET /agent/v1/payload/none", "")
	h.operator("admin", "GET /api/v1/stores/One", "")
	for what, secret := range map[string]string{"a credential": h.one.credential, "a token": h.tokens["admin"], "a job's label": h.one.job.Label} {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("the log holds %s", what)
		}
	}
	if h.log.Len() == 0 {
		t.Error("nothing was logged")
	}
}
