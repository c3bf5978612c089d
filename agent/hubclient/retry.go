package hubclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"plait/shared/enrolcode"

	"github.com/hashicorp/go-retryablehttp"
)

// Waits between the attempts for one message. A hub that asks for a longer one is
// left alone: the conversation ends, and the next one comes by its own timer.
const (
	shortestWait = 250 * time.Millisecond
	longestWait  = 20 * time.Second
)

func refuseRedirect(req *http.Request, _ []*http.Request) error {
	return fmt.Errorf("%w: it redirects to %s", ErrNotTheHub, req.URL.Host)
}

// checkRetry tries again after network faults and when the hub is busy or
// failing, never after an answer that a repeat would not change.
func checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		return !isAnswer(err), nil
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		wait, _ := asked(resp)
		return wait <= longestWait, nil
	}
	return false, nil
}

// isAnswer reports whether the fault is one that another try would meet again:
// somebody else answered, what came cannot be an answer, or this PC's clock is
// wrong.
func isAnswer(err error) bool {
	var cert *tls.CertificateVerificationError
	var clock *enrolcode.ClockError
	return errors.Is(err, ErrNotTheHub) || errors.Is(err, errUnreadable) || errors.Is(err, enrolcode.ErrWrongHub) ||
		errors.As(err, &cert) || errors.As(err, &clock)
}

// asked is how long the answer asks to be left alone for; ok is false if it does
// not say.
func asked(resp *http.Response) (wait time.Duration, ok bool) {
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 64); err == nil {
		return time.Duration(min(seconds, math.MaxInt32)) * time.Second, true
	}
	at, err := http.ParseTime(text)
	return max(0, time.Until(at)), err == nil
}

// backoff doubles, and waits for as long as the hub asks.
func backoff(shortest, longest time.Duration, attempt int, resp *http.Response) time.Duration {
	wait := retryablehttp.DefaultBackoff(shortest, longest, attempt, nil)
	if resp != nil {
		if longer, ok := asked(resp); ok {
			wait = min(max(wait, longer), longest)
		}
	}
	return wait
}
