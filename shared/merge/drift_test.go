package merge_test

import (
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

func TestDrift(t *testing.T) {
	l := newLab(t)
	tiers := func(rate int) []item.Row {
		return []item.Row{row(t, 1, "amount", 100, "rate", rate), row(t, 2, "amount", 200, "rate", rate)}
	}
	hair := l.put("category", "name", "Hair")
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", "theirs", "cleanup", 5, "ips", set(t, "a", "b"), "parts", set(t, "x", "y"), "tiers", tiers(1))), wire.Own{})
	it := l.get("service", "2")
	if list := merge.Drift(it, "category"); len(list) > 0 {
		t.Fatalf("nothing was changed, and there is drift: %+v", list)
	}
	l.set("service", "2", "description", "ours", "cleanup", 9, "ips", set(t, "b", "mine"), "parts", set(t, "x", "z"), "category", item.Ref("category", hair),
		"tiers", []item.Row{row(t, 1, "amount", 150, "rate", 7, "card", "k"), row(t, 2, "amount", 200, "rate", 8)})
	it = l.get("service", "2")
	want := map[string]item.Value{
		"description": item.MustText("theirs"),
		"ips":         set(t, "a", "b", "mine"), // the branch's own stays
		"parts":       set(t, "x", "y"),
		"tiers":       value(t, []item.Row{row(t, 1, "amount", 100, "rate", 7, "card", "k"), row(t, 2, "amount", 200, "rate", 8)}), // rates are its own
	}
	list := merge.Drift(it, "")
	for _, d := range list {
		if !d.Restored.Equal(want[d.Name]) {
			t.Errorf("%s is restored to %s", d.Name, canonical(d.Restored))
		}
		delete(want, d.Name)
	}
	if len(want) > 0 {
		t.Errorf("no drift is %v", want)
	}
}

// An item that may not be moved has drifted with its category, whatever the
// field's policy.
func TestMovedIsDrift(t *testing.T) {
	l := newLab(t)
	hair, nails := l.put("category", "name", "Hair"), l.put("category", "name", "Nails")
	l.run(job(1, put(t, "category", "c1", "name", "Hair"), put(t, "service", "u1", "name", "Cut", "category", item.UIDRef("category", "c1"))), wire.Own{})
	it := l.get("service", "3")
	it.Link = it.Link.Clone()
	f, _ := it.Link.Field("category")
	f.Policy = item.Unlocked
	it.Link.SetField(f)
	it.Fields = it.Fields.With("category", item.Ref("category", nails))
	if len(merge.Drift(it, "")) != 0 || len(merge.Drift(it, "category")) != 1 {
		t.Errorf("drift: %+v, and %+v", merge.Drift(it, ""), merge.Drift(it, "category"))
	}
	if !merge.Drift(it, "category")[0].Restored.Equal(item.Ref("category", hair)) {
		t.Error("it is not restored to where it was")
	}
}

func TestRepair(t *testing.T) {
	l := newLab(t)
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", "theirs", "cleanup", 5, "vendor", "v")), wire.Own{})
	link := l.get("service", "1").Link
	l.set("service", "1", "description", "ours", "cleanup", 9)
	repair := wire.Own{Items: []wire.PayloadItem{{Op: wire.OpRepair, Kind: "service", UID: "u1", Name: "Cut", Undo: &wire.Undo{Key: "1", Gen: 1}}}}
	plans := l.run(job(0), repair)
	wantPlan(t, plans[0], merge.Update, "")
	l.wantField("service", "1", "description", "theirs")
	l.wantField("service", "1", "cleanup", 9)
	if now := l.get("service", "1").Link; string(item.AppendLink(nil, now)) != string(item.AppendLink(nil, link)) {
		t.Error("a repair moved a base")
	}
	if list := plans[0].Exceptions(); len(list) != 1 || list[0].Code != string(merge.OverwroteDrift) || list[0].Field != "description" {
		t.Errorf("it is told as %+v", list)
	}
	wantPlan(t, l.run(job(0), repair)[0], merge.Equal, "")
	wantPlan(t, l.run(job(0), wire.Own{Items: []wire.PayloadItem{{Op: wire.OpRepair, Kind: "service", UID: "u7", Undo: &wire.Undo{Key: "7", Gen: 1}}}})[0], merge.Equal, merge.NotFound)
}

// The next sync undoes drift, and says so.
func TestSyncUndoesDrift(t *testing.T) {
	l := newLab(t)
	sync := put(t, "service", "u1", "name", "Cut", "description", "theirs")
	l.run(job(1, sync), wire.Own{})
	l.set("service", "1", "description", "ours")
	if len(merge.Drift(l.get("service", "1"), "")) != 1 {
		t.Error("it is no drift")
	}
	plans := l.run(job(2, sync), wire.Own{})
	if planned(plans[0], "description").Reason != merge.OverwroteDrift || len(merge.Drift(l.get("service", "1"), "")) != 0 {
		t.Errorf("the sync left %+v", merge.Drift(l.get("service", "1"), ""))
	}
}
