package merge

import (
	"plait/shared/item"
	"plait/shared/wire"
)

// FieldPlan is what happens to one field, with the three values that decided it.
type FieldPlan struct {
	Name    string
	Title   string
	Base    item.Value // absent on a first sync
	Branch  item.Value // absent when the item is created
	Source  item.Value // in the receiver's references
	Result  item.Value // what the field will hold
	Write   bool
	Reason  Reason
	Missing []string // references that the receiver lacks, by name

	policy  wire.PayloadField
	sent    item.ShortDigest
	moves   bool // the base moves: the job carried this field
	newBase func(readBack item.Value) item.Value
}

// Kept reports whether a value of the branch's own stands against the source's.
func (f FieldPlan) Kept() bool { return f.Reason == KeptBranch || f.Reason == KeptFirstSync }

// fieldInput is one field on its way to a decision.
type fieldInput struct {
	field  wire.PayloadField
	create bool
	reset  bool
	last   item.LinkField // what the link knows
	synced bool           // whether it knows anything
	branch item.Value
	source item.Value
	origin item.Origin
}

// mergeField is the three-way merge of one field.
func mergeField(in fieldInput) FieldPlan {
	if in.source.Type() == item.TypeRows {
		return mergeRows(in)
	}
	out := in.plan()
	out.Reason, out.Write = in.decide(in.synced && in.last.Sent == out.sent)
	if out.Write {
		out.Result = in.source
	}
	source := in.source
	if out.Kept() {
		out.newBase = func(item.Value) item.Value { return source }
	}
	return out
}

// plan is the FieldPlan before anything is decided: the branch's value stays and
// the base becomes what is read back.
func (in fieldInput) plan() FieldPlan {
	out := FieldPlan{
		Name: in.field.Name, Title: in.field.Title, Branch: in.branch, Source: in.source, Result: in.branch,
		policy: in.field, sent: item.ShortDigestOf(in.source), moves: true, newBase: func(readBack item.Value) item.Value { return readBack },
	}
	if in.synced {
		out.Base = in.last.Base
	}
	return out
}

// decide orders the rules as the package's doc gives them; unchanged says that
// the source sends what it sent last time.
func (in fieldInput) decide(unchanged bool) (Reason, bool) {
	switch {
	case in.create:
		return Created, !in.source.IsAbsent()
	case in.branch.Equal(in.source):
		return SameValue, false
	case unchanged && in.branch.Equal(in.last.Base):
		return SameValue, false // this POS truncates or rounds; do not loop
	case in.reset:
		return WasReset, true
	case in.field.Policy == item.Locked:
		return in.overwrite(), true
	case !in.synced:
		return KeptFirstSync, false
	case in.branch.Equal(in.last.Base):
		return FollowsSource, true
	default:
		return KeptBranch, false
	}
}

func (in fieldInput) overwrite() Reason {
	if in.synced && in.last.Policy == item.Locked && !in.branch.Equal(in.last.Base) {
		return OverwroteDrift
	}
	return FollowsSource
}
