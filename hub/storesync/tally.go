package storesync

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// tally sums up what a prediction's items have in common, so that a person sees
// a sentence with its way out and not a thousand rows.
type tally struct {
	kinds *catalog.Catalog
	long  map[[2]string]int // kind, field → what the POS holds, in characters
	found map[[2]string]*Warning
}

func newTally(kinds *catalog.Catalog, profile wire.Profile) *tally {
	t := &tally{kinds: kinds, long: map[[2]string]int{}, found: map[[2]string]*Warning{}}
	for _, k := range profile.Kinds {
		for _, f := range k.Fields {
			if f.MaxLen > 0 {
				t.long[[2]string{k.Kind, f.Name}] = f.MaxLen
			}
		}
	}
	return t
}

// summed are the reasons that are summed up, with the sentence for it and its way
// out. %s stands for "3 services".
var summed = map[merge.Reason]struct{ text, mend string }{
	merge.MissingRef:      {"%s cannot arrive: the store lacks what they refer to", "add what is missing to the sync (add_missing), or sync it first"},
	merge.Ambiguous:       {"%s may mean several items of the store", "decide which is meant, or keep them separate"},
	merge.CodesDiffer:     {"%s have the name of an item with another code", "correct a code, or decide which is meant"},
	merge.LinkedElsewhere: {"%s look like items that are linked to others of the network", "mark them as the same item, or rename one"},
	merge.SameNameElse:    {"%s will be created though the same name stands in another category", "move the store's item into the category first, if it is the same"},
	merge.RequiredMissing: {"%s cannot be created: the store's POS demands a value that nobody gives", "set a default in the store's mapping"},
	merge.KindNotMapped:   {"%s are left out: the store's POS has no place for them", "map the kind at the store, or leave it out"},
	merge.KindPaused:      {"%s cannot be applied at present", "see plait-agent doctor at the store"},
	merge.NotAdopted:      {"%s are left alone: the store has its own, and this sync links none", "let the sync link them (no_adopt off), if they are the same"},
	merge.Referred:        {"%s cannot be deleted, because others refer to them", "change what refers to them first, or leave them deactivated"},
	merge.ReferenceAbsent: {"%s arrive without a reference that the store lacks", "add what is missing to the sync, if the store should have it"},
	merge.WasReset:        {"%s lose a value that the store chose", "take the field out of the reset, if the store is to keep it"},
	merge.OverwroteOwn:    {"%s lose a value of the store's own to what the network locks", "sync without prices, if the store is to keep its own"},
	merge.OwnGoes:         {"%s lose what the store had set in an element that the source took away or renamed", "set it again in the new element after the sync"},
	merge.NoSourcePrice:   {"%s keep the store's price, because the source has no active one", "give it a price at the source"},
	merge.Unrestricted:    {"%s arrive unrestricted: they are created without what limits them", "sync their restrictions too, or restrict them at the store"},
	WarnLockOut:           {"%s let in everyone at the store until now, and will let in only what the source lists", "add what the store needs to its own list first"},
	merge.ChangedSince:    {"%s keep what was changed there since", "look at them at the store, if they are to go back too"},
	merge.RevertStands:    {"%s stay as a revert left them, though the source still sends what it took back", "reset them to the source, if they are to follow it again"},
	WarnTooLong:           {"%s hold a text that is longer than the store's POS says it can hold", "shorten it at the source"},
}

func (t *tally) plan(p merge.ItemPlan) {
	if p.Reason != "" {
		t.add(p.Reason, p.Kind, p.Name)
	}
	seen := map[merge.Reason]bool{p.Reason: true}
	for _, f := range p.Fields {
		if r := t.field(p, f); r != "" && !seen[r] {
			seen[r] = true
			t.add(r, p.Kind, p.Name)
		}
	}
	for _, w := range p.Write {
		if most := t.long[[2]string{p.Kind, w.Name}]; most > 0 && w.Value.Type() == item.TypeText && utf8.RuneCountInString(w.Value.Str()) > most {
			t.add(WarnTooLong, p.Kind, p.Name)
			return
		}
	}
}

// fieldReasons are the reasons of fields that are summed up by item.
var fieldReasons = []merge.Reason{merge.ReferenceAbsent, merge.WasReset, merge.OverwroteOwn, merge.OwnGoes, merge.NoSourcePrice, merge.Unrestricted, merge.ChangedSince, merge.RevertStands}

// field is what a field's plan adds to the sums; "" if nothing.
func (t *tally) field(p merge.ItemPlan, f merge.FieldPlan) merge.Reason {
	k, _ := t.kinds.Kind(p.Kind)
	switch {
	case p.Action == merge.Park:
		return ""
	case p.Action == merge.Create && len(f.Missing) > 0 && f.Result.IsEmpty() && slices.Contains(k.Restrictions, f.Name):
		return merge.Unrestricted // of all that it is limited to, the store has nothing
	case p.Action != merge.Create && f.Write && f.Branch.IsEmpty() && !f.Result.IsEmpty():
		if in, _ := k.Field(f.Name); in.AllowList {
			return WarnLockOut
		}
	}
	if slices.Contains(fieldReasons, f.Reason) {
		return f.Reason
	}
	return ""
}

func (t *tally) add(reason merge.Reason, kind, name string) {
	if _, ok := summed[reason]; !ok {
		return
	}
	at := [2]string{string(reason), kind}
	w := t.found[at]
	if w == nil {
		w = &Warning{Code: string(reason), Kind: kind}
		t.found[at] = w
	}
	w.Count++
	if len(w.Names) < 5 {
		w.Names = append(w.Names, name)
	}
}

func (t *tally) warnings() []Warning {
	out := make([]Warning, 0, len(t.found))
	for _, w := range t.found {
		words := summed[merge.Reason(w.Code)]
		title := w.Kind
		if k, ok := t.kinds.Kind(w.Kind); ok {
			title = cmp.Or(k.Title, k.Name)
		}
		w.Text = fmt.Sprintf(words.text, fmt.Sprintf("%d of %s", w.Count, quoted(title)))
		w.Mend = words.mend
		out = append(out, *w)
	}
	slices.SortFunc(out, func(a, b Warning) int { return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Kind, b.Kind)) })
	return out
}
