package api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestGateLetsABoundedNumberThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, time.Second)
		leave, err := g.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.enter(t.Context()); !errors.Is(err, errBusy) {
			t.Errorf("past its number: %v", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := g.enter(gone); !errors.Is(err, errBusy) {
			t.Errorf("for a caller that is gone: %v", err)
		}
		time.AfterFunc(time.Second/2, leave)
		if _, err := g.enter(t.Context()); err != nil {
			t.Errorf("while it waited, a place came free: %v", err)
		}
	})
}
