package item

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"
)

// Outline reads some fields of an item, by names in their order, or all where names is
// nil, and leaves out what its link knows of single fields: who looks items up needs no
// more, and pays a fifth. The canonical form must be known to be whole, because its
// digest was verified: what is left out is passed over, and not looked at. What is
// returned has memory of its own.
func Outline(b []byte, names []string) (Item, error) {
	d := decoders.Get().(*Decoder)
	defer decoders.Put(d)
	r := d.begin(nil)
	r.in = unsafe.String(unsafe.SliceData(b), len(b)) // until this call ends
	it := r.outline(names)
	r.in = ""
	if r.err != nil {
		return Item{}, fmt.Errorf("cannot read item %.60q: %w", b, r.err)
	}
	return it, nil
}

func (r *reader) outline(names []string) Item {
	var it Item
	r.expect(`{"f":`)
	it.Fields = r.pick(names)
	r.expect(`,"g":`)
	it.Gen = r.integer()
	r.expect(`,"i":`)
	it.Key = strings.Clone(r.name(MaxKeyBytes))
	r.expect(`,"k":`)
	it.Kind = strings.Clone(r.name(MaxNameBytes))
	if r.skip(`,"l":`) {
		it.Link = r.linkOutline()
	}
	it.Deleted = r.skip(`,"x":true`)
	r.expect(`}`)
	return it
}

// pick reads fields, and passes over those that are not wanted.
func (r *reader) pick(names []string) Fields {
	var out Fields
	wanted := len(names)
	r.expect(`{`)
	for r.err == nil && r.peek() == '"' {
		name := r.string()
		r.expect(`:`)
		for len(names) > 0 && names[0] < name {
			names = names[1:]
		}
		switch {
		case names == nil:
			out = append(out, Field{Name: strings.Clone(name), Value: r.value(1).clone()})
		case len(names) > 0 && names[0] == name:
			if out == nil {
				out = make(Fields, 0, wanted)
			}
			out = append(out, Field{Name: names[0], Value: r.value(1).clone()})
		default:
			r.pass()
		}
		r.skip(`,`)
	}
	r.expect(`}`)
	return out
}

// pass passes over a value: to the comma or the brace that follows it.
func (r *reader) pass() {
	depth := 0
	for i := r.pos; i < len(r.in); i++ {
		switch r.in[i] {
		case '"':
			i = r.closing(i)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth < 0 || depth == 0 && i < len(r.in) && r.in[i] == ',' {
			r.pos = i
			return
		}
	}
	r.fail("a value without an end")
}

// closing finds the quote that ends the text which one at i begins: the first that is
// not escaped, after an even number of backslashes.
func (r *reader) closing(i int) int {
	for i++; ; i++ {
		n := strings.IndexByte(r.in[i:], '"')
		if n < 0 {
			return len(r.in)
		}
		first := i
		i += n
		escapes := 0
		for i-escapes > first && r.in[i-escapes-1] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
}

// linkOutline reads a link without its fields. Its uid comes last; a quote within it
// would be escaped.
func (r *reader) linkOutline() *Link {
	l := &Link{}
	r.expect(`{`)
	l.Adopted = r.skip(`"a":true,`)
	r.expect(`"b":`)
	switch r.string() {
	case string(BornLocal):
		l.Birth = BornLocal
	case string(BornNetwork):
		l.Birth = BornNetwork
	}
	at := strings.LastIndex(r.in[r.pos:], `,"u":"`)
	if at < 0 {
		r.fail("a link without a uid")
		return l
	}
	r.pos += at
	r.expect(`,"u":`)
	l.UID = strings.Clone(r.name(MaxNameBytes))
	r.expect(`}`)
	return l
}

// clone gives a value memory of its own.
func (v Value) clone() Value {
	v.str, v.kind, v.rows = strings.Clone(v.str), strings.Clone(v.kind), slices.Clone(v.rows)
	for i := range v.rows {
		row := &v.rows[i]
		row.Key, row.Cols = row.Key.clone(), slices.Clone(row.Cols)
		for j := range row.Cols {
			f := &row.Cols[j]
			f.Name, f.Value = strings.Clone(f.Name), f.Value.clone()
		}
	}
	return v
}
