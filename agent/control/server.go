package control

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"strconv"
	"time"

	"plait/agent/upload"
	"plait/shared/wire"
)

// Agent is what a server speaks for. Its methods may be called at once.
type Agent interface {
	Status(ctx context.Context) (Status, error)
	Queue(ctx context.Context, limit int) (Queue, error)
	Doctor(ctx context.Context) (Findings, error)
	// Upload asks for a conversation and waits for its end, or for ctx's: then the
	// conversation goes on alone. progress is called by one goroutine at a time.
	Upload(ctx context.Context, ask UploadAsk, progress func(upload.Step)) (upload.Report, error)
	Pause(ctx context.Context) error
	Resume(ctx context.Context) error
	Retry(ctx context.Context, item ItemAsk) error
}

// Limits of what is asked.
const (
	maxAsk     = 64 << 10 // bytes of a request's body
	maxParked  = 10_000   // items that one answer lists
	fewParked  = 200      // and without a limit in the request
	headerTime = 10 * time.Second
)

// NewServer returns a server for l's connections; Serve(l) runs it.
func NewServer(agent Agent) *http.Server {
	return &http.Server{
		Handler: Handler(agent), ReadHeaderTimeout: headerTime, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(nowhere{}, "", 0), // a command that hung up is nobody's error
	}
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// Handler returns the routes.
func Handler(agent Agent) http.Handler {
	h := handler{agent}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", h.status)
	mux.HandleFunc("GET /queue", h.queue)
	mux.HandleFunc("GET /doctor", h.doctor)
	mux.HandleFunc("POST /upload", h.upload)
	mux.HandleFunc("POST /pause", func(w http.ResponseWriter, r *http.Request) { h.act(w, r, agent.Pause(r.Context())) })
	mux.HandleFunc("POST /resume", func(w http.ResponseWriter, r *http.Request) { h.act(w, r, agent.Resume(r.Context())) })
	mux.HandleFunc("POST /retry", h.retry)
	return mux
}

type handler struct{ agent Agent }

func (h handler) status(w http.ResponseWriter, r *http.Request) {
	s, err := h.agent.Status(r.Context())
	reply(w, s, err)
}

func (h handler) queue(w http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 {
		limit = fewParked
	}
	q, err := h.agent.Queue(r.Context(), min(limit, maxParked))
	reply(w, q, err)
}

func (h handler) doctor(w http.ResponseWriter, r *http.Request) {
	f, err := h.agent.Doctor(r.Context())
	reply(w, f, err)
}

func (h handler) retry(w http.ResponseWriter, r *http.Request) {
	var ask ItemAsk
	if err := wire.DecodeStrict(r.Body, maxAsk, &ask); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	h.act(w, r, h.agent.Retry(r.Context(), ask))
}

// act answers an act with the status after it.
func (h handler) act(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		refuse(w, http.StatusConflict, err)
		return
	}
	h.status(w, r)
}

func (h handler) upload(w http.ResponseWriter, r *http.Request) {
	var ask UploadAsk
	if err := wire.DecodeStrict(r.Body, maxAsk, &ask); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	lines := json.NewEncoder(w)
	flush := http.NewResponseController(w)
	send := func(l Line) {
		// Whoever hung up is not told; the conversation goes on.
		_ = errors.Join(lines.Encode(l), flush.Flush())
	}
	report, err := h.agent.Upload(r.Context(), ask, func(s upload.Step) { send(Line{Step: &s}) })
	last := Line{Report: &report}
	if err != nil {
		last.Error = err.Error()
	}
	send(last)
}

func reply(w http.ResponseWriter, v any, err error) {
	if err != nil {
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	write(w, http.StatusOK, v)
}

func refuse(w http.ResponseWriter, status int, err error) {
	write(w, status, Failure{Error: err.Error()})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a broken connection is the command's to notice
}
