package catalog

import (
	"slices"

	"plait/shared/item"
)

// Preset is what a network starts with: whose fields are, by rules over the
// shipped kinds, and how its syncs find what a branch has. [LoadPreset] reads it
// from a file:
//
//	preset: mirror
//	title: Mirror
//	help: One sentence of what it does.
//	source: S2
//	head_office_only: true         # only head office may be a source
//	no_adopt: true                 # a branch's own items are never linked
//	rules:                         # the first that fits a field or column decides
//	  - {kinds: [employee], keep: true, note: why}
//	  - {refers_to: [employee], keep: true, note: why}
//	  - {policies: [unlocked], become: locked}
//	forbid: [edit]                 # operations that branches lose with it
type Preset struct {
	Name           string
	Title          string // what an operator reads
	Help           string // one sentence
	Source         string // "S2"
	HeadOfficeOnly bool
	NoAdopt        bool
	Rules          []PresetRule
	Forbid         []string
}

// PresetRule says what becomes of the policy of some fields. What it does not
// name does not narrow it. A field that never syncs stays so under every preset:
// that rule is no network's to bend.
type PresetRule struct {
	Kinds    []string      // of these kinds
	RefersTo []string      // references to these kinds, and rows keyed by them, columns included
	Policies []item.Policy // with one of these policies
	Keep     bool          // as shipped
	Become   item.Policy   // its policy instead; its switch has nothing left to lock
	Note     string        // why
}

// Over returns the kinds of c with the preset's policies. c is not changed.
func (p Preset) Over(c *Catalog) *Catalog {
	out := &Catalog{Kinds: slices.Clone(c.Kinds)}
	for i := range out.Kinds {
		k := &out.Kinds[i]
		if k.Direction == UploadOnly {
			continue
		}
		k.Fields = slices.Clone(k.Fields)
		for j := range k.Fields {
			p.field(k.Name, &k.Fields[j])
		}
		k.Operations = slices.Clone(k.Operations)
		for j := range k.Operations {
			p.operation(&k.Operations[j])
		}
	}
	return out
}

func (p Preset) field(kind string, f *Field) {
	f.Columns = slices.Clone(f.Columns)
	for i := range f.Columns {
		p.apply(kind, f.Ref, &f.Columns[i])
	}
	p.apply(kind, "", f)
}

// apply finds the rule for a field, or for a column of a field that refers to
// the kind within.
func (p Preset) apply(kind, within string, f *Field) {
	if f.Policy == item.Never {
		return
	}
	i := slices.IndexFunc(p.Rules, func(r PresetRule) bool { return r.fits(kind, within, *f) })
	if i < 0 || p.Rules[i].Keep {
		return
	}
	f.Policy, f.LockedWhen = p.Rules[i].Become, ""
}

func (r PresetRule) fits(kind, within string, f Field) bool {
	refers := func(name string) bool { return name == f.Ref || name == within }
	return (len(r.Kinds) == 0 || slices.Contains(r.Kinds, kind)) &&
		(len(r.RefersTo) == 0 || slices.ContainsFunc(r.RefersTo, refers)) &&
		(len(r.Policies) == 0 || slices.Contains(r.Policies, f.Policy))
}

func (p Preset) operation(o *Operation) {
	if o.Allowed && slices.Contains(p.Forbid, o.Name) {
		o.Allowed, o.Note = false, p.Source+": what is synced is the source's"
	}
}
