package merge_test

import (
	"strings"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

func TestReferencesBecomeTheReceiversKeys(t *testing.T) {
	l := newLab(t)
	l.next = 40
	hair := put(t, "category", "c1", "name", "Hair")
	cut := put(t, "service", "u1", "name", "Cut", "category", item.UIDRef("category", "c1"), "parts", []any{item.UIDRef("category", "c1")})
	l.run(job(1, hair, cut), wire.Own{})
	l.wantField("service", "42", "category", item.Ref("category", "41"))
	l.wantField("service", "42", "parts", []any{item.Ref("category", "41")})
}

// A name matches within its category as the receiver keys it.
func TestNameMatchesWithinItsCategory(t *testing.T) {
	l := newLab(t)
	hair := l.put("category", "name", "Hair")
	l.put("service", "name", "Cut", "category", item.Ref("category", hair))
	l.put("service", "name", "Cut")
	plans := l.run(job(1, put(t, "category", "c1", "name", "hair"), put(t, "service", "u1", "name", "Cut", "category", item.UIDRef("category", "c1"))), wire.Own{})
	wantPlan(t, plans[1], merge.Adopt, "")
	if plans[1].Local.Key != "2" {
		t.Errorf("service %s was adopted, want 2", plans[1].Local.Key)
	}
}

// TestMissingReference: what becomes of an item whose reference the store lacks.
func TestMissingReference(t *testing.T) {
	chair := item.UIDRef("resource", "r9")
	rows := func(t *testing.T, col string) []item.Row { return []item.Row{row(t, 1, col, chair), row(t, 2, col, 5)} }
	for _, c := range []struct {
		name    string
		field   string
		source  func(t *testing.T) any
		without bool // the option "without missing parts"
		action  merge.Action
		want    any
		code    merge.Reason
	}{
		{"locked reference", "category", func(*testing.T) any { return item.UIDRef("category", "r9") }, false, merge.Park, "before", merge.MissingRef},
		{"locked reference, without missing parts", "category", func(*testing.T) any { return item.UIDRef("category", "r9") }, true, merge.Park, "before", merge.MissingRef},
		{"unlocked reference is left as it is", "vendor", func(*testing.T) any { return chair }, false, merge.Update, "before", merge.ReferenceAbsent},
		{"element of a locked set", "parts", func(*testing.T) any { return []any{"a", chair} }, false, merge.Park, "before", merge.MissingRef},
		{"element of a locked set, without missing parts", "parts", func(*testing.T) any { return []any{"a", chair} }, true, merge.Update, []any{"a"}, merge.MissingPart},
		{"element of an unlocked set", "resources", func(*testing.T) any { return []any{"a", chair} }, false, merge.Update, []any{"a"}, merge.MissingPart},
		{"element of an additive set", "ips", func(*testing.T) any { return []any{"a", chair} }, false, merge.Park, "before", merge.MissingRef},
		{"locked column", "tiers", func(t *testing.T) any { return rows(t, "amount") }, false, merge.Park, "before", merge.MissingRef},
		{"unlocked column", "tiers", func(t *testing.T) any { return rows(t, "rate") }, false, merge.Update, []item.Row{row(t, 1), row(t, 2, "rate", 5)}, merge.MissingPart},
		{"never column", "tiers", func(t *testing.T) any { return rows(t, "card") }, false, merge.Update, []item.Row{row(t, 1), row(t, 2)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			before := any([]any{})
			if c.want == "before" {
				before = "before"
			}
			first := put(t, "service", "u1", "name", "Cut", "description", "1", c.field, before)
			l.run(job(1, first), wire.Own{})
			pi := put(t, "service", "u1", "name", "Cut", "description", "2", c.field, c.source(t))
			pi.RefNames = map[string]string{"r9": "Chair by the window"}
			p := job(2, pi)
			p.Options.WithoutMissingParts = c.without
			plans := l.run(p, wire.Own{})
			if plans[0].Action != c.action {
				t.Fatalf("%s (%s), want %s", plans[0].Action, plans[0].Why, c.action)
			}
			l.wantField("service", "1", c.field, c.want)
			list := plans[0].Exceptions()
			if c.code == "" {
				if len(list) != 0 {
					t.Errorf("told as %+v", list)
				}
				return
			}
			if len(list) != 1 || list[0].Code != string(c.code) || !strings.Contains(list[0].Why, "Chair by the window") {
				t.Errorf("told as %+v", list)
			}
		})
	}
}

// Once what was missing is there, the next sync brings it.
func TestMissingReferenceComesLater(t *testing.T) {
	l := newLab(t)
	chair := item.UIDRef("resource", "r1")
	pi := put(t, "service", "u1", "name", "Cut", "vendor", chair, "resources", []any{chair})
	l.run(job(1, pi), wire.Own{})
	l.wantField("service", "1", "vendor", item.Value{})
	l.run(job(2, put(t, "resource", "r1", "name", "Chair"), pi), wire.Own{})
	l.wantField("service", "1", "resources", []any{item.Ref("resource", "2")})
}

// A reference to a kind that is not mapped, or only goes up, counts as an
// unmapped field (decision 31).
func TestReferenceToAnUnmappedKind(t *testing.T) {
	l := newLab(t)
	l.kind("resource").UploadOnly = true
	chair := item.UIDRef("resource", "r1")
	pi := put(t, "service", "u1", "name", "Cut", "vendor", item.UIDRef("form", "f1"), "parts", []any{chair}, "tiers", []item.Row{row(t, 1, "amount", chair, "rate", 3)})
	plans, planner := l.runWith(job(1, pi), wire.Own{})
	wantPlan(t, plans[0], merge.Create, "")
	l.wantField("service", "1", "tiers", []item.Row{row(t, 1, "rate", 3)})
	if list := planner.Unmapped(); len(list) != 3 {
		t.Errorf("told as %+v", list)
	}
}

// Two uids that mean one item here make one element.
func TestTwinReferencesMakeOneElement(t *testing.T) {
	l := newLab(t)
	l.put("resource", "name", "Chair")
	own := item.LocalUID(l.store, item.ID{Kind: "resource", Key: "1", Gen: 1})
	l.run(job(1, put(t, "resource", "r1", "name", "Chair")), wire.Own{})
	l.run(job(2, put(t, "service", "u1", "name", "Cut", "parts", []any{item.UIDRef("resource", "r1"), item.UIDRef("resource", own)})), wire.Own{})
	l.wantField("service", "2", "parts", []any{item.Ref("resource", "1")})
}
