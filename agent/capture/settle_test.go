package capture

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/shared/item"
)

// fatal is a test or a rapid check.
type fatal interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// oneKey is what record and plait_links hold of one key, and what is to be settled
// between them.
type oneKey struct {
	prev      *outbox.Row
	unsettled []outbox.Generation
	links     map[int64]pos.LinkRow
	log       []string
}

// clone is a copy, as a backup of the POS file or of agent.db holds it.
func (k *oneKey) clone() oneKey {
	return oneKey{prev: k.prev, unsettled: slices.Clone(k.unsettled), links: maps.Clone(k.links)}
}

func (k *oneKey) newest() (row pos.LinkRow) {
	for gen, r := range k.links {
		if gen > row.Gen {
			row = r
		}
	}
	return row
}

// settle does to plait_links what its rows do (pos's settleLink).
func settle(links map[int64]pos.LinkRow, g outbox.Generation) {
	row := pos.LinkRow{ID: item.ID{Kind: g.Kind, Key: g.Key.Key, Gen: g.Gen}, Dead: g.Dead}
	if g.Dead {
		links[g.Gen] = row
		return
	}
	from, ok := links[g.LinkOf]
	if _, there := links[g.Gen]; ok && g.LinkOf < g.Gen && !from.Dead && !there {
		row.UID, row.Link = from.UID, from.Link
		links[g.Gen] = row
	}
	for gen, r := range links {
		if gen < g.Gen && !r.Dead {
			links[gen] = pos.LinkRow{ID: r.ID, Dead: true}
		}
	}
	if there, ok := links[g.Gen]; !ok || there.Dead || there.Link == nil {
		links[g.Gen] = row
	}
}

// sees is one sighting of the key, and the transaction of agent.db that follows.
func (k *oneKey) sees(t fatal, name string, gone, judge bool) {
	s := seenAs(name, sighting{prev: k.prev, gone: gone, judge: judge, unsettled: k.unsettled})
	s.rec.Row = k.newest()
	v, err := identify(s, byName)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range v.items {
		if k.prev == nil || it.Gen >= k.prev.Gen {
			k.prev = &outbox.Row{ID: it.ID, Dead: it.Deleted, Body: item.Append(nil, it)}
		}
	}
	for _, g := range v.settled {
		k.unsettled = slices.DeleteFunc(k.unsettled, func(u outbox.Generation) bool { return u.Gen == g.Gen })
	}
	for _, g := range v.unsettled {
		k.ask(g)
	}
	k.log = append(k.log, fmt.Sprintf("%q gone %t judge %t: %s", name, gone, judge, brief(v)))
}

func (k *oneKey) ask(g outbox.Generation) {
	k.unsettled = append(slices.DeleteFunc(k.unsettled, func(u outbox.Generation) bool { return u.Gen == g.Gen }), g)
	slices.SortFunc(k.unsettled, func(a, b outbox.Generation) int { return int(a.Gen - b.Gen) })
}

// outbid is the hub's generation that wins over the record's (outbox.Gone), or the
// next one, if the hub's is of another item.
func (k *oneKey) outbid(t fatal, gen int64, another bool) {
	it, err := k.prev.Item()
	if err != nil {
		t.Fatal(err)
	}
	if another {
		k.ask(generation(gen, true))
		gen++
	}
	was := it.Gen
	it.Gen = gen
	k.prev = &outbox.Row{ID: it.ID, Body: item.Append(nil, it)}
	k.ask(outbox.Generation{Key: outbox.Key{Kind: it.Kind, Key: it.Key}, Gen: gen, LinkOf: was})
	k.log = append(k.log, fmt.Sprintf("the hub counts %d", gen))
}

// job links the living item, or deletes the link, in a transaction of its own.
func (k *oneKey) job(t *rapid.T) {
	gen := k.prev.Gen
	for _, u := range k.unsettled { // a job settles first what its items need
		settle(k.links, u)
	}
	k.unsettled = nil
	row := linkRow(gen, false)
	row.UID = rapid.SampledFrom([]string{"u", "w"}).Draw(t, "uid")
	row.Link.UID, row.Link.Fields = row.UID, nil
	k.links[gen] = row
	k.log = append(k.log, fmt.Sprintf("a job links %d to %s", gen, row.UID))
}

// level fails unless plait_links, once all is settled, says of the key what the
// record says.
func (k *oneKey) level(t fatal) {
	links := maps.Clone(k.links)
	for _, g := range k.unsettled {
		settle(links, g)
	}
	row := (&oneKey{links: links}).newest()
	if k.prev == nil {
		return
	}
	it, err := k.prev.Item()
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case k.prev.Dead && !row.Dead && row.Gen > 0 && row.Gen >= k.prev.Gen:
		t.Fatalf("the record's generation %d is dead, plait_links has %d alive\n%v", k.prev.Gen, row.Gen, k.log)
	case k.prev.Dead:
		return
	case row.Gen != it.Gen && (row.Gen != 0 || it.Gen != 1):
		t.Fatalf("the record has generation %d, plait_links will have %d\n%v", it.Gen, row.Gen, k.log)
	case (it.Link == nil) != (row.Link == nil) || it.Link != nil && it.Link.UID != row.Link.UID:
		t.Fatalf("the record has the link %v, plait_links will have %v\n%v", it.Link, row.Link, k.log)
	}
}

// TestPropertyLinksComeLevel: whatever happens to a key, to the POS file, to agent.db
// and at the hub, plait_links is to learn the very generation and link that the
// record says, as soon as the key was looked at.
func TestPropertyLinksComeLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := &oneKey{links: map[int64]pos.LinkRow{}}
		var files, boxes []oneKey
		judge := false
		name := func() string { return rapid.SampledFrom([]string{"A", "A", "B", ""}).Draw(t, "name") }
		for range rapid.IntRange(1, 12).Draw(t, "events") {
			alive := k.prev != nil && !k.prev.Dead
			switch rapid.IntRange(0, 9).Draw(t, "event") {
			case 0:
				for _, g := range k.unsettled {
					settle(k.links, g)
				}
				k.unsettled = nil
				k.log = append(k.log, "settled")
			case 1:
				files = append(files, k.clone())
			case 2:
				boxes = append(boxes, k.clone())
			case 3:
				if len(files) > 0 {
					k.links = maps.Clone(rapid.SampledFrom(files).Draw(t, "file").links)
					k.unsettled, judge = nil, true // as a new epoch of the POS begins
					k.log = append(k.log, "POS restored")
				}
			case 4:
				if len(boxes) > 0 {
					old := rapid.SampledFrom(boxes).Draw(t, "agent.db")
					k.prev, k.unsettled, judge = old.prev, nil, true
					k.log = append(k.log, "agent.db restored")
				}
			case 5:
				if alive && judge {
					k.sees(t, "A", false, true)
					k.outbid(t, k.prev.Gen+rapid.Int64Range(1, 3).Draw(t, "further"), rapid.Bool().Draw(t, "another"))
				}
			case 6:
				if alive && !judge {
					k.job(t)
				}
				k.sees(t, "A", false, judge)
			default:
				k.sees(t, name(), rapid.Bool().Draw(t, "gone"), judge)
			}
			if judge { // a comparison follows a restore
				k.sees(t, name(), rapid.Bool().Draw(t, "gone"), true)
				judge = rapid.Bool().Draw(t, "goes on")
			}
			k.sees(t, name(), false, false)
			k.level(t)
		}
	})
}

// TestALinkGoesOverOnce: two generations were to take a link over, one from the
// other, and the newest is given it from where plait_links has it. The kill harness
// found it, in the items that somebody edited after a restore of both files.
func TestALinkGoesOverOnce(t *testing.T) {
	row := linkRow(1, false)
	row.Link.Fields = nil
	it := item.Item{ID: item.ID{Kind: "service", Key: "7", Gen: 3}, Fields: named("A"), Link: row.Link}
	second, third := generation(2, false), generation(3, false)
	second.LinkOf, third.LinkOf = 1, 2
	k := &oneKey{
		prev:  &outbox.Row{ID: it.ID, Body: item.Append(nil, it)},
		links: map[int64]pos.LinkRow{1: row}, unsettled: []outbox.Generation{second, third},
	}
	k.sees(t, "A", false, false)
	k.level(t)
	if len(k.unsettled) != 1 || k.unsettled[0].LinkOf != 1 {
		t.Errorf("%v is to be settled, want the third generation with the link of the first", k.unsettled)
	}
}
