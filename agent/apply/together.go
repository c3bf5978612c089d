package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// Items of one kind are applied several at a time: read with one statement, written,
// read back with one, and linked with one. What comes of it is what one after the
// other would have made: where one of them is refused, or is not as it was expected
// to be, all of them are undone and go one by one. Kinds of which the POS itself may
// change one item when another is written always do.

const (
	firstTogether = 16
	mostTogether  = 64
	leastTogether = 4
	// togetherTime is how long one go should take: a slice may last that much longer
	// than it should.
	togetherTime = 2 * time.Millisecond
)

var (
	errOneByOne = fmt.Errorf("%w: these items do not go together", pos.ErrConstraint)
	errUnlike   = fmt.Errorf("%w: it is not as it was expected to be", errOneByOne)
)

// group are items that follow one another and go together.
type group struct {
	kind string
	list []planned
	back func() // sets back what the planner counted for them
}

// planned is an item of a group.
type planned struct {
	plan merge.ItemPlan
	said item.Item // as it is expected to become, if it is written
	now  item.Item
}

// told reports whether the planner was told already what the item becomes: one that
// is created has no key before it is there.
func (w *planned) told() bool { return w.plan.Writes() && w.plan.Action != merge.Create }

// stretch is how many items from a place on may go together, given the place from
// which on nothing is written yet.
func (r *run) stretch(from, unwritten int) int {
	first := r.planner.Item(from)
	n := 0
	for n < r.size && from+n < r.planner.Len() {
		it := r.planner.Item(from + n)
		if it.Kind != first.Kind || it.Op != wire.OpPut || r.planner.After(from+n) >= unwritten {
			break
		}
		n++
	}
	return n
}

// goesTogether tells by what the schema says of a kind, and remembers for the length
// of the job which kinds come back other than they were written.
func (r *run) goesTogether(reader pos.Reader, kind string) bool {
	return !r.unlike[kind] && reader.Apart(kind)
}

// plan plans the next n items as a group; nil if they have to go one by one.
func (r *run) plan(ctx context.Context, reader pos.Reader, from, n int) (*group, error) {
	g := &group{kind: r.planner.Item(from).Kind, list: make([]planned, 0, n), back: r.planner.Mark()}
	fits, err := r.readAhead(ctx, reader, g.kind, from, n)
	if err != nil || !fits {
		return nil, err
	}
	defer r.recv.oneByOne()
	for i := range n {
		var w planned
		if w.plan, err = r.planner.Plan(from + i); err != nil {
			r.takeBack(g)
			if isDataError(err) {
				err = nil
			}
			return nil, err
		}
		w.now = w.plan.Local
		if w.plan.Writes() {
			w.said = w.plan.Expected(w.plan.Local.ID)
		}
		if w.told() {
			r.planner.Applied(w.plan, w.said)
		}
		g.list = append(g.list, w)
	}
	return g, nil
}

// takeBack undoes what the planner was told of a group.
func (r *run) takeBack(g *group) {
	for i := len(g.list) - 1; i >= 0; i-- {
		if g.list[i].told() {
			r.planner.TakeBack(g.list[i].plan)
		}
	}
	g.back()
}

// readAhead reads those of the next n items that the store has. Those that it lacks
// go one by one if the POS may still have the row of one.
func (r *run) readAhead(ctx context.Context, reader pos.Reader, kind string, from, n int) (fits bool, err error) {
	keys, lacks := make([]string, 0, n), make([]string, 0, n)
	for i := range n {
		if key := r.planner.Finds(from + i); key != "" {
			keys = append(keys, key)
		} else {
			lacks = append(lacks, r.planner.Item(from+i).UID)
		}
	}
	if len(lacks) > 0 {
		if kept, err := reader.Revivable(ctx, kind, lacks); kept || err != nil {
			return false, err
		}
	}
	records, err := reader.Read(ctx, kind, keys)
	if err == nil {
		r.recv.readAhead(keys, records)
	}
	return err == nil, err
}

// together applies the next items as a group, or none of them: then done is false,
// and n is how many go one by one.
func (s *slice) together(ctx context.Context) (n int, done bool, err error) {
	start := s.Now()
	g, err := s.nextGroup(ctx)
	if err != nil || g == nil {
		return 1, false, err
	}
	err = s.tx.Together(ctx, func() error { return s.writeGroup(ctx, g) })
	if err != nil {
		s.dropAhead()
		s.takeBack(g)
		s.unlike[g.kind] = s.unlike[g.kind] || errors.Is(err, errUnlike)
		if isDataError(err) {
			err = nil
		}
		return len(g.list), false, err
	}
	for i := range g.list {
		w := &g.list[i]
		if w.plan.Action == merge.Create {
			s.untold = append(s.untold, *w)
		}
		s.outcome.add(w.plan, w.now)
	}
	s.next += len(g.list)
	s.took(len(g.list), s.Now().Sub(start))
	return len(g.list), true, nil
}

// nextGroup is the one that was planned ahead, or one that is planned now.
func (s *slice) nextGroup(ctx context.Context) (*group, error) {
	if g := s.takeAhead(); g != nil {
		return g, nil
	}
	if s.alone || !s.goesTogether(s.tx, s.planner.Item(s.next).Kind) {
		return nil, nil
	}
	s.tell()
	n := s.stretch(s.next, s.next)
	if n < 2 {
		return nil, nil
	}
	return s.plan(ctx, s.tx, s.next, n)
}

// tell tells the planner of what was created: once the slice is committed, or before
// the next items are planned.
func (r *run) tell() {
	for i := range r.untold {
		r.planner.Applied(r.untold[i].plan, r.untold[i].now)
	}
	r.untold = r.untold[:0]
}

// took chooses how many go together next.
func (r *run) took(n int, d time.Duration) {
	switch {
	case d > togetherTime:
		r.size = max(r.size/2, leastTogether)
	case d < togetherTime/3 && n == r.size:
		r.size = min(2*r.size, mostTogether)
	}
}

// writeGroup writes a group's items, reads them back, and links them.
func (s *slice) writeGroup(ctx context.Context, g *group) error {
	if err := s.update(ctx, g); err != nil {
		return err
	}
	if err := s.createAll(ctx, g); err != nil {
		return err
	}
	return s.linkAll(ctx, g)
}

// update writes what changes of items that the store has.
func (s *slice) update(ctx context.Context, g *group) error {
	var keys []string
	var list []item.Fields
	var at []int
	for i := range g.list {
		w := &g.list[i]
		if !w.told() || len(w.plan.Write) == 0 {
			continue
		}
		if err := s.announce(ctx, w.plan); err != nil {
			return err
		}
		keys, list, at = append(keys, w.said.Key), append(list, w.plan.Write), append(at, i)
	}
	records, err := s.tx.UpdateAll(ctx, g.kind, keys, list)
	if err != nil {
		return err
	}
	for i, rec := range records {
		if err := g.list[at[i]].is(rec, g.list[at[i]].said.Gen); err != nil {
			return err
		}
	}
	return nil
}

// createAll creates what the store lacks.
func (s *slice) createAll(ctx context.Context, g *group) error {
	var list []item.Fields
	var at []int
	for i := range g.list {
		if w := &g.list[i]; w.plan.Action == merge.Create {
			if err := s.announce(ctx, w.plan); err != nil {
				return err
			}
			list, at = append(list, w.plan.Write), append(at, i)
		}
	}
	records, err := s.tx.InsertAll(ctx, g.kind, list)
	if err != nil {
		return err
	}
	for i, rec := range records {
		w := &g.list[at[i]]
		id := item.ID{Kind: g.kind, Key: rec.Item.Key}
		id.Gen = s.generation(w.plan, id, pos.Record{})
		w.said.ID = id
		if err := w.is(rec, id.Gen); err != nil {
			return err
		}
	}
	return nil
}

// is notes what was read back. Of a new key, plait_links may know a generation that
// the record does not.
func (w *planned) is(rec pos.Record, gen int64) error {
	if !rec.Exists || rec.Trouble != nil || rec.Row.Gen >= gen {
		return errOneByOne
	}
	w.now = rec.Item
	w.now.Gen = gen
	return nil
}

// linkAll writes the links that changed.
func (s *slice) linkAll(ctx context.Context, g *group) error {
	rows := make([]pos.LinkRow, 0, len(g.list))
	for i := range g.list {
		w := &g.list[i]
		if !w.plan.Writes() {
			continue
		}
		if w.now.Link = w.said.Link; !w.plan.SameBases(w.now, w.said) {
			w.now.Link = w.plan.Link(w.now)
		}
		if !s.index.Alike(w.now, w.said) {
			return errUnlike
		}
		if w.plan.Action == merge.Create || !w.plan.Local.Link.Equal(w.now.Link) {
			rows = append(rows, pos.RowOf(w.now))
		}
	}
	return s.tx.PutLink(ctx, rows...)
}
