package capture

import (
	"context"
	"fmt"
	"slices"

	"plait/agent/outbox"
	"plait/agent/pos"
)

// page gathers what one step learned, and is put in the transaction in which it was
// learned what the record knew.
type page struct {
	*Capturer
	step *outbox.Step
	mind outbox.Attention
	// whole: the record's rows are looked up for kinds that only go up too, so that
	// equal ones are left out.
	whole bool
	// early: change rows follow these, which may hold a deletion that the rows
	// that were read stand behind already. An item that seems to be another one is
	// then decided later.
	early  bool
	only   map[string]bool     // kinds that only go up
	tells  map[string][]string // by kind, as telling gives it
	alive  int64               // records that the record held alive, as far as it was looked up
	change outbox.Change
}

func (c *Capturer) newPage(ctx context.Context) (*page, error) {
	mind, err := c.box.Attention(ctx)
	if err != nil {
		return nil, err
	}
	p := &page{Capturer: c, mind: mind, whole: mind.Dirty, only: map[string]bool{}, tells: map[string][]string{}}
	for _, k := range c.pos.Kinds() {
		if k.UploadOnly {
			p.only[k.Kind] = true
		}
	}
	return p, nil
}

// fill runs fill in a step of the record, and puts what it gathered, if anything.
func (p *page) fill(ctx context.Context, fill func() error) error {
	return p.box.Step(ctx, func(s *outbox.Step) error {
		p.step = s
		if err := fill(); err != nil || p.change.Empty() {
			return err
		}
		return s.Put(p.change)
	})
}

// sightings identifies records of one kind. gone tells for which keys a deletion
// was seen; a key that waits to be read again is done with this.
func (p *page) sightings(kind string, records []pos.Record, gone map[string]bool) error {
	known, err := p.known(kind, records)
	if err != nil {
		return err
	}
	for _, rec := range records {
		rec.Item.Kind = kind
		s := sighting{rec: rec, uploadOnly: p.only[kind], judge: p.mind.Judging}
		key := rec.Item.Key
		s.gone = gone[key] || known.Dirty[key]
		s.unsettled = known.Unsettled[key]
		if row, ok := known.Rows[key]; ok {
			s.prev = &row
			if rec.Exists && !row.Dead {
				p.alive++
			}
		}
		_, dirty := known.Dirty[key]
		if err := p.sight(s, p.same, dirty); err != nil {
			return fmt.Errorf("cannot capture %s %s: %w", kind, key, err)
		}
	}
	return nil
}

// known reads what the record knows of the keys. Of kinds that only go up nothing
// needs to be known but what vanished.
func (p *page) known(kind string, records []pos.Record) (outbox.Known, error) {
	keys := make([]string, 0, len(records))
	for _, r := range records {
		if p.whole || !p.only[kind] || !r.Exists {
			keys = append(keys, r.Item.Key)
		}
	}
	if len(keys) == 0 {
		return outbox.Known{}, nil
	}
	return p.step.Known(kind, keys)
}

func (p *page) sight(s sighting, same sameness, dirty bool) error {
	key := s.key()
	if s.rec.Exists && s.rec.Trouble != nil {
		p.trouble(s, key)
		return nil
	}
	if later, err := p.tooEarly(s, same); err != nil || later {
		p.change.Dirty = append(p.change.Dirty, outbox.Dirty{Key: key})
		return err
	}
	v, err := identify(s, same)
	if err != nil {
		return err
	}
	if dirty {
		p.change.Clean = append(p.change.Clean, key)
	}
	if p.mind.Unreadable {
		p.change.Readable = append(p.change.Readable, key)
	}
	p.change.Unsettled = append(p.change.Unsettled, v.unsettled...)
	p.change.Settled = append(p.change.Settled, v.settled...)
	p.change.Items = append(p.change.Items, v.items...)
	return nil
}

// tooEarly reports whether an item changed so much that it may be another one,
// though no deletion was seen: one may have been committed after the page of
// change rows was read. The key is read again once nothing is pending for it.
func (p *page) tooEarly(s sighting, same sameness) (bool, error) {
	if !p.early || s.uploadOnly || !s.rec.Exists || s.gone || s.judge || s.prev == nil || s.prev.Dead {
		return false, nil
	}
	// What tells items apart tells nearly always; else all of it is compared.
	for _, names := range [][]string{p.telling(s.rec.Item.Kind), nil} {
		before, err := s.prev.Outline(names)
		if err != nil {
			return false, err
		}
		if is, err := same(before, s.rec.Item); err != nil || is {
			return false, err
		}
	}
	return true, nil
}

// telling are the fields that tell items of a kind apart, in the order of their names.
func (p *page) telling(kind string) []string {
	names, ok := p.tells[kind]
	if !ok {
		m := p.match(kind)
		names = append(slices.Clone(m.Code), m.Name)
		slices.Sort(names)
		p.tells[kind] = names
	}
	return names
}

// trouble parks a row that cannot be an item. That a deletion was seen before it
// must outlive the trouble.
func (p *page) trouble(s sighting, key outbox.Key) {
	name := s.rec.Item.Fields.Get(p.match(key.Kind).Name).Str()
	p.change.Trouble = append(p.change.Trouble, outbox.Trouble{Key: key, Name: name, Why: s.rec.Trouble.Error()})
	if s.gone {
		p.change.Dirty = append(p.change.Dirty, outbox.Dirty{Key: key, Gone: true})
	}
}

// unreadable marks keys of a kind that cannot be read now to be read again, with
// what is known of deletions: the change rows need not wait for a mended mapping.
func (p *page) unreadable(kind string, keys []string, gone map[string]bool) {
	for _, key := range keys {
		p.change.Dirty = append(p.change.Dirty, outbox.Dirty{Key: outbox.Key{Kind: kind, Key: key}, Gone: gone[key]})
	}
}
