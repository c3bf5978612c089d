package merge_test

import (
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// S3's matrix of a first sync: "Field From Flagship to be Synced | Is The Service
// on Both Businesses' Menu? | Is the Field Locked? | Will it Sync and Overwrite?"
func TestS3FirstSync(t *testing.T) {
	for _, row := range []struct {
		name      string
		field     string
		both      bool
		flagship  any
		branch    any
		overwrite bool
	}{
		{"Service Name | Yes | Yes | Yes", "name", true, "Women's Haircut", "women's  HAIRCUT", true},
		{"Cleanup Time | No | No | Yes", "cleanup", false, 15, 30, true},
		{"Service Description | No | Yes | Yes", "description", false, "Brief", "Other", true},
		{"House Call | Yes | No | No", "house_call", true, true, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLab(t)
			key := "1"
			if row.both {
				l.put("service", "name", "women's  HAIRCUT", row.field, row.branch)
			} else {
				key = "2"
				l.put("service", "name", "Another service", row.field, row.branch)
			}
			plans := l.run(job(1, put(t, "service", "u1", "name", "Women's Haircut", row.field, row.flagship)), wire.Own{})
			if want := map[bool]merge.Action{true: merge.Adopt, false: merge.Create}[row.both]; plans[0].Action != want {
				t.Errorf("the service was to be %s: %s %s", want, plans[0].Action, plans[0].Why)
			}
			if row.overwrite {
				l.wantField("service", key, row.field, row.flagship)
			} else {
				l.wantField("service", key, row.field, row.branch)
			}
			if !row.both {
				l.wantField("service", "1", row.field, row.branch)
			}
		})
	}
}

// S3's matrix of later syncs: "Field From Flagship to be Synced | Did the Flagship
// Modify the Field? | Is the Field Locked? | Did Field Match the Flagship During
// the Last Sync? | Will it Sync and Overwrite?" A local edit made since is kept,
// as the field notes demand (1-domain decides the contradiction).
func TestS3LaterSync(t *testing.T) {
	for _, row := range []struct {
		name          string
		field         string
		before, after any // at the flagship
		atBranch      any // after the last sync
		want          any
		reason        merge.Reason
	}{
		{"Service Name | Yes | Yes | Yes | Yes", "name", "Women's Haircut", "Ladies' Haircut", "Women's Haircut", "Ladies' Haircut", merge.FollowsSource},
		{"Cleanup Time | Yes | No | Yes | Yes", "cleanup", 15, 20, 15, 20, merge.FollowsSource},
		{"Service Description | No | Yes | Yes | N/A (No Change)", "description", "Brief", "Brief", "Brief", "Brief", merge.SameValue},
		{"House Call | Yes | No | No | No", "house_call", true, nil, false, false, merge.KeptBranch},
		{"Cleanup Time, edited at the location since the last sync", "cleanup", 15, 20, 45, 45, merge.KeptBranch},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLab(t)
			first := []any{"name", "Women's Haircut", row.field, row.before}
			if row.field == "name" {
				first = first[:2]
			}
			l.run(job(1, put(t, "service", "u1", first...)), wire.Own{})
			l.set("service", "1", row.field, row.atBranch)
			pi := put(t, "service", "u1", first...)
			pi.Fields = pi.Fields.With(row.field, value(t, row.after))
			plans := l.run(job(2, pi), wire.Own{})
			l.wantField("service", "1", row.field, row.want)
			if got := planned(plans[0], row.field).Reason; got != row.reason {
				t.Errorf("the reason is %s, want %s", got, row.reason)
			}
		})
	}
}

// House Call of the first matrix, one sync later: kept on the first sync, so it
// did not match then, so it stays.
func TestS3KeptOnFirstSyncStaysKept(t *testing.T) {
	l := newLab(t)
	l.put("service", "name", "Cut", "house_call", false)
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "house_call", true)), wire.Own{})
	plans := l.run(job(2, put(t, "service", "u1", "name", "Cut", "house_call", nil)), wire.Own{})
	l.wantField("service", "1", "house_call", false)
	wantPlan(t, plans[0], merge.Keep, "")
}

func TestS2Rules(t *testing.T) {
	t.Run("If the item doesn't exist yet on the branch, it's created", func(t *testing.T) {
		l := newLab(t)
		plans := l.run(job(1, put(t, "service", "u1", "name", "Cut", "price", 12.5)), wire.Own{})
		wantPlan(t, plans[0], merge.Create, "")
		if link := l.get("service", "1").Link; link == nil || link.UID != "u1" || link.Birth != item.BornNetwork || link.Adopted {
			t.Errorf("the copy is linked as %+v", link)
		}
		l.wantField("service", "1", "price", 12.5)
	})
	t.Run("If it already exists (because it came from the head office before), it's updated", func(t *testing.T) {
		l := newLab(t)
		l.run(job(1, put(t, "service", "u1", "name", "Cut", "description", "A", "price", 10.0)), wire.Own{})
		plans := l.run(job(2, put(t, "service", "u1", "name", "New name", "description", "B", "price", 11.0)), wire.Own{})
		wantPlan(t, plans[0], merge.Update, "")
		if len(l.items) != 1 {
			t.Errorf("there are %d items, want 1", len(l.items))
		}
		l.wantField("service", "1", "name", "New name")
		l.wantField("service", "1", "price", 11.0)
	})
	t.Run("Each copy stays linked to the original, so the next updates find the right copy", func(t *testing.T) {
		l := newLab(t)
		l.run(job(1, put(t, "service", "u1", "name", "Cut"), put(t, "service", "u2", "name", "Wax")), wire.Own{})
		l.run(job(2, put(t, "service", "u1", "name", "Wax"), put(t, "service", "u2", "name", "Cut")), wire.Own{})
		l.wantField("service", "1", "name", "Wax")
		l.wantField("service", "2", "name", "Cut")
	})
	t.Run("Items created on the branch itself are preserved", func(t *testing.T) {
		l := newLab(t)
		l.put("service", "name", "Our special", "price", 99.0)
		before := l.get("service", "1")
		l.run(job(1, put(t, "service", "u1", "name", "Cut"), del("service", "u9")), wire.Own{})
		if got := l.get("service", "1"); !got.Fields.Equal(before.Fields) || got.Link != nil {
			t.Errorf("the branch's own item became %+v", got)
		}
	})
}
