package apply

import (
	"context"
	"fmt"

	"plait/agent/pos"
	"plait/shared/item"
	"plait/shared/merge"
)

// settleWaiting tries items again whose unique values another item has given up
// by now; what still clashes may be a swap, and goes through a temporary value
// (decision 28). What is refused even then is parked.
func (s *slice) settleWaiting(ctx context.Context) error {
	list, err := s.again(ctx, s.waiting)
	if err != nil {
		return err
	}
	if len(list) > 1 {
		if list, err = s.swap(ctx, list); err != nil {
			return err
		}
	}
	for _, w := range list {
		s.park(w.plan, w.cause)
	}
	return nil
}

// again writes each once more and returns those that still clash.
func (s *slice) again(ctx context.Context, list []waiting) ([]waiting, error) {
	var left []waiting
	for _, w := range list {
		err := s.write(ctx, w.plan)
		switch {
		case err == nil:
		case isDataError(err):
			left = append(left, waiting{w.plan, err})
		default:
			return nil, err
		}
	}
	return left, nil
}

// swap moves the clashing items out of each other's way, writes them, and puts
// back those that the POS refuses all the same.
func (s *slice) swap(ctx context.Context, list []waiting) ([]waiting, error) {
	for i, w := range list {
		if err := s.tx.Update(ctx, w.plan.Kind, w.plan.Local.Key, aside(w.plan, i)); err != nil && !isDataError(err) {
			return nil, err
		}
	}
	left, err := s.again(ctx, list)
	if err != nil {
		return nil, err
	}
	for _, w := range left {
		if err := s.tx.Update(ctx, w.plan.Kind, w.plan.Local.Key, asBefore(w.plan)); err != nil {
			if isDataError(err) {
				return nil, fmt.Errorf("%w: cannot put %s %s back: %w", pos.ErrAborted, w.plan.Kind, w.plan.Local.Key, err)
			}
			return nil, err
		}
	}
	return left, nil
}

// aside gives each text that the plan writes a value that nobody else has. It is
// never seen outside the transaction.
func aside(plan merge.ItemPlan, i int) item.Fields {
	var out item.Fields
	for _, f := range plan.Write {
		if f.Value.Type() == item.TypeText {
			out = out.With(f.Name, item.MustText(fmt.Sprintf("~plait~%d~%s", i, plan.UID)))
		}
	}
	return out
}

func asBefore(plan merge.ItemPlan) item.Fields {
	var out item.Fields
	for _, f := range plan.Write {
		out = out.With(f.Name, plan.Local.Fields.Get(f.Name))
	}
	return out
}
