package hubclient_test

import (
	"net/http"
	"testing"
	"time"

	"plait/agent/hubclient"
	"plait/shared/wire"
)

// FuzzAnswers: whatever comes in a hub's name, a client ends in an answer or an
// error; and what it calls a refusal is one, by status, code and sentence.
func FuzzAnswers(f *testing.F) {
	for _, body := range nonsense {
		f.Add(200, []byte(body), byte(1))
	}
	for i := range messages {
		f.Add(200, []byte(`{"equal":true,"pending":0}`), byte(i))
		f.Add(409, []byte(mustBody(wire.Refuse(wire.CodeConflict, "no"))), byte(i))
		f.Add(200, wire.Compress(nil, []byte("plait-payload 1\n{}\nend 0\n")), byte(i))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, which byte) {
		status = 200 + max(status, -status)%300
		m := messages[int(which)%len(messages)]
		answer := says(status, string(body))
		if status == http.StatusNoContent || status == http.StatusNotModified {
			answer = says(status, "")
		}
		reach(t, hubclient.Options{Attempts: 1, Timeout: 10 * time.Second}, answer, func(t *testing.T, c *hubclient.Client, h *hub) {
			err := m.send(t.Context(), c)
			e := refusal(err)
			if e != nil && (status == http.StatusOK || e.Code == "" || e.Message == "") {
				t.Errorf("%s, answered with %d: %#v is taken for a refusal", m.name, status, e)
			}
			if err == nil && status != http.StatusOK {
				t.Errorf("%s, answered with %d: that is no success", m.name, status)
			}
			if len(h.requests()) != 1 {
				t.Errorf("%d requests", len(h.requests()))
			}
		})
	})
}
