package merge_test

import (
	"strings"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

func TestRevert(t *testing.T) {
	l := newLab(t)
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", "old", "cleanup", 5)), wire.Own{})
	first := l.get("service", "1").Link
	sync := job(7, put(t, "service", "u1", "name", "Cut", "description", "new", "cleanup", 10))
	l.run(sync, wire.Own{})
	l.set("service", "1", "cleanup", 12)
	own := l.reverting(sync, wire.Own{})
	plans := l.run(job(1), own)
	wantPlan(t, plans[0], merge.Update, "")
	l.wantField("service", "1", "description", "old") // still what the sync wrote, though locked
	l.wantField("service", "1", "cleanup", 12)        // changed since
	if r := planned(plans[0], "cleanup").Reason; r != merge.ChangedSince {
		t.Errorf("the field changed since is told as %s", r)
	}
	f, _ := l.get("service", "1").Link.Field("description")
	before, _ := first.Field("description")
	if !f.Base.Equal(before.Base) || f.Policy != item.Locked || !f.Reverted || f.From.SyncRev != 7 || f.Sent != item.ShortDigestOf(item.MustText("new")) {
		t.Errorf("the link holds %+v", f)
	}
	wantPlan(t, l.run(job(1), own)[0], merge.Keep, "")
}

// A revert stands until the source sends another value, or an operator resets
// the field by name.
func TestRevertStands(t *testing.T) {
	l := newLab(t)
	parts := func(keys ...any) wire.PayloadItem {
		return put(t, "service", "u1", "name", "Cut", "description", "d"+keys[0].(string), "ips", set(t, keys...), "parts", set(t, keys...))
	}
	l.run(job(1, parts("a")), wire.Own{})
	l.set("service", "1", "ips", set(t, "a", "mine"))
	sync := job(7, parts("b", "c"))
	l.run(sync, wire.Own{})
	l.wantField("service", "1", "ips", set(t, "b", "c", "mine"))
	l.run(job(1), l.reverting(sync, wire.Own{}))
	l.wantField("service", "1", "ips", set(t, "a", "mine"))
	l.wantField("service", "1", "parts", set(t, "a"))
	if drift := merge.Drift(l.get("service", "1"), ""); len(drift) > 0 {
		t.Errorf("what was set back is drift: %+v", drift)
	}
	plans := l.run(job(8, parts("b", "c")), wire.Own{})
	wantPlan(t, plans[0], merge.Keep, "")
	for _, field := range []string{"description", "ips", "parts"} {
		if p := planned(plans[0], field); p.Reason != merge.RevertStands {
			t.Errorf("%s is told as %s", field, p.Reason)
		}
	}
	if list := plans[0].Exceptions(); len(list) != 3 || !strings.Contains(list[0].Why, "a revert took back “db”") {
		t.Errorf("it says %+v", list)
	}
	l.wantField("service", "1", "ips", set(t, "a", "mine"))
	l.run(job(8, parts("b", "c")), wire.Own{Reset: map[string][]string{"u1": {"description"}}})
	l.wantField("service", "1", "description", "db")
	l.run(job(9, parts("c", "d")), wire.Own{})
	l.wantField("service", "1", "description", "dc")
	l.wantField("service", "1", "parts", set(t, "c", "d"))
	l.wantField("service", "1", "ips", set(t, "c", "d", "mine")) // a went, the branch's own stayed
}

// An unlocked field that the branch had changed, and an operator reset, is the
// branch's again: a newer value of the source does not overwrite it.
func TestRevertOfAReset(t *testing.T) {
	for name, first := range map[string][]any{"synced before": {"cleanup", 5}, "never synced before": {}} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.run(job(1, put(t, "service", "u1", append([]any{"name", "Cut"}, first...)...)), wire.Own{})
			l.set("service", "1", "cleanup", 12)
			sync := job(7, put(t, "service", "u1", "name", "Cut", "cleanup", 10))
			own := wire.Own{Reset: map[string][]string{"u1": {"cleanup"}}}
			l.run(sync, own)
			l.wantField("service", "1", "cleanup", 10)
			l.run(job(1), l.reverting(sync, own))
			l.wantField("service", "1", "cleanup", 12)
			l.run(job(8, put(t, "service", "u1", "name", "Cut", "cleanup", 20)), wire.Own{})
			l.wantField("service", "1", "cleanup", 12)
		})
	}
}

// A lock that the sync brought goes with it.
func TestRevertTakesALockAway(t *testing.T) {
	l := newLab(t)
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "price", 40)), wire.Own{})
	locked := job(7, put(t, "service", "u1", "name", "Cut", "price", 50))
	for i, f := range locked.Kinds[2].Fields {
		if f.Name == "price" {
			locked.Kinds[2].Fields[i].Policy = item.Locked
		}
	}
	l.run(locked, wire.Own{})
	l.run(job(1), l.reverting(locked, wire.Own{}))
	if f, _ := l.get("service", "1").Link.Field("price"); f.Policy != item.Unlocked || !f.Base.Equal(value(t, 40)) {
		t.Errorf("the link holds %+v", f)
	}
}

func TestRevertOfACreation(t *testing.T) {
	refer := func(l *lab) { l.referred[[2]string{"service", "1"}] = "ticket 17" }
	for _, c := range []struct {
		name   string
		since  func(l *lab)
		action merge.Action
		reason merge.Reason
		linked bool
	}{
		{"as it was created", func(*lab) {}, merge.Delete, merge.Reverted, false},
		{"changed since", func(l *lab) { l.set("service", "1", "cleanup", 9) }, merge.Unlink, merge.ChangedSince, false},
		{"referred to", refer, merge.Retire, merge.Referred, true},
		{"referred to, and there is no way to retire it", func(l *lab) { refer(l); l.field("service", "active").ReadOnly = true }, merge.Unlink, merge.Referred, false},
		{"a mapping that cannot delete", func(l *lab) { l.kind("service").CanDelete = false }, merge.Retire, merge.CannotDelete, true},
		{"gone", func(l *lab) { delete(l.items, [2]string{"service", "1"}) }, merge.Skip, merge.NotFound, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			sync := job(1, put(t, "service", "u1", "name", "Cut", "active", true))
			l.run(sync, wire.Own{})
			own := l.reverting(sync, wire.Own{})
			c.since(l)
			plans := l.run(job(1), own)
			wantPlan(t, plans[0], c.action, c.reason)
			if plans[0].Why == "" {
				t.Error("it is not said")
			}
			if it := l.get("service", "1"); (it.Link != nil) != c.linked {
				t.Errorf("linked: %v", it.Link)
			}
			if c.action == merge.Retire { // and the same sync does not bring it to life again
				lock(&sync, "active")
				l.run(sync, wire.Own{})
				l.wantField("service", "1", "active", false)
			}
		})
	}
}

func lock(p *wire.Payload, field string) {
	for i, f := range p.Kinds[2].Fields {
		if f.Name == field {
			p.Kinds[2].Fields[i].Policy = item.Locked
		}
	}
}

// Another item under the key of one that is gone is none of the revert's.
func TestRevertTouchesNoOtherItem(t *testing.T) {
	l := newLab(t)
	sync := job(1, put(t, "service", "u1", "name", "Cut"))
	l.run(sync, wire.Own{})
	own := l.reverting(sync, wire.Own{})
	it := l.get("service", "1")
	it.Gen, it.Link = 2, nil
	l.items[[2]string{"service", "1"}] = it
	wantPlan(t, l.run(job(1), own)[0], merge.Skip, merge.NotFound)

	it.Gen, it.Link = 1, &item.Link{UID: "u9", Birth: item.BornNetwork}
	l.items[[2]string{"service", "1"}] = it
	wantPlan(t, l.run(job(1), own)[0], merge.Skip, merge.LinkedElsewhere)
}

// The item that the sync changed is gone, and its uid has an alias by which
// another one is known.
func TestRevertFollowsNoAlias(t *testing.T) {
	l := newLab(t)
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", "old")), wire.Own{})
	l.put("service", "name", "Ours", "description", "new")
	update := put(t, "service", "u1", "name", "Cut", "description", "new")
	update.Aliases = []string{item.LocalUID(l.store, item.ID{Kind: "service", Key: "2", Gen: 1})}
	sync := job(2, update)
	l.run(sync, wire.Own{})
	own := l.reverting(sync, wire.Own{})
	delete(l.items, [2]string{"service", "1"})
	wantPlan(t, l.run(job(1), own)[0], merge.Skip, merge.NotFound)
	l.wantField("service", "2", "description", "new")
}

// An item that was unlinked since is the store's own: its values go back, and it
// stays unlinked.
func TestRevertLinksNothing(t *testing.T) {
	l := newLab(t)
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", "old")), wire.Own{})
	sync := job(2, put(t, "service", "u1", "name", "Cut", "description", "new"))
	l.run(sync, wire.Own{})
	it := l.get("service", "1")
	it.Link = nil
	l.items[[2]string{"service", "1"}] = it
	l.run(job(1), l.reverting(sync, wire.Own{}))
	l.wantField("service", "1", "description", "old")
	if l.get("service", "1").Link != nil {
		t.Error("a revert linked the item")
	}
}

func TestRevertOfAnAdoption(t *testing.T) {
	l := newLab(t)
	l.put("service", "name", "Cut", "description", "ours", "cleanup", 3)
	before := l.get("service", "1")
	sync := job(1, put(t, "service", "u1", "name", "Cut", "description", "theirs", "cleanup", 5))
	l.run(sync, wire.Own{})
	revert := job(1)
	own := l.reverting(sync, wire.Own{})
	wantPlan(t, l.run(revert, own)[0], merge.Unlink, merge.Reverted)
	if now := l.get("service", "1"); now.Link != nil || !now.Fields.Equal(before.Fields) {
		t.Errorf("it is %+v", now)
	}
	adopted := l.images
	l.run(revert, l.reverting(wire.Payload{Items: own.Items}, wire.Own{})) // and that can be taken back
	if now := l.get("service", "1"); len(adopted) != 1 || now.Link == nil || !now.Link.Adopted || now.Link.UID != "u1" {
		t.Errorf("the revert of the revert left %+v", now)
	}
	l.wantField("service", "1", "description", "theirs")
}

// A service and the category that it is in are deleted and come back, the
// category under another key.
func TestRevertOfDeletions(t *testing.T) {
	l := newLab(t)
	first := job(1, put(t, "category", "c1", "name", "Hair"), put(t, "service", "u1", "name", "Cut", "category", item.UIDRef("category", "c1"), "cleanup", 5))
	l.run(first, wire.Own{})
	l.set("service", "2", "cleanup", 8)
	was := l.get("service", "2")
	sync, gone := job(2), wire.Own{Items: []wire.PayloadItem{del("service", "u1"), del("category", "c1")}}
	l.run(sync, gone)
	if len(l.items) != 0 {
		t.Fatalf("left: %+v", l.items)
	}
	own := l.reverting(sync, gone)
	l.items[[2]string{"category", "1"}] = item.Item{ID: item.ID{Kind: "category", Key: "1", Gen: 2}, Fields: fields(t, "name", "New")}
	plans := l.run(sync, own)
	wantPlan(t, plans[0], merge.Create, merge.Restored)
	wantPlan(t, plans[1], merge.Create, merge.Restored)
	now := l.get("service", "2")
	if !now.Fields.With("category", was.Fields.Get("category")).Equal(was.Fields) || now.Link == nil || now.Link.UID != "u1" || now.Gen != was.Gen {
		t.Errorf("it came back as %+v", now)
	}
	l.wantField("service", "2", "category", item.Ref("category", "3"))
	l.wantField("category", "3", "name", "Hair")
	wantPlan(t, l.run(sync, own)[1], merge.Skip, merge.ThereAlready)
}

// What a value refers to may have gone since: then it is not set back, and said.
func TestRevertToWhatIsGone(t *testing.T) {
	l := newLab(t)
	category := func(n string) wire.PayloadItem { return put(t, "category", "c"+n, "name", n) }
	service := func(n string) wire.PayloadItem {
		return put(t, "service", "u1", "name", "Cut", "category", item.UIDRef("category", "c"+n))
	}
	l.run(job(1, category("1"), category("2"), service("1")), wire.Own{})
	sync := job(2, service("2"))
	l.run(sync, wire.Own{})
	delete(l.items, [2]string{"category", "1"})
	plans := l.run(job(1), l.reverting(sync, wire.Own{}))
	wantPlan(t, plans[0], merge.Equal, "")
	if p := planned(plans[0], "category"); p.Reason != merge.ReferenceAbsent || len(plans[0].Exceptions()) != 1 {
		t.Errorf("it is told as %s", p.Reason)
	}
	l.wantField("service", "3", "category", item.Ref("category", "2"))
}

func TestRevertOfAnUnmappedFieldIsSaid(t *testing.T) {
	l := newLab(t)
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", "old")), wire.Own{})
	sync := job(2, put(t, "service", "u1", "name", "Cut", "description", "new"))
	l.run(sync, wire.Own{})
	own := l.reverting(sync, wire.Own{})
	l.field("service", "description").ReadOnly = true
	plans, planner := l.runWith(job(1), own)
	if list := planner.Unmapped(); len(plans[0].Write) > 0 || len(list) != 1 {
		t.Errorf("written %v, told as %+v", plans[0].Write, list)
	}
}
