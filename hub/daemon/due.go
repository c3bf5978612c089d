package daemon

import (
	"context"
	"time"

	"plait/hub/storesync"
)

// dueEvery is how often the hub looks for what has come due: the next wave of a
// sync, a sync's time, or that of a saved one.
const dueEvery = 15 * time.Second

// due does in the background, now and regularly, what syncs are due.
func (d *Daemon) due(ctx context.Context, syncs *storesync.Service) {
	tick := time.NewTicker(dueEvery)
	defer tick.Stop()
	for {
		if err := syncs.Tick(ctx); err != nil && ctx.Err() == nil {
			d.options.Log.Error().Err(err).Msg("cannot do all that is due")
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
