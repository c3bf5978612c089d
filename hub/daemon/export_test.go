package daemon

import (
	"context"

	"plait/hub/ingest"
	"plait/hub/queue"
	"plait/hub/store"
)

// DB is the database of a hub that runs.
func (d *Daemon) DB() *store.DB { return d.db }

// SweepOnce is one round of sweeping.
func (d *Daemon) SweepOnce(ctx context.Context) error {
	return d.sweepOnce(ctx, ingest.New(d.db, queue.Result))
}
