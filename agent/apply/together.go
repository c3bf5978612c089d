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

// written is an item of those that go together.
type written struct {
	plan merge.ItemPlan
	said item.Item // as the planner was told; only if it writes
	now  item.Item
}

// stretch is how many of the next items may go together.
func (s *slice) stretch() int {
	first := s.planner.Item(s.next)
	if s.alone || !s.goesTogether(first.Kind) {
		return 1
	}
	n := 0
	for n < s.size && s.next+n < s.planner.Len() {
		if it := s.planner.Item(s.next + n); it.Kind != first.Kind || it.Op != wire.OpPut {
			break
		}
		n++
	}
	return max(n, 1)
}

// goesTogether remembers what the schema says for the length of a slice, and for
// the length of the job which kinds come back other than they were written.
func (s *slice) goesTogether(kind string) bool {
	if s.unlike[kind] {
		return false
	}
	apart, known := s.apart[kind]
	if !known {
		apart = s.tx.Apart(kind)
		s.apart[kind] = apart
	}
	return apart
}

// together applies the next n items, or none of them: then done is false.
func (s *slice) together(ctx context.Context, n int) (done bool, err error) {
	kind := s.planner.Item(s.next).Kind
	start := s.Now()
	fits, err := s.readAhead(ctx, kind, n)
	if err != nil || !fits {
		return false, err
	}
	defer s.recv.oneByOne()
	back := s.planner.Mark()
	list := make([]written, 0, n)
	err = s.tx.Together(ctx, func() error {
		for i := range n {
			w, err := s.writeOne(ctx, s.next+i)
			if err != nil {
				return err
			}
			list = append(list, w)
		}
		return s.linkAll(ctx, kind, list)
	})
	if err != nil {
		s.takeBack(list, back)
		s.unlike[kind] = s.unlike[kind] || errors.Is(err, errUnlike)
		if isDataError(err) {
			err = nil
		}
		return false, err
	}
	for _, w := range list {
		s.outcome.add(w.plan, w.now)
	}
	s.next += n
	s.took(n, s.Now().Sub(start))
	return true, nil
}

func (s *slice) takeBack(list []written, back func()) {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].plan.Writes() {
			s.planner.TakeBack(list[i].plan, list[i].said)
		}
	}
	back()
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

// readAhead reads those of the next n items that the store has. Those that it lacks
// go one by one if the POS may still have the row of one.
func (s *slice) readAhead(ctx context.Context, kind string, n int) (fits bool, err error) {
	keys, lacks := make([]string, 0, n), make([]string, 0, n)
	for i := range n {
		if key := s.planner.Finds(s.next + i); key != "" {
			keys = append(keys, key)
		} else {
			lacks = append(lacks, s.planner.Item(s.next+i).UID)
		}
	}
	if kept, err := s.tx.Revivable(ctx, kind, lacks); kept || err != nil {
		return false, err
	}
	records, err := s.tx.Read(ctx, kind, keys)
	if err == nil {
		s.recv.readAhead(keys, records)
	}
	return err == nil, err
}

// writeOne plans and writes one item, which is not read back yet.
func (s *slice) writeOne(ctx context.Context, n int) (w written, err error) {
	if w.plan, err = s.planner.Plan(n); err != nil {
		return w, err
	}
	if err := s.announce(ctx, w.plan); err != nil {
		return w, err
	}
	id := w.plan.Local.ID
	switch w.plan.Action {
	case merge.Skip, merge.Park:
	case merge.Create:
		key, err := s.tx.Insert(ctx, w.plan.Kind, w.plan.Write)
		if err != nil {
			return w, err
		}
		id = item.ID{Kind: w.plan.Kind, Key: key}
		id.Gen = s.generation(w.plan, id, pos.Record{})
	default:
		if len(w.plan.Write) > 0 {
			if err := s.tx.Update(ctx, w.plan.Kind, id.Key, w.plan.Write); err != nil {
				return w, err
			}
		}
	}
	w.now = w.plan.Local
	if w.plan.Writes() {
		w.said = w.plan.Expected(id)
		s.planner.Applied(w.plan, w.said)
	}
	return w, nil
}

// linkAll reads back what was written and writes the links that changed.
func (s *slice) linkAll(ctx context.Context, kind string, list []written) error {
	if err := s.readBack(ctx, kind, list, true, s.tx.Read); err != nil {
		return err
	}
	if err := s.readBack(ctx, kind, list, false, s.tx.ReadBack); err != nil {
		return err
	}
	var rows []pos.LinkRow
	for i := range list {
		w := &list[i]
		if !w.plan.Writes() {
			continue
		}
		w.now.Link = w.plan.Link(w.now)
		if !s.index.Alike(w.now, w.said) {
			return errUnlike
		}
		if w.plan.Action == merge.Create || !w.plan.Local.Link.Equal(w.now.Link) {
			rows = append(rows, pos.RowOf(w.now))
		}
	}
	return s.tx.PutLink(ctx, rows...)
}

// readBack reads those that were created, or the others that were written. Of a new
// key, plait_links may know a generation that the record does not.
func (s *slice) readBack(ctx context.Context, kind string, list []written, created bool, read func(context.Context, string, []string) ([]pos.Record, error)) error {
	var keys []string
	var at []int
	for i, w := range list {
		if len(w.plan.Write) > 0 && w.plan.Writes() && (w.plan.Action == merge.Create) == created {
			keys, at = append(keys, w.said.Key), append(at, i)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	records, err := read(ctx, kind, keys)
	if err != nil {
		return err
	}
	for j, rec := range records {
		w := &list[at[j]]
		if !rec.Exists || rec.Trouble != nil || rec.Row.Gen >= w.said.Gen {
			return errOneByOne
		}
		w.now = rec.Item
		w.now.Gen = w.said.Gen
	}
	return nil
}
