package storesync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/item"
	"plait/shared/wire"
)

func TestPayloadBringsWhatTravels(t *testing.T) {
	h := newHub(t)
	h.salonList()
	p := h.test(request(all("service", "category"), "uptown"))
	if p.Items != 5 || p.Counts.Created != 5 {
		t.Fatalf("the plan brings %d items and creates %d, want 5 and 5: %+v", p.Items, p.Counts.Created, p)
	}
	h.run(p)
	_, payload, _ := h.job("uptown")
	var order []string
	for _, it := range payload.Items {
		order = append(order, it.Name)
	}
	if want := []string{"All", "Hair", "Cut", "Colour", "Wash"}; !slices.Equal(order, want) {
		t.Errorf("items stand in the order %v, want %v", order, want)
	}
	cut := payload.Items[2]
	if !cut.Fields.Get("tax").IsAbsent() {
		t.Error("tax never travels, and is in the payload")
	}
	hair := payload.Items[1].UID
	if ref := cut.Fields.Get("category"); ref.Type() != item.TypeUIDRef || ref.Str() != hair || cut.RefNames[hair] != "Hair" {
		t.Errorf("the category travels as %s, named %v", ref.Display(), cut.RefNames)
	}
	if cut.Code != "c1" || cut.SyncRev != 3 {
		t.Errorf("code %q and sync_rev %d, want c1 and 3", cut.Code, cut.SyncRev)
	}
}

func TestSwitchesLockPrices(t *testing.T) {
	h := newHub(t)
	h.salonList()
	policy := func() item.Policy {
		h.run(h.test(request(all("service", "category"), "uptown")))
		_, payload, _ := h.job("uptown")
		for _, k := range payload.Kinds {
			for _, f := range k.Fields {
				if k.Name == "service" && f.Name == "price" {
					return f.Policy
				}
			}
		}
		return ""
	}
	if got := policy(); got != item.Unlocked {
		t.Errorf("without price sync the price is %s", got)
	}
	err := h.db.WithNetwork(context.Background(), "n", func(tx *store.NetworkTx) error {
		n := tx.Network
		n.Switches = map[string]bool{"price_sync": true}
		return tx.SetNetwork(n)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := policy(); got != item.Locked {
		t.Errorf("with price sync the price is %s", got)
	}
}

func TestTwoTestsOfTheSameStateAgree(t *testing.T) {
	h := newHub(t)
	h.salonList()
	r := request(all("service", "category"), "uptown", "downtown")
	a, b := h.test(r), h.test(r)
	if a.Payload != b.Payload || a.State != b.State {
		t.Errorf("nothing moved, and payloads are %.8s and %.8s, states %.8s and %.8s", a.Payload, b.Payload, a.State, b.State)
	}
	if a.Digest == b.Digest {
		t.Error("two Tests have one digest: running the second would be taken for the first")
	}
	h.put("uptown", thing("category", "5", "name", "hair"))
	if c := h.test(r); c.State == a.State || c.Payload != a.Payload {
		t.Errorf("a receiver moved: the payload must stay (%t) and the state change (%t)", c.Payload == a.Payload, c.State != a.State)
	}
}

func TestProgressIsToldStoreByStore(t *testing.T) {
	h := newHub(t)
	h.salonList()
	var told []string
	_, err := h.sync.Test(t.Context(), request(all("category"), "uptown", "downtown"), func(name string, done, total int) {
		told = append(told, fmt.Sprintf("%s %d/%d", name, done, total))
	})
	if err != nil || !slices.Equal(told, []string{"downtown 1/2", "uptown 2/2"}) {
		t.Errorf("told %v, %v", told, err)
	}
}

// A Test changes nothing at any store, and queues nothing.
func TestTestChangesNothing(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.put("uptown", thing("category", "5", "name", "hair"))
	look := func() (out string) {
		for _, id := range []string{"head", "uptown"} {
			err := h.db.ViewStore(t.Context(), id, func(v *store.StoreView) error {
				items, err := v.Items("category", item.ID{}, 100)
				jobs, err2 := v.Jobs(10)
				out += fmt.Sprint(items, jobs)
				return errors.Join(err, err2)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	before := look()
	h.test(request(all("service", "category"), "uptown"))
	if look() != before {
		t.Error("a Test changed items or jobs")
	}
}

func TestSelections(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.put("head", thing("category", "4", "name", "Nails"), service("9", "Nail cut", "4"))
	cut := service("1", "Cut", "2").UID("head")
	for name, c := range map[string]struct {
		sel  storesync.Selection
		want []string
	}{
		"all":                    {storesync.Selection{All: true}, []string{"Cut", "Colour", "Wash", "Nail cut"}},
		"keys":                   {storesync.Selection{Keys: []string{"2", "9"}}, []string{"Colour", "Nail cut"}},
		"names, however written": {storesync.Selection{Names: []string{" WASH"}}, []string{"Wash"}},
		"uids":                   {storesync.Selection{UIDs: []string{cut}, Keys: []string{"3"}}, []string{"Cut", "Wash"}},
		"search":                 {storesync.Selection{Search: "CUT"}, []string{"Cut", "Nail cut"}},
		"category by name":       {storesync.Selection{Category: "nails"}, []string{"Nail cut"}},
		"all of a category":      {storesync.Selection{All: true, Category: "2", Search: "c"}, []string{"Cut", "Colour"}},
	} {
		c.sel.Kind = "service"
		h.run(h.test(request(append(all("category"), c.sel), "uptown")))
		_, payload, _ := h.job("uptown")
		var got []string
		for _, it := range payload.Items {
			if it.Kind == "service" {
				got = append(got, it.Name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestRequestsThatCannotBe(t *testing.T) {
	h := newHub(t)
	h.salonList()
	good := request(all("service"), "uptown")
	for name, c := range map[string]struct {
		change func(*storesync.Request)
		says   string
	}{
		"an unknown kind":          {func(r *storesync.Request) { r.Kinds = all("spaceship") }, "spaceship"},
		"a kind that only goes up": {func(r *storesync.Request) { r.Kinds = all("sale") }, "only goes up"},
		"an unknown item": {func(r *storesync.Request) {
			r.Kinds = []storesync.Selection{{Kind: "service", Names: []string{"Perm"}}}
		}, "Perm"},
		"nothing of a kind":               {func(r *storesync.Request) { r.Kinds = all("vendor") }, "nothing"},
		"no category":                     {func(r *storesync.Request) { r.Kinds = []storesync.Selection{{Kind: "category", Category: "x"}} }, "no categories"},
		"the source as receiver":          {func(r *storesync.Request) { r.Receivers = []string{"head"} }, "source"},
		"an unknown store":                {func(r *storesync.Request) { r.Receivers = []string{"nowhere"} }, "nowhere"},
		"another network's store":         {func(r *storesync.Request) { r.Receivers = []string{"stranger"} }, "stranger"},
		"another network's source":        {func(r *storesync.Request) { r.Source = "stranger" }, "stranger"},
		"nobody asks":                     {func(r *storesync.Request) { r.By = "" }, "who"},
		"a kind twice":                    {func(r *storesync.Request) { r.Kinds = all("service", "service") }, "twice"},
		"an unknown option":               {func(r *storesync.Request) { r.Options.DeleteMissing = "yes" }, "delete_missing"},
		"a decision for a stranger":       {func(r *storesync.Request) { r.Decisions = map[string]map[string]string{"downtown": {"u": ""}} }, "downtown"},
		"a reset of what does not travel": {func(r *storesync.Request) { r.Reset = map[string]map[string][]string{"uptown": {"u": {"note"}}} }, "does not bring"},
		"deleting by a part": {func(r *storesync.Request) {
			r.Kinds = []storesync.Selection{{Kind: "service", Names: []string{"Cut"}}}
			r.Options.DeleteMissing = storesync.DeleteLinked
		}, "selected whole"},
	} {
		r := good
		c.change(&r)
		_, err := h.sync.Test(t.Context(), r, nil)
		if !errors.Is(err, storesync.ErrRequest) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want a refusal that says %q", name, err, c.says)
		}
	}
}

func TestReceiversThatCannotReceive(t *testing.T) {
	h := newHub(t)
	h.salonList()
	for name, c := range map[string]struct {
		change func(*store.StoreTx) error
		says   string
	}{
		"off":            {func(tx *store.StoreTx) error { s := tx.Store; s.Switch = store.Off; return tx.SetStore(s) }, "switch is off"},
		"draining":       {func(tx *store.StoreTx) error { s := tx.Store; s.Switch = store.Draining; return tx.SetStore(s) }, "turned off"},
		"single":         {func(tx *store.StoreTx) error { s := tx.Store; s.Role = store.Single; return tx.SetStore(s) }, "single store"},
		"revoked":        {func(tx *store.StoreTx) error { return tx.Revoke() }, "revoked"},
		"never uploaded": {func(tx *store.StoreTx) error { c, _ := tx.Contact(); c.ByeAt = time.Time{}; return tx.SetContact(c) }, "first upload"},
	} {
		h.uploads("uptown")
		h.in("uptown", func(tx *store.StoreTx) error {
			s := tx.Store
			s.Switch, s.Role = store.On, store.Branch
			if err := tx.SetStore(s); err != nil {
				return err
			}
			return c.change(tx)
		})
		p := h.test(request(all("service", "category"), "uptown", "downtown"))
		down, up := p.Stores[0], p.Stores[1]
		if !strings.Contains(up.Blocked, c.says) || down.Blocked != "" {
			t.Errorf("%s: blocked %q, want it to say %q; the other store %q", name, up.Blocked, c.says, down.Blocked)
		}
		if p.Counts.Created != 5 {
			t.Errorf("%s: a store that cannot receive is counted: %+v", name, p.Counts)
		}
		if y := h.run(p); len(y.Stores) != 2 || y.Stores[1].Why != up.Blocked || y.Stores[0].Job == "" {
			t.Errorf("%s: the sync says %+v", name, y.Stores)
		}
	}
}

func TestWarnings(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.put("head", service("8", "A name of more than twenty letters", "2"), service("7", "Dangling", "99"))
	h.put("uptown", service("1", "cut", "5", "sku", "other"), thing("category", "5", "name", "HAIR"), service("3", "Wash", "6"))
	h.clock.Advance(50 * time.Hour)
	h.uploads("downtown")
	h.in("uptown", func(tx *store.StoreTx) error {
		if err := tx.RequestFull(store.FullRequest{ID: "f", By: "tech", At: tx.Now()}); err != nil {
			return err
		}
		at, err := tx.Copy()
		if err != nil {
			return err
		}
		at.Parked, at.Reconcile = 2, "the hub was restored"
		return tx.SetCopy(at)
	})
	p := h.test(request(all("service", "category"), "uptown"))
	general, atStore := codes(p.Warnings), codes(p.Stores[0].Warnings)
	for code, want := range map[string]int{storesync.WarnSourceOld: 1, storesync.WarnNotAtSource: 1} {
		if general[code] != want {
			t.Errorf("%s: warned %d times, want %d: %v", code, general[code], want, p.Warnings)
		}
	}
	for code, want := range map[string]int{
		storesync.WarnOffline: 1, storesync.WarnFullUpload: 1, storesync.WarnParkedItems: 2, storesync.WarnReconcile: 1,
		storesync.WarnTooLong: 1, "codes_differ": 1, "missing_reference": 1, "same_name_elsewhere": 1,
	} {
		if atStore[code] != want {
			t.Errorf("%s: warned %d times, want %d: %v", code, atStore[code], want, p.Stores[0].Warnings)
		}
	}
	h.run(p)
	if again := h.test(request(all("service", "category"), "uptown")); codes(again.Stores[0].Warnings)[storesync.WarnOpenJobs] != 1 {
		t.Errorf("nothing is said of the open job: %v", again.Stores[0].Warnings)
	}
	fromBranch := request(all("category"), "downtown")
	fromBranch.Source = "uptown"
	if p := h.test(fromBranch); codes(p.Warnings)[storesync.WarnUsualSource] != 1 {
		t.Errorf("nothing is said of the usual source: %v", p.Warnings)
	}
}

func TestMissingIsAddedWithWhatItNeeds(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.put("uptown", linked(thing("category", "1", "name", "All"), thing("category", "10"), "head"))
	r := request([]storesync.Selection{{Kind: "service", Names: []string{"Cut"}}}, "uptown")
	if p := h.test(r); p.Counts.Parked != 1 || codes(p.Stores[0].Warnings)["missing_reference"] != 1 {
		t.Fatalf("the category is missing and the plan says %+v, %v", p.Counts, p.Stores[0].Warnings)
	}
	r.Options.AddMissing = true
	p := h.test(r)
	if p.Items != 2 || p.Counts.Created != 2 || codes(p.Warnings)[storesync.WarnAdded] != 1 {
		t.Errorf("uptown has All and lacks Hair: want 2 items, one added, got %d, %+v, %v", p.Items, p.Counts, p.Warnings)
	}
	r.Receivers = append(r.Receivers, "downtown")
	if p := h.test(r); p.Items != 3 || p.Counts.Parked != 0 {
		t.Errorf("downtown lacks both: want 3 items, got %d, %+v", p.Items, p.Counts)
	}
}

func TestDecisionsAndResets(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.put("uptown", thing("category", "5", "name", "hair"), thing("category", "6", "name", "Hair "))
	r := request(all("category"), "uptown")
	p := h.test(r)
	if codes(p.Stores[0].Warnings)["ambiguous"] != 1 {
		t.Fatalf("two categories of that name, and the plan says %v", p.Stores[0].Warnings)
	}
	hair := thing("category", "2").UID("head")
	r.Decisions = map[string]map[string]string{"uptown": {hair: "6"}}
	if p := h.test(r); p.Counts.Adopted != 1 || p.Counts.Parked != 0 {
		t.Errorf("decided, and still %+v", p.Counts)
	}
	h.run(h.test(r))
	if _, _, own := h.job("uptown"); own.Decisions[hair] != "6" {
		t.Errorf("the job carries decisions %v", own.Decisions)
	}
	cut := linked(service("1", "Cut", "6", "note", "ours", "sku", "c1"), service("1", "", ""), "head")
	h.put("uptown", cut)
	r = request([]storesync.Selection{{Kind: "service", Keys: []string{"1"}}}, "uptown")
	r.Reset = map[string]map[string][]string{"uptown": {cut.Link.UID: {"note"}}}
	p = h.test(r)
	h.run(p)
	if j, _, own := h.job("uptown"); !j.Resets || !slices.Equal(own.Reset[cut.Link.UID], []string{"note"}) {
		t.Errorf("the job resets %v (%t)", own.Reset, j.Resets)
	}
}

func TestStoreDetailNamesEveryException(t *testing.T) {
	h := newHub(t)
	h.salonList()
	h.put("uptown", thing("category", "5", "name", "hair"))
	p := h.test(request(all("category"), "uptown"))
	d := h.detail(p, "uptown")
	if len(d.Exceptions) != p.Stores[0].Exceptions || d.Counts != p.Stores[0].Counts {
		t.Errorf("the plan counts %d exceptions and the detail has %d", p.Stores[0].Exceptions, len(d.Exceptions))
	}
	if i := slices.IndexFunc(d.Exceptions, func(e wire.Exception) bool { return e.Action == "adopt" && e.Key == "5" }); i < 0 {
		t.Errorf("the adoption is not listed: %+v", d.Exceptions)
	}
	if _, err := h.sync.Detail(t.Context(), "n", p.Digest, "downtown"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the part of a store that does not receive: %v", err)
	}
	if _, err := h.sync.Plan(t.Context(), "other", p.Digest); !errors.Is(err, storesync.ErrExpired) {
		t.Errorf("another network sees the Test: %v", err)
	}
}
