package storesync

import (
	"fmt"
	"maps"
	"slices"

	"plait/shared/item"
	"plait/shared/wire"
)

// undoing is what a store held before a sync and after it, where the sync is taken
// back then: what must hold of that is said here. Each check looks at what the store
// holds now.
//
// Where the store did nothing since the sync, it holds what it held before: the same
// items under the same keys, with the same values, and linked or not as they were.
// What may differ is no more than this:
//
//   - an item that the sync deleted and the revert made anew: a field that we may only
//     read has what the POS gives it;
//   - an item that the sync created stays where the store's mapping cannot delete every
//     kind: retired, or unlinked;
//   - of a link, what the merge remembers of each field: that it was set back, so that
//     the next sync of the same leaves it; but the base and policy of a field that was
//     set back are what they were;
//   - revisions.
type undoing struct {
	at      *salon
	before  map[item.ID]item.Item // live, before the sync
	after   map[item.ID]item.Item // and after it
	edited  map[item.ID]item.Item // and before the revert
	changed map[item.ID]bool      // by the sync
	moved   map[string]string     // keys under which the revert brought items back that lost theirs
}

func (s *salon) alive() map[item.ID]item.Item {
	out := maps.Clone(s.rows)
	maps.DeleteFunc(out, func(_ item.ID, it item.Item) bool { return it.Deleted })
	return out
}

// settle lets a branch's items be as a POS gives them: every mapped field has a
// value, and nothing refers to what is not there (what a field referred to before
// is not set back where it has gone).
func (s *salon) settle() {
	for _, it := range s.alive() {
		for _, k := range s.profile.Kinds {
			for _, f := range k.Fields {
				if k.Kind != it.Kind {
					continue
				}
				v := s.settled(it.Fields.Get(f.Name))
				if v.IsAbsent() {
					v = item.Null()
				}
				it.Fields = it.Fields.With(f.Name, v)
			}
		}
		s.put(it)
	}
}

func (s *salon) settled(v item.Value) item.Value {
	switch v.Type() {
	case item.TypeRef:
		if _, ok := s.live(v.RefKind(), v.Str()); !ok {
			return item.Null()
		}
	case item.TypeRows:
		var rows []item.Row
		for _, e := range v.Rows() {
			if s.settled(e.Key).IsNull() {
				continue
			}
			var cols item.Fields
			for _, c := range e.Cols {
				cols = append(cols, item.Field{Name: c.Name, Value: s.settled(c.Value)})
			}
			rows = append(rows, item.Row{Key: e.Key, Cols: cols})
		}
		v, _ = item.Rows(rows)
	}
	return v
}

// isIdentity says what is not as it was before the sync; "" if nothing.
func (u *undoing) isIdentity() string {
	now := u.at.alive()
	for id, was := range u.before {
		is, ok := now[id]
		if _, stayed := u.after[id]; !stayed {
			was, is = u.writable(was), u.writable(is) // the POS makes the others
		}
		if diff := differs(was, is); !ok || diff != "" {
			return fmt.Sprintf("%s %s is not what it was: %s\nbefore %s\nsynced %s\nnow    %s", id.Kind, id.Key, diff, item.Append(nil, was), item.Append(nil, u.after[id]), item.Append(nil, is))
		}
	}
	for id := range now {
		if _, was := u.before[id]; !was && u.mayDelete() {
			return fmt.Sprintf("%s %s was not there before the sync", id.Kind, id.Key)
		}
	}
	return ""
}

// mayDelete: where a mapping cannot delete one kind, what such items refer to
// stays too.
func (u *undoing) mayDelete() bool {
	return !slices.ContainsFunc(u.at.profile.Kinds, func(k wire.ProfileKind) bool { return !k.CanDelete })
}

// writable is an item with what we may write of it.
func (u *undoing) writable(it item.Item) item.Item {
	for _, k := range u.at.profile.Kinds {
		for _, f := range k.Fields {
			if k.Kind == it.Kind && f.ReadOnly {
				it.Fields = it.Fields.With(f.Name, item.Value{})
			}
		}
	}
	return it
}

// differs compares values and links; of a link what matters to the branch: to
// what it leads, and which policy and base a field has that was set back.
func differs(was, is item.Item) string {
	switch {
	case !was.Fields.Equal(is.Fields):
		return "its values"
	case (was.Link == nil) != (is.Link == nil):
		return "whether it is linked"
	case was.Link == nil:
		return ""
	case was.Link.Adopted != is.Link.Adopted || was.Link.Birth != is.Link.Birth:
		return "its link"
	}
	for _, f := range is.Link.Fields {
		if before, ok := was.Link.Field(f.Name); ok && f.Reverted && (!before.Base.Equal(f.Base) || before.Policy != f.Policy) {
			return fmt.Sprintf("what its link says of %s", f.Name)
		}
	}
	return ""
}

// keepsEdits says what the store changed since the sync and does not stand, or what
// else is neither what the sync wrote nor what was there before; "" if nothing. It
// counts items of the sync's that were edited, and the values that had to be kept.
func (u *undoing) keepsEdits(edits, kept *int) string {
	now := u.at.alive()
	for id, synced := range u.after {
		if what := u.keepsEditsOf(id, synced, now, edits, kept); what != "" {
			return what
		}
	}
	for id, was := range u.edited { // the branch's own, and what was none of the sync's
		if _, synced := u.after[id]; !synced || !u.changed[id] {
			if is := now[id]; differs(was, is) != "" {
				return fmt.Sprintf("%s %s is none of the sync's, and the revert changed it:\nbefore %s\nnow    %s", id.Kind, id.Key, item.Append(nil, was), item.Append(nil, is))
			}
		}
	}
	return ""
}

func (u *undoing) keepsEditsOf(id item.ID, synced item.Item, now map[item.ID]item.Item, edits, kept *int) string {
	edited, ok := u.edited[id]
	is, stands := now[id]
	if !ok {
		if stands {
			return fmt.Sprintf("the branch deleted %s %s, and it came back", id.Kind, id.Key)
		}
		return ""
	}
	touched := !edited.Fields.Equal(synced.Fields)
	if touched {
		*edits++
	}
	if !stands {
		if _, was := u.before[id]; was || touched {
			return fmt.Sprintf("%s %s is gone, though it was there before, or the branch changed it", id.Kind, id.Key)
		}
		return ""
	}
	for _, f := range edited.Fields {
		value, wrote := is.Fields.Get(f.Name), synced.Fields.Get(f.Name)
		switch {
		case !f.Value.Equal(wrote) && !value.Equal(f.Value) && !u.retired(id, f.Name):
			return fmt.Sprintf("the branch set %s of %s %s to %s, and it is %s", f.Name, id.Kind, id.Key, f.Value.Display(), value.Display())
		case !f.Value.Equal(wrote):
			*kept++
		case !value.Equal(wrote) && !value.Equal(u.before[id].Fields.Get(f.Name)) && !u.retired(id, f.Name) && !u.refersToMoved(value):
			return fmt.Sprintf("%s of %s %s is %s: neither what the sync wrote nor what was there before", f.Name, id.Kind, id.Key, value.Display())
		}
	}
	return ""
}

// refersToMoved: what was referred to came back under another key.
func (u *undoing) refersToMoved(v item.Value) (found bool) {
	eachRef(item.Fields{{Value: v}}, func(ref item.Value) { found = found || u.moved[ref.Str()] != "" })
	return found
}

// retired: what the sync created and cannot be deleted is deactivated.
func (u *undoing) retired(id item.ID, field string) bool {
	_, was := u.before[id]
	return !was && field == "active"
}
