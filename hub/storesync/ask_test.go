package storesync_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/storesync"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// pos is a store's items as a branch has them while it applies a job.
type pos struct {
	h     *hub
	id    string
	items map[[2]string]item.Item
}

func (h *hub) pos(id string) *pos {
	p := &pos{h: h, id: id, items: map[[2]string]item.Item{}}
	h.view(id, func(v *store.StoreView) error {
		profile, err := v.Profile()
		if err != nil {
			return err
		}
		for _, k := range profile.Kinds {
			rows, err := v.Items(k.Kind, item.ID{}, 1000)
			if err != nil {
				return err
			}
			for _, r := range rows {
				it, err := r.Decode()
				if err != nil {
					return err
				}
				if r.Live() {
					p.items[[2]string{it.Kind, it.Key}] = it
				}
			}
		}
		return nil
	})
	return p
}

func (p *pos) Item(kind, key string) (item.Item, bool, error) {
	it, ok := p.items[[2]string{kind, key}]
	return it, ok, nil
}

func (p *pos) Referred(string, string) (string, error) { return "", nil }

// takes lets a store take its next job, merge it as a branch does, upload what it
// wrote and report it. refuse names an item that its POS will not have.
func (h *hub) takes(id string, refuse ...string) {
	h.Helper()
	j := h.next(id)
	if j == nil {
		h.Fatalf("%s has no job", id)
	}
	if _, err := queue.New(h.db, h.sync).Begin(h.Context(), id, wire.Begin{Job: j.ID}); err != nil {
		h.Fatal(err)
	}
	_, payload, own := h.job(id)
	p := h.pos(id)
	index := merge.NewIndex(id, payload.Kinds)
	for _, it := range p.items {
		index.Put(it)
	}
	var profile wire.Profile
	h.view(id, func(v *store.StoreView) (err error) { profile, err = v.Profile(); return err })
	planner := merge.NewPlanner(&payload, own, profile, index, p)
	result := wire.Result{Job: j.ID, HubEpoch: j.HubEpoch, Number: j.Number, Order: j.Number, Done: true}
	for n := range planner.Len() {
		plan, err := planner.Plan(n)
		if err != nil {
			h.Fatal(err)
		}
		if slices.Contains(refuse, plan.Name) {
			plan = plan.Refused(errors.New("the drawer is locked"))
		}
		plan.Count(&result.Counts)
		result.Exceptions = append(result.Exceptions, plan.Exceptions()...)
		if plan.Writes() {
			planner.Applied(plan, p.write(plan))
		}
	}
	h.in(id, func(tx *store.StoreTx) error { return queue.Result(tx, result) })
}

func (p *pos) write(plan merge.ItemPlan) item.Item {
	now := plan.Local
	if plan.Action == merge.Create {
		now.ID = item.ID{Kind: plan.Kind, Key: "n" + strconv.Itoa(len(p.items)), Gen: 1}
	}
	for _, f := range plan.Write {
		now.Fields = now.Fields.With(f.Name, f.Value)
	}
	now.Link = plan.Link(now)
	p.items[[2]string{now.Kind, now.Key}] = now
	p.h.put(p.id, now)
	return now
}

func (h *hub) edit(id, kind, name string, fields ...any) {
	h.Helper()
	for _, it := range h.pos(id).items {
		if it.Kind == kind && it.Fields.Get("name").Str() == name {
			for _, f := range thing(kind, it.Key, fields...).Fields {
				it.Fields = it.Fields.With(f.Name, f.Value)
			}
			h.put(id, it)
			return
		}
	}
	h.Fatalf("%s has no %s %s", id, kind, name)
}

func ref(kind, name string) storesync.ItemRef { return storesync.ItemRef{Kind: kind, Item: name} }

// S3's price, from head office to two branches: one that took it, one that was
// off, and who has it since which sync.
func TestWhereAnItemIs(t *testing.T) {
	h := newPricedHub(t, false)
	h.put("head", thing("service", "1", "name", "Cut", "price", money("22")))
	h.put("downtown", thing("service", "5", "name", "cut", "price", money("25")))
	h.run(h.test(request(all("service"), "uptown", "downtown")))
	h.takes("uptown")
	where := func(ask storesync.WhereAsk) storesync.WherePage {
		t.Helper()
		page, err := h.sync.Where(t.Context(), "n", ask)
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	page := where(storesync.WhereAsk{ItemRef: ref("service", " CUT"), Fields: []string{"price", "name"}})
	if page.Item.Name != "Cut" || page.Item.At.ID != "head" || page.Item.Key != "1" || len(page.Stores) != 2 {
		t.Fatalf("found %+v at %+v", page.Item, page.Stores)
	}
	head, up := page.Stores[0], page.Stores[1]
	if head.How != storesync.HeldAsSource || head.Since != nil || said(head.Values[0].Value) != "22" {
		t.Errorf("head office has it as %+v", head)
	}
	if up.How != storesync.HeldAsCreated || said(up.Values[0].Value) != "22" || up.Values[0].Policy != item.Unlocked || up.Values[1].Policy != item.Locked {
		t.Errorf("uptown has it as %+v", up)
	}
	if up.Since == nil || up.Since.Label != "spring" || up.Since.Number != 1 || up.Since.By != "ann" || up.Since.Sync == "" {
		t.Errorf("uptown has it since %+v", up.Since)
	}
	lacking := where(storesync.WhereAsk{ItemRef: ref("service", "cut"), Lacking: true})
	if len(lacking.Stores) != 1 || lacking.Stores[0].Store.ID != "downtown" || !strings.Contains(lacking.Stores[0].Why, "job 1, “spring”, brings it and is queued") {
		t.Errorf("it is lacking at %+v", lacking.Stores)
	}
	// After adoption, by uid and by the branch's own key.
	h.takes("downtown")
	for _, named := range []storesync.ItemRef{ref("service", page.Item.UID), {Kind: "service", Item: "5", At: "downtown"}, {Kind: "service", Item: "cut", At: "downtown"}} {
		page := where(storesync.WhereAsk{ItemRef: named})
		if len(page.Stores) != 3 || page.Stores[0].How != storesync.HeldAsAdopted || page.Stores[0].Key != "5" || page.Item.UID != thing("service", "1").UID("head") {
			t.Errorf("%+v: %+v at %+v", named, page.Item, page.Stores)
		}
	}
	// Page by page.
	one := where(storesync.WhereAsk{ItemRef: ref("service", "Cut"), StoresAsk: storesync.StoresAsk{Limit: 1}})
	two := where(storesync.WhereAsk{ItemRef: ref("service", "Cut"), StoresAsk: storesync.StoresAsk{Limit: 2, After: one.Next}})
	if len(one.Stores) != 1 || one.Next != "downtown" || len(two.Stores) != 2 || two.Next != "" {
		t.Errorf("pages of %d (%q) and %d (%q)", len(one.Stores), one.Next, len(two.Stores), two.Next)
	}
}

func TestQuestionsThatHaveNoAnswer(t *testing.T) {
	h := newPricedHub(t, false)
	h.put("head", thing("service", "1", "name", "Cut"), thing("service", "2", "name", "cut "), thing("employee", "1", "name", "Ann"))
	for name, c := range map[string]struct {
		ref  storesync.ItemRef
		says string
	}{
		"no kind":              {ref("spaceship", "x"), "no kind \"spaceship\""},
		"no item":              {ref("service", ""), "no item is named"},
		"nobody of that name":  {ref("service", "Perm"), "store head has no service of the key or name “Perm”"},
		"a name of two":        {ref("service", "CUT"), "several of service that are called “CUT”: name one by its key (1, 2)"},
		"a uid that is nobody": {ref("service", "0190f0f0-0000-7000-8000-000000000001"), "has no service"},
	} {
		_, err := h.sync.Where(t.Context(), "n", storesync.WhereAsk{ItemRef: c.ref})
		if !errors.Is(err, storesync.ErrRequest) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	if _, err := h.sync.Where(t.Context(), "n", storesync.WhereAsk{ItemRef: ref("employee", "Ann"), Fields: []string{"age"}}); err == nil || !strings.Contains(err.Error(), "no field \"age\"; it has name") {
		t.Errorf("an unknown field: %v", err)
	}
	if _, err := h.sync.Where(t.Context(), "n", storesync.WhereAsk{ItemRef: storesync.ItemRef{Kind: "service", Item: "1", At: "stranger"}}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("another network's store: %v", err)
	}
}
