package storesync

import (
	"context"
	"errors"
	"fmt"

	"plait/hub/store"
)

// Tick does what is due by now in every network: waves, later times, saved syncs
// on a schedule, and what can be tried again. It is called regularly, and first at each start. What fails in one network holds no
// other, and is tried again at the next call.
func (s *Service) Tick(ctx context.Context) error {
	var networks []store.Network
	err := s.db.View(ctx, func(v *store.View) (err error) {
		networks, err = v.Networks()
		return err
	})
	for _, n := range networks {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if failed := errors.Join(s.Advance(ctx, n.ID), s.RunDue(ctx, n.ID), s.RetryDue(ctx, n.ID)); failed != nil {
			err = errors.Join(err, fmt.Errorf("network %s: %w", n.Name, failed))
		}
	}
	return err
}
