package capture

import (
	"slices"

	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/shared/item"
)

// sighting is what is known of one key at the moment it was read.
type sighting struct {
	rec        pos.Record
	uploadOnly bool
	prev       *outbox.Row // the record's newest generation; nil if it has none
	// gone: a deletion, or a change of the key, was seen before the present row.
	gone bool
	// judge: after a restore any change may be another item under a reused key.
	judge     bool
	unsettled []outbox.Generation // what plait_links does not say yet, rising
}

// verdict is what the record and plait_links must hold after a sighting.
type verdict struct {
	items     []item.Item
	unsettled []outbox.Generation
	settled   []outbox.Generation
}

// sameness judges whether an item that came back under a key is the one that was
// there before.
type sameness func(before, now item.Item) (bool, error)

// identify decides generation and link of one sighting (decisions 1 and 2).
func identify(s sighting, same sameness) (verdict, error) {
	if !s.rec.Exists {
		return s.vanished()
	}
	if s.uploadOnly {
		it := s.rec.Item
		it.Gen, it.Link, it.Deleted = 0, nil, false
		return verdict{items: []item.Item{it}}, nil
	}
	gen, err := s.generation(same)
	if err != nil {
		return verdict{}, err
	}
	return s.present(gen)
}

// vanished: nothing is there now. What was there leaves a tombstone with its
// values, and the generation is dead.
func (s sighting) vanished() (v verdict, err error) {
	if s.prev != nil && !s.prev.Dead {
		if v.items, err = tombstone(s.prev); err != nil {
			return verdict{}, err
		}
	}
	if s.uploadOnly {
		return v, nil
	}
	row := s.rec.Row
	if row.Dead && row.Link != nil && len(v.items) > 0 && row.Gen == s.prev.Gen {
		v.items[0].Link = row.Link // a sync deleted it
	}
	for _, u := range s.unsettled {
		if !u.Dead {
			s.settle(&v, u.Gen, true)
		}
	}
	if s.prev != nil && !s.prev.Dead && s.prev.Gen >= row.Gen {
		s.settle(&v, s.prev.Gen, true)
	}
	if row.Gen > 0 && !row.Dead {
		s.settle(&v, row.Gen, true)
	}
	return v, nil
}

func tombstone(r *outbox.Row) ([]item.Item, error) {
	it, err := r.Item()
	if err != nil {
		return nil, err
	}
	it.Deleted = true
	return []item.Item{it}, nil
}

// generation is the present row's. An insert over a live key without a deletion
// keeps it; what came back after a deletion keeps it only if it is the same item.
func (s sighting) generation(same sameness) (int64, error) {
	gen, dead := s.linked()
	if s.prev == nil || s.prev.Gen < gen {
		return s.generationOfLinks(gen, dead, same)
	}
	if !s.prev.Dead && !s.gone && !s.judge && (gen < s.prev.Gen || !dead) {
		return s.prev.Gen, nil
	}
	before, err := s.prev.Item()
	if err != nil {
		return 0, err
	}
	return keepOrRaise(s.prev.Gen, before, s.rec.Item, same)
}

func keepOrRaise(gen int64, before, now item.Item, same sameness) (int64, error) {
	is, err := same(before, now)
	if err != nil || is {
		return gen, err
	}
	return gen + 1, nil
}

// linked is the newest generation that plait_links says, or will once what is
// unsettled has been written; 0 if it says none.
func (s sighting) linked() (gen int64, dead bool) {
	gen, dead = s.rec.Row.Gen, s.rec.Row.Dead
	for _, u := range s.unsettled {
		if u.Gen >= gen {
			gen, dead = u.Gen, u.Dead
		}
	}
	return gen, dead
}

// generationOfLinks decides where the record knows nothing of the newest
// generation: agent.db was lost, or is older than the POS.
func (s sighting) generationOfLinks(gen int64, dead bool, same sameness) (int64, error) {
	switch {
	case gen == 0:
		return 1, nil
	case dead:
		return gen + 1, nil
	case !s.gone:
		return gen, nil
	default:
		return keepOrRaise(gen, asLinked(s.rec.Row), s.rec.Item, same)
	}
}

// asLinked is what a link tells of its item: the bases of the fields that synced.
func asLinked(row pos.LinkRow) item.Item {
	it := item.Item{ID: row.ID}
	if row.Link != nil {
		for _, f := range row.Link.Fields {
			it.Fields = append(it.Fields, item.Field{Name: f.Name, Value: f.Base})
		}
	}
	return it
}

// present is the verdict on a row that is there with this generation.
func (s sighting) present(gen int64) (v verdict, err error) {
	row := s.rec.Row
	carries, err := s.carries(gen)
	if err != nil {
		return verdict{}, err
	}
	if s.prev != nil && s.prev.Gen != gen {
		if !s.prev.Dead {
			if v.items, err = tombstone(s.prev); err != nil {
				return verdict{}, err
			}
		}
		if s.prev.Gen >= row.Gen && !(carries && s.prev.Gen == row.Gen) {
			s.settle(&v, s.prev.Gen, true)
		}
	}
	it := s.rec.Item
	it.Gen, it.Link, it.Deleted = gen, nil, false
	s.supersede(&v, gen)
	known := row.Gen == gen && !row.Dead
	if known || carries {
		it.Link = row.Link
	}
	if row.Gen > 0 && row.Gen < gen && !row.Dead && !carries {
		s.settle(&v, row.Gen, true)
	}
	if known || (gen == 1 && row.Gen == 0) { // generation 1 goes without saying
		s.forget(&v, gen)
	} else {
		g := outbox.Generation{Key: s.key(), Gen: gen}
		if carries {
			g.LinkOf = row.Gen
		}
		s.ask(&v, g)
	}
	v.items = append(v.items, it)
	return v, nil
}

// carries reports whether the link of an older generation in plait_links is the
// present item's all the same: after a restore the row and its link are of one
// history, and only the record and the hub have counted further. What a deletion
// has ended is to be marked dead, and carries nothing.
func (s sighting) carries(gen int64) (bool, error) {
	row := s.rec.Row
	if row.Link == nil || row.Dead || row.Gen >= gen || slices.Contains(s.unsettled, outbox.Generation{Key: s.key(), Gen: row.Gen, Dead: true}) {
		return false, nil
	}
	if s.judge && !s.gone {
		return true, nil
	}
	if s.prev == nil || s.prev.Gen != gen || s.prev.Dead || s.gone {
		return false, nil
	}
	before, err := s.prev.Item()
	return err == nil && before.Link != nil && before.Link.UID == row.UID, err
}

// supersede withdraws older living generations that plait_links was to learn: it
// goes to the present one at once. Settled before it, one of them would take the
// link that the present one takes over.
func (s sighting) supersede(v *verdict, gen int64) {
	for _, u := range s.unsettled {
		if !u.Dead && u.Gen < gen {
			v.settled = append(v.settled, u)
		}
	}
}

// settle asks plait_links to learn a generation, unless it is asked already.
func (s sighting) settle(v *verdict, gen int64, dead bool) {
	s.ask(v, outbox.Generation{Key: s.key(), Gen: gen, Dead: dead})
}

func (s sighting) ask(v *verdict, g outbox.Generation) {
	said := s.rec.Row.Gen == g.Gen && s.rec.Row.Dead == g.Dead
	if !said && !slices.Contains(s.unsettled, g) && !slices.Contains(v.unsettled, g) {
		v.unsettled = append(v.unsettled, g)
	}
	if said {
		s.forget(v, g.Gen)
	}
}

// forget withdraws what was to be written of a generation.
func (s sighting) forget(v *verdict, gen int64) {
	for _, u := range s.unsettled {
		if u.Gen == gen {
			v.settled = append(v.settled, u)
		}
	}
}

func (s sighting) key() outbox.Key {
	return outbox.Key{Kind: s.rec.Item.Kind, Key: s.rec.Item.Key}
}
