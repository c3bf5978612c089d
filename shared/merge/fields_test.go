package merge_test

import (
	"slices"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// TestField is one field of a service that was synced once with "old" and
// changed at either end, under each policy.
func TestField(t *testing.T) {
	for _, c := range []struct {
		name           string
		field          string
		first          any // nil: the branch had its own value before the first sync
		branch, source any
		reset          bool
		want           any
		reason         merge.Reason
	}{
		{"locked, changed at the source", "description", "old", "old", "new", false, "new", merge.FollowsSource},
		{"locked, changed here: drift", "description", "old", "mine", "old", false, "old", merge.OverwroteDrift},
		{"locked, changed at both", "description", "old", "mine", "new", false, "new", merge.OverwroteDrift},
		{"locked, changed to the same", "description", "old", "new", "new", false, "new", merge.SameValue},
		{"unlocked, changed at the source", "cleanup", "old", "old", "new", false, "new", merge.FollowsSource},
		{"unlocked, changed here", "cleanup", "old", "mine", "old", false, "mine", merge.KeptBranch},
		{"unlocked, changed at both", "cleanup", "old", "mine", "new", false, "mine", merge.KeptBranch},
		{"unlocked, changed here, reset chosen in the Test", "cleanup", "old", "mine", "new", true, "new", merge.WasReset},
		{"unlocked, changed at the source alone, reset chosen", "cleanup", "old", "old", "new", true, "new", merge.FollowsSource},
		{"locked, changed here, reset chosen", "description", "old", "mine", "new", true, "new", merge.OverwroteDrift},
		{"unlocked, set to NULL here", "cleanup", "old", item.Null(), "new", false, item.Null(), merge.KeptBranch},
		{"unlocked, set to empty here", "cleanup", "old", "", "new", false, "", merge.KeptBranch},
		{"locked, NULL at the source", "description", "old", "old", item.Null(), false, item.Null(), merge.FollowsSource},
		{"locked, 12.50 against 12.5", "description", item.MustDecimal("12.5"), item.MustDecimal("12.50"), item.MustDecimal("12.500"), false, item.MustDecimal("12.5"), merge.SameValue},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			l.run(job(1, put(t, "service", "u1", "name", "Cut", c.field, c.first)), wire.Own{})
			l.set("service", "1", c.field, c.branch)
			var own wire.Own
			if c.reset {
				own.Reset = map[string][]string{"u1": {c.field}}
			}
			plans := l.run(job(2, put(t, "service", "u1", "name", "Cut", c.field, c.source)), own)
			l.wantField("service", "1", c.field, c.want)
			f := planned(plans[0], c.field)
			if f.Reason != c.reason {
				t.Errorf("the reason is %s, want %s", f.Reason, c.reason)
			}
			told := slices.ContainsFunc(plans[0].Exceptions(), func(e wire.Exception) bool { return e.Field == c.field && e.Why != "" })
			if want := c.reason != merge.FollowsSource && c.reason != merge.SameValue; told != want {
				t.Errorf("told: %v, want %v (%+v)", told, want, plans[0].Exceptions())
			}
		})
	}
}

// A kept field's base is the source's value: once the branch takes it up, it
// follows again.
func TestKeptFieldFollowsOnceItAgrees(t *testing.T) {
	l := newLab(t)
	l.put("service", "name", "Cut", "cleanup", 30)
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "cleanup", 15)), wire.Own{})
	l.wantField("service", "1", "cleanup", 30)
	l.set("service", "1", "cleanup", 15)
	l.run(job(2, put(t, "service", "u1", "name", "Cut", "cleanup", 20)), wire.Own{})
	l.wantField("service", "1", "cleanup", 20)
}

// Decision 3: a POS that truncates does not loop, nor does it count as drift.
func TestTruncatingPOSDoesNotLoop(t *testing.T) {
	for _, field := range []string{"description", "cleanup"} {
		l := newLab(t)
		l.maxText = 4
		pi := put(t, "service", "u1", "name", "Cut", field, "too long")
		l.run(job(1, pi), wire.Own{})
		l.wantField("service", "1", field, "too ")
		for rev := int64(2); rev < 4; rev++ {
			plans := l.run(job(rev, pi), wire.Own{})
			wantPlan(t, plans[0], merge.Equal, "")
		}
		plans := l.run(job(4, put(t, "service", "u1", "name", "Cut", field, "other and long")), wire.Own{})
		l.wantField("service", "1", field, "othe")
		if r := planned(plans[0], field).Reason; r != merge.FollowsSource {
			t.Errorf("%s: %s", field, r)
		}
	}
}

// Decision 7: a Test frozen at 9:00 does not undo the change of 9:30.
func TestNewerValueFromTheSameSourceStays(t *testing.T) {
	older := func(p wire.Payload, revs ...int64) wire.Payload { p.Items[0].SyncRev = revs[0]; return p }
	l := newLab(t)
	l.run(job(9, put(t, "service", "u1", "name", "Cut", "description", "9:30", "cleanup", 5)), wire.Own{})
	plans := l.run(older(job(1, put(t, "service", "u1", "name", "Cut", "description", "9:00", "cleanup", 1)), 3), wire.Own{})
	l.wantField("service", "1", "description", "9:30")
	l.wantField("service", "1", "cleanup", 5)
	if r := planned(plans[0], "description").Reason; r != merge.NewerHere || len(plans[0].Exceptions()) == 0 {
		t.Errorf("%s, told as %+v", r, plans[0].Exceptions())
	}
	if from := l.get("service", "1").Link.Fields[0].From.SyncRev; from != 9 {
		t.Errorf("the base comes from %d, want 9", from)
	}
	otherEpoch := older(job(1, put(t, "service", "u1", "name", "Cut", "description", "restored hub")), 2)
	otherEpoch.HubEpoch = "h2" // its revisions say nothing about ours
	l.run(otherEpoch, wire.Own{})
	l.wantField("service", "1", "description", "restored hub")
}

func TestNeverFieldsDoNotTravel(t *testing.T) {
	l := newLab(t)
	l.put("service", "name", "Cut", "tax", "local")
	plans := l.run(job(1, put(t, "service", "u1", "name", "Cut", "tax", "head office's")), wire.Own{})
	l.wantField("service", "1", "tax", "local")
	if _, ok := l.get("service", "1").Link.Field("tax"); ok || !plans[0].Write.Get("tax").IsAbsent() {
		t.Error("a never field was carried")
	}
}

// A switch that is turned on makes a field locked from the next job on.
func TestPolicyOfTheJobDecides(t *testing.T) {
	l := newLab(t)
	l.put("service", "name", "Cut", "price", 30.0)
	pi := put(t, "service", "u1", "name", "Cut", "price", 10.0)
	l.run(job(1, pi), wire.Own{})
	l.wantField("service", "1", "price", 30.0)
	p := job(2, pi)
	for i, f := range p.Kinds[2].Fields {
		if f.Name == "price" {
			p.Kinds[2].Fields[i].Policy = item.Locked
		}
	}
	l.run(p, wire.Own{})
	l.wantField("service", "1", "price", 10.0)
	if f, _ := l.get("service", "1").Link.Field("price"); f.Policy != item.Locked {
		t.Errorf("the link's policy is %s", f.Policy)
	}
}

func TestUnmappedFieldIsSaidOnce(t *testing.T) {
	l := newLab(t)
	l.kind("service").Fields = slices.DeleteFunc(l.kind("service").Fields, func(f wire.ProfileField) bool { return f.Name == "description" })
	l.field("service", "price").ReadOnly = true
	items := []wire.PayloadItem{
		put(t, "service", "u1", "name", "Cut", "description", "A", "price", 1.0),
		put(t, "service", "u2", "name", "Wax", "description", "B"),
	}
	plans, planner := l.runWith(job(1, items...), wire.Own{})
	if f := planned(plans[0], "description"); f.Reason != merge.FieldNotMapped || f.Write {
		t.Errorf("the field is planned as %+v", f)
	}
	l.wantField("service", "1", "description", item.Value{})
	l.wantField("service", "1", "price", item.Value{})
	if list := planner.Unmapped(); len(list) != 2 || list[0].Field != "Price" || list[1].Field != "Service Description" {
		t.Errorf("told as %+v", list)
	}
}

func TestRequiredFieldParksOnlyACreation(t *testing.T) {
	for name, c := range map[string]struct {
		value any
		def   bool
		want  merge.Action
	}{
		"the source has none": {item.Value{}, false, merge.Park}, "the source has NULL": {item.Null(), false, merge.Park},
		"the source has one": {"x", false, merge.Create}, "the mapping has a default": {item.Value{}, true, merge.Create},
	} {
		l := newLab(t)
		l.field("service", "description").Required = true
		l.field("service", "description").Default = c.def
		plans := l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", c.value)), wire.Own{})
		if plans[0].Action != c.want {
			t.Errorf("%s: %s (%s)", name, plans[0].Action, plans[0].Why)
		}
	}
}

func TestKindsThatCannotBeApplied(t *testing.T) {
	l := newLab(t)
	l.kind("service").Paused = "table Service lost its column Price"
	l.kind("resource").UploadOnly = true
	p := job(1, put(t, "category", "c1", "name", "Hair"), put(t, "resource", "r1", "name", "Chair"), put(t, "service", "u1", "name", "Cut"))
	p.Items = append(p.Items, wire.PayloadItem{Op: wire.OpPut, Kind: "form", UID: "f1"})
	plans := l.run(p, wire.Own{Items: []wire.PayloadItem{del("service", "u2")}})
	wantPlan(t, plans[0], merge.Create, "") // the rest goes on (rule 13)
	wantPlan(t, plans[1], merge.Skip, merge.KindNotMapped)
	wantPlan(t, plans[2], merge.Park, merge.KindPaused)
	wantPlan(t, plans[3], merge.Skip, merge.KindNotMapped)
	wantPlan(t, plans[4], merge.Park, merge.KindPaused)
}

// Decision 30: a parked item's base does not move.
func TestParkedItemKeepsItsLink(t *testing.T) {
	l := newLab(t)
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", "old")), wire.Own{})
	before := l.get("service", "1")
	planner := l.planner(job(2, put(t, "service", "u1", "name", "Cut", "description", "new")), wire.Own{})
	plan, err := planner.Plan(0)
	if err != nil {
		t.Fatal(err)
	}
	plan = plan.Refused(errUnique)
	wantPlan(t, plan, merge.Park, merge.POSRefused)
	if plan.Writes() || plan.Link(before) != before.Link {
		t.Error("a parked item would be written")
	}
	if list := plan.Exceptions(); len(list) != 1 || list[0].Code != string(merge.POSRefused) {
		t.Errorf("told as %+v", list)
	}
}
