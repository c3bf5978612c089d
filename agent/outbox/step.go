package outbox

import (
	"context"
	"fmt"

	"plait/shared/sqlitedb"
)

// Step is one step of capture: what it learns of the record, and what it puts there,
// is one transaction. What it has read of a key it does not read again to put it.
type Step struct {
	p     *putter
	wrote bool
}

// Step runs fn. If fn fails, nothing is changed. fn must not call the Box itself: it
// would wait for itself.
func (b *Box) Step(ctx context.Context, fn func(*Step) error) error {
	return b.write(ctx, func(tx *sqlitedb.Tx) error {
		p, err := newPutter(ctx, tx, b.now().Unix())
		if err != nil {
			return err
		}
		s := &Step{p: p}
		if err := fn(s); err != nil || !s.wrote {
			return err
		}
		return p.finish()
	})
}

// Put records a change. Items that the record holds with the same digest change
// nothing; the others take the next revisions, in their order, and are queued. Where
// an identity stands twice the last one counts.
func (s *Step) Put(c Change) error {
	s.wrote = true
	if err := s.p.items(c.Items); err != nil {
		return fmt.Errorf("cannot record what the POS holds: %w", err)
	}
	if err := s.p.around(c); err != nil {
		return fmt.Errorf("cannot record what was captured: %w", err)
	}
	return nil
}

// Newest is that of the Box.
func (s *Step) Newest(kind string, keys []string) (map[string]Row, error) {
	rows, err := s.newest(kind, keys)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s from the record: %w", kind, err)
	}
	return rows, nil
}

func (s *Step) newest(kind string, keys []string) (map[string]Row, error) {
	m, err := s.p.meet(kind, keys)
	if err != nil || m == nil {
		return nil, err
	}
	rows, bad := m.newest(kind, keys)
	for _, o := range bad {
		s.wrote = true
		delete(m.rows, keyGen{o.key, o.gen})
		if err := s.p.discard(o); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// meet reads what the record has under keys of a kind, but for those that were read
// before; nil of a kind that the record does not know.
func (p *putter) meet(kind string, keys []string) (*met, error) {
	id := p.kinds.id(kind)
	if id == 0 {
		return nil, nil
	}
	m := p.met[id]
	if m == nil {
		m = newMet(len(keys))
		p.met[id] = m
	}
	return m, m.read(p, id, m.unasked(keys))
}
