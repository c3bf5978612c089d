package capture_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"plait/agent/pos"
)

// TestRunGoesOnAfterTrouble: what the POS refused at one tick is captured at the
// next wake without anything new happening, and Run ends with its context.
func TestRunGoesOnAfterTrouble(t *testing.T) {
	s := startSalon(t)
	s.pos.write("service", "1", fields("Cut", 1))
	s.pos.broken["service"] = pos.ErrUnreachable
	ctx, stop := context.WithCancel(t.Context())
	wake := make(chan struct{}, 1)
	var outcomes []error
	s.cap.Run(ctx, time.Hour, wake, func(err error) {
		outcomes = append(outcomes, err)
		delete(s.pos.broken, "service")
		wake <- struct{}{}
		if len(outcomes) == 2 {
			stop()
		}
	})
	if len(outcomes) != 2 || !errors.Is(outcomes[0], pos.ErrUnreachable) || outcomes[1] != nil {
		t.Fatalf("outcomes %v", outcomes)
	}
	s.checkEqual()
}

func TestHoldKeepsCaptureWaiting(t *testing.T) {
	s := startSalon(t)
	release, err := s.cap.Hold(t.Context())
	s.must(err)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := s.cap.Drain(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Drain = %v while capture is held", err)
	}
	release()
	release()
	s.drain()
}

// TestPruneSettlesInQuietMoments: change rows and generations are tidied up when
// nothing had changed since the last turn, and the mark's row stays.
func TestPruneSettlesInQuietMoments(t *testing.T) {
	s := startSalon(t)
	s.pos.write("service", "1", fields("Cut", 1))
	s.drain()
	s.pos.delete("service", "1")
	s.pos.write("service", "1", fields("Shave", 1))
	s.must(s.cap.RunOnce(t.Context()))
	if len(s.pos.changes) != 3 {
		t.Errorf("%d change rows are left while the POS works, want all", len(s.pos.changes))
	}
	s.must(s.cap.RunOnce(t.Context()))
	mark, _, err := s.box.Marks(t.Context())
	s.must(err)
	left, err := s.box.Unsettled(t.Context(), 10)
	if err != nil || len(left) != 0 || len(s.pos.changes) != 1 || s.pos.changes[0].Seq != mark.Seq {
		t.Errorf("unsettled %v, change rows %v, mark %v, %v", left, s.pos.changes, mark, err)
	}
	if row := s.pos.record("service", "1").Row; row.Gen != 2 || row.Dead {
		t.Errorf("plait_links says %+v, want generation 2", row)
	}
}
