package daemon

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/wire"
)

// A gate stands before the POS database. While a technician has paused capture it
// is shut: for every room behind it the POS cannot be reached, so uploads go on
// and jobs wait, and an upgrade of the POS meets no read of ours. Taking the
// triggers away, looking at the schema, and closing pass a shut gate.
type gate struct {
	pos.Connector
	since atomic.Int64 // Unix seconds; 0 while it is open
}

func (g *gate) shut(since time.Time) { g.since.Store(since.Unix()) }
func (g *gate) open()                { g.since.Store(0) }

// shutError is what a shut gate answers.
type shutError struct{ since time.Time }

func (e shutError) Error() string {
	return fmt.Sprintf("capture is paused since %s for an upgrade of the POS: run plait-agent resume when that is done", e.since.Format("2006-01-02 15:04"))
}

// Is makes a shut gate look like a POS that cannot be reached.
func (e shutError) Is(target error) bool { return target == pos.ErrUnreachable }

func (g *gate) pass() error {
	if since := g.since.Load(); since != 0 {
		return shutError{time.Unix(since, 0)}
	}
	return nil
}

// through runs fn if the gate is open.
func through[T any](g *gate, fn func() (T, error)) (v T, err error) {
	if err := g.pass(); err != nil {
		return v, err
	}
	return fn()
}

func (g *gate) Snapshot(ctx context.Context, ask pos.Ask) (pos.Snapshot, error) {
	return through(g, func() (pos.Snapshot, error) { return g.Connector.Snapshot(ctx, ask) })
}

func (g *gate) Read(ctx context.Context, kind string, keys []string) ([]pos.Record, error) {
	return through(g, func() ([]pos.Record, error) { return g.Connector.Read(ctx, kind, keys) })
}

func (g *gate) Receipt(ctx context.Context, job string) (r pos.Receipt, ok bool, err error) {
	if err := g.pass(); err != nil {
		return r, false, err
	}
	return g.Connector.Receipt(ctx, job)
}

func (g *gate) Head(ctx context.Context) (r pos.Receipt, ok bool, err error) {
	if err := g.pass(); err != nil {
		return r, false, err
	}
	return g.Connector.Head(ctx)
}

func (g *gate) Profile(ctx context.Context) (wire.Profile, error) {
	return through(g, func() (wire.Profile, error) { return g.Connector.Profile(ctx) })
}

func (g *gate) Install(ctx context.Context, store string) (pos.Installed, error) {
	return through(g, func() (pos.Installed, error) { return g.Connector.Install(ctx, store) })
}

func (g *gate) Meta(ctx context.Context) (pos.Meta, error) {
	return through(g, func() (pos.Meta, error) { return g.Connector.Meta(ctx) })
}

func (g *gate) NewEpoch(ctx context.Context, epoch string) error {
	if err := g.pass(); err != nil {
		return err
	}
	return g.Connector.NewEpoch(ctx, epoch)
}

func (g *gate) HasMark(ctx context.Context, mark wire.Mark) (bool, error) {
	return through(g, func() (bool, error) { return g.Connector.HasMark(ctx, mark) })
}

func (g *gate) Newest(ctx context.Context) (wire.Mark, error) {
	return through(g, func() (wire.Mark, error) { return g.Connector.Newest(ctx) })
}

func (g *gate) Prune(ctx context.Context, settle []pos.LinkRow, keep wire.Mark) (int, error) {
	return through(g, func() (int, error) { return g.Connector.Prune(ctx, settle, keep) })
}

func (g *gate) Scan(ctx context.Context, kind, after string, limit int) (forms []item.Form, next string, err error) {
	if err := g.pass(); err != nil {
		return nil, "", err
	}
	return g.Connector.Scan(ctx, kind, after, limit)
}

func (g *gate) Links(ctx context.Context, after string, limit int) (rows []pos.LinkRow, next string, err error) {
	if err := g.pass(); err != nil {
		return nil, "", err
	}
	return g.Connector.Links(ctx, after, limit)
}

func (g *gate) Begin(ctx context.Context) (pos.Tx, error) {
	return through(g, func() (pos.Tx, error) { return g.Connector.Begin(ctx) })
}
