package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"plait/hub/access"
	"plait/hub/operator"
	"plait/hub/store"
	"plait/shared/wire"
)

// Options say what a server is built from. All but Now and Pages are needed.
type Options struct {
	DB       *store.DB
	Door     *access.Door
	Agents   Agents
	Operator *operator.Desk
	Log      zerolog.Logger
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
	// Pages serves every path that is not the API's. Nil answers 404.
	Pages http.Handler
}

// Server answers calls. Its methods may be called from many goroutines.
type Server struct {
	db     *store.DB
	door   *access.Door
	agents Agents
	desk   *operator.Desk
	log    zerolog.Logger
	now    func() time.Time

	failures   *limiter // of peers with secrets that are nobody's
	enrolments *limiter // of peers
	foreign    *limiter // of stores, in the audit log
	reading    gate     // bulk bodies that are being received
	working    gate     // of those, the ones that are being taken in
	mux        *http.ServeMux
}

// What the limiters and gates allow.
const (
	failureEvery, failureBurst = 2 * time.Second, 30
	enrolEvery, enrolBurst     = 6 * time.Second, 20
	foreignEvery, foreignBurst = time.Minute, 20

	bulkReading, bulkWorking = 256, 8
	bulkWait                 = 30 * time.Second
)

// New returns a server.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{
		db: o.DB, door: o.Door, agents: o.Agents, desk: o.Operator, log: o.Log, now: o.Now, mux: http.NewServeMux(),
		failures:   newLimiter(failureEvery, failureBurst, o.Now),
		enrolments: newLimiter(enrolEvery, enrolBurst, o.Now),
		foreign:    newLimiter(foreignEvery, foreignBurst, o.Now),
		reading:    newGate(bulkReading, bulkWait),
		working:    newGate(bulkWorking, bulkWait),
	}
	s.mount(o.Pages)
	return s
}

// mount hangs up the table. A known path with another method is answered 405.
func (s *Server) mount(pages http.Handler) {
	methods := map[string][]string{}
	for _, r := range routes {
		method, path, _ := strings.Cut(r.pattern, " ")
		methods[path] = append(methods[path], method)
		s.mux.Handle(r.pattern, r.serve(s))
	}
	for path, known := range methods {
		s.mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", strings.Join(known, ", "))
			writeError(w, http.StatusMethodNotAllowed, wire.Refuse(wire.CodeBadRequest, "this path takes %s", strings.Join(known, " or ")))
		})
	}
	for _, prefix := range []string{"/agent/", "/api/"} {
		s.mux.HandleFunc(prefix, nothing)
	}
	if pages == nil {
		pages = http.HandlerFunc(nothing)
	}
	s.mux.Handle("/", pages)
}

func nothing(w http.ResponseWriter, _ *http.Request) {
	writeError(w, http.StatusNotFound, wire.Refuse(wire.CodeNotFound, "there is nothing at this path"))
}

// ServeHTTP answers one call. Every answer carries the protocol's header: it
// tells the hub from a captive portal.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set(wire.HeaderProtocol, strconv.Itoa(wire.Protocol))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	s.mux.ServeHTTP(w, req)
}

// Timeouts of a connection. A salon's line may be slow: a batch of eight
// megabytes at 64 KB/s takes two minutes.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 5 * time.Minute
	writeTimeout  = 10 * time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeader     = 16 << 10
)

// HTTP returns the server for a listener, with every timeout set.
func (s *Server) HTTP() *http.Server {
	return &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: httpLog(s.log),
	}
}
