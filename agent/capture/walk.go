package capture

import (
	"context"

	"plait/agent/pos"
	"plait/shared/item"
)

// scan compares the next page of the POS's rows with the record. What the record
// holds just so is proven by that. The others are read again and judged as changes
// are, so that nothing is concluded from a row that was read before its change row
// was looked for.
func (r *round) scan(ctx context.Context) error {
	kind := r.kinds[r.Kind].Kind
	s := r.formsAfter(ctx, kind, r.After)
	if s.err != nil {
		return s.err
	}
	var others []string
	err := r.meanwhile(ctx, s, func() (err error) {
		others, err = r.others(ctx, kind, s.forms)
		return err
	})
	if err == nil {
		err = r.judge(ctx, kind, others)
	}
	if err != nil {
		return err
	}
	r.count(kind, len(s.forms))
	if r.After = s.next; s.next != "" {
		return nil
	}
	return r.scanned(ctx, kind)
}

// others are the keys of the forms that the record does not hold just so.
func (r *round) others(ctx context.Context, kind string, forms []item.Form) (keys []string, err error) {
	held, trail, err := r.box.Holds(ctx, kind, forms, r.trail)
	if err != nil {
		return nil, recordError{err}
	}
	for i, f := range forms {
		if !held[i] {
			keys = append(keys, f.Key)
		}
	}
	r.trail = trail
	r.Matched += int64(len(forms) - len(keys))
	return keys, nil
}

// judge reads keys of which the record does not hold what the POS has.
func (r *round) judge(ctx context.Context, kind string, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	records, err := r.pos.Read(ctx, kind, keys)
	if err != nil {
		return err
	}
	for i := range records {
		records[i].Item.Key = keys[i]
	}
	alive, err := r.settled(ctx, source{r.pos, r.pos.Done}, kind, records, nil)
	if err != nil {
		return recordError{err}
	}
	r.Matched += alive
	return nil
}

func (r *round) count(kind string, rows int) {
	r.done.Rows += int64(rows)
	r.walked += int64(rows)
	if r.progress != nil {
		r.progress(kind, r.walked)
	}
}

// scanned ends a kind's first pass. If the record held alive just the rows that
// the POS has, and nothing moved meanwhile, nothing has vanished; else its live
// keys are looked up in the POS.
func (r *round) scanned(ctx context.Context, kind string) error {
	live, err := r.box.Live(ctx, kind)
	if err != nil {
		return recordError{err}
	}
	revision, err := r.box.Revision(ctx)
	if err != nil {
		return recordError{err}
	}
	if live == r.Matched && revision == r.Since {
		return r.nextKind(ctx)
	}
	r.Vanish, r.After = true, ""
	return nil
}

// vanish looks for items that the record holds alive and the POS lacks.
func (r *round) vanish(ctx context.Context) error {
	kind := r.kinds[r.Kind].Kind
	keys, err := r.box.LiveKeys(ctx, kind, r.After, r.rows)
	if err != nil {
		return recordError{err}
	}
	if len(keys) == 0 {
		return r.nextKind(ctx)
	}
	records, err := r.pos.Read(ctx, kind, keys)
	if err != nil {
		return err
	}
	lacking := make([]pos.Record, 0)
	for i, rec := range records {
		if !rec.Exists {
			rec.Item.Key = keys[i]
			lacking = append(lacking, rec)
		}
	}
	if len(lacking) > 0 {
		if _, err := r.settled(ctx, source{r.pos, r.pos.Done}, kind, lacking, nil); err != nil {
			return recordError{err}
		}
	}
	r.done.Rows += int64(len(keys))
	r.After = keys[len(keys)-1]
	return nil
}
