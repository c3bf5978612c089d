package merge

import (
	"plait/shared/item"
	"plait/shared/wire"
)

// rowSet is a rows value by element key.
type rowSet struct {
	order []item.Value
	cols  map[string]item.Fields
}

func rowsOf(v item.Value) rowSet {
	s := rowSet{cols: make(map[string]item.Fields, len(v.Rows()))}
	for _, r := range v.Rows() {
		s.order = append(s.order, r.Key)
		s.cols[rowKey(r.Key)] = r.Cols
	}
	return s
}

func rowKey(v item.Value) string { return string(item.AppendValue(nil, v)) }

func (s rowSet) has(key string) bool { _, ok := s.cols[key]; return ok }

func (s rowSet) sameKeys(t rowSet) bool {
	if len(s.cols) != len(t.cols) {
		return false
	}
	for k := range s.cols {
		if !t.has(k) {
			return false
		}
	}
	return true
}

// rowMerge merges the elements of one rows field: first which elements there
// are, by the field's policy, then each element's columns, by theirs.
type rowMerge struct {
	fieldInput
	base, branch, source rowSet
	kept                 map[string]bool // rowKey + NUL + column: the branch's value stands
	keptAny              Reason
}

// mergeRows says that a field was reset only where something of the branch's is
// lost by it.
func mergeRows(in *fieldInput, out FieldPlan) FieldPlan {
	reset := mergeElements(in, out)
	if reset.Reason != WasReset {
		return reset
	}
	unset := *in
	unset.reset = false
	if plain := mergeElements(&unset, out); plain.Write && plain.Result.Equal(*reset.Result) {
		return plain
	}
	return reset
}

func mergeElements(in *fieldInput, out FieldPlan) FieldPlan {
	if !in.create && in.branch.Equal(*in.source) {
		out.Reason = SameValue
		return out
	}
	m := &rowMerge{
		fieldInput: *in, branch: rowsOf(*in.branch), source: rowsOf(*in.source), base: rowsOf(*in.base()), kept: map[string]bool{},
	}
	result, err := item.Rows(m.elements())
	if err != nil { // cannot be: the keys come from sets
		result = *in.branch
	}
	out.rows, out.Result = m, &result
	out.Write = !result.Equal(orEmpty(*in.branch)) || (in.create && len(result.Rows()) > 0)
	out.costs = m.lost(result)
	out.Reason = m.reason(out.Write, len(out.costs) > 0)
	return out
}

func orEmpty(v item.Value) item.Value {
	if v.Type() == item.TypeRows {
		return v
	}
	empty, _ := item.Rows(nil)
	return empty
}

func (m *rowMerge) elements() []item.Row {
	var out []item.Row
	for _, key := range m.membership() {
		k := rowKey(key)
		switch {
		case !m.source.has(k):
			out = append(out, item.Row{Key: key, Cols: m.branch.cols[k]})
		case !m.branch.has(k):
			out = append(out, item.Row{Key: key, Cols: m.travelling(m.source.cols[k])})
		default:
			out = append(out, item.Row{Key: key, Cols: m.columns(k)})
		}
	}
	return out
}

// membership decides which elements there are.
func (m *rowMerge) membership() []item.Value {
	switch {
	case m.create || m.reset || m.field.Policy == item.Locked:
		return m.source.order
	case m.field.Policy == item.Additive:
		return m.added()
	case m.field.Policy == item.Never:
		return m.branch.order
	case m.synced() && m.branch.sameKeys(m.base):
		return m.source.order
	}
	if !m.branch.sameKeys(m.source) {
		m.keep(m.firstOr(KeptBranch))
	}
	return m.branch.order
}

// added: the source's elements, and the branch's that did not come from the source.
func (m *rowMerge) added() []item.Value {
	out := append([]item.Value(nil), m.source.order...)
	for _, key := range m.branch.order {
		if k := rowKey(key); !m.source.has(k) && !m.base.has(k) {
			out = append(out, key)
		}
	}
	return out
}

// columns merges the columns of an element that both have.
func (m *rowMerge) columns(k string) item.Fields {
	out := m.branch.cols[k]
	for _, c := range m.source.cols[k] {
		branch, base := out.Get(c.Name), m.base.cols[k].Get(c.Name)
		switch r := m.column(c.Name, branch, base, c.Value); r {
		case FollowsSource:
			out = out.With(c.Name, c.Value)
		case KeptFirstSync, KeptBranch:
			m.kept[k+"\x00"+c.Name] = true
			m.keep(r)
		}
	}
	return out
}

// column decides one column as fieldInput.decide does a field: take the source's
// value, keep the branch's, or nothing to do.
func (m *rowMerge) column(name string, branch, base, source item.Value) Reason {
	policy := columnPolicy(m.field, name)
	switch {
	case policy == item.Never || branch.Equal(source):
		return SameValue
	case m.unchanged() && !m.last.Reverted && branch.Equal(base):
		return SameValue // this POS truncates or rounds; do not loop
	case m.reset || policy == item.Locked || policy == item.Additive:
		return FollowsSource
	case base.IsAbsent():
		return KeptFirstSync
	case branch.Equal(base):
		return FollowsSource
	default:
		return KeptBranch
	}
}

func (m *rowMerge) keep(r Reason) {
	if m.keptAny == "" || r == KeptBranch {
		m.keptAny = r
	}
}

// synced reports whether a job brought the elements themselves: one that copied
// prices brought none, it wrote into the branch's.
func (m *rowMerge) synced() bool { return m.last != nil && m.last.Policy != item.Never }

func (m *rowMerge) firstOr(r Reason) Reason {
	if !m.synced() {
		return KeptFirstSync
	}
	return r
}

// columnPolicy: a column that the payload does not list follows its field; in an
// additive field the source's elements are locked.
func columnPolicy(f *wire.PayloadField, name string) item.Policy {
	for _, c := range f.Columns {
		if c.Name == name {
			return c.Policy
		}
	}
	if f.Policy == item.Additive {
		return item.Locked
	}
	return f.Policy
}

func (m *rowMerge) travelling(cols item.Fields) item.Fields {
	out := cols
	for _, c := range cols {
		if columnPolicy(m.field, c.Name) == item.Never {
			out = out.With(c.Name, item.Value{})
		}
	}
	return out
}

func (m *rowMerge) reason(write, lost bool) Reason {
	switch {
	case m.create:
		return Created
	case lost && !m.reset:
		return OwnGoes
	case m.keptAny != "":
		return m.keptAny
	case m.reset && write:
		return WasReset
	case write && m.field.Policy == item.Locked:
		return m.overwriteRows()
	case write:
		return FollowsSource
	default:
		return SameValue
	}
}

func (m *rowMerge) overwriteRows() Reason {
	if m.synced() && !m.branch.sameKeys(m.base) {
		return OverwroteDrift
	}
	return FollowsSource
}

// newBase has the source's elements: columns as read back, or the source's where
// the branch's was kept.
func (m *rowMerge) newBase(readBack item.Value) item.Value {
	now := rowsOf(readBack)
	var rows []item.Row
	for _, key := range m.source.order {
		k := rowKey(key)
		cols := m.travelling(m.source.cols[k])
		for _, c := range cols {
			if here := now.cols[k].Get(c.Name); now.has(k) && !here.IsAbsent() && !m.kept[k+"\x00"+c.Name] {
				cols = cols.With(c.Name, here)
			}
		}
		rows = append(rows, item.Row{Key: key, Cols: cols})
	}
	v, _ := item.Rows(rows) // keys come from a rows value: no twins
	return v
}
