package capture

import (
	"fmt"
	"testing"

	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/shared/item"
)

// byName is the sameness of these tests.
func byName(before, now item.Item) (bool, error) {
	return before.Fields.Get("name").Equal(now.Fields.Get("name")), nil
}

func named(name string) item.Fields {
	return item.Fields{{Name: "name", Value: item.MustText(name)}}
}

// recordRow is the record's row of key 7: "A" in a generation, or its tombstone.
func recordRow(gen int64, dead bool) *outbox.Row {
	it := item.Item{ID: item.ID{Kind: "service", Key: "7", Gen: gen}, Fields: named("A"), Deleted: dead}
	return &outbox.Row{ID: it.ID, Dead: dead, Body: item.Append(nil, it)}
}

func linkRow(gen int64, dead bool) pos.LinkRow {
	row := pos.LinkRow{ID: item.ID{Kind: "service", Key: "7", Gen: gen}, Dead: dead}
	if !dead {
		base := item.LinkField{Name: "name", Base: item.MustText("A"), Policy: item.Locked}
		row.UID, row.Link = "u", &item.Link{UID: "u", Birth: item.BornNetwork, Fields: []item.LinkField{base}}
	}
	return row
}

func generation(gen int64, dead bool) outbox.Generation {
	return outbox.Generation{Key: outbox.Key{Kind: "service", Key: "7"}, Gen: gen, Dead: dead}
}

// seenAs is a sighting of key 7; name "" means that nothing is there.
func seenAs(name string, s sighting) sighting {
	s.rec.Item = item.Item{ID: item.ID{Kind: "service", Key: "7"}}
	if s.rec.Exists = name != ""; s.rec.Exists {
		s.rec.Item.Fields = named(name)
	}
	return s
}

func TestIdentify(t *testing.T) {
	none, alive1, dead1 := pos.LinkRow{}, linkRow(1, false), linkRow(1, true)
	alive2, dead2 := linkRow(2, false), linkRow(2, true)
	with := func(row pos.LinkRow, s sighting) sighting { s.rec.Row = row; return s }
	cases := []struct {
		name string
		s    sighting
		want string // items as "gen", "gen+" with a link, "gen†" dead; then what is unsettled
	}{
		{"new", seenAs("A", with(none, sighting{})), "1"},
		{"new to a lost record, linked", seenAs("A", with(alive2, sighting{})), "2+"},
		{"new to a lost record, deleted between, the link's item", seenAs("A", with(alive2, sighting{gone: true})), "2+"},
		{"new to a lost record, deleted between, another", seenAs("B", with(alive2, sighting{gone: true})), "3 2† 3"},
		{"new to a lost record, the last one dead", seenAs("A", with(dead2, sighting{})), "3 3"},
		{"changed", seenAs("B", with(none, sighting{prev: recordRow(1, false)})), "1"},
		{"changed, linked", seenAs("B", with(alive1, sighting{prev: recordRow(1, false)})), "1+"},
		{"changed, links older than the record", seenAs("B", with(alive1, sighting{prev: recordRow(2, false)})), "2 1† 2"},
		{"changed, links newer than the record", seenAs("B", with(alive2, sighting{prev: recordRow(1, false)})), "1† 2+"},
		{"changed after a restore, the same", seenAs("A", with(none, sighting{prev: recordRow(1, false), judge: true})), "1"},
		{"changed after a restore, another", seenAs("B", with(none, sighting{prev: recordRow(1, false), judge: true})), "1† 2 1† 2"},
		{"deleted between, the same", seenAs("A", with(alive1, sighting{prev: recordRow(1, false), gone: true})), "1+"},
		{"deleted between, another", seenAs("B", with(alive1, sighting{prev: recordRow(1, false), gone: true})), "1† 2 1† 2"},
		{"deleted unseen, as links say", seenAs("B", with(dead1, sighting{prev: recordRow(1, false)})), "1† 2 2"},
		{"back, the same, its death not settled", seenAs("A", with(alive1, sighting{prev: recordRow(1, true)})), "1+"},
		{"back, the same, its death settled", seenAs("A", with(dead1, sighting{prev: recordRow(1, true)})), "1 1"},
		{"back, another", seenAs("B", with(dead1, sighting{prev: recordRow(1, true)})), "2 2"},
		{"back, renamed before its return was settled",
			seenAs("B", with(dead1, sighting{prev: recordRow(1, false), unsettled: []outbox.Generation{generation(1, false)}})), "1"},
		{"vanished", seenAs("", with(none, sighting{prev: recordRow(1, false), gone: true})), "1† 1†"},
		{"vanished, its death settled by a job", seenAs("", with(dead1, sighting{prev: recordRow(1, false), gone: true})), "1†"},
		{"vanished again", seenAs("", with(dead1, sighting{prev: recordRow(1, true), gone: true})), ""},
		{"vanished before the record saw it", seenAs("", with(alive2, sighting{gone: true})), " 2†"},
		{"never seen at all", seenAs("", with(none, sighting{gone: true})), ""},
		{"goes up only", seenAs("B", with(alive2, sighting{uploadOnly: true, gone: true, judge: true})), "0"},
		{"goes up only, vanished", seenAs("", with(none, sighting{uploadOnly: true, prev: recordRow(0, false)})), "0†"},
	}
	for _, c := range cases {
		v, err := identify(c.s, byName)
		if got := brief(v); err != nil || got != c.want {
			t.Errorf("%s: %q, want %q; %v", c.name, got, c.want, err)
		}
	}
}

// TestWhatIsSettledIsWithdrawn: a death that was still to be written must not be,
// once the item is back.
func TestWhatIsSettledIsWithdrawn(t *testing.T) {
	s := seenAs("A", sighting{prev: recordRow(1, true), unsettled: []outbox.Generation{generation(1, true)}})
	v, err := identify(s, byName)
	if err != nil || len(v.unsettled) != 0 || len(v.settled) != 1 || v.settled[0] != generation(1, true) {
		t.Errorf("without links: %+v, %v", v, err)
	}
	s.rec.Row = linkRow(1, false)
	if v, err = identify(s, byName); err != nil || len(v.unsettled) != 0 || len(v.settled) != 1 {
		t.Errorf("with a living link: %+v, %v", v, err)
	}
}

func brief(v verdict) (out string) {
	space := ""
	for _, it := range v.items {
		out += fmt.Sprint(space, it.Gen)
		if it.Link != nil {
			out += "+"
		}
		if it.Deleted {
			out += "†"
		}
		space = " "
	}
	for _, g := range v.unsettled {
		out += fmt.Sprint(" ", g.Gen)
		if g.Dead {
			out += "†"
		}
	}
	return out
}
