package hubclient_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"plait/agent/hubclient"
	"plait/shared/wire"
)

// What is no answer of the protocol.
var nonsense = map[string]string{
	"nothing":         "",
	"half of it":      `{"number":1,"dig`,
	"a page":          "<html><body>Welcome to the Lakeside Mall WiFi</body></html>",
	"an unknown key":  `{"surprise":1}`,
	"a list":          `[]`,
	"null":            `null`,
	"two answers":     `{}{}`,
	"not UTF-8":       "{\"state\":\"\xff\"}",
	"nested for ever": strings.Repeat("[", 10_001),
	"too much":        strings.Repeat(" ", wire.MaxControlBytes+1),
}

// An agent decides by refusals: it splits and parks what was refused as bad. What
// it cannot read is no refusal, whatever is wrong with it.
func TestWhatCannotBeReadIsNoRefusal(t *testing.T) {
	for name, body := range nonsense {
		for _, status := range []int{http.StatusOK, http.StatusConflict, http.StatusInternalServerError} {
			t.Run(name, func(t *testing.T) {
				talk(t, says(status, body), func(t *testing.T, c *hubclient.Client, h *hub) {
					for _, m := range messages {
						if m.name == "profile" && status == http.StatusOK {
							continue // it takes no answer
						}
						err := m.send(t.Context(), c)
						if err == nil || refusal(err) != nil || errors.Is(err, hubclient.ErrNotTheHub) {
							t.Errorf("%s, answered with %d and %s: %v", m.name, status, name, err)
							continue
						}
						for _, part := range []string{"127.0.0.1:9", m.name, "the hub's operator"} {
							if !strings.Contains(err.Error(), part) {
								t.Errorf("%s, answered with %d and %s: %q does not name %s", m.name, status, name, err, part)
							}
						}
						if len(err.Error()) > 500 {
							t.Errorf("%s: %d bytes of error", m.name, len(err.Error()))
						}
					}
					if len(h.requests()) > len(messages) {
						t.Errorf("%d requests for %d messages: an answer that came is not asked for again", len(h.requests()), len(messages))
					}
				})
			})
		}
	}
}

func TestRefusalsArriveAsTheyAre(t *testing.T) {
	e := wire.Refuse(wire.CodeJobsOpen, "a job is open")
	e.Blocking = []wire.Blocking{{Job: "j1", Number: 7, Label: "spring", Ways: []string{"wait"}}}
	talk(t, says(http.StatusConflict, mustBody(e)), func(t *testing.T, c *hubclient.Client, h *hub) {
		for _, m := range messages {
			got := refusal(m.send(t.Context(), c))
			if got == nil || got.Code != e.Code || len(got.Blocking) != 1 || got.Blocking[0].Number != 7 {
				t.Errorf("%s: %+v", m.name, got)
			}
		}
		if n := len(h.requests()); n != len(messages) {
			t.Errorf("%d requests for %d messages: a refusal is not asked for again", n, len(messages))
		}
	})
}

// A refusal without a code decides nothing, and one without a sentence tells
// nobody anything.
func TestRefusalsThatSayNothingAreUnreadable(t *testing.T) {
	for _, body := range []string{`{}`, `{"code":"conflict","message":""}`, `{"code":"","message":"no"}`} {
		talk(t, says(http.StatusConflict, body), func(t *testing.T, c *hubclient.Client, _ *hub) {
			_, err := c.Next(t.Context(), wire.NextAsk{})
			if err == nil || refusal(err) != nil || !strings.Contains(err.Error(), "409") {
				t.Errorf("%s: %v", body, err)
			}
		})
	}
}

// What stands in front of a hub answers without the protocol's header.
func TestSomebodyElseAnswers(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter, int){
		"a sign-in page": func(w http.ResponseWriter, _ int) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(`{"equal":true}`))
		},
		"a redirect":              redirects(http.StatusFound, "https://mall.example/sign-in"),
		"a redirect of a POST":    redirects(http.StatusTemporaryRedirect, "http://127.0.0.1:9/agent/v1/bye"),
		"a redirect for ever":     redirects(http.StatusPermanentRedirect, "/agent/v1/bye"),
		"a refusal of a proxy":    func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusProxyAuthRequired) },
		"a header that is no one": func(w http.ResponseWriter, _ int) { w.Header().Set(wire.HeaderProtocol, "yes"); w.WriteHeader(200) },
	} {
		t.Run(name, func(t *testing.T) {
			talk(t, answer, func(t *testing.T, c *hubclient.Client, h *hub) {
				for _, m := range messages {
					if err := m.send(t.Context(), c); !errors.Is(err, hubclient.ErrNotTheHub) || refusal(err) != nil {
						t.Errorf("%s: %v", m.name, err)
					}
				}
				if n := len(h.requests()); n != len(messages) {
					t.Errorf("%d requests for %d messages: %v", n, len(messages), h.requests())
				}
			})
		})
	}
}

func redirects(status int, to string) func(http.ResponseWriter, int) {
	return func(w http.ResponseWriter, _ int) {
		w.Header().Set(wire.HeaderProtocol, "1")
		w.Header().Set("Location", to)
		w.WriteHeader(status)
	}
}
