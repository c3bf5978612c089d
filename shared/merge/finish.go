package merge

import (
	"fmt"
	"strings"

	"plait/shared/item"
	"plait/shared/wire"
)

// Writes reports whether applying the plan changes the POS or its links at all.
func (out ItemPlan) Writes() bool {
	switch out.Action {
	case Skip, Park:
		return false
	case Equal, Keep:
		return len(out.Fields) > 0 // bases may move
	default:
		return true
	}
}

// Link returns the item's link after the plan was carried out and the item read
// back; nil where it is no longer linked. Where nothing of it changes, the
// result equals the link before.
func (out ItemPlan) Link(readBack item.Item) *item.Link {
	if out.Action == Unlink || out.Action == Delete {
		return nil
	}
	link := out.Local.Link.Clone()
	if link == nil {
		link = &item.Link{UID: out.UID, Birth: item.BornNetwork}
		if out.Action == Adopt {
			link.Birth, link.Adopted = item.BornLocal, true
		}
	}
	for _, f := range out.Fields {
		if f.moves {
			setBase(link, f, readBack, out.origin)
		}
	}
	return link
}

// setBase records what the job carried for one field. A field that the POS does
// not give back has no base.
func setBase(link *item.Link, f FieldPlan, readBack item.Item, origin item.Origin) {
	base := f.newBase(readBack.Fields.Get(f.Name))
	if base.IsAbsent() {
		return
	}
	field := item.LinkField{Name: f.Name, Base: base, Sent: f.sent, Policy: f.policy.Policy, From: origin}
	for _, c := range f.policy.Columns {
		if c.Policy != f.policy.Policy {
			field.Cols = append(field.Cols, item.ColPolicy{Name: c.Name, Policy: c.Policy})
		}
	}
	link.SetField(field)
}

// Before is the before-image that a revert needs: the fields that were
// overwritten and the link as it was. ok is false if nothing was changed.
func (out ItemPlan) Before(id item.ID) (before item.Item, ok bool) {
	switch out.Action {
	case Create:
		return item.Item{ID: id, Deleted: true}, true
	case Delete:
		return out.Local, true
	case Adopt, Update, Retire, Unlink:
	default:
		return item.Item{}, false
	}
	before = item.Item{ID: out.Local.ID, Link: out.Local.Link}
	for _, w := range out.Write {
		before.Fields = before.Fields.With(w.Name, out.Local.Fields.Get(w.Name))
	}
	return before, true
}

// Count adds the plan to a result's counts.
func (out ItemPlan) Count(c *wire.Counts) {
	counters := map[Action]*int{
		Create: &c.Created, Adopt: &c.Adopted, Update: &c.Updated, Equal: &c.Equal, Keep: &c.Kept,
		Delete: &c.Deleted, Retire: &c.Retired, Unlink: &c.Unlinked, Skip: &c.Skipped, Park: &c.Parked,
	}
	*counters[out.Action]++
}

// Refused turns a plan into a parked one: the POS would not have it.
func (out ItemPlan) Refused(cause error) ItemPlan {
	out.Fields, out.Write = nil, nil
	return out.end(Park, POSRefused, "the POS refuses it: %v", cause)
}

// Exceptions lists what a person may want to know of the item: why it was not
// simply written, and every field of the branch's that was kept or overwritten
// against its will.
func (out ItemPlan) Exceptions() []wire.Exception {
	base := wire.Exception{N: out.N, Kind: out.Kind, UID: out.UID, Key: out.Local.Key, Name: out.Name, Action: string(out.Action)}
	var list []wire.Exception
	if out.Why != "" || out.Action == Adopt {
		e := base
		e.Code, e.Why = string(out.Reason), out.Why
		if out.Action == Adopt && e.Why == "" {
			e.Code, e.Why = string(Adopt), "the store's own item was linked"
		}
		list = append(list, e)
	}
	for _, f := range out.Fields {
		if why := f.why(); why != "" {
			e := base
			e.Field, e.Code, e.Why = f.Name, string(f.Reason), why
			list = append(list, e)
		}
	}
	return list
}

func (f FieldPlan) why() string {
	var why string
	switch f.Reason {
	case KeptBranch:
		why = fmt.Sprintf("%s stays %s: the branch changed it since the last sync (%s there, %s at the source)", f.Title, show(f.Branch), show(f.Base), show(f.Source))
	case KeptFirstSync:
		why = fmt.Sprintf("%s stays %s: on a first sync an unlocked field keeps the branch's value (%s at the source)", f.Title, show(f.Branch), show(f.Source))
	case OverwroteDrift:
		why = fmt.Sprintf("%s was %s here, though it is locked; it is %s again", f.Title, show(f.Branch), show(f.Source))
	case WasReset:
		why = fmt.Sprintf("%s was %s and was set to %s, as chosen in the Test", f.Title, show(f.Branch), show(f.Source))
	case NewerHere:
		why = fmt.Sprintf("%s stays %s: a newer value from the same source is here already", f.Title, show(f.Branch))
	case ReferenceAbsent:
		why = fmt.Sprintf("%s was left as it is: this store lacks %s", f.Title, names(f.Missing))
	}
	if len(f.Missing) > 0 && why == "" {
		why = fmt.Sprintf("%s arrived without %s, which this store lacks", f.Title, names(f.Missing))
	}
	return why
}

func show(v item.Value) string {
	s := v.Display()
	if r := []rune(s); len(r) > 60 {
		s = string(r[:59]) + "…"
	}
	return quote(s)
}

// names lists what is missing, at most twenty, with the count of the rest.
func names(missing []string) string {
	if len(missing) > 20 {
		return fmt.Sprintf("%s and %d more", strings.Join(missing[:20], ", "), len(missing)-20)
	}
	return strings.Join(missing, ", ")
}
