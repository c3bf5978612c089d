package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"plait/hub/access"
	"plait/hub/store"
	"plait/shared/wire"
)

// call is one request on its way through the hub.
type call struct {
	*http.Request
	store store.Store // on routes of agents
	who   access.Who  // on routes of operators
}

// reply is a successful answer.
type reply struct {
	contentType string
	body        []byte
}

// handler does what a route is for.
type handler func(*Server, *call) (reply, error)

// validator is a message that can check itself.
type validator interface{ Validate() error }

// message makes a handler of a function that takes a message and answers with
// one.
func message[In, Out any](fn func(*Server, *call, In) (Out, error)) handler {
	return func(s *Server, c *call) (reply, error) {
		var in In
		if err := wire.DecodeStrict(c.Body, wire.MaxControlBytes, &in); err != nil {
			return reply{}, err
		}
		if v, ok := any(in).(validator); ok {
			if err := v.Validate(); err != nil {
				return reply{}, err
			}
		}
		out, err := fn(s, c, in)
		return jsonReply(out), err
	}
}

// query makes a handler of a function that takes nothing but the path and its
// parameters.
func query[Out any](fn func(*Server, *call) (Out, error)) handler {
	return func(s *Server, c *call) (reply, error) {
		out, err := fn(s, c)
		return jsonReply(out), err
	}
}

// bulk makes a handler of a function that takes a compressed body as it
// travelled.
func bulk[Out any](fn func(*Server, *call, []byte) (Out, error)) handler {
	return func(s *Server, c *call) (reply, error) {
		leave, err := s.reading.enter(c.Context())
		if err != nil {
			return reply{}, err
		}
		defer leave()
		packed, err := wire.ReadBounded(c.Body, maxPacked)
		if err != nil {
			return reply{}, err
		}
		done, err := s.working.enter(c.Context())
		if err != nil {
			return reply{}, err
		}
		defer done()
		out, err := fn(s, c, packed)
		return jsonReply(out), err
	}
}

// sheet makes a handler of a function that takes a body as it is, of the size of
// a batch at most.
func sheet[Out any](fn func(*Server, *call, []byte) (Out, error)) handler {
	return func(s *Server, c *call) (reply, error) {
		leave, err := s.reading.enter(c.Context())
		if err != nil {
			return reply{}, err
		}
		defer leave()
		body, err := wire.ReadBounded(c.Body, wire.MaxBatchBytes)
		if err != nil {
			return reply{}, err
		}
		out, err := fn(s, c, body)
		return jsonReply(out), err
	}
}

// packed makes a handler of a function that returns a zstd frame.
func packed(fn func(*Server, *call) ([]byte, error)) handler {
	return func(s *Server, c *call) (reply, error) {
		body, err := fn(s, c)
		return reply{"application/zstd", body}, err
	}
}

func jsonReply(v any) reply { return reply{"application/json", wire.EncodeControl(v)} }

// maxPacked bounds a compressed body: what cannot be compressed grows a little.
const maxPacked = wire.MaxBatchBytes + wire.MaxBatchBytes/64

// ServeHTTP runs one call.
func (r route) serve(s *Server) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		began := s.now()
		c := &call{Request: req}
		c.Body = http.MaxBytesReader(w, req.Body, maxPacked)
		answer, err := r.run(s, c)
		status := http.StatusOK
		if err == nil {
			w.Header().Set("Content-Type", answer.contentType)
			w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
			_, _ = w.Write(answer.body) // whoever is gone asks again
		} else {
			status = s.refuse(w, r, c, err)
		}
		s.logCall(r, c, status, s.now().Sub(began))
	}
}

// run authorises and handles. A panic is an internal error, and the hub goes on.
func (r route) run(s *Server, c *call) (answer reply, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if e := c.Header.Get("Content-Encoding"); e != "" {
		return reply{}, wire.Refuse(wire.CodeBadRequest, "a body must not have a Content-Encoding (%.40s): bulk bodies are zstd by themselves", e)
	}
	if err := s.authorise(r.need, c); err != nil {
		return reply{}, err
	}
	return r.handle(s, c)
}

// authorise knows the caller and holds it to the access that the route needs.
func (s *Server) authorise(n need, c *call) error {
	switch n {
	case everyone:
		return nil
	case newcomer:
		return errors.Join(speaks(c), s.throttle(s.enrolments, c))
	case agent:
		if err := speaks(c); err != nil {
			return err
		}
		return s.knowStore(c)
	default:
		return s.knowOperator(access.Role(n), c)
	}
}

// speaks holds an agent to the protocol's version.
func speaks(c *call) error {
	v, err := strconv.Atoi(c.Header.Get(wire.HeaderProtocol))
	switch {
	case err != nil:
		return wire.Refuse(wire.CodeBadRequest, "the header %s is missing", wire.HeaderProtocol)
	case v < wire.OldestAgent:
		return wire.Refuse(wire.CodeTooOld, "this hub no longer speaks version %d of the protocol: update the agent", v)
	case v > wire.Protocol:
		return wire.Refuse(wire.CodeTooOld, "this hub does not speak version %d of the protocol yet: update the hub", v)
	}
	return nil
}

func (s *Server) knowStore(c *call) error {
	found, err := s.door.Store(c.Context(), bearer(c))
	c.store = found
	c.Request = c.WithContext(store.InConversation(c.Context(), c.Header.Get(wire.HeaderConversation)))
	return s.known(c, err)
}

func (s *Server) knowOperator(role access.Role, c *call) error {
	who, err := s.door.Token(c.Context(), bearer(c))
	if err := s.known(c, err); err != nil {
		return err
	}
	c.who = who
	return who.Needs(role)
}

// known throttles a peer that shows secrets which are nobody's.
func (s *Server) known(c *call, err error) error {
	if !errors.Is(err, access.ErrUnknown) {
		return err
	}
	return errors.Join(s.throttle(s.failures, c), err)
}

func (s *Server) throttle(l *limiter, c *call) error {
	if ok, wait := l.allow(peerOf(c.RemoteAddr)); !ok {
		return &throttled{wait}
	}
	return nil
}

func bearer(c *call) string {
	secret, ok := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return secret
}

// gate lets a bounded number through at a time.
type gate struct {
	places chan struct{}
	wait   time.Duration
}

func newGate(places int, wait time.Duration) gate { return gate{make(chan struct{}, places), wait} }

// enter waits for a place; leave gives it back. It fails with errBusy if there
// was none in time.
func (g gate) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-g.places }
	select {
	case g.places <- struct{}{}:
		return leave, nil
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, g.wait)
	defer cancel()
	select {
	case g.places <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, errBusy
	}
}
