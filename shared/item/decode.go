package item

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNotCanonical is wrapped by every error of Decode: the bytes are not the
// canonical form of an item.
var ErrNotCanonical = errors.New("not the canonical form of an item")

// Decode reads an item's canonical form. Anything else is refused: other
// spellings, unsorted or double keys, white space, invalid UTF-8, an item over
// the limits. What it accepts, Append writes again byte for byte.
func Decode(b []byte) (Item, error) {
	it, err := decodeWhole(b, func(r *reader) Item { return r.item(false) })
	if err != nil {
		return Item{}, fmt.Errorf("cannot read item %.60q: %w", b, err)
	}
	return it, nil
}

// DecodeFields reads the canonical form of a list of fields alone.
func DecodeFields(b []byte) (Fields, error) {
	f, err := decodeWhole(b, func(r *reader) Fields { return r.fields(1) })
	if err != nil {
		return nil, fmt.Errorf("cannot read fields %.60q: %w", b, err)
	}
	return f, nil
}

// DecodeValue reads the canonical form of one value.
func DecodeValue(b []byte) (Value, error) {
	v, err := decodeWhole(b, func(r *reader) Value { return r.value(1) })
	if err != nil {
		return Value{}, fmt.Errorf("cannot read value %.60q: %w", b, err)
	}
	return v, nil
}

// Outline reads an item whose canonical form is known to be whole, because its
// digest was verified, and leaves out what its link knows of single fields: who
// looks items up needs no more, and pays a third.
func Outline(b []byte) (Item, error) {
	r := &reader{in: string(b)}
	it := r.item(true)
	if r.err != nil {
		return Item{}, fmt.Errorf("cannot read item %.60q: %w", b, r.err)
	}
	return it, nil
}

func decodeWhole[T any](b []byte, read func(*reader) T) (T, error) {
	if len(b) > MaxBytes {
		var zero T
		return zero, fmt.Errorf("%w: it has %d bytes, more than %d", ErrNotCanonical, len(b), MaxBytes)
	}
	r := &reader{in: string(b)}
	v := read(r)
	if r.err == nil && r.pos != len(b) {
		r.fail("more follows at byte %d", r.pos)
	}
	if r.err != nil {
		var zero T
		return zero, r.err
	}
	return v, nil
}

func (r *reader) item(outline bool) Item {
	var it Item
	r.expect(`{"f":`)
	it.Fields = r.fields(1)
	r.expect(`,"g":`)
	it.Gen = r.integer()
	r.expect(`,"i":`)
	it.Key = r.name(MaxKeyBytes)
	r.expect(`,"k":`)
	it.Kind = r.name(MaxNameBytes)
	if r.skip(`,"l":`) {
		if outline {
			it.Link = r.linkOutline()
		} else {
			it.Link = r.link(it.Fields)
		}
	}
	it.Deleted = r.skip(`,"x":true`)
	r.expect(`}`)
	if it.Gen < 0 {
		r.fail("the generation is negative")
	}
	return it
}

// fieldRoom is how many fields are read before any is copied: more than most items
// have. Where an item has as many as its bytes might hold, most of that room would
// be for nothing.
const fieldRoom = 24

func (r *reader) fields(depth int) Fields {
	if depth > maxDepth {
		r.fail("it is nested deeper than %d", maxDepth)
	}
	r.expect(`{`)
	if r.skip(`}`) {
		return nil
	}
	var room [fieldRoom]Field
	out := Fields(room[:0])
	for r.err == nil {
		f := Field{Name: r.name(MaxNameBytes)}
		r.expect(`:`)
		f.Value = r.value(depth)
		if n := len(out); n > 0 && out[n-1].Name >= f.Name {
			r.fail("field %q is out of order or stands twice", f.Name)
		}
		out = append(out, f)
		if !r.skip(`,`) {
			r.expect(`}`)
			break
		}
	}
	return slices.Clone(out)
}

func (r *reader) value(depth int) Value {
	switch c := r.peek(); {
	case c == '"':
		return Value{typ: TypeText, str: r.string()}
	case c == '-' || ('0' <= c && c <= '9'):
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
