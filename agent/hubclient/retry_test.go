package hubclient_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"plait/agent/hubclient"
	"plait/shared/wire"
)

var busy = mustBody(wire.Refuse(wire.CodeBusy, "the hub is busy"))

// after answers as first does until the n-th request, and well from then on.
func after(n int, first func(http.ResponseWriter, int)) func(http.ResponseWriter, int) {
	return func(w http.ResponseWriter, i int) {
		if i < n {
			first(w, i)
			return
		}
		write(w, http.StatusOK, `{"equal":true,"pending":0}`)
	}
}

func hangUp(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		err = conn.Close()
	}
	if err != nil {
		panic(err)
	}
}

// cutOff sends less than it announced.
func cutOff(w http.ResponseWriter, _ int) {
	w.Header().Set(wire.HeaderProtocol, "1")
	w.Header().Set("Content-Length", "40")
	_, _ = w.Write([]byte(`{"equal":tr`))
	_ = http.NewResponseController(w).Flush()
	hangUp(w)
}

func TestFaultsOfTheLineAreMetByAnotherAttempt(t *testing.T) {
	for name, first := range map[string]func(http.ResponseWriter, int){
		"no answer":         func(w http.ResponseWriter, _ int) { hangUp(w) },
		"cut off":           cutOff,
		"503":               says(http.StatusServiceUnavailable, busy),
		"429":               says(http.StatusTooManyRequests, busy),
		"a proxy's 502":     func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusBadGateway) },
		"a proxy's timeout": func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusGatewayTimeout) },
		"silence":           func(http.ResponseWriter, int) { <-time.After(10 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			talk(t, after(3, first), func(t *testing.T, c *hubclient.Client, h *hub) {
				answer, err := c.Bye(t.Context(), wire.Bye{Revision: 7})
				if err != nil || !answer.Equal {
					t.Errorf("%+v, %v", answer, err)
				}
				seen := h.requests()
				if len(seen) != 3 || seen[0].body != seen[2].body || !strings.Contains(seen[0].body, `"revision":7`) {
					t.Errorf("requests %v: the same message is sent again until it is answered", seen)
				}
			})
			talk(t, after(1000, first), func(t *testing.T, c *hubclient.Client, h *hub) {
				began := time.Now()
				_, err := c.Bye(t.Context(), wire.Bye{})
				if err == nil || len(h.requests()) != 4 {
					t.Errorf("%v after %v: four attempts are enough", err, h.requests())
				}
				if took := time.Since(began); took > 10*time.Minute {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

func TestWhatIsAnsweredIsNotAskedAgain(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 409, 413, 423, 426, 500} {
		talk(t, after(2, says(status, mustBody(wire.Refuse(wire.CodeInternal, "no")))), func(t *testing.T, c *hubclient.Client, h *hub) {
			if _, err := c.Bye(t.Context(), wire.Bye{}); refusal(err) == nil || len(h.requests()) != 1 {
				t.Errorf("%d: %v after %v", status, err, h.requests())
			}
		})
	}
}

// A hub that is busy says for how long, and is heard; one that asks for longer
// than a person would wait is left to the next conversation.
func TestRetryAfter(t *testing.T) {
	for ask, want := range map[string]struct {
		tries int
		wait  time.Duration // before the second
	}{
		"":                     {2, 250 * time.Millisecond},
		"0":                    {2, 250 * time.Millisecond},
		"7":                    {2, 7 * time.Second},
		"20":                   {2, 20 * time.Second},
		"21":                   {1, 0},
		"86400":                {1, 0},
		"9223372036":           {1, 0},
		"9223372036854775807":  {1, 0},
		"-5":                   {2, 250 * time.Millisecond},
		"soon":                 {2, 250 * time.Millisecond},
		"in 9s":                {2, 9 * time.Second},
		"in 240h":              {1, 0},
		"in -1h":               {2, 250 * time.Millisecond},
		"99999999999999999999": {2, 250 * time.Millisecond},
	} {
		first := func(w http.ResponseWriter, _ int) {
			text := ask
			if in, ok := strings.CutPrefix(ask, "in "); ok {
				d, err := time.ParseDuration(in)
				if err != nil {
					panic(err)
				}
				text = time.Now().Add(d).UTC().Format(http.TimeFormat)
			}
			w.Header().Set("Retry-After", text)
			write(w, http.StatusServiceUnavailable, busy)
		}
		t.Run(ask, func(t *testing.T) {
			talk(t, after(2, first), func(t *testing.T, c *hubclient.Client, h *hub) {
				_, err := c.Bye(t.Context(), wire.Bye{})
				seen := h.requests()
				if len(seen) != want.tries {
					t.Fatalf("%d tries, %v", len(seen), err)
				}
				if want.tries == 1 {
					if e := refusal(err); e == nil || e.Code != wire.CodeBusy {
						t.Errorf("what is left is %v", err)
					}
					return
				}
				if gap := seen[1].at - seen[0].at; err != nil || gap < want.wait || gap > want.wait+time.Second {
					t.Errorf("asked again after %s, %v; want %s", gap, err, want.wait)
				}
			})
		})
	}
}

func TestAnEndedContextEndsTheWait(t *testing.T) {
	talk(t, says(http.StatusServiceUnavailable, busy), func(t *testing.T, c *hubclient.Client, h *hub) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := c.Bye(ctx, wire.Bye{})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 200*time.Millisecond || len(h.requests()) != 1 {
			t.Errorf("%v after %s and %v", err, time.Since(began), h.requests())
		}
	})
}

// An answer that comes drop by drop ends with the attempt's time.
func TestAnAnswerDropByDrop(t *testing.T) {
	drip := func(w http.ResponseWriter, _ int) {
		w.Header().Set(wire.HeaderProtocol, "1")
		w.Header().Set("Content-Length", strconv.Itoa(wire.MaxControlBytes))
		for range wire.MaxControlBytes {
			if _, err := w.Write([]byte(" ")); err != nil {
				return
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				return
			}
			<-time.After(time.Second)
		}
	}
	talk(t, drip, func(t *testing.T, c *hubclient.Client, h *hub) {
		began := time.Now()
		_, err := c.Bye(t.Context(), wire.Bye{})
		if err == nil || refusal(err) != nil || time.Since(began) > 10*time.Minute || len(h.requests()) > 4 {
			t.Errorf("%v after %s and %d requests", err, time.Since(began), len(h.requests()))
		}
	})
}

// The control: a client that is allowed one attempt meets the fault.
func TestOneAttemptMeetsTheFault(t *testing.T) {
	answer := after(2, says(http.StatusServiceUnavailable, busy))
	reach(t, hubclient.Options{Attempts: 1}, answer, func(t *testing.T, c *hubclient.Client, h *hub) {
		if _, err := c.Bye(t.Context(), wire.Bye{}); refusal(err) == nil || len(h.requests()) != 1 {
			t.Errorf("one attempt: %v after %v", err, h.requests())
		}
	})
}
