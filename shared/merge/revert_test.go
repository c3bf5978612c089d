package merge_test

import (
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// reverting is the own part of a revert of one item.
func reverting(t testing.TB, uid string, before, written []any) wire.Own {
	return wire.Own{Items: []wire.PayloadItem{{
		Op: wire.OpRevert, Kind: "service", UID: uid, Name: "Cut", Fields: fields(t, before...), Written: fields(t, written...),
	}}}
}

func TestRevert(t *testing.T) {
	l := newLab(t)
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", "old", "cleanup", 5)), wire.Own{})
	sync := put(t, "service", "u1", "name", "Cut", "description", "new", "cleanup", 10)
	l.run(job(7, sync), wire.Own{})
	l.set("service", "1", "cleanup", 12)
	own := reverting(t, "u1", []any{"description", "old", "cleanup", 5, "tax", "T"}, []any{"description", "new", "cleanup", 10, "tax", item.Value{}})
	plans := l.run(job(1), own)
	wantPlan(t, plans[0], merge.Update, "")
	l.wantField("service", "1", "description", "old") // still what the sync wrote, though locked
	l.wantField("service", "1", "cleanup", 12)        // changed since
	l.wantField("service", "1", "tax", "T")           // a never field may return to its own store
	if r := planned(plans[0], "cleanup").Reason; r != merge.ChangedSince {
		t.Errorf("the field changed since is told as %s", r)
	}
	f, _ := l.get("service", "1").Link.Field("description")
	if !f.Base.Equal(item.MustText("old")) || f.Policy != item.Locked || f.From.SyncRev != 7 {
		t.Errorf("the link holds %+v", f)
	}

	again := l.run(job(1), own)
	wantPlan(t, again[0], merge.Keep, "")
	l.run(job(8, sync), wire.Own{})
	l.wantField("service", "1", "description", "old") // it stands until the source changes
	l.run(job(9, put(t, "service", "u1", "name", "Cut", "description", "newest")), wire.Own{})
	l.wantField("service", "1", "description", "newest")
}

func TestRevertOfWhatIsGone(t *testing.T) {
	l := newLab(t)
	plans := l.run(job(1), reverting(t, "u1", []any{"description", "old"}, []any{"description", "new"}))
	wantPlan(t, plans[0], merge.Skip, merge.NotFound)
}

func TestRevertLinksNothing(t *testing.T) {
	l := newLab(t)
	l.put("service", "name", "Cut", "description", "new")
	uid := item.LocalUID(l.store, item.ID{Kind: "service", Key: "1", Gen: 1})
	l.run(job(1), reverting(t, uid, []any{"description", "old"}, []any{"description", "new"}))
	l.wantField("service", "1", "description", "old")
	if l.get("service", "1").Link != nil {
		t.Error("a revert linked the item")
	}
}

func TestRevertOfAnUnmappedFieldIsSaid(t *testing.T) {
	l := newLab(t)
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", "new")), wire.Own{})
	l.field("service", "description").ReadOnly = true
	plans, planner := l.runWith(job(1), reverting(t, "u1", []any{"description", "old"}, []any{"description", "new"}))
	if list := planner.Unmapped(); len(plans[0].Write) > 0 || len(list) != 1 {
		t.Errorf("written %v, told as %+v", plans[0].Write, list)
	}
}
