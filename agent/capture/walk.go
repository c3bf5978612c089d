package capture

import (
	"context"

	"plait/agent/pos"
)

// scan compares the next page of the POS's rows with the record.
func (r *round) scan(ctx context.Context) error {
	kind := r.kinds[r.Kind].Kind
	records, next, err := r.pos.Scan(ctx, kind, r.After, r.rows)
	if err != nil {
		return err
	}
	alive, err := r.settled(ctx, source{r.pos, r.pos.Done}, kind, records, nil)
	if err != nil {
		return recordError{err}
	}
	r.Matched += alive
	r.count(kind, len(records))
	r.After = next
	if next != "" {
		return nil
	}
	return r.scanned(ctx, kind)
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
