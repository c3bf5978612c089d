package api

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"time"

	"plait/hub/access"
	"plait/hub/store"
	"plait/shared/wire"
)

// errBusy says that too many are served already.
var errBusy = errors.New("the hub is busy")

// busyWait is after which time a caller that met a busy hub should come again.
const busyWait = 15 * time.Second

// throttled says that a peer asks too often.
type throttled struct{ wait time.Duration }

func (t *throttled) Error() string { return "too many tries: wait, and try again" }

// statuses are the HTTP status of each code.
var statuses = map[wire.Code]int{
	wire.CodeBadRequest:    http.StatusBadRequest,
	wire.CodeUnauthorized:  http.StatusUnauthorized,
	wire.CodeRevoked:       http.StatusForbidden,
	wire.CodeForbidden:     http.StatusForbidden,
	wire.CodeNotFound:      http.StatusNotFound,
	wire.CodeConflict:      http.StatusConflict,
	wire.CodeBatchConflict: http.StatusConflict,
	wire.CodeJobsOpen:      http.StatusConflict,
	wire.CodeOver:          http.StatusConflict,
	wire.CodeHeld:          http.StatusLocked,
	wire.CodeTooLarge:      http.StatusRequestEntityTooLarge,
	wire.CodeTooOld:        http.StatusUpgradeRequired,
	wire.CodeBusy:          http.StatusServiceUnavailable,
	wire.CodeInternal:      http.StatusInternalServerError,
}

// refuse answers a call that failed, and returns the status.
func (s *Server) refuse(w http.ResponseWriter, r route, c *call, err error) int {
	e := s.explain(r, c, err)
	status, ok := statuses[e.Code]
	if !ok {
		status = http.StatusInternalServerError
	}
	var slow *throttled
	switch {
	case errors.As(err, &slow):
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(slow.wait.Seconds()))))
	case status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(int(busyWait.Seconds())))
	case status == http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	writeError(w, status, e)
	return status
}

func writeError(w http.ResponseWriter, status int, e *wire.Error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(wire.EncodeControl(e)) // whoever is gone needs no answer
}

// explain turns an error into what a stranger may read.
func (s *Server) explain(r route, c *call, err error) *wire.Error {
	var (
		e     *wire.Error
		big   *http.MaxBytesError
		slow  *throttled
		agent = r.need == agent
	)
	switch {
	case errors.As(err, &slow):
		return wire.Refuse(wire.CodeBusy, "%v", slow)
	case errors.As(err, &e):
		s.noteForeign(r, c, e.Code == wire.CodeNotFound, err)
		return e
	case errors.As(err, &big):
		return wire.Refuse(wire.CodeTooLarge, "the request has more than %d bytes", big.Limit)
	case errors.Is(err, access.ErrUnknown):
		return wire.Refuse(wire.CodeUnauthorized, "%v", access.ErrUnknown)
	case errors.Is(err, access.ErrRevoked):
		return wire.Refuse(wire.CodeRevoked, "%v: enrol this PC again with a new code", access.ErrRevoked)
	case errors.Is(err, access.ErrForbidden):
		return wire.Refuse(wire.CodeForbidden, "%v", err)
	case errors.Is(err, store.ErrNotFound) && agent:
		s.noteForeign(r, c, true, err)
		return wire.Refuse(wire.CodeNotFound, "there is no such thing at this hub")
	case errors.Is(err, store.ErrNotFound):
		return wire.Refuse(wire.CodeNotFound, "%v", err)
	case errors.Is(err, store.ErrConflict) && !agent:
		return wire.Refuse(wire.CodeConflict, "%v", err)
	case store.Busy(err):
		s.log.Error().Err(err).Str("route", r.pattern).Msg("the database cannot be written to")
		return wire.Refuse(wire.CodeBusy, "the hub cannot write to its database now: try again")
	case errors.Is(err, errBusy), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return wire.Refuse(wire.CodeBusy, "%v: try again", errBusy)
	}
	return s.internal(r, err)
}

// internal logs an error of our own under a reference that a person can quote.
func (s *Server) internal(r route, err error) *wire.Error {
	ref := rand.Text()[:10]
	s.log.Error().Err(err).Str("ref", ref).Str("route", r.pattern).Msg("a call failed")
	return &wire.Error{Code: wire.CodeInternal, Message: "Internal error.", Ref: ref}
}

// noteForeign audits that an agent asked for what is not its own: another
// store's id, or one that does not exist, which look the same (P16). A store
// that does so without end fills the log no further.
func (s *Server) noteForeign(r route, c *call, notFound bool, cause error) {
	if !notFound || r.need != agent || c.store.ID == "" {
		return
	}
	s.log.Warn().Str("store", c.store.ID).Str("route", r.pattern).Msg("an agent asked for what is not its own")
	if ok, _ := s.foreign.allow(c.store.ID); !ok {
		return
	}
	detail := map[string]string{"route": r.pattern, "asked": cut(cause.Error(), wire.MaxNameBytes)}
	err := s.db.WithStore(context.WithoutCancel(c.Context()), c.store.ID, func(tx *store.StoreTx) error {
		return tx.Audit("store "+c.store.Name, "agent.foreign", detail)
	})
	if err != nil {
		s.log.Error().Err(err).Str("store", c.store.ID).Msg("cannot audit that an agent asked for what is not its own")
	}
}

func cut(s string, most int) string {
	if len(s) > most {
		return s[:most]
	}
	return s
}

// logCall writes a line for each call: who, what, how it ended. Paths and bodies
// stay out, for they may name customers.
func (s *Server) logCall(r route, c *call, status int, took time.Duration) {
	line := s.log.Debug()
	if status >= http.StatusInternalServerError {
		line = s.log.Warn()
	}
	line.Str("route", r.pattern).Int("status", status).Dur("took", took).Str("peer", peerOf(c.RemoteAddr)).
		Str("store", c.store.ID).Str("token", c.who.Token).Msg("call")
}
