package storesync_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/hub/storesync"
	"plait/shared/catalog"
	"plait/shared/item"
)

// uncommon adds to the hub's kinds those that are not matched by name (settings,
// pictures, and what services are worth), and people, who are transferred.
func (h *hub) uncommon() {
	h.Helper()
	field := func(name, typ string, p item.Policy) catalog.Field {
		return catalog.Field{Name: name, Title: name, Type: typ, Policy: p}
	}
	service := catalog.Field{Name: "service", Title: "service", Type: "reference", Ref: "service", Policy: item.Locked, ByName: true}
	all := kinds().Overlay(&catalog.Catalog{Kinds: []catalog.Kind{
		{Name: "credit", Title: "Credits", Help: "h", Direction: catalog.Sync, Match: catalog.Match{Code: []string{"service"}}, Label: "service",
			Fields: []catalog.Field{service, field("credits", "integer", item.Locked)}},
		{Name: "person", Title: "People", Help: "h", Direction: catalog.Sync, Match: catalog.Match{Name: "name"}, ByHand: true, OneReceiver: true,
			Fields: []catalog.Field{field("name", "text", item.Unlocked)}},
		{Name: "picture", Title: "Pictures", Help: "h", Direction: catalog.Sync, Match: catalog.Match{Code: []string{"image"}}, Label: "title",
			Fields: []catalog.Field{field("title", "text", item.Locked), field("image", "bytes", item.Locked)}},
		{Name: "settings", Title: "Checkout settings", Help: "h", Direction: catalog.Sync, Match: catalog.Match{Singleton: true},
			Fields: []catalog.Field{field("footer", "text", item.Locked)}},
	}})
	storetest.SetCatalog(h, h.db, "n", all)
	for _, id := range []string{"head", "uptown", "downtown"} {
		h.in(id, func(tx *store.StoreTx) error { return tx.SetProfile("more", profileFor(all)) })
	}
}

// names of what a plan brings to a store, with what becomes of it.
func (h *hub) actions(p storesync.Plan, id string) []string {
	h.Helper()
	h.run(p)
	_, payload, _ := h.job(id)
	var out []string
	for _, it := range payload.Items {
		out = append(out, it.Name)
	}
	for _, e := range h.detail(p, id).Exceptions {
		out = append(out, e.Action+" "+e.Name)
	}
	return out
}

func TestSettingsMeetWhateverTheirKeys(t *testing.T) {
	h := newHub(t)
	h.uncommon()
	h.put("head", thing("settings", "1", "footer", "Thank you"))
	h.put("uptown", thing("settings", "7", "footer", "Mine"))
	p := h.test(request(all("settings"), "uptown", "downtown"))
	if p.Counts.Adopted != 1 || p.Counts.Created != 1 {
		t.Errorf("the plan does %+v, want one adopted and one created", p.Counts)
	}
	if got := h.actions(p, "uptown"); !slices.Equal(got, []string{"Checkout settings", "adopt Checkout settings"}) {
		t.Errorf("settings are called %q", got)
	}
}

func TestSettingsThatStandTwiceAreSyncedNowhere(t *testing.T) {
	h := newHub(t)
	h.uncommon()
	h.put("head", thing("settings", "1", "footer", "Thank you"), thing("settings", "2", "footer", "Left over"))
	if p := h.test(request(all("settings"), "uptown")); p.Counts.Parked != 2 || p.Counts.Created != 0 {
		t.Errorf("the plan does %+v, want both parked", p.Counts)
	}
}

// A sync that deletes all that head office lacks leaves a store its settings.
func TestSettingsAreNeverDeleted(t *testing.T) {
	h := newHub(t)
	h.uncommon()
	h.put("head", thing("settings", "1", "footer", "Thank you"))
	h.put("uptown", thing("settings", "7", "footer", "Mine"), thing("settings", "8", "footer", "Left over"))
	r := request(all("settings"), "uptown")
	r.Options.DeleteMissing = storesync.DeleteAll
	if p := h.test(r); p.Counts.Deleted != 0 || p.Counts.Parked != 1 {
		t.Errorf("the plan does %+v, want one parked and none deleted", p.Counts)
	}
}

func TestPicturesAreFoundByContentAndCalledByLabel(t *testing.T) {
	h := newHub(t)
	h.uncommon()
	h.put("head", thing("picture", "1", "title", "Birthday", "image", item.Bytes([]byte("cake"))), thing("picture", "2", "title", "Spring", "image", item.Bytes([]byte("tulips"))))
	h.put("uptown", thing("picture", "5", "title", "Scan 0815", "image", item.Bytes([]byte("tulips"))), thing("picture", "6", "title", "Birthday", "image", item.Bytes([]byte("balloons"))))
	p := h.test(request([]storesync.Selection{{Kind: "picture", Names: []string{"birthday", "spring"}}}, "uptown"))
	if p.Counts.Created != 1 || p.Counts.Adopted != 1 {
		t.Errorf("the plan does %+v, want the cake created beside the balloons and the tulips adopted", p.Counts)
	}
	if got := h.actions(p, "uptown"); !slices.Equal(got, []string{"Birthday", "Spring", "adopt Spring"}) {
		t.Errorf("pictures are called %q", got)
	}
}

// S1: credits are synced "without synchronizing the services themselves".
func TestCreditsGoWithoutTheirServices(t *testing.T) {
	h := newHub(t)
	h.uncommon()
	h.salonList()
	h.put("head", thing("credit", "1", "service", item.Ref("service", "1"), "credits", item.Integer(3)))
	h.put("uptown", thing("service", "40", "name", "CUT"))
	r := request(all("credit"), "uptown", "downtown")
	r.Options.AddMissing = true
	p := h.test(r)
	if p.Items != 1 || p.Counts.Created != 1 || p.Counts.Parked != 1 {
		t.Fatalf("the plan brings %d items and does %+v; want one credit, created where the service is and parked where it is not", p.Items, p.Counts)
	}
	if got := h.actions(p, "uptown"); !slices.Equal(got, []string{"Cut"}) {
		t.Errorf("the credit is called %q, want Cut", got)
	}
}

// S1: an employee goes from one location to another, and to no third by itself.
func TestPeopleGoToOneStoreByHand(t *testing.T) {
	h := newHub(t)
	h.uncommon()
	h.put("head", thing("person", "1", "name", "Kim Lee"))
	_, err := h.sync.Test(context.Background(), request(all("person"), "uptown", "downtown"), nil)
	if err == nil || !strings.Contains(err.Error(), "People are transferred to one store at a time, and this sync has 2 receivers") {
		t.Errorf("people were spread: %v", err)
	}
	if p := h.test(request(all("person"), "uptown")); p.Counts.Created != 1 {
		t.Errorf("the plan does %+v, want one person created", p.Counts)
	}
	err = h.db.WithNetwork(context.Background(), "n", func(tx *store.NetworkTx) error {
		n := tx.Network
		var err error
		if n.Settings, err = storesync.Change(n, func(s *storesync.Settings) { s.Continuous = []string{"person", "service"} }); err != nil {
			return err
		}
		if err := tx.SetNetwork(n); err != nil {
			return err
		}
		return storesync.Settle(tx.View, "n", func(flows []store.Flow) error {
			if len(flows) != 1 || flows[0].Kind != "service" {
				t.Errorf("synced continuously: %+v", flows)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}
