package storesync

import (
	"slices"
	"strings"

	"plait/shared/wire"
)

// maxFields bounds the fields that a sync is restricted to.
const maxFields = 1000

// restrict leaves of the kinds that fields name ("kind.field") these fields alone.
// What an item is matched by still tells which it is.
func (s *source) restrict(fields []string) error {
	if len(fields) > maxFields {
		return refuse("it is restricted to %d fields, more than %d", len(fields), maxFields)
	}
	kept := map[string][]string{}
	for _, text := range fields {
		kind, field, ok := strings.Cut(text, ".")
		k := s.kinds[kind]
		if !ok || k == nil {
			return refuse("%.60q is no field of a kind that it brings: write it as kind.field", text)
		}
		if _, ok := k.field(field); !ok {
			return refuse("%.60s is no field that travels", text)
		}
		kept[kind] = append(kept[kind], field)
	}
	for kind, names := range kept {
		s.kinds[kind].keepFields(names)
	}
	return nil
}

// keepFields: prices are copied with all that belongs to them, or not at all.
func (k *sourceKind) keepFields(names []string) {
	if p := k.Prices; p != nil {
		about := append([]string{p.Rows}, p.Fields...)
		if slices.ContainsFunc(names, func(n string) bool { return slices.Contains(about, n) }) {
			names = append(names, about...)
		} else {
			k.Prices = nil
		}
	}
	k.Fields = slices.DeleteFunc(slices.Clone(k.Fields), func(f wire.PayloadField) bool { return !slices.Contains(names, f.Name) })
}
