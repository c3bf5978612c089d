package upload

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"plait/agent/apply"
	"plait/agent/capture"
	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/shared/catalog"
	"plait/shared/wire"
)

// Hub is the agent's side of the protocol; hubclient.Client is one.
type Hub interface {
	Hello(ctx context.Context, m wire.Hello) (wire.Welcome, error)
	Profile(ctx context.Context, m wire.Profile) error
	Catalog(ctx context.Context, digest string) (*catalog.Catalog, []byte, error)
	Links(ctx context.Context, m wire.LinksAsk) (wire.LinksPage, error)
	Repairs(ctx context.Context, m wire.Repairs) error
	Sums(ctx context.Context, m wire.Sums) (wire.SumsAnswer, error)
	Keys(ctx context.Context, m wire.Keys) (wire.KeysAnswer, error)
	Batch(ctx context.Context, zstd []byte) (wire.BatchAck, error)
	Next(ctx context.Context, m wire.NextAsk) (wire.NextAnswer, error)
	Payload(ctx context.Context, hash string) ([]byte, error)
	Begin(ctx context.Context, m wire.Begin) (wire.BeginAnswer, error)
	FullBegin(ctx context.Context, m wire.FullBegin) (wire.FullState, error)
	FullChunk(ctx context.Context, zstd []byte) (wire.FullState, error)
	FullCommit(ctx context.Context, m wire.FullCommit) (wire.FullState, error)
	Bye(ctx context.Context, m wire.Bye) (wire.ByeAnswer, error)
}

// Config is what an Uploader works with. Every field but NextDue, Changed and
// Version must be set.
type Config struct {
	Store   string // this store's id, from the enrolment
	Version string // of the program, for people
	Mapping string // digest of the mapping
	POS     pos.Connector
	Box     *outbox.Box
	Capture *capture.Capturer
	Apply   *apply.Applier
	Repair  *apply.Repairer
	Hub     Hub
	Now     func() time.Time
	// NextDue tells when the next scheduled contact is; nil means in an hour.
	NextDue func(now time.Time) time.Time
	// CatalogChanged is told of a new catalogue; what it means for the mapping is
	// known at the next start.
	CatalogChanged func(*catalog.Catalog)
}

// Request asks for one conversation.
type Request struct {
	Reason   string // "schedule", "technician", "operator", "retry", "start"
	Full     bool   // a full upload, at a person's word
	Release  string // a technician's code for an agent that is held
	Progress func(Step)
}

// Uploader holds conversations, one at a time.
type Uploader struct {
	Config
	mu sync.Mutex
}

// New returns an Uploader.
func New(c Config) (*Uploader, error) {
	if c.Store == "" || c.POS == nil || c.Box == nil || c.Capture == nil || c.Apply == nil || c.Repair == nil || c.Hub == nil || c.Now == nil {
		return nil, errors.New("cannot make an uploader: a part of it is missing")
	}
	return &Uploader{Config: c}, nil
}

// Run holds one conversation. The report tells what was done even where it ends
// in an error.
func (u *Uploader) Run(ctx context.Context, req Request) (Report, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := &conversation{Uploader: u, req: req, report: Report{Reason: req.Reason, Started: u.Now()}, settled: map[string]bool{}}
	err := c.run(ctx)
	for tries := 1; restored(err) && tries < maxRestores; tries++ {
		c.note("the POS database was restored during the upload; it begins anew")
		c.trouble, c.fresh, c.behind, c.waits, c.receipts = "", false, false, false, nil
		clear(c.settled) // what was applied may have been rolled back
		err = c.run(ctx)
	}
	c.report.Ended = u.Now()
	if err != nil {
		return c.report, fmt.Errorf("cannot finish the upload of store %s: %w", c.store(), err)
	}
	c.step(PhaseDone, "%s", c.summary())
	return c.report, nil
}

// maxRestores bounds how often one Run begins anew because the POS database was
// restored under it.
const maxRestores = 3

// restored: what the hub was told in this conversation's Hello does not hold any
// more, so the order of jobs and the history of entries would be wrong.
func restored(err error) bool {
	return errors.Is(err, outbox.ErrJudging) || errors.Is(err, outbox.ErrAnotherHistory) || errors.Is(err, pos.ErrRestored)
}

// conversation is one Run on its way.
type conversation struct {
	*Uploader
	req     Request
	report  Report
	welcome wire.Welcome
	history string // of the POS database, as the hub was told; "" if that is not known
	left    int64  // rows still to go up
	trouble string // why the POS cannot be read; "" if it can
	fresh   bool   // the record was empty: a new store, or a lost agent.db
	behind  bool   // the hub has seen a newer copy of agent.db
	waits   bool   // something cannot go up in this conversation
	// receipts are listed in the hello after the one whose answer wanted them.
	receipts *wire.Receipts
	settled  map[string]bool // jobs that were applied, reported or found cancelled
}

func (c *conversation) run(ctx context.Context) error {
	if err := c.recognise(ctx); err != nil {
		return err
	}
	if err := c.repair(ctx); err != nil {
		return err
	}
	if err := c.hello(ctx); err != nil {
		return err
	}
	if err := c.level(ctx); err != nil {
		return err
	}
	if err := c.repair(ctx); err != nil { // by the rule that hello brought
		return err
	}
	if err := c.tellRepairs(ctx); err != nil {
		return err
	}
	if err := c.send(ctx); err != nil {
		return err
	}
	if err := c.jobs(ctx); err != nil {
		return err
	}
	if wants, err := c.wantsFull(ctx); err != nil {
		return err
	} else if wants {
		if err := c.full(ctx); err != nil {
			return err
		}
	}
	if err := c.bye(ctx); err != nil {
		return err
	}
	return c.tidy(ctx)
}

// store is the store's name as the hub has it, or its id while that is not known.
func (c *conversation) store() string {
	if c.report.Store == "" {
		return c.Store
	}
	return c.report.Store
}

// tidy settles generations in the POS while it is quiet. It gives way to the POS,
// and nothing waits for it.
func (c *conversation) tidy(ctx context.Context) error {
	if c.trouble != "" {
		return nil
	}
	err := c.Capture.Prune(ctx)
	if errors.Is(err, pos.ErrBusy) {
		return nil
	}
	return c.posTrouble(err)
}

func (c *conversation) step(phase, format string, args ...any) {
	if c.req.Progress == nil {
		return
	}
	c.req.Progress(Step{
		Phase: phase, Text: fmt.Sprintf(format, args...),
		RowsUp: c.report.RowsUp, RowsUpLeft: c.left, RowsDown: c.report.ItemsDown,
	})
}

func (c *conversation) note(format string, args ...any) {
	c.report.Notes = append(c.report.Notes, fmt.Sprintf(format, args...))
}

func (c *conversation) summary() string {
	switch {
	case c.trouble != "":
		return "Done for now: the POS is in the way, and jobs wait for it: " + c.trouble
	case c.report.Equal:
		return "Done. The hub holds exactly what this store's POS holds."
	case len(c.report.Notes) > 0:
		return "Done for now: " + c.report.Notes[0]
	default:
		return "Done."
	}
}
