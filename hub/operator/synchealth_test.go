package operator_test

import (
	"strings"
	"testing"
	"time"

	"plait/hub/operator"
	"plait/hub/store"
	"plait/hub/storesync"
)

// What waits for a person is in the hub's health: a halted sync, a scheduled Test
// that must be confirmed, and a run that failed.
func TestHealthNamesSyncsThatWait(t *testing.T) {
	h := newHub(t)
	n, err := h.desk.Network(h.ctx(), h.ann, "Bella")
	h.must(err)
	request := storesync.Request{Source: "One", Kinds: []storesync.Selection{{Kind: "vendor", All: true}}, AllReceivers: true}
	_, err = h.desk.SaveSync(h.ctx(), h.ann, "Bella", operator.SaveSync{Saved: storesync.Saved{Name: "nightly", Request: request, Schedule: "0 3 * * *"}})
	h.must(err)
	set := func(state, test, why string) {
		h.must(h.db.WithNetwork(h.ctx(), n.ID, func(tx *store.NetworkTx) error {
			y, err := tx.SavedSync(n.ID, "nightly")
			if err != nil {
				return err
			}
			y.State, y.Test, y.Why, y.Ran = state, test, why, tx.Now()
			return tx.SetSaved(y)
		}))
	}
	notices := func() string {
		health, err := h.desk.Health(h.ctx(), h.ann)
		h.must(err)
		return strings.Join(health.Notices, "\n")
	}
	if got := notices(); got != "" {
		t.Errorf("before the first run: %s", got)
	}
	set(store.SavedFailed, "", "the list shrank")
	if got := notices(); !strings.Contains(got, `"nightly" of Bella did not run at 2026-05-01 12:00: the list shrank`) {
		t.Errorf("it failed: %s", got)
	}
	h.must(h.db.WithNetwork(h.ctx(), n.ID, func(tx *store.NetworkTx) error {
		return tx.AddPlan(store.Plan{Digest: "d1", Body: []byte("{}"), By: "x", Expires: tx.Now().Add(time.Hour)})
	}))
	set(store.SavedWaiting, "d1", "it deletes 3 items")
	if got := notices(); !strings.Contains(got, "because it deletes 3 items") || !strings.Contains(got, "sync run d1") {
		t.Errorf("it waits: %s", got)
	}
	set(store.SavedDone, "", "")
	if got := notices(); got != "" {
		t.Errorf("it ran: %s", got)
	}
	if _, err := h.desk.SaveSync(h.ctx(), h.ann, "Bella", operator.SaveSync{Saved: storesync.Saved{Name: "a/b", Request: request}}); err == nil {
		t.Error("a name with a slash was taken")
	}
}
