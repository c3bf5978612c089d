package merge

import (
	"fmt"
	"strings"

	"plait/shared/item"
	"plait/shared/wire"
)

// Writes reports whether applying the plan changes the POS or its links at all.
func (out *ItemPlan) Writes() bool {
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
func (out *ItemPlan) Link(readBack item.Item) *item.Link {
	link := out.linkIdentity()
	if link == nil || link == out.Local.Link || out.undo != nil {
		return link
	}
	link.Fields = out.bases(link.Fields, readBack.Fields)
	return link
}

// SameBases reports whether Link makes the same of two items.
func (out *ItemPlan) SameBases(a, b item.Item) bool {
	if out.undo != nil {
		return true
	}
	first, second := walk{a.Fields}, walk{b.Fields}
	for i := range out.Fields {
		if f := &out.Fields[i]; f.moves && !first.to(f.Name).Equal(*second.to(f.Name)) {
			return false
		}
	}
	return true
}

// linkIdentity is the link without what this job carried: Local's own where nothing
// of it changes.
func (out *ItemPlan) linkIdentity() *item.Link {
	old := out.Local.Link
	switch {
	case out.Action == Unlink || out.Action == Delete:
		return nil
	case out.undo != nil:
		return out.linkBack()
	case !out.Writes() || out.repair || (old == nil && out.Action == Retire):
		return old // what is retired without a link gets none
	}
	link := item.Link{UID: out.UID, Birth: item.BornNetwork}
	if old != nil {
		link = *old
		if out.relink {
			link.UID = out.UID
		}
	} else if out.Action == Adopt {
		link.Birth, link.Adopted = item.BornLocal, true
	}
	return &link
}

// bases are the link's fields with what this job carried; both lists are sorted
// by name.
func (out *ItemPlan) bases(old []item.LinkField, readBack item.Fields) []item.LinkField {
	fields := make([]item.LinkField, 0, max(len(old), len(out.Fields)))
	now := walk{readBack}
	for i := range out.Fields {
		f := &out.Fields[i]
		if !f.moves {
			continue
		}
		base := f.newBase(*now.to(f.Name))
		if base.IsAbsent() {
			continue // the POS does not give it back: it has no base
		}
		for len(old) > 0 && old[0].Name < f.Name {
			fields, old = append(fields, old[0]), old[1:]
		}
		if len(old) > 0 && old[0].Name == f.Name {
			old = old[1:]
		}
		fields = append(fields, f.link(base, out.origin))
	}
	return append(fields, old...)
}

// link is what the job carried for the field.
func (f *FieldPlan) link(base item.Value, origin item.Origin) item.LinkField {
	if f.sent == "" {
		f.sent = item.ShortDigestOf(*f.Source)
	}
	field := item.LinkField{Name: f.Name, Base: base, Sent: f.sent, Policy: f.field.Policy, From: origin}
	for _, c := range f.field.Columns {
		if c.Policy != f.field.Policy {
			field.Cols = append(field.Cols, item.ColPolicy{Name: c.Name, Policy: c.Policy})
		}
	}
	return field
}

// Count adds the plan to a result's counts.
func (out *ItemPlan) Count(c *wire.Counts) {
	switch out.Action {
	case Create:
		c.Created++
	case Adopt:
		c.Adopted++
	case Update:
		c.Updated++
	case Equal:
		c.Equal++
	case Keep:
		c.Kept++
	case Delete:
		c.Deleted++
	case Retire:
		c.Retired++
	case Unlink:
		c.Unlinked++
	case Skip:
		c.Skipped++
	case Park:
		c.Parked++
	}
}

// Refused turns a plan into a parked one: the POS would not have it.
func (out ItemPlan) Refused(cause error) ItemPlan {
	out.Fields, out.Write = nil, nil
	return out.end(Park, POSRefused, "the POS refuses it: %v", cause)
}

// Exceptions lists what a person may want to know of the item: why it was not
// simply written, and every field of the branch's that was kept or overwritten
// against its will.
func (out *ItemPlan) Exceptions() []wire.Exception {
	base := wire.Exception{N: out.N, Kind: out.Kind, UID: out.UID, Key: out.Local.Key, Name: out.Name, Action: string(out.Action)}
	var list []wire.Exception
	if out.Why != "" || out.Action == Adopt {
		e := base
		e.Code, e.Why = string(out.Reason), out.Why
		if out.Action == Adopt && e.Why == "" {
			e.Code, e.Why = string(Adopt), "the store's own item was linked"
			if out.called != "" && out.called != out.Name {
				e.Why = fmt.Sprintf("the store's own item %s was linked", quote(out.called))
			}
		}
		list = append(list, e)
	}
	if out.Action == Park { // nothing of it happened
		return list
	}
	for i := range out.Fields {
		f := &out.Fields[i]
		if why := f.why(); why != "" {
			e := base
			e.Field, e.Code, e.Why = f.Name, string(f.code()), why
			list = append(list, e)
		}
	}
	return list
}

// code is the reason as an exception gives it: that something was left out
// weighs more than how the rest was decided, unless the branch's value stands.
func (f *FieldPlan) code() Reason {
	if len(f.Missing) > 0 && !f.Kept() && f.Reason != ReferenceAbsent {
		return MissingPart
	}
	return f.Reason
}

func (f *FieldPlan) why() string {
	var why string
	switch f.Reason {
	case KeptBranch:
		why = fmt.Sprintf("%s stays %s: the branch changed it since the last sync (%s there, %s at the source)", f.Title, show(*f.Branch), show(*f.Base), show(*f.Source))
	case KeptFirstSync:
		why = fmt.Sprintf("%s stays %s: on a first sync an unlocked field keeps the branch's value (%s at the source)", f.Title, show(*f.Branch), show(*f.Source))
	case OverwroteDrift, OverwroteOwn:
		why = f.overwrote()
	case OwnGoes:
		why = f.goes()
	case WasReset:
		why = fmt.Sprintf("%s was %s and was set to %s, as chosen in the Test", f.Title, show(*f.Branch), show(*f.Source))
	case NewerHere:
		why = fmt.Sprintf("%s stays %s: a newer value from the same source is here already", f.Title, show(*f.Branch))
	case Reverted:
		why = fmt.Sprintf("%s goes back from %s to %s", f.Title, show(*f.Branch), show(*f.Source))
	case RevertStands:
		why = fmt.Sprintf("%s stays %s: a revert took back %s, which the source still sends; reset it to the source to bring that again", f.Title, show(*f.Branch), show(*f.Source))
	case ChangedSince:
		why = fmt.Sprintf("%s stays %s: it no longer holds what the sync wrote (it was %s before)", f.Title, show(*f.Branch), show(*f.Source))
	case NoSourcePrice:
		why = fmt.Sprintf("%s stays %s: the source has no active price", f.Title, show(*f.Branch))
	case Unrestricted:
		why = fmt.Sprintf("%s was left out by this sync (%s at the source): the new item is not restricted by it", f.Title, show(*f.Source))
	case ReferenceAbsent:
		why = fmt.Sprintf("%s was left as it is: this store lacks %s", f.Title, names(f.Missing))
	}
	if len(f.Missing) > 0 && f.Reason != ReferenceAbsent {
		why = joinSentences(why, fmt.Sprintf("%s arrived without %s, which this store lacks", f.Title, names(f.Missing)))
	}
	return why
}

// overwrote says what a locked value took the place of, price by price.
func (f *FieldPlan) overwrote() string {
	if len(f.costs) > 0 {
		list := make([]string, len(f.costs))
		for i, c := range f.costs {
			list[i] = fmt.Sprintf("%s of %s was %s and is %s", c.field, quote(c.element), show(c.was), show(c.is))
		}
		return fmt.Sprintf("%s: %s; %s", f.Title, names(list), f.lock())
	}
	if f.Reason == OverwroteDrift {
		return fmt.Sprintf("%s was %s here, though it is locked; it is %s again", f.Title, show(*f.Branch), show(*f.Source))
	}
	return fmt.Sprintf("%s was %s and is %s; %s", f.Title, show(*f.Branch), show(*f.Source), f.lock())
}

// lock says what locks a field that is the branch's own otherwise.
func (f *FieldPlan) lock() string {
	return strings.ReplaceAll(f.field.LockedBy, "_", " ") + " locks it"
}

func joinSentences(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
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
