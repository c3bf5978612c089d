package hubclient_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"plait/agent/hubclient"
	"plait/shared/wire"
)

func TestEveryMessageNamesWhoSpeaks(t *testing.T) {
	talk(t, says(http.StatusConflict, mustBody(wire.Refuse(wire.CodeConflict, "no"))), func(t *testing.T, c *hubclient.Client, h *hub) {
		for i, m := range messages {
			if err := m.send(t.Context(), c); refusal(err) == nil {
				t.Errorf("%s: %v", m.name, err)
			}
			got := h.requests()[i]
			method := http.MethodPost
			if m.bulk {
				method = http.MethodGet
			}
			if got.method != method || got.path != "/agent/v1/"+m.name {
				t.Errorf("%s went out as %s", m.name, got)
			}
			if got.header.Get("Authorization") != "Bearer "+secret || got.header.Get(wire.HeaderProtocol) != "1" {
				t.Errorf("%s has the headers %v", m.name, got.header)
			}
			if got.header.Values(wire.HeaderConversation) != nil {
				t.Errorf("%s names a conversation before any was let in", m.name)
			}
		}
	})
}

// The conversation is the one that was let in last: a hello that was refused, or
// whose answer nobody could read, opens none.
func TestOnlyAHelloThatWasLetInOpensAConversation(t *testing.T) {
	answers := []string{`{"hub_epoch":"e"`, "", "", ""}
	welcome := string(wire.EncodeControl(wire.Welcome{HubEpoch: "e"}))
	answers[1], answers[2] = welcome, mustBody(wire.Refuse(wire.CodeHeld, "held"))
	answers[3] = `{"equal":false,"pending":0}`
	talk(t, func(w http.ResponseWriter, n int) {
		status := http.StatusOK
		if n == 3 {
			status = http.StatusLocked
		}
		write(w, status, answers[n-1])
	}, func(t *testing.T, c *hubclient.Client, h *hub) {
		for i, fails := range []bool{true, false, true} {
			if _, err := c.Hello(t.Context(), wire.Hello{Conversation: fmt.Sprint("c", i)}); (err != nil) != fails {
				t.Errorf("hello %d: %v", i, err)
			}
		}
		if _, err := c.Bye(t.Context(), wire.Bye{}); err != nil {
			t.Error(err)
		}
		if got := h.requests()[3].header.Get(wire.HeaderConversation); got != "c1" {
			t.Errorf("the conversation after them is %q", got)
		}
	})
}

func TestContentIsHeldToItsName(t *testing.T) {
	content := []byte("plait-payload 1\n{}\nend 0\n")
	cat := someCatalog()
	raw := cat.Encode()
	serve := func(b []byte) func(http.ResponseWriter, int) {
		return says(http.StatusOK, string(wire.Compress(nil, b)))
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, int)
		ask    func(ctx context.Context, c *hubclient.Client) ([]byte, error)
		want   []byte
		says   string
	}{
		"a payload":                   {serve(content), payload(wire.Sum(content)), content, ""},
		"a payload with another hash": {serve(content), payload(someHash), nil, "another hash"},
		"a catalogue":                 {serve(raw), catalogue(cat.Digest()), raw, ""},
		"another catalogue":           {serve(raw), catalogue(someHash), nil, "its digest is"},
		"no catalogue at all":         {serve([]byte("{} {}")), catalogue(someHash), nil, "catalogue"},
		"half a frame":                {says(http.StatusOK, string(wire.Compress(nil, content)[:12])), payload(someHash), nil, "no answer of the protocol"},
		"a bomb":                      {serve(make([]byte, wire.MaxPayloadBytes+1)), payload(someHash), nil, "more than"},
		"more bytes than a payload":   {says(http.StatusOK, strings.Repeat("x", wire.MaxPayloadBytes+1)), payload(someHash), nil, "more than"},
	} {
		t.Run(name, func(t *testing.T) {
			reach(t, hubclient.Options{}, c.answer, func(t *testing.T, client *hubclient.Client, h *hub) {
				got, err := c.ask(t.Context(), client)
				if !bytes.Equal(got, c.want) || (err == nil) != (c.says == "") {
					t.Fatalf("%d bytes, %v", len(got), err)
				}
				if err != nil && (!strings.Contains(err.Error(), c.says) || refusal(err) != nil) {
					t.Errorf("%v, want %q", err, c.says)
				}
				if len(h.requests()) != 1 {
					t.Errorf("asked %d times", len(h.requests()))
				}
			})
		})
	}
}

func payload(hash string) func(context.Context, *hubclient.Client) ([]byte, error) {
	return func(ctx context.Context, c *hubclient.Client) ([]byte, error) { return c.Payload(ctx, hash) }
}

func catalogue(digest string) func(context.Context, *hubclient.Client) ([]byte, error) {
	return func(ctx context.Context, c *hubclient.Client) ([]byte, error) {
		_, raw, err := c.Catalog(ctx, digest)
		return raw, err
	}
}

func TestAddressesOffLoopbackNeedTLS(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://hub.example:8443": true, "https://hub.example": true, "http://127.0.0.1:1": true, "http://localhost": true, "http://[::1]:8": true,
		"http://hub.example": false, "hub.example:8443": false, "": false, "ftp://127.0.0.1": false, "https://": false, "http://127.0.0.1.example": false,
	} {
		c, err := hubclient.New(hubclient.Options{URL: address})
		if (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
		if err == nil {
			c.Close()
		} else if !strings.Contains(err.Error(), "https://") {
			t.Errorf("%q: %v does not say how to write it", address, err)
		}
	}
}
