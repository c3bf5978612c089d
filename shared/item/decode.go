package item

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrNotCanonical is wrapped by every error of Decode: the bytes are not the
// canonical form of an item.
var ErrNotCanonical = errors.New("not the canonical form of an item")

// Decode reads an item's canonical form. Anything else is refused: other
// spellings, unsorted or double keys, white space, invalid UTF-8, an item over
// the limits. What it accepts, Append writes again byte for byte.
func Decode(b []byte) (Item, error) {
	d := decoders.Get().(*Decoder)
	defer decoders.Put(d)
	it, err := d.Decode(b)
	return it.clone(), err
}

// clone gives the item memory of its own.
func (it Item) clone() Item {
	it.Fields, it.Link = slices.Clone(it.Fields), it.Link.Clone()
	return it
}

// DecodeFields reads the canonical form of a list of fields alone.
func DecodeFields(b []byte) (Fields, error) {
	return decodeWhole(b, "fields", func(r *reader) Fields { return r.fields(1) })
}

// DecodeValue reads the canonical form of one value.
func DecodeValue(b []byte) (Value, error) {
	return decodeWhole(b, "value", func(r *reader) Value { return r.value(1) })
}

// A Decoder reads items one after the other in the same memory, for whoever looks at
// each and lets it go. The zero Decoder is ready; it is not for several goroutines.
type Decoder struct{ r reader }

// Decode is the package's Decode. The item's fields and its link stand until the next
// call.
func (d *Decoder) Decode(b []byte) (Item, error) {
	it, err := whole(d.begin(b), func(r *reader) Item { return r.item() })
	if err != nil {
		return Item{}, fmt.Errorf("cannot read item %.60q: %w", b, err)
	}
	return it, nil
}

func (d *Decoder) begin(b []byte) *reader {
	d.r.in, d.r.pos, d.r.err = string(b), 0, nil
	d.r.room.fields = d.r.room.fields[:0]
	return &d.r
}

// decoders are those of who reads single items.
var decoders = sync.Pool{New: func() any { return new(Decoder) }}

func decodeWhole[T any](b []byte, what string, read func(*reader) T) (T, error) {
	v, err := whole(&reader{in: string(b)}, read)
	if err != nil {
		return v, fmt.Errorf("cannot read %s %.60q: %w", what, b, err)
	}
	return v, nil
}

// whole reads what must be all that there is.
func whole[T any](r *reader, read func(*reader) T) (v T, err error) {
	if len(r.in) > MaxBytes {
		return v, fmt.Errorf("%w: it has %d bytes, more than %d", ErrNotCanonical, len(r.in), MaxBytes)
	}
	v = read(r)
	if r.err == nil && r.pos != len(r.in) {
		r.fail("more follows at byte %d", r.pos)
	}
	if r.err != nil {
		var zero T
		return zero, r.err
	}
	return v, nil
}

func (r *reader) item() Item {
	var it Item
	r.expect(`{"f":`)
	it.Fields = r.pushFields(1)
	r.expect(`,"g":`)
	it.Gen = r.integer()
	r.expect(`,"i":`)
	it.Key = r.name(MaxKeyBytes)
	r.expect(`,"k":`)
	it.Kind = r.name(MaxNameBytes)
	if r.skip(`,"l":`) {
		it.Link = r.link(it.Fields)
	}
	it.Deleted = r.skip(`,"x":true`)
	r.expect(`}`)
	if it.Gen < 0 {
		r.fail("the generation is negative")
	}
	return it
}

// fields reads fields into memory of their own.
func (r *reader) fields(depth int) Fields {
	from := len(r.room.fields)
	out := slices.Clone(r.pushFields(depth))
	r.room.fields = r.room.fields[:from]
	return out
}

// pushFields reads fields into the room, behind those that are there.
func (r *reader) pushFields(depth int) Fields {
	if depth > maxDepth {
		r.fail("it is nested deeper than %d", maxDepth)
	}
	r.expect(`{`)
	if r.skip(`}`) {
		return nil
	}
	from := len(r.room.fields)
	for r.err == nil {
		f := Field{Name: r.name(MaxNameBytes)}
		r.expect(`:`)
		f.Value = r.value(depth)
		if n := len(r.room.fields); n > from && r.room.fields[n-1].Name >= f.Name {
			r.fail("field %q is out of order or stands twice", f.Name)
		}
		r.room.fields = append(r.room.fields, f)
		if !r.skip(`,`) {
			r.expect(`}`)
			break
		}
	}
	return r.room.fields[from:len(r.room.fields):len(r.room.fields)]
}

func (r *reader) value(depth int) Value {
	switch c := r.peek(); {
	case c == '"':
		return Value{typ: TypeText, str: r.string()}
	case c == '-' || isDigit(c):
		return Integer(r.integer())
	case r.skip("null"):
		return Null()
	case r.skip("true"):
		return Bool(true)
	case r.skip("false"):
		return Bool(false)
	default:
		return r.tagged(depth)
	}
}

func (r *reader) tagged(depth int) Value {
	var v Value
	switch {
	case r.skip(`{"d":`):
		v = Value{typ: TypeDecimal, str: r.string()}
		if !isCanonicalDecimal(v.str) { // what a check is told is allocated, even where it holds
			r.fail("decimal %.40q", v.str)
		}
	case r.skip(`{"t":`):
		v = Value{typ: TypeTime, str: r.string()}
		if c, ok := canonicalTime(v.str); !ok || c != v.str {
			r.fail("time %.40q", v.str)
		}
	case r.skip(`{"b":`):
		v = r.bytes()
	case r.skip(`{"h":[`):
		v = Value{typ: TypeBlob, str: r.string()}
		r.expect(`,`)
		v.num = r.integer()
		r.expect(`]`)
		r.check(isHash(v.str) && v.num >= 0, "blob %.70q", v.str)
	case r.skip(`{"r":[`):
		v = r.ref(TypeRef)
	case r.skip(`{"u":[`):
		v = r.ref(TypeUIDRef)
	case r.skip(`{"s":[`):
		v = r.rows(depth)
	default:
		r.fail("no value at byte %d", r.pos)
		return v
	}
	r.expect(`}`)
	return v
}

func (r *reader) ref(t Type) Value {
	v := Value{typ: t, kind: r.name(MaxNameBytes)}
	r.expect(`,`)
	v.str = r.name(MaxKeyBytes)
	r.expect(`]`)
	return v
}

func (r *reader) rows(depth int) Value {
	v := Value{typ: TypeRows}
	if r.skip(`]`) {
		return v
	}
	last := ""
	for r.err == nil {
		r.expect(`[`)
		start := r.pos
		row := Row{Key: r.value(maxDepth)}
		key := r.in[start:r.pos]
		r.check(validRowKey(row.Key), "row key of type %s", row.Key.Type())
		r.check(last < key, "row key %.40q out of order", key)
		last = key
		r.expect(`,`)
		row.Cols = r.fields(depth + 1)
		r.expect(`]`)
		v.rows = append(v.rows, row)
		r.check(len(v.rows) <= MaxRows, "more than %d rows", MaxRows)
		if !r.skip(`,`) {
			r.expect(`]`)
			break
		}
	}
	return v
}
