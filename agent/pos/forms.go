package pos

import (
	"context"

	"plait/shared/item"
)

// forms runs a SELECT of selectList and returns the items' canonical forms. A
// comparison reads every row, and nearly all of them are as they were: where a row
// is all there is of an item, it is never taken apart into one.
func (r *reader) forms(ctx context.Context, text string, args []any, size int) ([]item.Form, lastRow, error) {
	if r.p.m.UploadOnly && len(r.p.children) == 0 {
		return r.plainForms(ctx, text, args, size)
	}
	records, last, err := r.records(ctx, text, args, size)
	if err == nil {
		err = r.complete(ctx, records)
	}
	if err != nil {
		return nil, last, err
	}
	f := newFormList(size)
	for i := range records {
		f.add(&records[i])
	}
	return f.forms, last, nil
}

// plainForms reads every row into the same fields.
func (r *reader) plainForms(ctx context.Context, text string, args []any, size int) ([]item.Form, lastRow, error) {
	f := newFormList(size)
	fields := make(item.Fields, 0, len(r.p.order))
	last, err := r.eachRow(ctx, text, args, func(key string, row []any) {
		rec := r.record(key, row, fields)
		f.add(&rec)
	})
	return f.forms, last, err
}

// formList gathers forms whose bodies share few allocations.
type formList struct {
	forms []item.Form
	room  []byte
	size  int // bytes of the last body
}

// roomBodies is how many bodies like the last one a new room holds.
const roomBodies = 64

func newFormList(size int) *formList { return &formList{forms: make([]item.Form, 0, size), size: 256} }

func (f *formList) add(rec *Record) {
	if cap(f.room)-len(f.room) < f.size+f.size/4 {
		f.room = make([]byte, 0, roomBodies*f.size)
	}
	form := rec.Form(f.room[len(f.room):])
	f.forms = append(f.forms, form)
	if form.Body != nil {
		f.size = len(form.Body)
		f.room = form.Body[f.size:]
	}
}
