package merge_test

import (
	"strings"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// TestMatch goes through the domain's rule sentence by sentence.
func TestMatch(t *testing.T) {
	cut := func(t *testing.T) wire.PayloadItem { return put(t, "service", "u1", "name", "Cut") }
	coded := func(t *testing.T) wire.PayloadItem { return put(t, "service", "u1", "name", "Cut", "sku", "A 1") }
	for _, c := range []struct {
		name   string
		before func(l *lab)
		item   func(t *testing.T) wire.PayloadItem
		opts   wire.Options
		own    wire.Own
		action merge.Action
		reason merge.Reason
		says   []string // parts of Why
	}{
		{name: "by its link's uid, whatever its name", before: func(l *lab) {
			l.run(job(1, put(l.t, "service", "u1", "name", "Cut")), wire.Own{})
			l.set("service", "1", "name", "Renamed here")
		}, item: cut, action: merge.Update},
		{name: "by an alias: a deleted predecessor's uid", before: func(l *lab) {
			l.run(job(1, put(l.t, "service", "u0", "name", "Cut old")), wire.Own{})
		}, item: func(t *testing.T) wire.PayloadItem {
			pi := cut(t)
			pi.Aliases = []string{"u0"}
			return pi
		}, action: merge.Update},
		{name: "by identity code among unlinked items", before: func(l *lab) { l.put("service", "name", "Other name", "sku", "a 1") }, item: coded, action: merge.Adopt},
		{name: "by code before name", before: func(l *lab) {
			l.put("service", "name", "Cut")
			l.put("service", "name", "Other", "sku", "A 1")
		}, item: coded, action: merge.Adopt},
		{name: "by normalised name", before: func(l *lab) { l.put("service", "name", "  CUT ") }, item: cut, action: merge.Adopt},
		{name: "a code with an empty part does not exist", before: func(l *lab) { l.put("service", "name", "Other", "sku", "") }, item: func(t *testing.T) wire.PayloadItem {
			return put(t, "service", "u1", "name", "Cut", "sku", "")
		}, action: merge.Create},
		{name: "two candidates by name are an error naming them", before: func(l *lab) {
			l.put("service", "name", "Cut")
			l.put("service", "name", "CUT")
		}, item: cut, action: merge.Park, reason: merge.Ambiguous, says: []string{`"Cut" (1)`, `"CUT" (2)`}},
		{name: "two candidates by code are an error naming them", before: func(l *lab) {
			l.put("service", "name", "X", "sku", "A 1")
			l.put("service", "name", "Y", "sku", "a  1")
		}, item: coded, action: merge.Park, reason: merge.Ambiguous, says: []string{`"X" (1)`, `"Y" (2)`}},
		{name: "twins at the source match no name", before: func(l *lab) { l.put("service", "name", "Cut") }, item: func(t *testing.T) wire.PayloadItem {
			pi := cut(t)
			pi.NameTwins = true
			return pi
		}, action: merge.Park, reason: merge.Ambiguous, says: []string{`"Cut" (1)`, "more than one at the source"}},
		{name: "twins at the source match no code", before: func(l *lab) { l.put("service", "name", "X", "sku", "A 1") }, item: func(t *testing.T) wire.PayloadItem {
			pi := coded(t)
			pi.CodeTwins = true
			return pi
		}, action: merge.Park, reason: merge.Ambiguous, says: []string{`"X" (1)`}},
		{name: "a name match whose non-empty codes differ is an error", before: func(l *lab) { l.put("service", "name", "Cut", "sku", "B 2") },
			item: coded, action: merge.Park, reason: merge.CodesDiffer, says: []string{"b 2", "a 1", `"Cut" (1)`}},
		{name: "a name match with one code empty is a match", before: func(l *lab) { l.put("service", "name", "Cut") }, item: coded, action: merge.Adopt},
		{name: "an equal name in another category creates, and warns", before: func(l *lab) {
			l.put("service", "name", "Cut", "category", item.Ref("category", l.put("category", "name", "Hair")))
		}, item: cut, action: merge.Create, reason: merge.SameNameElse, says: []string{`"Cut"`}},
		{name: "an item linked to another live uid is an error, by name", before: func(l *lab) {
			l.run(job(1, put(l.t, "service", "u7", "name", "Cut")), wire.Own{})
		}, item: cut, action: merge.Park, reason: merge.LinkedElsewhere, says: []string{`"Cut" (1)`, "same item"}},
		{name: "an item linked to another live uid is an error, by code", before: func(l *lab) {
			l.run(job(1, put(l.t, "service", "u7", "name", "Other", "sku", "A 1")), wire.Own{})
		}, item: coded, action: merge.Park, reason: merge.LinkedElsewhere, says: []string{`"Other" (1)`, "same item"}},
		{name: "an item of the same name but another code is another item", before: func(l *lab) {
			l.run(job(1, put(l.t, "service", "u7", "name", "Cut", "sku", "B 2")), wire.Own{})
		}, item: coded, action: merge.Create},
		{name: "a decision of the Test settles it", before: func(l *lab) {
			l.put("service", "name", "Cut")
			l.put("service", "name", "CUT")
		}, item: cut, own: wire.Own{Decisions: map[string]string{"u1": "2"}}, action: merge.Adopt},
		{name: "a decision to keep separate creates", before: func(l *lab) { l.put("service", "name", "Cut") }, item: cut,
			own: wire.Own{Decisions: map[string]string{"u1": ""}}, action: merge.Create},
		{name: "a decision for an item that is gone parks", before: func(*lab) {}, item: cut,
			own: wire.Own{Decisions: map[string]string{"u1": "9"}}, action: merge.Park, reason: merge.Ambiguous, says: []string{"9", "Test again"}},
		{name: "a decision for an item linked since parks", before: func(l *lab) {
			l.run(job(1, put(l.t, "service", "u7", "name", "Wax")), wire.Own{})
		}, item: cut, own: wire.Own{Decisions: map[string]string{"u1": "1"}}, action: merge.Park, reason: merge.LinkedElsewhere, says: []string{"Test again"}},
		{name: "without adoption an equal name is left alone and reported", before: func(l *lab) { l.put("service", "name", "Cut") }, item: cut,
			opts: wire.Options{NoAdopt: true}, action: merge.Skip, reason: merge.NotAdopted, says: []string{"Cut"}},
		{name: "without adoption a person may still decide it", before: func(l *lab) { l.put("service", "name", "Cut") }, item: cut,
			own: wire.Own{Decisions: map[string]string{"u1": "1"}}, opts: wire.Options{NoAdopt: true}, action: merge.Adopt},
		{name: "only new leaves what is linked", before: func(l *lab) {
			l.run(job(1, put(l.t, "service", "u1", "name", "Old")), wire.Own{})
		}, item: cut, opts: wire.Options{OnlyNew: true}, action: merge.Skip, reason: merge.OnlyNewItems},
		{name: "only new creates what is missing", before: func(*lab) {}, item: cut, opts: wire.Options{OnlyNew: true}, action: merge.Create},
		{name: "only linked leaves an equal name alone", before: func(l *lab) { l.put("service", "name", "Cut") }, item: cut,
			opts: wire.Options{OnlyLinked: true}, action: merge.Skip, reason: merge.NotLinked},
		{name: "only linked creates nothing", before: func(*lab) {}, item: cut, opts: wire.Options{OnlyLinked: true}, action: merge.Skip, reason: merge.NotLinked},
		{name: "only linked refuses nothing that it leaves alone", before: func(l *lab) {
			l.put("service", "name", "Cut")
			l.put("service", "name", "CUT")
		}, item: cut, opts: wire.Options{OnlyLinked: true}, action: merge.Skip, reason: merge.NotLinked},
		{name: "only linked changes what is", before: func(l *lab) {
			l.run(job(1, put(l.t, "service", "u1", "name", "Old")), wire.Own{})
		}, item: cut, opts: wire.Options{OnlyLinked: true}, action: merge.Update},
		{name: "an item that went away since it was listed parks", before: func(l *lab) {
			l.put("service", "name", "Cut")
			l.gone[[2]string{"service", "1"}] = true
		}, item: cut, action: merge.Park, reason: merge.NotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			c.before(l)
			p := job(2, c.item(t))
			p.Options = c.opts
			plans := l.run(p, c.own)
			wantPlan(t, plans[0], c.action, c.reason)
			for _, part := range c.says {
				if !strings.Contains(plans[0].Why, part) {
					t.Errorf("%q does not say %q", plans[0].Why, part)
				}
			}
			if c.reason != "" && c.reason != merge.NotLinked && len(plans[0].Exceptions()) == 0 {
				t.Error("nobody is told")
			}
		})
	}
}

// Twins of the source are created one beside the other where the store has none.
func TestTwinsOfTheSourceAreCreated(t *testing.T) {
	l := newLab(t)
	a, b := put(t, "service", "u1", "name", "Cut", "sku", "A"), put(t, "service", "u2", "name", "Cut", "sku", "A")
	for _, pi := range []*wire.PayloadItem{&a, &b} {
		pi.CodeTwins, pi.NameTwins = true, true
	}
	for n, p := range l.run(job(1, a, b), wire.Own{}) {
		if p.Action != merge.Create {
			t.Errorf("item %d: %s (%s)", n, p.Action, p.Why)
		}
	}
	if again := l.run(job(2, a, b), wire.Own{}); again[0].Action != merge.Equal || again[1].Action != merge.Equal {
		t.Errorf("again: %s, %s", again[0].Action, again[1].Action)
	}
}

// What was found by an alias takes the uid that lives on, so that references to
// it are found afterwards.
func TestAliasTakesTheLivingUID(t *testing.T) {
	l := newLab(t)
	l.run(job(1, put(t, "category", "c0", "name", "Hair")), wire.Own{})
	category := put(t, "category", "c1", "name", "Hair")
	category.Aliases = []string{"c0"}
	plans := l.run(job(2, category, put(t, "service", "u1", "name", "Cut", "category", item.UIDRef("category", "c1"))), wire.Own{})
	wantPlan(t, plans[1], merge.Create, "")
	if got := l.get("category", "1").Link.UID; got != "c1" {
		t.Errorf("the link's uid is %s, want c1", got)
	}
}

// An adopted item is still found by its own uid: other stores may hold copies of
// it. Its link stays as it is.
func TestAdoptedItemIsFoundByItsOwnUID(t *testing.T) {
	l := newLab(t)
	l.put("service", "name", "Cut")
	own := item.LocalUID(l.store, item.ID{Kind: "service", Key: "1", Gen: 1})
	l.run(job(1, put(t, "service", "u1", "name", "Cut")), wire.Own{})
	plans := l.run(job(2, put(t, "service", own, "name", "New")), wire.Own{})
	wantPlan(t, plans[0], merge.Update, "")
	if got := l.get("service", "1").Link.UID; got != "u1" {
		t.Errorf("the link's uid is %s, want u1", got)
	}
}

func TestAdoptionKeepsBirthAndIsSaid(t *testing.T) {
	l := newLab(t)
	l.put("service", "name", "our  cut", "sku", "A")
	plans := l.run(job(1, put(t, "service", "u1", "name", "Cut", "sku", "A")), wire.Own{})
	link := l.get("service", "1").Link
	if link == nil || link.UID != "u1" || link.Birth != item.BornLocal || !link.Adopted {
		t.Fatalf("the link is %+v", link)
	}
	list := plans[0].Exceptions()
	if len(list) == 0 || list[0].Action != string(merge.Adopt) || list[0].Name != "Cut" || list[0].Key != "1" || !strings.Contains(list[0].Why, "our  cut") {
		t.Errorf("the exceptions are %+v", list)
	}
}

// Reference parts of a code compare by the looked-up text: two stores have other
// keys for the same vendor.
func TestCodeWithReference(t *testing.T) {
	kinds := []wire.PayloadKind{{Name: "service", Match: wire.PayloadMatch{Code: []string{"vendor", "sku"}}}, {Name: "vendor", Match: wire.PayloadMatch{Name: "name"}}}
	x := merge.NewIndex("branch", kinds)
	x.Put(item.Item{ID: item.ID{Kind: "service", Key: "7", Gen: 1}, Fields: fields(t, "vendor", item.Ref("vendor", "3"), "sku", "X")})
	if got := x.CodeOf("service", "7"); got != "" {
		t.Errorf("a code without its vendor is %q", got)
	}
	x.Put(item.Item{ID: item.ID{Kind: "vendor", Key: "3", Gen: 1}, Fields: fields(t, "name", "ACME  Ltd")})
	if got, want := x.CodeOf("service", "7"), "acme ltd\x1fx"; got != want || x.CountCode("service", want) != 1 {
		t.Errorf("the code is %q, counted %d", got, x.CountCode("service", want))
	}
	x.Put(item.Item{ID: item.ID{Kind: "vendor", Key: "3", Gen: 1}, Fields: fields(t, "name", "Bolt")})
	if x.CountCode("service", "acme ltd\x1fx") != 0 || x.CountCode("service", "bolt\x1fx") != 1 {
		t.Error("a vendor's new name did not reach the code")
	}
	x.Put(item.Item{ID: item.ID{Kind: "service", Key: "7", Gen: 1}, Deleted: true})
	if x.CountCode("service", "bolt\x1fx") != 0 {
		t.Error("a tombstone keeps its code")
	}
}

func TestCountName(t *testing.T) {
	l := newLab(t)
	x := merge.NewIndex(l.store, labKinds())
	for range 2 {
		x.Put(l.get("service", l.put("service", "name", "Cut", "category", item.Ref("category", "9"))))
	}
	x.Put(l.get("service", l.put("service", "name", "cut")))
	if a, b := x.CountName("service", "cut", "9"), x.CountName("service", "cut", ""); a != 2 || b != 1 {
		t.Errorf("counted %d and %d, want 2 and 1", a, b)
	}
}
