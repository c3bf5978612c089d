package merge_test

import (
	"errors"
	"testing"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

var errUnique = errors.New("the name is taken")

// TestSets: which elements there are, by the field's policy. Source and branch
// begin with the same first set unless the branch had its own.
func TestSets(t *testing.T) {
	type sets struct{ first, branch, source, want []any }
	for name, c := range map[string]struct {
		field string
		sets
		reason merge.Reason
	}{
		"locked: the source's":                                {"parts", sets{[]any{"a"}, []any{"a", "x"}, []any{"a", "b"}, []any{"a", "b"}}, merge.OverwroteDrift},
		"locked: follows":                                     {"parts", sets{[]any{"a"}, []any{"a"}, []any{"b"}, []any{"b"}}, merge.FollowsSource},
		"unlocked: follows while untouched":                   {"resources", sets{[]any{"a"}, []any{"a"}, []any{"a", "b"}, []any{"a", "b"}}, merge.FollowsSource},
		"unlocked: the branch's once changed":                 {"resources", sets{[]any{"a"}, []any{"a", "x"}, []any{"a", "b"}, []any{"a", "x"}}, merge.KeptBranch},
		"additive: added, dropped, and the branch's own stay": {"ips", sets{[]any{"a", "b"}, []any{"a", "b", "x"}, []any{"b", "c"}, []any{"b", "c", "x"}}, merge.FollowsSource},
		"additive: what the branch removed comes back":        {"ips", sets{[]any{"a", "b"}, []any{"b"}, []any{"a", "b"}, []any{"a", "b"}}, merge.FollowsSource},
		"additive: emptied at the source":                     {"ips", sets{[]any{"a"}, []any{"a", "x"}, []any{}, []any{"x"}}, merge.FollowsSource},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.run(job(1, put(t, "service", "u1", "name", "Cut", c.field, c.first)), wire.Own{})
			l.set("service", "1", c.field, c.branch)
			plans := l.run(job(2, put(t, "service", "u1", "name", "Cut", c.field, c.source)), wire.Own{})
			l.wantField("service", "1", c.field, c.want)
			if r := planned(plans[0], c.field).Reason; r != c.reason {
				t.Errorf("the reason is %s, want %s", r, c.reason)
			}
			again := l.run(job(3, put(t, "service", "u1", "name", "Cut", c.field, c.source)), wire.Own{})
			if len(again[0].Write) > 0 {
				t.Errorf("the next sync writes %v", again[0].Write)
			}
		})
	}
}

func TestSetsOnAFirstSync(t *testing.T) {
	for field, want := range map[string][]any{"parts": {"a"}, "resources": {"x"}, "ips": {"a", "x"}} {
		l := newLab(t)
		l.put("service", "name", "Cut", field, []any{"x"})
		l.run(job(1, put(t, "service", "u1", "name", "Cut", field, []any{"a"})), wire.Own{})
		l.wantField("service", "1", field, want)
	}
}

// Payroll (S3): the tiers and their amounts are locked, the rates the branch's,
// the card its own for ever.
func TestPolicyOfEachColumn(t *testing.T) {
	l := newLab(t)
	tiers := func(amount int, rate int) []item.Row {
		return []item.Row{row(t, 1, "amount", amount, "rate", rate, "card", "head office's"), row(t, 2, "amount", 2*amount, "rate", rate)}
	}
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "tiers", tiers(100, 5))), wire.Own{})
	l.wantField("service", "1", "tiers", []item.Row{row(t, 1, "amount", 100, "rate", 5), row(t, 2, "amount", 200, "rate", 5)})

	l.set("service", "1", "tiers", []item.Row{row(t, 1, "amount", 999, "rate", 7, "card", "ours"), row(t, 2, "amount", 200, "rate", 5), row(t, 3, "amount", 1)})
	plans := l.run(job(2, put(t, "service", "u1", "name", "Cut", "tiers", tiers(150, 6))), wire.Own{})
	l.wantField("service", "1", "tiers", []item.Row{row(t, 1, "amount", 150, "rate", 7, "card", "ours"), row(t, 2, "amount", 300, "rate", 6)})
	if r := planned(plans[0], "tiers").Reason; r != merge.KeptBranch {
		t.Errorf("a kept rate is told as %s", r)
	}
	base, _ := l.get("service", "1").Link.Field("tiers")
	if want := value(t, []item.Row{row(t, 1, "amount", 150, "rate", 6), row(t, 2, "amount", 300, "rate", 6)}); !base.Base.Equal(want) {
		t.Errorf("the base is %s", canonical(base.Base))
	}
	own := wire.Own{Reset: map[string][]string{"u1": {"tiers"}}}
	l.run(job(3, put(t, "service", "u1", "name", "Cut", "tiers", tiers(150, 6))), own)
	l.wantField("service", "1", "tiers", []item.Row{row(t, 1, "amount", 150, "rate", 6, "card", "ours"), row(t, 2, "amount", 300, "rate", 6)})
}

func TestTruncatingPOSDoesNotLoopInRows(t *testing.T) {
	l := newLab(t)
	l.maxText = 4
	pi := put(t, "service", "u1", "name", "Cut", "tiers", []item.Row{row(t, 1, "amount", "too long", "rate", "too long")})
	l.run(job(1, pi), wire.Own{})
	for rev := int64(2); rev < 4; rev++ {
		if plans := l.run(job(rev, pi), wire.Own{}); len(plans[0].Write) > 0 {
			t.Errorf("sync %d writes %v", rev, plans[0].Write)
		}
	}
}

// A column that this POS does not have is said, not dropped in silence.
func TestUnmappedColumnIsSaid(t *testing.T) {
	l := newLab(t)
	l.field("service", "tiers").Columns = []string{"amount"}
	_, planner := l.runWith(job(1, put(t, "service", "u1", "name", "Cut", "tiers", []item.Row{row(t, 1, "amount", 1, "rate", 2)})), wire.Own{})
	l.wantField("service", "1", "tiers", []item.Row{row(t, 1, "amount", 1)})
	if list := planner.Unmapped(); len(list) != 1 || list[0].Field != "Tiers · rate" {
		t.Errorf("told as %+v", list)
	}
}

func TestRowsAgainstNothing(t *testing.T) {
	for _, branch := range []any{item.Value{}, item.Null(), []any{}} {
		l := newLab(t)
		l.put("service", "name", "Cut", "parts", branch)
		l.run(job(1, put(t, "service", "u1", "name", "Cut", "parts", []any{"a"})), wire.Own{})
		l.wantField("service", "1", "parts", []any{"a"})
	}
}

// A role that head office renames is another element to the merge: the rate that the
// branch had set for the old one goes with it, and that is said.
func TestAnElementThatGoesTakesTheBranchsOwnWithIt(t *testing.T) {
	l := newLab(t)
	tier := func(n, amount, rate int) item.Row { return row(t, n, "amount", amount, "rate", rate) }
	l.run(job(1, put(t, "service", "u1", "name", "Cut", "tiers", []item.Row{tier(1, 100, 5), tier(2, 200, 5)})), wire.Own{})
	l.set("service", "1", "tiers", []item.Row{tier(1, 100, 7), tier(2, 200, 5)})
	plans := l.run(job(2, put(t, "service", "u1", "name", "Cut", "tiers", []item.Row{tier(2, 200, 5), tier(3, 100, 5)})), wire.Own{})
	l.wantField("service", "1", "tiers", []item.Row{tier(2, 200, 5), tier(3, 100, 5)})
	f := planned(plans[0], "tiers")
	if want := "Tiers lost rate “7” of “1”, which the store had set: the source has no such element any more"; f.Reason != merge.OwnGoes || f.Sentence() != want {
		t.Errorf("%s: %q, want %q", f.Reason, f.Sentence(), want)
	}
	if e := plans[0].Exceptions(); len(e) != 1 || e[0].Code != string(merge.OwnGoes) {
		t.Errorf("the result names %+v", e)
	}
	plans = l.run(job(3, put(t, "service", "u1", "name", "Cut", "tiers", []item.Row{tier(3, 100, 5)})), wire.Own{})
	if r := planned(plans[0], "tiers").Reason; r != merge.FollowsSource {
		t.Errorf("an element that goes as it came is told as %s", r)
	}
}
