package pos

import (
	"context"

	"plait/shared/item"
)

// forms runs a SELECT of selectList and returns the items' canonical forms. A
// comparison reads every row, and nearly all of them are as they were: where a row
// is all there is of an item, it is never taken apart into one.
func (r *reader) forms(ctx context.Context, text string, args []any, size int) ([]item.Form, lastRow, error) {
	f := formList{forms: make([]item.Form, 0, size), size: 256}
	if r.p.m.UploadOnly && len(r.p.children) == 0 {
		last, err := r.eachRow(ctx, text, args, false, func(key string, row []cell) { f.addRow(r.p, key, row) })
		return f.forms, last, err
	}
	records, last, err := r.records(ctx, text, args, size)
	if err == nil {
		err = r.complete(ctx, records)
	}
	if err != nil {
		return nil, last, err
	}
	for i := range records {
		f.add(records[i].Form(f.next()))
	}
	return f.forms, last, nil
}

// formList gathers forms whose bodies share few allocations.
type formList struct {
	forms []item.Form
	room  []byte
	size  int // bytes of the last body
}

// roomBodies is how many bodies like the last one a new room holds.
const roomBodies = 64

// next is where the next body begins.
func (f *formList) next() []byte {
	if cap(f.room) < f.size+f.size/4 {
		f.room = make([]byte, 0, roomBodies*f.size)
	}
	return f.room
}

func (f *formList) add(form item.Form) {
	f.forms = append(f.forms, form)
	if form.Body != nil {
		f.size = len(form.Body)
		f.room = form.Body[f.size:]
	}
}

// addRow writes a row's values straight into its form. A row with one that cannot be
// read has no body: Read says why.
func (f *formList) addRow(p *kindPlan, key string, row []cell) {
	body := item.BeginForm(f.next())
	for _, v := range p.values {
		value, err := v.read(row)
		if err != nil {
			f.add(item.Form{Key: key})
			return
		}
		body = item.AppendField(body, v.name, value)
	}
	f.add(item.Form{Key: key, Body: item.EndForm(body, item.ID{Kind: p.m.Kind, Key: key})})
}
