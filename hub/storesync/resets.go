package storesync

import (
	"maps"
	"slices"
	"strings"

	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// maxResets bounds the fields that one sync resets by name.
const maxResets = 100

// checkResets holds the fields to reset to those that the sync brings. A locked
// one follows the source without it; a person who resets it means something else.
func (t *test) checkResets() error {
	if n := len(t.request.ResetFields); n > maxResets {
		return refuse("it resets %d fields, more than %d", n, maxResets)
	}
	for _, name := range t.request.ResetFields {
		kind, field, ok := strings.Cut(name, ".")
		if !ok {
			return refuse("%.40q is no field: write it as kind.field, as in service.price", name)
		}
		i := slices.IndexFunc(t.cutting.payload.Kinds, func(k wire.PayloadKind) bool { return k.Name == kind })
		if i < 0 || t.cutting.chosen[kind] == nil {
			return refuse("it resets %.60s, and brings no %.40s", name, kind)
		}
		f, ok := t.src.kinds[kind].field(field)
		switch {
		case !ok:
			return refuse("it resets %.60s, which is no field that travels", name)
		case f.Policy == item.Locked && !unlockedColumn(f):
			return refuse("%s is locked: it follows the source without being reset", name)
		}
	}
	return nil
}

func unlockedColumn(f wire.PayloadField) bool {
	return slices.ContainsFunc(f.Columns, func(c wire.PayloadColumn) bool { return c.Policy == item.Unlocked })
}

// named finds what a reset by name costs a store: the fields in which its value
// stands against the source's. Only these are reset, so that a value which the
// store chooses after the Test is not lost (rule 9). r is spent by it.
func (r *receiver) named(payload *wire.Payload, own wire.Own, fields []string) (map[string][]string, error) {
	all := wire.Own{Decisions: own.Decisions, Reset: map[string][]string{}, Items: own.Items}
	maps.Copy(all.Reset, own.Reset)
	for _, it := range payload.Items {
		for _, name := range fields {
			if kind, field, _ := strings.Cut(name, "."); kind == it.Kind && !slices.Contains(all.Reset[it.UID], field) {
				all.Reset[it.UID] = append(slices.Clone(all.Reset[it.UID]), field)
			}
		}
	}
	out := maps.Clone(own.Reset)
	if out == nil {
		out = map[string][]string{}
	}
	_, err := r.predict(payload, all, func(p merge.ItemPlan) {
		for _, e := range lost(p) {
			if !slices.Contains(out[e.UID], e.Field) {
				out[e.UID] = append(slices.Clone(out[e.UID]), e.Field)
			}
		}
	})
	return out, err
}

// lost lists the values that a store chose and that the plan resets.
func lost(p merge.ItemPlan) (out []wire.Exception) {
	for _, f := range p.Fields {
		if f.Reason != merge.WasReset {
			continue
		}
		for _, e := range p.Exceptions() {
			if e.Field == f.Name {
				out = append(out, e)
			}
		}
	}
	return out
}
