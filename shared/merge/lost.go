package merge

import (
	"strings"

	"plait/shared/item"
)

// lost lists what is the store's own in elements that the source took away or
// renamed: values in columns that are the branch's to set, which go with their
// element. What a sync wrote there itself is no loss.
func (m *rowMerge) lost(result item.Value) (out []cost) {
	now := rowsOf(result)
	for _, key := range m.branch.order {
		k := rowKey(key)
		if now.has(k) || !m.base.has(k) { // an element of the branch's own is drift, or stays
			continue
		}
		for _, c := range m.branch.cols[k] {
			policy := columnPolicy(m.field, c.Name)
			own := policy == item.Unlocked || policy == item.Never
			if own && !c.Value.IsEmpty() && !c.Value.Equal(m.base.cols[k].Get(c.Name)) {
				out = append(out, cost{key: key, field: c.Name, was: c.Value, reason: OwnGoes})
			}
		}
	}
	return out
}

// goes says what went with the elements of a rows field.
func (f FieldPlan) goes() string {
	list := make([]string, len(f.costs))
	for i, c := range f.costs {
		list[i] = strings.ReplaceAll(c.field, "_", " ") + " " + show(c.was) + " of " + quote(c.element)
	}
	return f.Title + " lost " + names(list) + ", which the store had set: the source has no such element any more"
}
