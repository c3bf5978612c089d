package storesync

import (
	"slices"
	"strings"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// namedResets resets fields by name. What that costs the branch is what it would
// have kept of these fields, and nothing else is reset.
func (w *world) namedResets(t *testing.T, at string, payload wire.Payload, own wire.Own) map[string][]string {
	fields := []string{pick(w, "service.note", "service.parts", "bundle.services"), pick(w, "service.price", "vendor.name", "service.active")}
	fresh := func() *receiver {
		r, err := readReceiver(salonCopy{w.branch}, w.branch.id, w.branch.profile, payload.Kinds)
		if err == nil && len(own.Items) > 0 {
			r.refs, err = readReferrers(w.branch, w.catalog, w.branch.profile, r.targets(own.Items))
		}
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	named, err := fresh().named(&payload, own, fields)
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	results := func(own wire.Own) map[string]item.Value {
		out := map[string]item.Value{}
		_, err := fresh().predict(&payload, own, func(p merge.ItemPlan) {
			for _, f := range p.Fields {
				if slices.Contains(fields, p.Kind+"."+f.Name) && p.Action != merge.Park {
					out[p.UID+"."+f.Name] = *f.Result
				}
			}
		})
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		return out
	}
	with := own
	with.Reset = named
	unset, reset := results(own), results(with)
	for at2, was := range unset {
		uid, field, _ := strings.Cut(at2, ".")
		if lost := !was.Equal(reset[at2]); lost != (slices.Contains(named[uid], field) && !slices.Contains(own.Reset[uid], field)) {
			t.Errorf("%s: %s is %s, or %s if it is reset; reset are %v", at, at2, was.Display(), reset[at2].Display(), named[uid])
		} else if lost {
			w.lost++
		}
	}
	return named
}
