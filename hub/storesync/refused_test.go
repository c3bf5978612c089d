package storesync_test

import (
	"errors"
	"strings"
	"testing"

	"plait/hub/storesync"
)

// Whoever asks for what cannot be is told in the words of what was asked: nobody
// makes a sync who only looks something up.
func TestARefusalBeginsWithWhatWasAsked(t *testing.T) {
	h := newHub(t)
	h.put("head", thing("service", "1", "name", "Cut"))
	h.put("downtown", thing("service", "7", "name", "Perm"))
	h.turn("uptown", "off")
	p := h.test(request(all("service"), "uptown", "downtown"))
	perm := storesync.ItemRef{Kind: "service", Item: "Perm", At: "downtown"}
	for begins, ask := range map[string]func() error{
		"cannot say which stores have service “Perm”: store head has no service of the key or name “Perm”": func() error {
			_, err := h.sync.Where(t.Context(), "n", storesync.WhereAsk{ItemRef: ref("service", "Perm")})
			return err
		},
		"cannot say which stores lag behind with note of service “Perm”: store head, from which service usually comes, does not have it": func() error {
			_, err := h.sync.Lag(t.Context(), "n", storesync.LagAsk{ItemRef: perm, Field: "note"})
			return err
		},
		"cannot say why note of service “Perm” stands as it does: store head": func() error {
			_, err := h.sync.Why(t.Context(), "n", storesync.WhyAsk{ItemRef: perm, Store: "downtown", Field: "note"})
			return err
		},
		"cannot list which items of boat are marked as the same: ": func() error {
			_, err := h.sync.Marks(t.Context(), "n", "boat")
			return err
		},
		"cannot take back that a service is the same as another: none of the uid": func() error {
			_, err := h.sync.Apart(t.Context(), "n", "service", "0190", "ann")
			return err
		},
		"cannot list the drift of store downtown: ": func() error {
			_, err := h.sync.Drift(t.Context(), "downtown", storesync.DriftAsk{Kind: "boat"})
			return err
		},
		"cannot list what store downtown repaired by itself: ": func() error {
			_, err := h.sync.Repairs(t.Context(), "downtown", storesync.DriftAsk{After: "boat"})
			return err
		},
		"cannot list what store downtown repaired by itself: the network's catalogue has no kind": func() error {
			_, err := h.sync.Repairs(t.Context(), "downtown", storesync.DriftAsk{Kind: "boat"})
			return err
		},
		"cannot say what needs local setup at store downtown: ": func() error {
			_, err := h.sync.Setup(t.Context(), "downtown", storesync.SetupAsk{After: "boat"})
			return err
		},
		"cannot show the Test " + p.Digest[:12] + " at store uptown: it cannot receive": func() error {
			_, err := h.sync.Items(t.Context(), "n", p.Digest, "uptown", first())
			return err
		},
		"cannot test the sync: nothing is selected": func() error {
			_, err := h.sync.Test(t.Context(), request(nil, "downtown"), nil)
			return err
		},
		"cannot test the sync: the network's catalogue": func() error {
			_, err := h.sync.Test(t.Context(), request(all("boat"), "downtown"), nil)
			return err
		},
		"cannot save the sync \"spring\": nothing is selected": func() error {
			_, err := h.sync.Save(t.Context(), "n", storesync.Saved{Name: "spring", Request: request(nil, "downtown")}, false, "ann")
			return err
		},
		"cannot save the sync \"spring\": \"noon\" is neither": func() error {
			_, err := h.sync.Save(t.Context(), "n", storesync.Saved{Name: "spring", Request: request(all("service"), "downtown"), Schedule: "noon"}, false, "ann")
			return err
		},
		"cannot test the revert: it names no network or no sync": func() error {
			_, err := h.sync.TestRevert(t.Context(), storesync.RevertRequest{Network: "n", By: "ann"}, nil)
			return err
		},
		"cannot test the revert: the network has no sync": func() error {
			_, err := h.sync.TestRevert(t.Context(), storesync.RevertRequest{Network: "n", By: "ann", Sync: "spring"}, nil)
			return err
		},
		"cannot try again what was refused: ": func() error {
			_, err := h.sync.RetryStore(t.Context(), "n", "downtown", "ann")
			return err
		},
		"cannot review store downtown: \"boat\" is no item": func() error {
			_, err := h.sync.Review(t.Context(), storesync.ReviewRequest{Network: "n", Store: "downtown", By: "ann", Decide: storesync.Decide{Adopt: []string{"boat"}}})
			return err
		},
	} {
		if err := ask(); !errors.Is(err, storesync.ErrRequest) || !strings.HasPrefix(err.Error(), begins) {
			t.Errorf("%q is refused with: %v", begins, err)
		}
	}
}
