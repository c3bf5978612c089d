package daemon

import (
	"context"
	"errors"
	"time"

	"plait/hub/ingest"
	"plait/hub/store"
)

// How often the hub sweeps, and how long it keeps what nobody needs any more.
const (
	sweepEvery   = 6 * time.Hour
	keepCodes    = 30 * 24 * time.Hour  // after they expired: for an answer to be repeated
	keepBefore   = 90 * 24 * time.Hour  // before-images of jobs
	keepPayloads = 400 * 24 * time.Hour // contents of jobs that have ended
)

// sweep removes in the background, now and every few hours, what has had its
// time.
func (d *Daemon) sweep(ctx context.Context, taking *ingest.Ingest) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := d.sweepOnce(ctx, taking); err != nil && ctx.Err() == nil {
			d.options.Log.Error().Err(err).Msg("cannot sweep the database")
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (d *Daemon) sweepOnce(ctx context.Context, taking *ingest.Ingest) error {
	now := d.db.Now()
	err := d.db.WithHub(ctx, func(tx *store.HubTx) error {
		_, err := tx.PruneCodes(now.Add(-keepCodes))
		return err
	})
	var networks []store.Network
	if err == nil {
		err = d.db.View(ctx, func(v *store.View) (err error) {
			networks, err = v.Networks()
			return err
		})
	}
	for _, n := range networks {
		err = errors.Join(err, d.sweepNetwork(ctx, n.ID, now, taking))
	}
	return err
}

func (d *Daemon) sweepNetwork(ctx context.Context, network string, now time.Time, taking *ingest.Ingest) error {
	var stores []store.Store
	err := d.db.WithNetwork(ctx, network, func(tx *store.NetworkTx) (err error) {
		if _, err = tx.PruneResults(now.Add(-keepBefore)); err != nil {
			return err
		}
		if _, err = tx.PrunePayloads(now.Add(-keepPayloads)); err != nil {
			return err
		}
		stores, err = tx.Stores(network)
		return err
	})
	for _, s := range stores {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		_, swept := taking.Sweep(ctx, s.ID)
		err = errors.Join(err, swept)
	}
	return err
}
