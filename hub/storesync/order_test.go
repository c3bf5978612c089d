package storesync

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// kindsFrom reads "a:b,c?" as a kind a that refers to b, and to c by an unlocked
// field; "!" marks a never field.
func kindsFrom(specs ...string) (out []catalog.Kind) {
	for _, spec := range specs {
		name, refs, _ := strings.Cut(spec, ":")
		k := catalog.Kind{Name: name, Direction: catalog.Sync}
		for i, ref := range strings.FieldsFunc(refs, func(r rune) bool { return r == ',' }) {
			f := catalog.Field{Name: fmt.Sprint("f", i), Type: "reference", Ref: strings.TrimRight(ref, "?!"), Policy: item.Locked}
			if strings.HasSuffix(ref, "?") {
				f.Policy = item.Unlocked
			}
			if strings.HasSuffix(ref, "!") {
				f.Policy = item.Never
			}
			k.Fields = append(k.Fields, f)
		}
		out = append(out, k)
	}
	return out
}

func TestKindOrder(t *testing.T) {
	for _, c := range []struct{ kinds, want, cycles string }{
		{"a b c", "a b c", ""},
		{"a:b b:c c", "c b a", ""},
		{"a:a b:a", "a b", ""},
		{"a:b b:a?", "b a", ""},         // the unlocked reference gives way
		{"a:b? b:a", "a b", ""},         // whichever it is
		{"a:b! b:a", "a b", ""},         // what never travels orders nothing
		{"a:b b:a c:a", "a b c", "a+b"}, // both need each other: named
		{"x:a a:b b:c c:a,d d", "d a b c x", "a+b+c"},
		{"a:elsewhere b", "a b", ""},
	} {
		order, cycles := kindOrder(kindsFrom(strings.Fields(c.kinds)...), policies{})
		var named []string
		for _, g := range cycles {
			named = append(named, strings.Join(g, "+"))
		}
		if got := strings.Join(order, " "); got != c.want || strings.Join(named, " ") != c.cycles {
			t.Errorf("%s: ordered %q with cycles %q, want %q with %q", c.kinds, got, named, c.want, c.cycles)
		}
	}
}

func TestItemOrder(t *testing.T) {
	for _, c := range []struct{ items, want, circles string }{
		{"10 9 100", "9 10 100", ""},
		{"1>2 2>3 3", "3 2 1", ""},
		{"1>1 2>99", "1 2", ""},
		{"1>2 2>1 3>1", "2 1 3", "1"},
	} {
		var rows []*row
		for _, spec := range strings.Fields(c.items) {
			key, parent, has := strings.Cut(spec, ">")
			r := &row{Item: item.Item{ID: item.ID{Kind: "k", Key: key}}}
			if has {
				r.Fields = item.Fields{{Name: "parent", Value: item.Ref("k", parent)}}
			}
			rows = append(rows, r)
		}
		ordered, circles := itemOrder(rows)
		if got, round := keysOf(ordered), keysOf(circles); got != c.want || round != c.circles {
			t.Errorf("%s: ordered %q with circles at %q, want %q with %q", c.items, got, round, c.want, c.circles)
		}
	}
}

func keysOf(rows []*row) string {
	var keys []string
	for _, r := range rows {
		keys = append(keys, r.Key)
	}
	return strings.Join(keys, " ")
}

func TestAliases(t *testing.T) {
	a := newAliases([]store.Alias{
		{Kind: "k", UID: "a", SameAs: "b"}, {Kind: "k", UID: "b", SameAs: "c"}, {Kind: "k", UID: "x", SameAs: "c"},
		{Kind: "other", UID: "c", SameAs: "z"},
		{Kind: "k", UID: "p", SameAs: "q"}, {Kind: "k", UID: "q", SameAs: "p"},
	})
	for _, uid := range []string{"a", "b", "c", "x"} {
		if got := a.canonical("k", uid); got != "c" {
			t.Errorf("%s is %s, want c", uid, got)
		}
	}
	if got := a.others("k", "c"); !slices.Equal(got, []string{"a", "b", "x"}) {
		t.Errorf("c is also %v", got)
	}
	if p, q := a.canonical("k", "p"), a.canonical("k", "q"); p != "p" || q != "p" {
		t.Errorf("a circle ends at %s and %s", p, q)
	}
	if got := a.canonical("k", "unknown"); got != "unknown" {
		t.Errorf("an unknown uid is %s", got)
	}
}

// A deleted item's uid is an alias of the one that took its place: the same
// code, or, where there is none, the same name and category.
func TestPredecessors(t *testing.T) {
	text := func(name string) catalog.Field { return catalog.Field{Name: name, Type: "text", Policy: item.Locked} }
	kind := catalog.Kind{Name: "k", Direction: catalog.Sync, Match: catalog.Match{Name: "name", Code: []string{"sku"}}, Fields: []catalog.Field{text("name"), text("sku")}}
	s := newSalon("s", wire.Profile{})
	put := func(key, name, sku string, gen int64, dead bool) string {
		it := item.Item{ID: item.ID{Kind: "k", Key: key, Gen: gen}, Deleted: dead, Fields: item.Fields{{Name: "name", Value: item.MustText(name)}, {Name: "sku", Value: item.MustText(sku)}}}
		s.put(it)
		return it.UID("s")
	}
	byCode := put("1", "Cut", "c1", 1, true)
	heir := put("2", "Haircut", "c1", 1, false)
	byName := put("3", "Wash", "", 1, true)
	heirByName := put("3", "wash ", "", 2, false)
	put("4", "Colour", "x", 1, true) // the same name, but another code
	put("5", "Colour", "y", 1, false)
	put("6", "Perm", "", 1, true) // twins: nobody knows which took its place
	put("7", "Perm", "", 1, false)
	put("8", "Perm", "", 1, false)
	src, err := readSource(s, "s", []catalog.Kind{kind}, policies{}, func(string) bool { return true }, aliases{})
	if err != nil {
		t.Fatal(err)
	}
	got := src.predecessors(src.kinds["k"])
	if len(got) != 2 || !slices.Equal(got[heir], []string{byCode}) || !slices.Equal(got[heirByName], []string{byName}) {
		t.Errorf("predecessors are %v", got)
	}
}
