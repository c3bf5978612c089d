package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"plait/agent/control"
	"plait/agent/daemon/config"
	"plait/agent/outbox"
	"plait/agent/upload"
	"plait/shared/wire"

	"github.com/rs/zerolog"
)

// noteAfter is where agent.db keeps what became of the command after applying.
const noteAfter = "after-apply"

// Limits of that command.
const (
	afterGrace  = 5 * time.Second // after its time is up, for those whom it started
	afterOutput = 2000            // bytes of what it says that are kept
)

// afterApply runs a local command after something was written to the POS, for a POS
// that keeps in memory what it has read. That it is owed is durable before the first
// write, and stays so until the command has succeeded: an agent that is killed in
// between, or whose command fails, runs it later.
type afterApply struct {
	config config.After
	box    *outbox.Box
	log    zerolog.Logger
	now    func() time.Time

	turn sync.Mutex // one run at a time; guards owed
	owed bool       // it is known to be kept
}

// owe keeps that the command must run. It is called before each write.
func (a *afterApply) owe(ctx context.Context) error {
	if len(a.config.Command) == 0 {
		return nil
	}
	a.turn.Lock()
	defer a.turn.Unlock()
	if a.owed {
		return nil
	}
	state, err := afterState(ctx, a.box)
	if err == nil && !state.Owed {
		state.Owed = true
		err = keepAfter(ctx, a.box, state)
	}
	a.owed = err == nil
	return err
}

// settle runs the command if it is owed. Its failure is told, and is nobody else's.
func (a *afterApply) settle(ctx context.Context) (failed error) {
	if len(a.config.Command) == 0 {
		return nil
	}
	a.turn.Lock()
	defer a.turn.Unlock()
	state, err := afterState(ctx, a.box)
	if err != nil || !state.Owed {
		return err
	}
	began := a.now()
	failed = a.run(ctx)
	if ctx.Err() != nil {
		return nil // the agent stops: it is owed still
	}
	state = control.AfterApply{Owed: failed != nil, Ran: began, Seconds: a.now().Sub(began).Seconds()}
	if failed != nil {
		state.Error = failed.Error()
		a.log.Warn().Err(failed).Msg("the command after applying did not succeed; it runs again after the next upload")
	} else {
		a.log.Info().Float64("seconds", state.Seconds).Msg("the command after applying ran")
	}
	if err := keepAfter(context.WithoutCancel(ctx), a.box, state); err != nil {
		return errors.Join(failed, err)
	}
	a.owed = state.Owed
	return failed
}

// talk holds a conversation, and then runs the command if something was written.
// That it failed is a note of the conversation's report, and no error of it.
func (c *core) talk(uploader *upload.Uploader) func(context.Context, upload.Request) (upload.Report, error) {
	return func(ctx context.Context, req upload.Request) (upload.Report, error) {
		report, err := uploader.Run(ctx, req)
		if failed := c.after.settle(ctx); failed != nil {
			report.Notes = append(report.Notes, "the command after applying did not succeed: "+failed.Error())
		}
		return report, err
	}
}

func (a *afterApply) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.config.Limit)
	defer cancel()
	var said tail
	cmd := exec.CommandContext(ctx, a.config.Command[0], a.config.Command[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &said, &said, afterGrace
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("it ran longer than after_apply.limit (%v) and was ended", a.config.Limit)
	}
	if text := said.text(); text != "" {
		return fmt.Errorf("%s: %w; it said: %s", a.config.Command[0], err, text)
	}
	return fmt.Errorf("%s: %w", a.config.Command[0], err)
}

// tail keeps the end of what a program says, in bounded memory.
type tail struct{ buf bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	t.buf.Write(p[max(0, n-afterOutput):])
	if over := t.buf.Len() - afterOutput; over > 0 {
		t.buf.Next(over)
	}
	return n, nil
}

// text is one line without control characters.
func (t *tail) text() string {
	return strings.Join(strings.Fields(wire.Line(t.buf.String(), afterOutput)), " ")
}

func afterState(ctx context.Context, box *outbox.Box) (s control.AfterApply, err error) {
	raw, err := box.Note(ctx, noteAfter)
	if err == nil && len(raw) > 0 {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		return s, fmt.Errorf("cannot read what became of the command after applying: %w", err)
	}
	return s, nil
}

func keepAfter(ctx context.Context, box *outbox.Box, s control.AfterApply) error {
	raw, err := json.Marshal(s)
	if err == nil {
		err = box.SetNote(ctx, noteAfter, raw)
	}
	if err != nil {
		return fmt.Errorf("cannot keep what became of the command after applying: %w", err)
	}
	return nil
}
