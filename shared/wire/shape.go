package wire

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// shape is what the scanner must know of a type that JSON objects are read into.
type shape struct {
	any     bool                    // any key: a map, or no type at all
	elem    reflect.Type            // of any key's value; nil if it may be anything
	members map[string]reflect.Type // of a struct, by JSON key
}

var (
	anyShape = &shape{any: true}
	shapes   sync.Map // reflect.Type to *shape
	rawType  = reflect.TypeFor[json.RawMessage]()
)

func shapeOf(t reflect.Type) *shape {
	if t == nil {
		return anyShape
	}
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s := newShape(t)
	shapes.Store(t, s)
	return s
}

func newShape(t reflect.Type) *shape {
	switch t.Kind() {
	case reflect.Map:
		return &shape{any: true, elem: t.Elem()}
	case reflect.Struct:
		return &shape{members: structMembers(t)}
	default: // encoding/json refuses the object, or reads it as it likes (raw, interface)
		return anyShape
	}
}

func structMembers(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("json")
		if !f.IsExported() || f.Anonymous || tag == "-" {
			continue
		}
		name, _, _ := strings.Cut(tag, ",")
		if name == "" {
			name = f.Name
		}
		out[name] = f.Type
	}
	return out
}

func (s *shape) member(key []byte) (t reflect.Type, known bool) {
	if s.any {
		return s.elem, true
	}
	t, known = s.members[string(key)]
	return t, known
}

// elem is the type of a list's elements, nil if anything goes.
func elem(t reflect.Type) reflect.Type {
	if t == nil || t == rawType || (t.Kind() != reflect.Slice && t.Kind() != reflect.Array) {
		return nil
	}
	return t.Elem()
}

// holdsNull reports whether null has a meaning for t: "none". For a number or a
// text encoding/json would skip it silently.
func holdsNull(t reflect.Type) bool {
	if t == nil {
		return true
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Map, reflect.Interface:
		return true
	default:
		return false
	}
}

// keySet finds double keys. Small objects, which nearly all are, need no map.
type keySet struct {
	few  [12][]byte
	n    int
	many map[string]struct{}
}

// add reports false if the key was there already.
func (k *keySet) add(key []byte) bool {
	for _, have := range k.few[:min(k.n, len(k.few))] {
		if string(have) == string(key) {
			return false
		}
	}
	if k.n < len(k.few) {
		k.few[k.n] = key
		k.n++
		return true
	}
	if _, ok := k.many[string(key)]; ok {
		return false
	}
	if k.many == nil {
		k.many = map[string]struct{}{}
	}
	k.many[string(key)] = struct{}{}
	return true
}
