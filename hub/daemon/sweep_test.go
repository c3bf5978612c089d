package daemon_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"plait/hub/daemon"
	"plait/hub/store"
)

func TestSweepRemovesWhatHadItsTime(t *testing.T) {
	var now atomic.Int64
	now.Store(time.Now().UnixMilli())
	d := daemon.New(daemon.Options{Config: settings(t), Log: zerolog.Nop(), Now: func() time.Time { return time.UnixMilli(now.Load()) }})
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer stop(t, d)
	if err := addCode(t, d, "hash"); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after time.Duration
		want  error
	}{{0, nil}, {29 * 24 * time.Hour, nil}, {3 * 24 * time.Hour, store.ErrNotFound}} {
		now.Add(step.after.Milliseconds())
		if err := d.SweepOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		err := d.DB().View(t.Context(), func(v *store.View) error {
			_, err := v.Code("hash")
			return err
		})
		if !errors.Is(err, step.want) {
			t.Errorf("%v later the code is %v, want %v", step.after, err, step.want)
		}
	}
}

// addCode makes a network with a store that has an enrolment code for an hour.
func addCode(t *testing.T, d *daemon.Daemon, hash string) error {
	t.Helper()
	var n store.Network
	err := d.DB().WithHub(t.Context(), func(tx *store.HubTx) (err error) {
		n, err = tx.AddNetwork(store.Network{Name: "Bella"})
		return err
	})
	if err != nil {
		return err
	}
	var s store.Store
	err = d.DB().WithNetwork(t.Context(), n.ID, func(tx *store.NetworkTx) (err error) {
		s, err = tx.AddStore(store.Store{Name: "One", Role: store.Branch})
		return err
	})
	if err != nil {
		return err
	}
	return d.DB().WithStore(t.Context(), s.ID, func(tx *store.StoreTx) error {
		return tx.AddCode(store.Code{Hash: hash, Expires: tx.Now().Add(time.Hour)})
	})
}
