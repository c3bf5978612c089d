package item

import (
	"fmt"
	"unicode/utf8"
)

// Type says what a Value holds.
type Type uint8

// The types of a Value. Absent is the zero Value: no value at all, which is
// neither NULL nor empty.
const (
	TypeAbsent Type = iota
	TypeNull
	TypeText
	TypeInteger
	TypeDecimal
	TypeBool
	TypeTime
	TypeBytes
	TypeBlob
	TypeRef
	TypeUIDRef
	TypeRows
)

var typeNames = [...]string{"absent", "null", "text", "integer", "decimal", "bool", "time", "bytes", "blob", "reference", "uid reference", "rows"}

// String returns the type's name as messages and mapping files spell it.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// Value is one typed value. The zero Value is absent. Values are immutable:
// copy them freely, never change what Rows returns.
type Value struct {
	typ  Type
	str  string // text, canonical decimal or time, raw bytes, blob hash, reference key or uid
	kind string // reference: the kind referred to
	num  int64  // integer, bool (0 or 1), blob length
	rows []Row
}

// Row is one element of a rows value: its key within the field (text, integer
// or a reference) and its columns, which may be none (a plain set).
type Row struct {
	Key  Value
	Cols Fields
}

// Null is SQL's NULL: a value that is there and says "nothing".
func Null() Value { return Value{typ: TypeNull} }

// Text returns a text value, or an error if s is not valid UTF-8.
func Text(s string) (Value, error) {
	if !utf8.ValidString(s) {
		return Value{}, fmt.Errorf("cannot hold text %q: it is not valid UTF-8", s)
	}
	return Value{typ: TypeText, str: s}, nil
}

// MustText is Text for text known to be valid, such as a literal. It panics otherwise.
func MustText(s string) Value {
	v, err := Text(s)
	if err != nil {
		panic(err)
	}
	return v
}

// Integer returns an integer value; all 64 bits are kept.
func Integer(n int64) Value { return Value{typ: TypeInteger, num: n} }

// Bool returns a bool value.
func Bool(b bool) Value {
	if b {
		return Value{typ: TypeBool, num: 1}
	}
	return Value{typ: TypeBool}
}

// Bytes returns a bytes value with a copy of b.
func Bytes(b []byte) Value { return Value{typ: TypeBytes, str: string(b)} }

// Blob stands for a body of length bytes with the given SHA-256 in lower-case
// hexadecimal; the body itself travels apart from items.
func Blob(hash string, length int64) Value { return Value{typ: TypeBlob, str: hash, num: length} }

// Ref refers to another item of the same store by its kind and key.
func Ref(kind, key string) Value { return Value{typ: TypeRef, kind: kind, str: key} }

// UIDRef refers to an item of the network by its kind and uid. It stands only
// in payloads; a store's own items use Ref.
func UIDRef(kind, uid string) Value { return Value{typ: TypeUIDRef, kind: kind, str: uid} }

// Rows returns a rows value. It sorts a copy of rows by element key and fails
// if two elements have the same key.
func Rows(rows []Row) (Value, error) {
	sorted, err := sortRows(rows)
	if err != nil {
		return Value{}, err
	}
	return Value{typ: TypeRows, rows: sorted}, nil
}

// Type returns the value's type.
func (v Value) Type() Type { return v.typ }

// IsAbsent reports whether there is no value at all.
func (v Value) IsAbsent() bool { return v.typ == TypeAbsent }

// IsNull reports whether the value is NULL.
func (v Value) IsNull() bool { return v.typ == TypeNull }

// IsEmpty reports whether the value is absent, NULL, empty text or no rows:
// what counts as "nothing there" for an identity code's parts.
func (v Value) IsEmpty() bool {
	switch v.typ {
	case TypeAbsent, TypeNull:
		return true
	case TypeText, TypeBytes:
		return v.str == ""
	case TypeRows:
		return len(v.rows) == 0
	default:
		return false
	}
}

// Str returns the text, canonical decimal or time, raw bytes, blob hash, or the
// key or uid of a reference; otherwise "".
func (v Value) Str() string { return v.str }

// Int returns an integer's value, or a blob's length.
func (v Value) Int() int64 { return v.num }

// True reports whether the value is the bool true.
func (v Value) True() bool { return v.typ == TypeBool && v.num == 1 }

// RefKind returns the kind that a reference refers to, or "".
func (v Value) RefKind() string { return v.kind }

// Rows returns the elements of a rows value, sorted by element key.
func (v Value) Rows() []Row { return v.rows }

// Equal reports whether two values are the same value of the same type.
// Decimals are canonical, so 12.5 equals 12.50; absent equals only absent.
func (v Value) Equal(w Value) bool {
	if v.typ != w.typ || v.str != w.str || v.num != w.num || v.kind != w.kind || len(v.rows) != len(w.rows) {
		return false
	}
	for i := range v.rows {
		if !v.rows[i].Key.Equal(w.rows[i].Key) || !v.rows[i].Cols.Equal(w.rows[i].Cols) {
			return false
		}
	}
	return true
}

// Display returns the value as a person reads it in a table or message; it is
// not the canonical form and is not escaped for any medium.
func (v Value) Display() string {
	switch v.typ {
	case TypeAbsent:
		return "(absent)"
	case TypeNull:
		return "(null)"
	case TypeInteger:
		return fmt.Sprint(v.num)
	case TypeBool:
		if v.num == 1 {
			return "yes"
		}
		return "no"
	case TypeBytes:
		return fmt.Sprintf("(%d bytes)", len(v.str))
	case TypeBlob:
		return fmt.Sprintf("(%d bytes, %.8s…)", v.num, v.str)
	case TypeRef, TypeUIDRef:
		return v.kind + " " + v.str
	case TypeRows:
		return fmt.Sprintf("(%d rows)", len(v.rows))
	default:
		return v.str
	}
}
