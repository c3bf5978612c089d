package merge_test

import (
	"strings"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

func TestDelete(t *testing.T) {
	synced := func(l *lab) {
		l.run(job(1, put(l.t, "service", "u1", "name", "Cut", "active", true)), wire.Own{})
	}
	refer := func(l *lab) { l.referred[[2]string{"service", "1"}] = "ticket 17" }
	for _, c := range []struct {
		name   string
		before func(l *lab)
		action merge.Action
		reason merge.Reason
		says   string
		left   bool
		linked bool
	}{
		{"an item that the network made", synced, merge.Delete, "", "", false, false},
		{"an adopted item is unlinked and stays", func(l *lab) {
			l.put("service", "name", "Cut")
			synced(l)
		}, merge.Unlink, merge.WasAdopted, "the store's own", true, false},
		{"one that others refer to is retired", func(l *lab) { synced(l); refer(l) }, merge.Retire, merge.Referred, "ticket 17", true, true},
		{"one that is retired already stays so", func(l *lab) { synced(l); refer(l); l.set("service", "1", "active", false) }, merge.Equal, merge.Referred, "ticket 17", true, true},
		{"one that cannot be retired is unlinked", func(l *lab) { synced(l); refer(l); l.field("service", "active").ReadOnly = true }, merge.Unlink, merge.Referred, "ticket 17", true, false},
		{"a mapping that cannot delete retires", func(l *lab) { synced(l); l.kind("service").CanDelete = false }, merge.Retire, merge.CannotDelete, "mapping cannot delete", true, true},
		{"one that is gone", func(*lab) {}, merge.Equal, merge.NotFound, "not there any more", false, false},
		{"one that went since it was listed", func(l *lab) { synced(l); l.gone[[2]string{"service", "1"}] = true }, merge.Equal, merge.NotFound, "not there any more", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			c.before(l)
			plans := l.run(job(2), wire.Own{Items: []wire.PayloadItem{del("service", "u1")}})
			wantPlan(t, plans[0], c.action, c.reason)
			if !strings.Contains(plans[0].Why, c.says) {
				t.Errorf("%q does not say %q", plans[0].Why, c.says)
			}
			it, left := l.items[[2]string{"service", "1"}]
			if left != c.left || (it.Link != nil) != c.linked {
				t.Errorf("left: %v, linked: %v", left, it.Link != nil)
			}
			if plans[0].Action == merge.Retire {
				l.wantField("service", "1", "active", false)
			}
		})
	}
}

// "All" lists the branch's own items by name, and by their own uid.
func TestDeleteOfAnUnlinkedItemByItsOwnUID(t *testing.T) {
	l := newLab(t)
	l.put("service", "name", "Our special")
	uid := item.LocalUID(l.store, item.ID{Kind: "service", Key: "1", Gen: 1})
	plans := l.run(job(1), wire.Own{Items: []wire.PayloadItem{del("service", uid)}})
	wantPlan(t, plans[0], merge.Delete, "")
	if len(l.items) != 0 {
		t.Error("it is still there")
	}
}

func TestCounts(t *testing.T) {
	l := newLab(t)
	l.put("service", "name", "Mine")
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "cleanup", 1), put(t, "service", "u2", "name", "Wax"), put(t, "service", "u3", "name", "Dye")), wire.Own{})
	l.set("service", "2", "cleanup", 9)
	plans := l.run(job(2,
		put(t, "service", "u1", "name", "Cut", "cleanup", 2), put(t, "service", "u2", "name", "Wax"), put(t, "service", "u3", "name", "Dye 2"),
		put(t, "service", "u4", "name", "mine"), put(t, "service", "u5", "name", "New"), put(t, "service", "u6", "name", "New"),
	), wire.Own{Items: []wire.PayloadItem{del("service", "u3"), del("service", "u4"), {Op: wire.OpPut, Kind: "form"}}})
	var got wire.Counts
	for _, p := range plans {
		p.Count(&got)
	}
	want := wire.Counts{Created: 1, Adopted: 1, Updated: 1, Equal: 1, Kept: 1, Deleted: 1, Unlinked: 1, Skipped: 1, Parked: 1}
	if got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}
