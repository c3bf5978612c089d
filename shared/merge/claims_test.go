package merge_test

import (
	"strings"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// TestAnItemIsOneItemsAlone: where two items of one job could mean the same item of
// the store, one writes to it and the other is named. It comes up where a job goes to
// the store that its items are from: the wrong source was chosen.
func TestAnItemIsOneItemsAlone(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(l *lab) (uid string) // of the item of ours that the second of the job is
		first  []any                     // fields of the job's first item, u1
		own    wire.Own
		says   string
	}{
		{"by name", func(l *lab) string { return l.uid("service", l.put("service", "name", "Cut")) }, []any{"name", "Cut"}, wire.Own{}, `"Cut" (1) has the same name and is another item of this sync`},
		{"by code", func(l *lab) string { return l.uid("service", l.put("service", "name", "Cut", "sku", "A 1")) }, []any{"name", "Fade", "sku", "a 1"}, wire.Own{},
			`the code a 1 belongs to "Cut" (1), which is another item of this sync`},
		{"by decision", func(l *lab) string { return l.uid("service", l.put("service", "name", "Cut")) }, []any{"name", "Fade"}, wire.Own{Decisions: map[string]string{"u1": "1"}},
			"the item chosen in the Test (service 1) is another item of this sync"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			uid := c.before(l)
			plans := l.run(job(1, put(t, "service", "u1", c.first...), put(t, "service", uid, "name", "Cut, renamed there")), c.own)
			if p := plans[0]; p.Action != merge.Park || p.Reason != merge.LinkedElsewhere || !strings.Contains(p.Why, c.says) {
				t.Errorf("the first is %s for %s: %s", p.Action, p.Reason, p.Why)
			}
			if it := l.get("service", "1"); plans[1].Action != merge.Adopt || it.Link.UID != uid || it.Fields.Get("name").Str() != "Cut, renamed there" {
				t.Errorf("the second is %s, and ours is %s", plans[1].Action, item.Append(nil, it))
			}
		})
	}
}

// TestTheLinksUIDComesFirst: of two items of a job of which one is what ours is linked
// to, and the other what it was before, the first alone writes to it.
func TestTheLinksUIDComesFirst(t *testing.T) {
	l := newLab(t)
	key := l.put("service", "name", "Cut")
	own := l.uid("service", key)
	l.run(job(1, put(t, "service", "u1", "name", "Cut")), wire.Own{})
	plans := l.run(job(2, put(t, "service", own, "name", "Ours, from elsewhere"), put(t, "service", "u1", "name", "Cut and go")), wire.Own{})
	if p := plans[0]; p.Action != merge.Park || p.Reason != merge.LinkedElsewhere || !strings.Contains(p.Why, `the same item as another of this sync, "Cut" (1)`) {
		t.Errorf("the first is %s for %s: %s", p.Action, p.Reason, p.Why)
	}
	if it := l.get("service", key); it.Link.UID != "u1" || it.Fields.Get("name").Str() != "Cut and go" {
		t.Errorf("ours is %s", item.Append(nil, it))
	}
}

func (l *lab) uid(kind, key string) string { return l.get(kind, key).UID(l.store) }
