package storesync_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"plait/hub/storesync"
	"plait/shared/item"
)

// names are the items of a kind that a Test's job would bring to a store.
func (h *hub) names(kind string, sel storesync.Selection, to string) (out []string, err error) {
	h.Helper()
	sel.Kind = kind
	p, err := h.sync.Test(h.Context(), request([]storesync.Selection{sel}, to), nil)
	if err != nil {
		return nil, err
	}
	h.run(p)
	_, payload, _ := h.job(to)
	for _, it := range payload.Items {
		out = append(out, it.Name)
	}
	slices.Sort(out)
	return out, nil
}

func TestActiveOrInactive(t *testing.T) {
	h := newHub(t)
	h.put("head", thing("service", "1", "name", "Cut", "active", item.Bool(true)), thing("service", "2", "name", "Perm", "active", item.Bool(false)),
		thing("service", "3", "name", "Wash"), thing("vendor", "1", "name", "Acme"))
	for choice, want := range map[string][]string{"": {"Cut", "Perm", "Wash"}, storesync.OnlyActive: {"Cut", "Wash"}, storesync.OnlyInactive: {"Perm"}} {
		if got, err := h.names("service", storesync.Selection{All: true, Active: choice}, "uptown"); err != nil || !slices.Equal(got, want) {
			t.Errorf("active %q brings %v, %v, want %v", choice, got, err, want)
		}
	}
	for sel, says := range map[*storesync.Selection]string{
		{Kind: "vendor", Active: "active"}: "does not tell active", {Kind: "service", Active: "old"}: "active or inactive",
	} {
		if _, err := h.sync.Test(t.Context(), request([]storesync.Selection{*sel}, "uptown"), nil); !errors.Is(err, storesync.ErrRequest) || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %q", *sel, err, says)
		}
	}
}

// A date begins at midnight in the hub's time zone, by the hub's clock.
func TestChangedSinceADate(t *testing.T) {
	h := newHub(t) // 9:00 UTC on 2 March
	h.sync.Zone = time.FixedZone("HST", -10*3600)
	h.put("head", thing("vendor", "1", "name", "Acme")) // 23:00 on 1 March there
	h.clock.Advance(2 * time.Hour)
	h.put("head", thing("vendor", "2", "name", "Bolt")) // 1:00 on 2 March
	h.clock.Advance(24 * time.Hour)
	h.put("head", thing("vendor", "3", "name", "Cord"))
	h.uploads("head")
	for since, want := range map[string][]string{
		"2026-03-01": {"Acme", "Bolt", "Cord"}, "2026-03-02": {"Bolt", "Cord"}, "2026-03-03": {"Cord"}, "2026-03-02 01:00": {"Bolt", "Cord"},
		"2026-03-02T01:01": {"Cord"}, "2026-03-02T11:00:00Z": {"Bolt", "Cord"}, "2026-03-02T12:00:01+01:00": {"Cord"}, "rev:0": {"Acme", "Bolt", "Cord"}, "rev:2": {"Cord"},
	} {
		if got, err := h.names("vendor", storesync.Selection{ChangedSince: since}, "uptown"); err != nil || !slices.Equal(got, want) {
			t.Errorf("changed since %s: %v, %v, want %v", since, got, err, want)
		}
	}
	if _, err := h.names("vendor", storesync.Selection{ChangedSince: "2026-03-04"}, "uptown"); !errors.Is(err, storesync.ErrNothing) || !errors.Is(err, storesync.ErrRequest) {
		t.Errorf("nothing changed since: %v", err)
	}
	for _, wrong := range []string{"yesterday", "3.3.2026", "rev:", "rev:-1", "rev:x"} {
		if _, err := h.names("vendor", storesync.Selection{ChangedSince: wrong}, "uptown"); !errors.Is(err, storesync.ErrRequest) || errors.Is(err, storesync.ErrNothing) {
			t.Errorf("changed since %q: %v", wrong, err)
		}
	}
}

// A part of a list tells nothing about what is missing from it.
func TestChangesDeleteNothing(t *testing.T) {
	h := newHub(t)
	h.salonList()
	for _, sel := range []storesync.Selection{{Kind: "service", All: true, ChangedSince: "2026-01-01"}, {Kind: "service", All: true, Active: "active"}} {
		r := request([]storesync.Selection{sel}, "uptown")
		r.Options.DeleteMissing = storesync.DeleteAll
		if _, err := h.sync.Test(t.Context(), r, nil); !errors.Is(err, storesync.ErrRequest) || !strings.Contains(err.Error(), "selected whole") {
			t.Errorf("%+v deletes by a part: %v", sel, err)
		}
	}
}
