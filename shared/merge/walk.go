package merge

import "plait/shared/item"

// A walk goes once through fields in the order of their names, which a payload's
// kind, its items, the store's items and their links all share.
type walk struct{ rest item.Fields }

// to returns the value of a field; absent if there is none. Names must rise.
func (w *walk) to(name string) *item.Value {
	for len(w.rest) > 0 && w.rest[0].Name < name {
		w.rest = w.rest[1:]
	}
	if len(w.rest) == 0 || w.rest[0].Name != name {
		return &none
	}
	return &w.rest[0].Value
}

// A linkWalk is a walk through a link's fields.
type linkWalk struct{ rest []item.LinkField }

func walkLink(l *item.Link) linkWalk {
	if l == nil {
		return linkWalk{}
	}
	return linkWalk{l.Fields}
}

// to returns what the link knows of a field; nil if it never synced.
func (w *linkWalk) to(name string) *item.LinkField {
	for len(w.rest) > 0 && w.rest[0].Name < name {
		w.rest = w.rest[1:]
	}
	if len(w.rest) == 0 || w.rest[0].Name != name {
		return nil
	}
	return &w.rest[0]
}
