package contact_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

func TestConversation(t *testing.T) {
	p := newHub(t).newPC("branch")
	w, _, err := p.hello()
	if err != nil {
		t.Fatal(err)
	}
	want := wire.Welcome{HubEpoch: p.hubEpoch, Network: "n", Store: "branch", StoreName: "branch", Role: "branch", Switch: "on",
		Catalog: w.Catalog, Time: p.clock.Now().Unix()}
	if d := cmp.Diff(want, w); d != "" || w.Catalog == "" || w.HubEpoch == "" {
		t.Errorf("the first welcome: %s", d)
	}
	p.edit("1", "Cut")
	p.mustConverse()
	p.edit("1", "")
	p.mustConverse()
	body, err := p.contacts.Catalog(store.InConversation(t.Context(), ""), "branch", w.Catalog)
	if err != nil || wire.Sum(body) != w.Catalog {
		t.Errorf("the catalogue: %v", err)
	}
	if _, err := p.contacts.Catalog(t.Context(), "branch", strings.Repeat("0", 64)); code(err) != wire.CodeNotFound {
		t.Errorf("an unknown catalogue: %v", err)
	}
}

func TestHelloIsAnsweredAgain(t *testing.T) {
	p := newHub(t).newPC("branch")
	p.mustConverse()
	m := p.greeting()
	first, err := p.contacts.Hello(t.Context(), "branch", m)
	if err != nil {
		t.Fatal(err)
	}
	m.Conversation = "another"
	again, err := p.contacts.Hello(t.Context(), "branch", m)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("the second answer differs: %s", d)
	}
}

// An agent died before it heard the answer, and its POS database was restored before it
// came again: with the same place in the chain, it has another history to tell of.
func TestWhatAHelloSaysAgainIsHeard(t *testing.T) {
	h := newHub(t)
	p := h.newPC("branch")
	p.mustConverse()
	err := h.db.WithStore(t.Context(), "branch", func(tx *store.StoreTx) error {
		job, err := queue.Put(tx, store.Job{Sort: "sync", Label: "one", Payload: "h", Items: 4, CreatedBy: "ann"})
		if err != nil {
			return err
		}
		p.receipt = wire.ReceiptHead{Known: true, Job: job.ID, HubEpoch: p.hubEpoch, Number: 1, NextItem: 4, Done: true, Order: 1}
		return queue.Result(tx, wire.Result{Job: job.ID, HubEpoch: p.hubEpoch, Number: 1, Order: 1, Done: true, POSEpoch: p.pos})
	})
	if err != nil {
		t.Fatal(err)
	}
	if w, err := p.contacts.Hello(t.Context(), "branch", p.greeting()); err != nil || w.OpenJobs != 0 || w.Reconcile != "" {
		t.Fatalf("before: %+v, %v", w, err)
	}
	p.pos, p.receipt = "pos-2", wire.ReceiptHead{Known: true}
	w, _, err := p.hello()
	if err != nil || w.OpenJobs != 1 || w.Reconcile == "" {
		t.Errorf("the restored POS has no receipt of the job: %+v, %v; want it open again, and a comparison", w, err)
	}
}

func TestTooOldIsRefused(t *testing.T) {
	p := newHub(t).newPC("branch")
	m := p.greeting()
	m.Protocol = wire.Protocol + 1
	if _, err := p.contacts.Hello(t.Context(), "branch", m); code(err) != wire.CodeTooOld {
		t.Errorf("a newer protocol: %v", err)
	}
	m.Protocol, m.CanonicalForm = wire.Protocol, wire.CanonicalForm+1
	if _, err := p.contacts.Hello(t.Context(), "branch", m); code(err) != wire.CodeTooOld {
		t.Errorf("another canonical form: %v", err)
	}
}

// A PC is cloned. The second of the two is held, named, and let in when the first
// does not come; then the first is held.
func TestCloneIsFenced(t *testing.T) {
	h := newHub(t)
	p := h.newPC("branch")
	p.mustConverse()
	clone := &pc{hub: h, store: "branch", disk: p.disk.clone()}
	p.edit("1", "Cut")
	p.mustConverse()
	clone.edit("1", "Clone's")
	_, _, err := clone.hello()
	if code(err) != wire.CodeHeld {
		t.Fatalf("the clone: %v, want held", err)
	}
	until := time.Unix(err.(*wire.Error).Until, 0)
	if want := h.clock.Now().Add(2 * time.Hour); !until.Equal(want) {
		t.Errorf("held until %v, want %v: when the newer one is due, and an hour", until, want)
	}
	h.clock.Advance(time.Hour)
	p.mustConverse() // the newer one comes: the clone waits on
	h.clock.Advance(119 * time.Minute)
	if _, _, err := clone.hello(); code(err) != wire.CodeHeld {
		t.Errorf("before the newer one was due: %v", err)
	}
	h.clock.Advance(time.Minute)
	clone.mustConverse()
	if _, _, err := p.hello(); code(err) != wire.CodeHeld {
		t.Errorf("the other one now: %v, want held", err)
	}
	if d := cmp.Diff([]string{"agent.held", "agent.released", "agent.held"}, h.audited()); d != "" {
		t.Errorf("named to the operator: %s", d)
	}
	var held store.Contact
	err = h.db.ViewStore(t.Context(), "branch", func(v *store.StoreView) (err error) { held, err = v.Contact(); return err })
	if err != nil || held.Held.Hello.AgentEpoch != "epoch-1" || held.Held.First.IsZero() {
		t.Errorf("the held chain is not named: %+v, %v", held.Held, err)
	}
}

func TestReleaseCode(t *testing.T) {
	h := newHub(t)
	p := h.newPC("branch")
	p.mustConverse()
	clone := &pc{hub: h, store: "branch", disk: p.disk.clone()}
	p.mustConverse()
	code1, until, err := h.contacts.Release(t.Context(), "branch", "tom")
	if err != nil || !until.After(h.clock.Now()) {
		t.Fatalf("release: %v until %v", err, until)
	}
	m := clone.greeting()
	m.Release = "WRONG000"
	if _, err := h.contacts.Hello(t.Context(), "branch", m); code(err) != wire.CodeHeld {
		t.Errorf("a wrong code: %v", err)
	}
	m.Release = strings.ToLower(code1[:4]) + "-" + code1[4:]
	w, err := h.contacts.Hello(t.Context(), "branch", m)
	if err != nil || !w.NewAgentEpoch {
		t.Fatalf("the code as it is typed: %+v, %v", w, err)
	}
	if w, err := h.contacts.Hello(t.Context(), "branch", m); err != nil || !w.NewAgentEpoch {
		t.Errorf("the same hello again: %+v, %v", w, err)
	}
	clone.newEpoch()
	clone.mustConverse()
	m = p.greeting()
	m.Release = code1
	if _, err := h.contacts.Hello(t.Context(), "branch", m); code(err) != wire.CodeHeld {
		t.Errorf("a code that was used: %v", err)
	}
}

func TestAnotherInstallationIsHeld(t *testing.T) {
	h := newHub(t)
	p := h.newPC("branch")
	p.mustConverse()
	p.installation = "stranger"
	if _, _, err := p.hello(); code(err) != wire.CodeHeld {
		t.Errorf("another installation with the store's credential: %v", err)
	}
}

// Two PCs share an image, chain and all: the messages of the first are refused
// once the second said hello.
func TestOneConversationAtATime(t *testing.T) {
	h := newHub(t)
	p := h.newPC("branch")
	p.mustConverse()
	p.greeting() // chosen, stored, and then the image was made
	clone := &pc{hub: h, store: "branch", disk: p.disk.clone()}
	_, ctx, err := p.hello()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := clone.hello(); err != nil {
		t.Fatalf("the clone's hello is the same: %v", err)
	}
	p.edit("1", "Cut")
	if err := p.upload(ctx); code(err) != wire.CodeOver {
		t.Errorf("a batch of the conversation before: %v, want over", err)
	}
	if _, err := h.queue.Next(ctx, "branch", wire.NextAsk{}); code(err) != wire.CodeOver {
		t.Errorf("next of the conversation before: %v, want over", err)
	}
}

// An image of the moment of the last hello comes back after that conversation
// went on: its batches tell.
func TestImageOfTheLastHello(t *testing.T) {
	h := newHub(t)
	p := h.newPC("branch")
	p.mustConverse()
	p.greeting()
	image := p.disk.clone()
	p.edit("1", "Cut")
	p.mustConverse()
	old := &pc{hub: h, store: "branch", disk: image}
	old.edit("2", "Dye")
	old.mustConverse()
	if old.epoch == "epoch-1" {
		t.Error("the image goes on in its agent epoch")
	}
	if _, _, err := p.hello(); code(err) != wire.CodeHeld {
		t.Errorf("the other one: %v, want held", err)
	}
}

func TestRestoredHubStartsOneEpoch(t *testing.T) {
	h := newHub(t)
	branch, head := h.newPC("branch"), h.newPC("head")
	branch.edit("1", "Cut")
	head.edit("1", "Cut")
	branch.mustConverse()
	head.mustConverse()
	backup := h.backup()
	for i := range 3 {
		branch.edit("1", fmt.Sprint("Cut ", i))
		branch.mustConverse()
		head.edit("2", fmt.Sprint("Dye ", i))
		head.mustConverse()
	}
	h.restore(backup)
	w, _, err := branch.hello()
	if err != nil || w.Reconcile == "" {
		t.Fatalf("the first agent of a restored hub: %+v, %v", w, err)
	}
	branch.mustConverse()
	head.mustConverse()
	branch.mustConverse()
	if branch.hubEpoch != head.hubEpoch || branch.epoch != "epoch-1" {
		t.Errorf("hub epochs %s and %s", branch.hubEpoch, head.hubEpoch)
	}
	var epochs []store.HubEpoch
	err = h.db.View(t.Context(), func(v *store.View) (err error) { epochs, err = v.HubEpochs(); return err })
	if err != nil || len(epochs) != 2 {
		t.Errorf("%d hub epochs, want the first and one new: %v", len(epochs), err)
	}
}

// The backup was made between a hello and the batch that came after it.
func TestHubRestoredWithinAConversation(t *testing.T) {
	h := newHub(t)
	p := h.newPC("branch")
	p.mustConverse()
	_, ctx, err := p.hello()
	if err != nil {
		t.Fatal(err)
	}
	backup := h.backup()
	p.edit("1", "Cut")
	if err := p.upload(ctx); err != nil {
		t.Fatal(err)
	}
	h.restore(backup)
	p.mustConverse()
}

func TestLostTablesGetLinksAndReceiptsBack(t *testing.T) {
	h := newHub(t)
	p := h.newPC("branch")
	p.receipt = wire.ReceiptHead{Known: true, Absent: true}
	p.mustConverse()
	_, ctx, err := p.hello()
	if err != nil {
		t.Fatal(err)
	}
	link := &item.Link{UID: "uid-1", Birth: item.BornNetwork}
	link.SetField(item.LinkField{Name: "name", Base: item.MustText("Cut"), Policy: item.Locked, From: item.Origin{Store: "head", HubEpoch: "e", SyncRev: 1}})
	b, err := wire.NewBatch(wire.BatchHeader{AgentEpoch: p.epoch, Number: 1, Mark: wire.Mark{POSEpoch: p.pos, Seq: 1}})
	if err != nil {
		t.Fatal(err)
	}
	linked := p.linked("1", link)
	if err := b.Put(1, item.Append(nil, linked)); err != nil {
		t.Fatal(err)
	}
	lines, digest := b.Finish()
	if _, err := p.ingest.Batch(ctx, "branch", wire.Compress(nil, lines)); err != nil {
		t.Fatal(err)
	}
	p.acked = wire.BatchMark{Number: 1, Digest: digest}
	var job store.Job
	err = h.db.WithStore(ctx, "branch", func(tx *store.StoreTx) error {
		if job, err = queue.Put(tx, store.Job{Sort: "sync", Label: "one", Payload: "h", Items: 4, CreatedBy: "ann"}); err != nil {
			return err
		}
		return queue.Result(tx, wire.Result{Job: job.ID, HubEpoch: p.hubEpoch, Number: 1, Order: 3, Done: true, POSEpoch: p.pos})
	})
	if err != nil {
		t.Fatal(err)
	}
	w, ctx, err := p.hello()
	if err != nil || !w.RestoreLinks || w.OpenJobs != 0 {
		t.Fatalf("a POS without tables: %+v, %v", w, err)
	}
	page, err := p.contacts.Links(ctx, "branch", wire.LinksAsk{})
	if err != nil {
		t.Fatal(err)
	}
	back, err := item.Decode([]byte(page.Items[0]))
	if err != nil || len(page.Items) != 1 || back.Key != "1" || len(back.Fields) != 0 {
		t.Fatalf("page %+v, %v", page, err)
	}
	if f, ok := back.Link.Field("name"); !ok || f.Base.Str() != "Cut" {
		t.Errorf("the base is %+v", f)
	}
	head := wire.ReceiptHead{Known: true, Job: job.ID, HubEpoch: p.hubEpoch, Number: 1, NextItem: 4, Done: true, Order: 3}
	if d := cmp.Diff([]wire.ReceiptHead{head}, page.Applied); d != "" || page.Head != head || page.Next != "" {
		t.Errorf("receipts: %s, head %+v, next %q", d, page.Head, page.Next)
	}
	p.receipt = page.Head
	if w, _, err = p.hello(); err != nil || w.RestoreLinks {
		t.Errorf("after they were put back: %+v, %v", w, err)
	}
}

func (p *pc) linked(key string, l *item.Link) item.Item {
	p.edit(key, "Cut")
	p.sent = p.rev
	it := p.item(key)
	it.Link = l
	return it
}

func TestLinksComeInPages(t *testing.T) {
	h := newHub(t)
	p := h.newPC("branch")
	for i := range 1203 {
		p.edit(fmt.Sprintf("key.%04d", i), "Cut")
	}
	for i := range 1203 {
		p.edit(fmt.Sprintf("key.%04d", i), "") // tombstones are handed back too
	}
	p.mustConverse()
	var keys []string
	ask := wire.LinksAsk{}
	for pages := 0; ; pages++ {
		page, err := p.contacts.Links(t.Context(), "branch", ask)
		if err != nil || pages > 5 {
			t.Fatalf("page %d: %v", pages, err)
		}
		for _, text := range page.Items {
			it, err := item.Decode([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, it.Key)
		}
		if page.Next == "" {
			break
		}
		ask.After = page.Next
	}
	if len(keys) != 1203 || !slices.IsSorted(keys) {
		t.Errorf("%d items, sorted: %v", len(keys), slices.IsSorted(keys))
	}
	if _, err := p.contacts.Links(t.Context(), "branch", wire.LinksAsk{After: "x"}); code(err) != wire.CodeBadRequest {
		t.Errorf("a place that is none: %v", err)
	}
}

func TestByeTellsWhatDiffers(t *testing.T) {
	p := newHub(t).newPC("branch")
	p.edit("1", "Cut")
	p.mustConverse()
	_, ctx, err := p.hello()
	if err != nil {
		t.Fatal(err)
	}
	p.record["1"] = row{"Dye", 1} // nobody captured it
	a, err := p.contacts.Bye(ctx, "branch", wire.Bye{Kinds: p.sums()})
	if err != nil || a.Equal || !slices.Equal(a.Differ, []string{"product"}) {
		t.Errorf("bye: %+v, %v", a, err)
	}
	w, ctx, err := p.hello()
	if err != nil || !strings.Contains(w.Reconcile, "product") {
		t.Errorf("the next welcome: %+v, %v", w, err)
	}
	if err := p.reconcile(ctx); err != nil {
		t.Fatal(err)
	}
	p.mustConverse()
	if a, err := p.contacts.Bye(context.Background(), "branch", wire.Bye{Kinds: p.sums(), Parked: 1}); err != nil || a.Equal || len(a.Differ) > 0 {
		t.Errorf("with a parked item: %+v, %v", a, err)
	}
}

func TestProfiles(t *testing.T) {
	h := newHub(t)
	p := h.newPC("branch")
	profile := wire.Profile{POS: "sqlite", Kinds: []wire.ProfileKind{{Kind: "product"}}}
	m := p.greeting()
	m.Profile = wire.Sum(wire.EncodeControl(profile))
	w, err := h.contacts.Hello(t.Context(), "branch", m)
	if err != nil || !w.WantProfile {
		t.Fatalf("an unknown profile: %+v, %v", w, err)
	}
	if err := h.contacts.Profile(t.Context(), "branch", profile); err != nil {
		t.Fatal(err)
	}
	if w, err = h.contacts.Hello(t.Context(), "branch", m); err != nil || w.WantProfile {
		t.Errorf("once it is held: %+v, %v", w, err)
	}
	other := h.newPC("head").greeting()
	other.Profile = m.Profile
	if w, err = h.contacts.Hello(t.Context(), "head", other); err != nil || w.WantProfile {
		t.Errorf("another store's profile of the same digest: %+v, %v", w, err)
	}
}

// What a restore may have done to the queue is owed until a hello has listed the
// receipts: a POS that could not be read meanwhile, and a proof that record and
// copy are equal, settle nothing of it.
func TestReceiptsAreOwedUntilTheyAreListed(t *testing.T) {
	h := newHub(t)
	p := h.newPC("branch")
	p.edit("1", "Cut")
	p.receipt = wire.ReceiptHead{Known: true, Job: "j1", Number: 1, Done: true, Order: 1}
	p.mustConverse()
	backup := h.backup()
	p.edit("1", "Cut and dry")
	p.mustConverse()
	h.restore(backup)

	p.receipt = wire.ReceiptHead{} // the POS keeps its database to itself
	w, _, err := p.hello()
	if err != nil || w.Reconcile == "" || w.WantReceipts {
		t.Fatalf("the hub was restored, the POS cannot be read: %+v, %v", w, err)
	}
	p.mustConverse()
	p.receipt = wire.ReceiptHead{Known: true, Job: "j1", Number: 1, Done: true, Order: 1}
	w, _, err = p.hello()
	if err != nil || w.Reconcile != "" || !w.WantReceipts {
		t.Fatalf("the POS can be read again: %+v, %v; want receipts", w, err)
	}
	p.receipts = &wire.Receipts{Jobs: []wire.ReceiptRef{{Job: "j1", Order: 1}}}
	if w, _, err = p.hello(); err != nil || w.WantReceipts {
		t.Fatalf("the receipts were listed: %+v, %v", w, err)
	}
	p.receipts = nil
	if w, _, err = p.hello(); err != nil || w.WantReceipts {
		t.Fatalf("wanted once more: %+v, %v", w, err)
	}
}

// What a store tells of its repairs is kept and audited once, however often it
// comes; which kinds it repairs is said in every welcome.
func TestRepairsAreToldOnce(t *testing.T) {
	h := newHub(t)
	h.contacts.Repair = func(v *store.StoreView) ([]string, error) { return []string{"service", v.Store.Name}, nil }
	p := h.newPC("branch")
	w, ctx, err := p.hello()
	if err != nil || !slices.Equal(w.Repair, []string{"service", "branch"}) {
		t.Fatalf("the welcome says %q, %v", w.Repair, err)
	}
	m := wire.Repairs{List: []wire.Repair{
		{ID: "r1", Kind: "service", Key: "1", UID: "u", Name: "Cut", Fields: []wire.RepairField{{Field: "name", Base: "Cut", Value: "Cutt"}}},
		{ID: "r2", Kind: "service", Key: "2", UID: "v", Name: "Updo", Refused: "the drawer is locked"},
	}}
	for range 2 {
		if err := p.contacts.Repairs(ctx, "branch", m); err != nil {
			t.Fatal(err)
		}
	}
	found := map[string]int{}
	err = h.db.ViewStore(t.Context(), "branch", func(v *store.StoreView) error {
		list, err := v.Repairs(item.ID{}, 10)
		if len(list) != 2 || list[0].Times != 1 || list[1].Refused == "" {
			t.Errorf("kept: %+v", list)
		}
		log, err2 := v.AuditLog("n", 0, 100)
		for _, e := range log {
			if strings.HasPrefix(e.What, "drift.") && e.Who == "store branch" {
				found[e.What]++
			}
		}
		return errors.Join(err, err2)
	})
	if err != nil || found["drift.repaired"] != 1 || found["drift.refused"] != 1 {
		t.Errorf("audited: %v, %v", found, err)
	}
	late := store.InConversation(t.Context(), "an older one")
	if err := p.contacts.Repairs(late, "branch", wire.Repairs{List: []wire.Repair{{ID: "r9", Kind: "service", Key: "1", UID: "u"}}}); code(err) != wire.CodeOver {
		t.Errorf("of another conversation: %v", err)
	}
}
