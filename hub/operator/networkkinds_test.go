package operator_test

import (
	"slices"
	"testing"

	"plait/hub/operator"
	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// catalogueOf is what the hub gives to a network's agents.
func (h *hub) catalogueOf(n operator.Network) *catalog.Catalog {
	h.t.Helper()
	var body []byte
	h.must(h.db.View(h.ctx(), func(v *store.View) (err error) {
		body, err = v.Catalog(n.ID, n.Catalog)
		return err
	}))
	c, err := catalog.Decode(body)
	h.must(err)
	return c
}

func (h *hub) policy(n operator.Network, kind, field string) item.Policy {
	h.t.Helper()
	k, _ := h.catalogueOf(n).Kind(kind)
	f, ok := k.Field(field)
	if !ok {
		h.t.Fatalf("%s has no %s.%s", n.Name, kind, field)
	}
	return f.Policy
}

// A preset settles whose fields are and how syncs find items, at the beginning
// and when another takes its place.
func TestPresets(t *testing.T) {
	h := newHub(t)
	for _, c := range []struct {
		preset          string
		price, fees     item.Policy
		headOffice, own bool
	}{
		{"", item.Unlocked, item.Additive, false, true},
		{"flagship", item.Unlocked, item.Additive, false, true},
		{"mirror", item.Locked, item.Additive, true, false},
		{"overwrite", item.Locked, item.Locked, false, true},
	} {
		n, err := h.desk.AddNetwork(h.ctx(), h.ann, operator.NewNetwork{Name: "net" + c.preset, Preset: c.preset})
		h.must(err)
		set, err := h.desk.SetNetwork(h.ctx(), h.ann, "Bella", operator.SetNetwork{Preset: c.preset})
		h.must(err)
		for _, n := range []operator.Network{n, set} {
			if price, fees := h.policy(n, "service", "price"), h.policy(n, "checkout_settings", "fees"); price != c.price || fees != c.fees {
				t.Errorf("%q: prices are %s and fees %s, want %s and %s", c.preset, price, fees, c.price, c.fees)
			}
			if n.HeadOfficeOnly != c.headOffice || n.Adopt != c.own || (c.preset != "" && n.Preset != c.preset) {
				t.Errorf("%q: %+v", c.preset, n)
			}
		}
	}
}

func TestPresetsAndWhatANetworkSettlesItself(t *testing.T) {
	h := newHub(t)
	own := `{"kinds":[{"name":"poster","title":"Posters","help":"Windows.","direction":"sync","match":{"name":"name"},"fields":[{"name":"name","title":"Name","type":"text","policy":"unlocked"}]}]}`
	on := true
	n, err := h.desk.SetNetwork(h.ctx(), h.ann, "Bella", operator.SetNetwork{Preset: "mirror", Overlay: []byte(own), Adopt: &on})
	h.must(err)
	if !n.Adopt || !n.HeadOfficeOnly || n.Preset != "mirror" || !slices.Equal(n.Own, []string{"poster"}) {
		t.Errorf("what was asked for beside the preset does not hold: %+v", n)
	}
	if p := h.policy(n, "poster", "name"); p != item.Unlocked {
		t.Errorf("the network's own kind was changed by the preset: %s", p)
	}
	off := false
	n, err = h.desk.SetNetwork(h.ctx(), h.ann, "Bella", operator.SetNetwork{HeadOfficeOnly: &off})
	h.must(err)
	if n.HeadOfficeOnly || n.Preset != "mirror" || len(n.Own) != 1 {
		t.Errorf("one setting was changed, and is now %+v", n)
	}
	h.must(h.desk.Refresh(h.ctx()))
	again, err := h.desk.Network(h.ctx(), h.ann, "Bella")
	h.must(err)
	if again.Catalog != n.Catalog || h.policy(again, "service", "price") != item.Locked {
		t.Error("the next start of the hub forgot the preset")
	}
	for _, in := range []operator.SetNetwork{{Preset: "mirrors"}, {Preset: "overwrite", Overlay: []byte(`{"kinds":[{"name":"Bad Name"}]}`)}} {
		if _, err := h.desk.SetNetwork(h.ctx(), h.ann, "Bella", in); code(err) != wire.CodeBadRequest {
			t.Errorf("%+v: %v", in, err)
		}
	}
	if _, err := h.desk.AddNetwork(h.ctx(), h.ann, operator.NewNetwork{Name: "New", Preset: "none"}); code(err) != wire.CodeBadRequest {
		t.Errorf("a preset that is not there: %v", err)
	}
	last, err := h.desk.Network(h.ctx(), h.ann, "Bella")
	h.must(err)
	if last.Preset != "mirror" || last.Catalog != n.Catalog {
		t.Errorf("what was refused changed the network: %+v", last)
	}
}

func TestWhatIsSyncedByHandIsNotContinuous(t *testing.T) {
	h := newHub(t)
	for kind, want := range map[string]wire.Code{"employee": wire.CodeBadRequest, "product_order": wire.CodeBadRequest, "sale": wire.CodeBadRequest, "service": ""} {
		if _, err := h.desk.SetNetwork(h.ctx(), h.ann, "Bella", operator.SetNetwork{Continuous: &[]string{kind}}); code(err) != want {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
