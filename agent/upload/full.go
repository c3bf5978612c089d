package upload

import (
	"context"
	"errors"
	"fmt"

	"plait/agent/outbox"
	"plait/shared/wire"

	"github.com/google/uuid"
)

// errMoved: the hub's copy changed since the upload began; what differs must be
// found again.
var errMoved = errors.New("the hub's copy changed meanwhile")

// errAnew: what was under way had landed before this conversation, and somebody
// has asked for another since.
var errAnew = errors.New("another full upload is asked for")

// ReasonTechnician is a Request's at a person's word, rather than a retry's.
const ReasonTechnician = "technician"

// wantsFull: one that is under way goes on whoever the conversation is for. Its
// landing may be known to the hub alone, and must not stand in for a later one.
func (c *conversation) wantsFull(ctx context.Context) (bool, error) {
	if c.req.Full || c.welcome.FullUpload != "" {
		return true, nil
	}
	state, err := c.Box.FullUpload(ctx)
	return state.Upload != "", err
}

// full replaces the hub's copy of this store by what the POS holds (decision
// 25). The whole POS is compared once; then only what differs travels.
func (c *conversation) full(ctx context.Context) error {
	c.report.Full = &FullReport{}
	state, err := c.fullState(ctx)
	for try := 0; err == nil && c.trouble == "" && try <= maxRefusals; try++ {
		refusal := c.fullOnce(ctx, &state)
		if refusal == nil {
			return nil
		}
		if err = c.answerRefusal(ctx, &state, refusal); err == nil && try == maxRefusals {
			c.noteRefusals(refusal)
		}
	}
	if err == nil && c.trouble != "" {
		c.note("the full upload waits: %s", c.trouble)
	}
	if errors.Is(err, errStuck) {
		return nil // its note says why
	}
	return err
}

// fullState goes on with the full upload under way, or starts one with a
// comparison of the whole POS.
func (c *conversation) fullState(ctx context.Context) (state outbox.FullUpload, err error) {
	if c.trouble != "" {
		return state, nil
	}
	state, err = c.Box.FullUpload(ctx)
	if err != nil || state.Upload != "" {
		return state, err
	}
	if err := c.posTrouble(c.compare(ctx)); err != nil || c.trouble != "" {
		return state, err
	}
	state = outbox.FullUpload{Upload: uuid.NewString(), Request: c.welcome.FullUpload, Compared: true}
	return state, c.Box.SetFullUpload(ctx, state)
}

// fullOnce stages what differs and asks for the swap. Capture holds still
// meanwhile, so that the record is one state; the POS goes on.
func (c *conversation) fullOnce(ctx context.Context, state *outbox.FullUpload) error {
	if err := c.send(ctx); err != nil {
		return err
	}
	release, err := c.Capture.Hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	head, err := c.head(ctx)
	if err != nil {
		return err
	}
	revision, sums, err := c.Box.Sums(ctx)
	if err != nil {
		return err
	}
	standing, err := c.Box.Standing(ctx)
	if err == nil {
		err = c.sameHistory(standing.Mark)
	}
	if err != nil {
		return err
	}
	begin := wire.FullBegin{Upload: state.Upload, Request: state.Request, Revision: revision, Receipt: head}
	for _, s := range sums {
		begin.Rows += s.Count
	}
	c.step(PhaseFull, "Full upload of %d rows: finding what differs.", begin.Rows)
	held, err := c.Hub.FullBegin(ctx, begin)
	if err != nil {
		return c.notBegun(ctx, state, err)
	}
	if err := believeFull(state.Upload, held, stateStaging, stateLanded); err != nil {
		return err
	}
	if held.State == stateLanded { // its answer was lost
		return c.landedBefore(ctx, held)
	}
	m := wire.FullCommit{Upload: state.Upload, Chunks: held.Chunk, Kinds: sums, Mark: standing.Mark}
	if held.Chunk == 0 {
		// What was sent just now has mostly made the copy equal. The hub holds its own
		// sums against the record's before it lands anything, so ask it first; where it
		// says no, every row's digest must be walked on both sides.
		if err := c.commit(ctx, m, revision); !saysConflict(err) {
			return c.refused("end", err)
		}
	}
	if m.Chunks, err = c.stage(ctx, state.Upload, held); err == nil {
		err = c.commit(ctx, m, revision)
	}
	return c.refused("end", err)
}

func saysConflict(err error) bool {
	var refusal *wire.Error
	return errors.As(err, &refusal) && refusal.Code == wire.CodeConflict
}

func (c *conversation) commit(ctx context.Context, m wire.FullCommit, revision int64) error {
	c.step(PhaseFull, "All rows are at the hub; asking it to take them.")
	done, err := c.Hub.FullCommit(ctx, m)
	if err == nil {
		err = believeFull(m.Upload, done, stateLanded)
	}
	if err != nil {
		return err
	}
	c.landed(done)
	return c.Box.Landed(ctx, revision)
}

// landedBefore ends a full upload that landed in an earlier conversation. Whoever
// has asked since then is to have one of now.
func (c *conversation) landedBefore(ctx context.Context, done wire.FullState) error {
	if err := c.Box.SetFullUpload(ctx, outbox.FullUpload{}); err != nil {
		return err
	}
	if c.req.Full && c.req.Reason == ReasonTechnician || c.welcome.FullUpload != "" {
		return errAnew
	}
	c.landed(done)
	return nil
}

func (c *conversation) landed(done wire.FullState) {
	c.report.Full.Landed, c.report.Full.Rows, c.report.Full.Changed = true, done.Rows, done.Changed
	c.step(PhaseFull, "The full upload landed: %d rows, %d of them changed.", done.Rows, done.Changed)
}

// notBegun: an upload that the hub has given up (it was begun in an agent epoch
// that is over) goes on under a new id.
func (c *conversation) notBegun(ctx context.Context, state *outbox.FullUpload, err error) error {
	var refusal *wire.Error
	if !errors.As(err, &refusal) || refusal.Code != wire.CodeConflict {
		return c.refused("begin", err)
	}
	state.Upload = uuid.NewString()
	if err := c.Box.SetFullUpload(ctx, *state); err != nil {
		return err
	}
	return fmt.Errorf("%w: %w", errMoved, err)
}

// stage sends what differs, chunk by chunk, and returns the last chunk's number.
func (c *conversation) stage(ctx context.Context, upload string, held wire.FullState) (int64, error) {
	s := &stager{conversation: c, upload: upload, number: held.Chunk}
	for _, k := range c.POS.Kinds() {
		d, err := c.differ(ctx, upload, k)
		if err != nil {
			return 0, err
		}
		if err := s.putAll(ctx, k.Kind, d.want); err != nil {
			return 0, err
		}
		for _, gone := range d.extra {
			if err := s.gone(ctx, k.Kind, gone); err != nil {
				return 0, err
			}
		}
	}
	return s.number, s.flush(ctx)
}
