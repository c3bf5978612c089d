package capture

import (
	"context"

	"plait/shared/item"
)

// formPage is what one read of the POS gave.
type formPage struct {
	kind, after string
	forms       []item.Form
	next        string
	err         error
}

// formsAfter returns the next page of forms, which may have been read ahead.
func (r *round) formsAfter(ctx context.Context, kind, after string) formPage {
	if a := r.ahead; a.kind == kind && a.after == after {
		r.ahead = formPage{}
		return a
	}
	return r.read(ctx, kind, after)
}

func (r *round) read(ctx context.Context, kind, after string) formPage {
	s := formPage{kind: kind, after: after}
	s.forms, s.next, s.err = r.pos.Scan(ctx, kind, after, r.rows)
	return s
}

// meanwhile runs fn, and reads the page after this one at the same time. A page
// that was read ahead may be older than what Drain has captured since: what of it
// the record holds was so when it was read, and the rest is read again. A round
// within a budget has no hurry, and the last page of a kind has none after it.
func (r *round) meanwhile(ctx context.Context, s formPage, fn func() error) error {
	if r.budget != (Budget{}) || s.next == "" {
		return fn()
	}
	ahead := make(chan formPage)
	go func() { ahead <- r.read(ctx, s.kind, s.next) }()
	err := fn()
	r.ahead = <-ahead
	return err
}
