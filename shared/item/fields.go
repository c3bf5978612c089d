package item

import (
	"cmp"
	"fmt"
	"slices"
)

// Field is one named value of an item, or one column of a row.
type Field struct {
	Name  string
	Value Value
}

// Fields is a list of fields sorted by name, each name once; absent values are
// left out. Build it with MakeFields or Set.
type Fields []Field

// MakeFields sorts a copy of fields, drops absent values, and fails on a name
// that stands twice.
func MakeFields(fields ...Field) (Fields, error) {
	out := make(Fields, 0, len(fields))
	for _, f := range fields {
		if !f.Value.IsAbsent() {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b Field) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(out); i++ {
		if out[i].Name == out[i-1].Name {
			return nil, fmt.Errorf("cannot hold two fields named %q", out[i].Name)
		}
	}
	return out, nil
}

func (f Fields) find(name string) (int, bool) {
	return slices.BinarySearchFunc(f, name, func(x Field, n string) int { return cmp.Compare(x.Name, n) })
}

// Get returns the field's value; an absent Value if there is none.
func (f Fields) Get(name string) Value {
	if i, ok := f.find(name); ok {
		return f[i].Value
	}
	return Value{}
}

// With returns a copy of f in which name has the value v; an absent v removes it.
func (f Fields) With(name string, v Value) Fields {
	i, found := f.find(name)
	out := slices.Clone(f)
	switch {
	case v.IsAbsent() && found:
		return slices.Delete(out, i, i+1)
	case v.IsAbsent():
		return out
	case found:
		out[i].Value = v
		return out
	default:
		return slices.Insert(out, i, Field{Name: name, Value: v})
	}
}

// Equal reports whether both lists hold the same names with equal values.
func (f Fields) Equal(g Fields) bool {
	return slices.EqualFunc(f, g, func(a, b Field) bool { return a.Name == b.Name && a.Value.Equal(b.Value) })
}

func sortRows(rows []Row) ([]Row, error) {
	type keyed struct {
		key string
		row Row
	}
	list := make([]keyed, len(rows))
	for i, r := range rows {
		if !validRowKey(r.Key) {
			return nil, fmt.Errorf("cannot use a %s as the key of a row", r.Key.Type())
		}
		list[i] = keyed{string(appendValue(nil, &r.Key)), r}
	}
	slices.SortFunc(list, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	out := make([]Row, len(list))
	for i, k := range list {
		if i > 0 && k.key == list[i-1].key {
			return nil, fmt.Errorf("cannot hold two rows with the key %s", k.row.Key.Display())
		}
		out[i] = k.row
	}
	return out, nil
}

// validRowKey: an element is found again by its key, so the key must be a plain
// value with one spelling.
func validRowKey(v Value) bool {
	switch v.typ {
	case TypeText, TypeInteger, TypeDecimal, TypeTime, TypeBool, TypeRef, TypeUIDRef, TypeBlob:
		return true
	default:
		return false
	}
}
