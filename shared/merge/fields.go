package merge

import (
	"plait/shared/item"
	"plait/shared/wire"
)

// FieldPlan is what happens to one field, with the three values that decided it. They
// are where they came from, in the item, its link or the payload, and not to be
// changed: a plan holds one of these for each field of each item that is planned ahead.
type FieldPlan struct {
	Name    string
	Title   string
	Base    *item.Value // absent on a first sync
	Branch  *item.Value // absent when the item is created
	Source  *item.Value // in the receiver's references
	Result  *item.Value // what the field will hold
	Write   bool
	Reason  Reason
	Missing []string // references that the receiver lacks, by name

	field *wire.PayloadField
	moves bool      // the base moves: the job carried this field
	rows  *rowMerge // of a rows field
	costs []cost    // what was the store's own in rows: overwritten by copied prices, or gone with an element
	sent  item.ShortDigest
}

// Kept reports whether a value of the branch's own stands against the source's.
func (f *FieldPlan) Kept() bool {
	return f.Reason == KeptBranch || f.Reason == KeptFirstSync || f.Reason == ChangedSince
}

// stays reports whether the branch's value stands though the source has another.
func (f *FieldPlan) stays() bool { return f.Kept() || f.Reason == RevertStands }

// newBase is the field's base once the plan was carried out.
func (f *FieldPlan) newBase(readBack item.Value) item.Value {
	switch {
	case f.rows != nil:
		return f.rows.newBase(readBack)
	case f.Kept():
		return *f.Source
	default:
		return readBack
	}
}

// fieldInput is one field on its way to a decision.
type fieldInput struct {
	field  *wire.PayloadField
	create bool
	reset  bool            // the operator chose "reset to source" for it
	last   *item.LinkField // what the link knows; nil if the field never synced
	branch *item.Value
	source *item.Value
	origin item.Origin
	sent   item.ShortDigest // of source, once it is needed
}

// mergeField is the three-way merge of one field.
func mergeField(in *fieldInput) FieldPlan {
	out := in.plan()
	if in.last != nil || in.source.Type() == item.TypeRows {
		in.sent = item.ShortDigestOf(*in.source)
		out.sent = in.sent
	}
	if in.stands() {
		return in.left(RevertStands, nil)
	}
	if in.source.Type() == item.TypeRows {
		return mergeRows(in, out)
	}
	out.Reason, out.Write = in.decide()
	if out.Write {
		out.Result = in.source
	}
	return out
}

// plan is the FieldPlan before anything is decided: the branch's value stays.
func (in *fieldInput) plan() FieldPlan {
	return FieldPlan{
		Name: in.field.Name, Title: in.field.Title, Base: in.base(), Branch: in.branch, Source: in.source, Result: in.branch,
		field: in.field, moves: true,
	}
}

// decide orders the rules as the package's doc gives them.
func (in *fieldInput) decide() (Reason, bool) {
	switch {
	case in.create:
		return Created, !in.source.IsAbsent()
	case in.branch.Equal(*in.source):
		return SameValue, false
	case in.unchanged() && !in.last.Reverted && in.branch.Equal(*in.base()):
		return SameValue, false // this POS truncates or rounds; do not loop
	case in.field.Policy == item.Locked:
		return in.overwrite(), true
	case in.last != nil && in.branch.Equal(in.last.Base):
		return FollowsSource, true
	case in.reset:
		return WasReset, true
	case in.last == nil:
		return KeptFirstSync, false
	default:
		return KeptBranch, false
	}
}

// none is the absent value, where one is pointed at.
var none item.Value

// base is the field's base; absent if it never synced.
func (in *fieldInput) base() *item.Value {
	if in.last == nil {
		return &none
	}
	return &in.last.Base
}

// unchanged: the source sends what it sent last time.
func (in *fieldInput) unchanged() bool { return in.last != nil && in.last.Sent == in.sent }

// stands: a revert took back what the source still sends. It stands until the
// source changes, or an operator resets the field by name.
func (in *fieldInput) stands() bool {
	return !in.create && !in.reset && in.unchanged() && in.last.Reverted && !in.branch.Equal(*in.source)
}

// overwrite is the reason why a locked value takes the place of the branch's. What
// a switch locks was the branch's to change until it was turned on: the first
// value that it overwrites is told like drift.
func (in *fieldInput) overwrite() Reason {
	ours := in.last != nil && in.branch.Equal(*in.base())
	switch {
	case !ours && in.last != nil && in.last.Policy == item.Locked:
		return OverwroteDrift
	case !ours && in.field.LockedBy != "" && !in.branch.IsEmpty():
		return OverwroteOwn
	}
	return FollowsSource
}
