package apply

import (
	"context"
	"errors"
	"fmt"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/merge"
)

// waiting is an item that met a value which must be unique: another item of the
// slice may be about to give it up.
type waiting struct {
	plan  merge.ItemPlan
	cause error
}

// item plans and carries out the next item. Data errors end in the item being
// parked or put aside; only the slice's own failures are returned.
func (s *slice) item(ctx context.Context) error {
	plan, err := s.planner.Plan(s.next)
	if err == nil {
		err = s.write(ctx, plan)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pos.ErrUnique) && plan.Local.Key != "":
		s.waiting = append(s.waiting, waiting{plan, err})
		return nil
	case isDataError(err):
		s.park(plan, err)
		return nil
	default:
		return err
	}
}

func (s *slice) park(plan merge.ItemPlan, cause error) {
	s.outcome.add(plan.Refused(cause), plan.Local)
}

func isDataError(err error) bool {
	return errors.Is(err, pos.ErrUnique) || errors.Is(err, pos.ErrReference) || errors.Is(err, pos.ErrConstraint) || errors.Is(err, pos.ErrType)
}

// write writes, reads back, links, and records one item.
func (s *slice) write(ctx context.Context, plan merge.ItemPlan) error {
	if !plan.Writes() {
		s.outcome.add(plan, plan.Local)
		return nil
	}
	if err := s.announce(ctx, plan); err != nil {
		return err
	}
	id := plan.Local.ID
	switch plan.Action {
	case merge.Create:
		var err error
		if id, err = s.create(ctx, plan); err != nil {
			return err
		}
	case merge.Delete:
		if err := s.tx.Delete(ctx, plan.Kind, id.Key); err != nil {
			return err
		}
	default:
		if len(plan.Write) > 0 {
			if err := s.tx.Update(ctx, plan.Kind, id.Key, plan.Write); err != nil {
				return err
			}
		}
	}
	now, err := s.link(ctx, plan, id)
	if err != nil {
		return err
	}
	s.planner.Applied(plan, now)
	s.outcome.add(plan, now)
	return nil
}

// announce calls Writing, once, before the POS's own rows are touched.
func (s *slice) announce(ctx context.Context, plan merge.ItemPlan) error {
	touches := len(plan.Write) > 0 || plan.Action == merge.Create || plan.Action == merge.Delete
	if s.Writing == nil || s.told || !touches {
		return nil
	}
	err := s.Writing(ctx)
	s.run.told = err == nil
	return err
}

// create makes an item. One that comes back gets its old key, if that is free, and
// one of which the POS keeps the row, its row.
func (s *slice) create(ctx context.Context, plan merge.ItemPlan) (item.ID, error) {
	if plan.Restore.Key != "" {
		err := s.tx.Restore(ctx, plan.Kind, plan.Restore.Key, plan.Write)
		if err == nil {
			return plan.Restore, nil
		}
		if plan.SameKey || !errors.Is(err, pos.ErrUnique) {
			return item.ID{}, err
		}
	}
	if key, ok, err := s.tx.Revive(ctx, plan.Kind, plan.UID, plan.Write); ok || err != nil {
		return item.ID{Kind: plan.Kind, Key: key}, err
	}
	key, err := s.tx.Insert(ctx, plan.Kind, plan.Write)
	return item.ID{Kind: plan.Kind, Key: key}, err
}

// link reads the item back and writes its link, if that changed.
func (s *slice) link(ctx context.Context, plan merge.ItemPlan, id item.ID) (item.Item, error) {
	if plan.Action == merge.Delete {
		now := plan.Local
		now.Deleted, now.Link = true, nil
		return now, s.tx.PutLink(ctx, pos.LinkRow{ID: id, Dead: true, UID: plan.Local.UID(s.store()), Link: plan.Local.Link.Ended()})
	}
	records, err := s.tx.Read(ctx, id.Kind, []string{id.Key})
	if err != nil {
		return item.Item{}, err
	}
	if len(records) != 1 || !records[0].Exists {
		return item.Item{}, fmt.Errorf("%w: %s %s is not there after it was written", pos.ErrConstraint, id.Kind, id.Key)
	}
	if records[0].Trouble != nil {
		return item.Item{}, fmt.Errorf("%w: %w", pos.ErrType, records[0].Trouble)
	}
	now := records[0].Item
	now.Gen = s.generation(plan, id, records[0])
	before := plan.Local.Link
	now.Link = plan.Link(now)
	if before.Equal(now.Link) && plan.Action != merge.Create {
		return now, nil
	}
	return now, s.tx.PutLink(ctx, pos.RowOf(now))
}

// generation is the item's own; a created one whose key was used before gets the
// next (decision 2: SQLite reuses keys), unless the last one under that key is the
// very item that comes back.
func (s *slice) generation(plan merge.ItemPlan, id item.ID, rec pos.Record) int64 {
	if plan.Action != merge.Create {
		return plan.Local.Gen
	}
	alive, _ := s.index.Gen(id.Kind, id.Key)
	last := max(rec.Row.Gen, alive, s.dead.gen(id))
	if id.Key == plan.Restore.Key && last == plan.Restore.Gen {
		return last
	}
	return last + 1
}

// graves are the newest generations that the record has tombstones of, by kind
// and key. They are read once for a job: to ask for each item that is created
// cost a tenth of the whole.
type graves map[string]map[string]int64

func (g graves) put(id item.ID) {
	if g[id.Kind] == nil {
		g[id.Kind] = map[string]int64{}
	}
	g[id.Kind][id.Key] = max(g[id.Kind][id.Key], id.Gen)
}

func (g graves) gen(id item.ID) int64 { return g[id.Kind][id.Key] }
