package pos

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plait/shared/catalog"
)

// kindPlan is one mapped kind as it meets the schema: what to select, how to
// convert, what is wrong. Plans are immutable; a new schema makes new ones.
type kindPlan struct {
	m        *KindMapping
	table    *table
	key      []*column
	values   []*valuePlan // fields of one value, by name; their columns follow the key in a SELECT
	children []*childPlan // fields of rows
	order    []string     // all field names, sorted
	problems []string     // why the kind is paused
	advice   []string     // what will go wrong, but not for the whole kind
	shares   bool         // one of its rows may be part of another kind's item too
}

func (p *kindPlan) paused() string { return strings.Join(p.problems, "; ") }

// valuePlan is one value's columns and type.
type valuePlan struct {
	name     string
	typ      string // of the catalogue
	ref      string // the kind that a reference refers to
	m        *ColumnMapping
	columns  []*column
	at       int // index of its first column in the SELECT
	readOnly bool
	maxLen   int
}

// childPlan is one field of rows.
type childPlan struct {
	field    string
	m        *RowsMapping
	table    *table
	parent   []*column
	key      *valuePlan
	values   []*valuePlan
	readOnly bool
}

// compile makes the plans of all kinds. It never fails: what does not fit the
// schema pauses its kind alone (decision 15).
func compile(m *Mapping, cat *catalog.Catalog, sch *schema) []*kindPlan {
	out := make([]*kindPlan, len(m.Kinds))
	for i := range m.Kinds {
		kind, _ := cat.Kind(m.Kinds[i].Kind)
		c := &compiler{p: &kindPlan{m: &m.Kinds[i]}, sch: sch}
		c.compile(kind)
		out[i] = c.p
	}
	for i, p := range out {
		p.shares = slices.ContainsFunc(out[:i], p.meets) || slices.ContainsFunc(out[i+1:], p.meets)
	}
	return out
}

// meets reports whether a row may be part of an item of either kind, or a row of the
// other's is one of its own items. Kinds on one table do not meet where their filters
// tell them apart for good.
func (p *kindPlan) meets(q *kindPlan) bool {
	if p.table != nil && p.table == q.table && !p.filteredFrom(q) {
		return true
	}
	return slices.ContainsFunc(p.children, q.uses) || slices.ContainsFunc(q.children, p.uses)
}

func (p *kindPlan) uses(of *childPlan) bool {
	return of.table != nil && (of.table == p.table || slices.ContainsFunc(p.children, func(ch *childPlan) bool { return ch.table == of.table }))
}

// filteredFrom reports whether a column that no field writes has one value in every
// row of the one kind, and another one in every row of the other.
func (p *kindPlan) filteredFrom(q *kindPlan) bool {
	return slices.ContainsFunc(p.m.Filter, func(f Constant) bool {
		return !p.writes(f.Column) && !q.writes(f.Column) &&
			slices.ContainsFunc(q.m.Filter, func(g Constant) bool { return g.Column == f.Column && different(f.Value, g.Value) })
	})
}

// different reports whether no column takes two constants for one: it may ignore case
// or spaces at the end, and read a text as a number.
func different(a, b any) bool {
	x, isText := a.(string)
	y, areTexts := b.(string)
	if !isText || !areTexts {
		m, isNumber := a.(int64)
		n, areNumbers := b.(int64)
		return isNumber && areNumbers && m != n
	}
	m, err := strconv.ParseFloat(strings.TrimSpace(x), 64)
	n, err2 := strconv.ParseFloat(strings.TrimSpace(y), 64)
	if err == nil && err2 == nil {
		return m != n
	}
	return !strings.EqualFold(strings.TrimSpace(x), strings.TrimSpace(y))
}

func (p *kindPlan) writes(name string) bool {
	return slices.ContainsFunc(p.values, func(v *valuePlan) bool {
		return slices.ContainsFunc(v.columns, func(c *column) bool { return c.name == name })
	})
}

type compiler struct {
	p   *kindPlan
	sch *schema
}

func (c *compiler) problem(format string, args ...any) {
	c.p.problems = append(c.p.problems, fmt.Sprintf(format, args...))
}

func (c *compiler) advise(format string, args ...any) {
	c.p.advice = append(c.p.advice, fmt.Sprintf(format, args...))
}

func (c *compiler) compile(kind catalog.Kind) {
	p := c.p
	if p.table = c.table(p.m.Table); p.table == nil {
		return
	}
	p.key = c.columns(p.table, p.m.Key)
	at := len(p.key)
	for i := range p.m.Fields {
		f := &p.m.Fields[i]
		field, _ := kind.Field(f.Name)
		p.order = append(p.order, f.Name)
		if f.Rows != nil {
			c.child(f, field)
			continue
		}
		v := c.value(p.table, f.Name, field.Type, field.Ref, f.Column, f.ReadOnly)
		v.at = at
		at += len(v.columns)
		p.values = append(p.values, v)
	}
	c.constants(p.table, p.m.Filter)
	c.constants(p.table, p.m.Defaults)
	if d := p.m.SoftDelete; d != nil {
		c.columns(p.table, []string{d.Column})
	}
	if len(p.problems) == 0 {
		c.checkKey()
		c.checkRequired(p.table, p.m.Kind, c.written())
	}
}

func (c *compiler) table(name string) *table {
	t := c.sch.tables[name]
	if t == nil {
		names := make([]string, 0, len(c.sch.tables))
		for n := range c.sch.tables {
			names = append(names, n)
		}
		c.problem("the POS has no table %q%s", name, didYouMean(name, names))
		return nil
	}
	if t.unusual != "" {
		c.problem("the POS's %q cannot be mapped: %s", name, t.unusual)
		return nil
	}
	return t
}

// columns looks names up in the table. A missing one is a problem, and nil is
// never in the result.
func (c *compiler) columns(t *table, names []string) []*column {
	out := make([]*column, 0, len(names))
	for _, n := range names {
		col := t.column(n)
		if col == nil {
			c.problem("table %q has no column %q%s", t.name, n, didYouMean(n, t.columnNames()))
			continue
		}
		out = append(out, col)
	}
	return out
}

func (c *compiler) constants(t *table, list []Constant) {
	for _, k := range list {
		c.columns(t, []string{k.Column})
	}
}

func (c *compiler) value(t *table, name, typ, ref string, m *ColumnMapping, readOnly bool) *valuePlan {
	v := &valuePlan{name: name, typ: typ, ref: ref, m: m, readOnly: readOnly, columns: c.columns(t, m.Columns)}
	for _, col := range v.columns {
		if col.generated && !readOnly && !c.p.m.UploadOnly {
			c.problem("column %q of table %q is computed by the POS: list field %q under read_only", col.name, t.name, name)
		}
	}
	if typ == "text" && len(v.columns) == 1 {
		v.maxLen = v.columns[0].maxLen()
	}
	return v
}

func (c *compiler) child(f *FieldMapping, field catalog.Field) {
	t := c.table(f.Rows.Table)
	if t == nil {
		return
	}
	ch := &childPlan{field: f.Name, m: f.Rows, table: t, readOnly: f.ReadOnly, parent: c.columns(t, f.Rows.Parent)}
	ch.key = c.value(t, "key", field.Key, field.Ref, &f.Rows.Key, f.ReadOnly)
	ch.key.at = len(ch.parent)
	at := ch.key.at + len(ch.key.columns)
	for i := range f.Rows.Columns {
		m := &f.Rows.Columns[i]
		col, _ := field.Column(m.Name)
		v := c.value(t, m.Name, col.Type, col.Ref, m.Column, f.ReadOnly)
		v.at = at
		at += len(v.columns)
		ch.values = append(ch.values, v)
	}
	c.constants(t, f.Rows.Defaults)
	c.p.children = append(c.p.children, ch)
	if !leads(t.indexed, f.Rows.Parent) {
		c.advise("table %q has no index that begins with %s: reading the rows of field %q reads the whole table each time",
			t.name, strings.Join(f.Rows.Parent, ", "), f.Name)
	}
	written := slices.Concat(f.Rows.Parent, f.Rows.Key.Columns, constantColumns(f.Rows.Defaults))
	for _, v := range ch.values {
		written = append(written, v.m.Columns...)
	}
	if !f.ReadOnly {
		c.checkRequired(t, c.p.m.Kind+", field "+f.Name, written)
	}
}

func constantColumns(list []Constant) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.Column
	}
	return out
}

// leads reports whether an index begins with the columns, in any order of them.
func leads(indexes [][]string, columns []string) bool {
	return slices.ContainsFunc(indexes, func(ix []string) bool {
		return len(ix) >= len(columns) && sameSet(ix[:len(columns)], columns)
	})
}

func sameSet(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		if !slices.Contains(b, x) {
			return false
		}
	}
	return true
}

// checkKey: an item is found again by its key, so the POS must keep it unique,
// and it must have one spelling as text.
func (c *compiler) checkKey() {
	p := c.p
	if !slices.ContainsFunc(p.table.unique, func(ix []string) bool { return sameSet(ix, p.m.Key) }) {
		c.problem("the key %s of table %q is neither its primary key nor unique", strings.Join(p.m.Key, ", "), p.table.name)
	}
	for _, k := range p.key {
		if k.affinity == affinityNone || k.affinity == affinityReal {
			c.problem("key column %q of table %q has the type %q: only integers and texts can be keys", k.name, p.table.name, k.declared)
		}
	}
	if p.m.UploadOnly || len(p.key) != 1 {
		return
	}
	k := p.key[0]
	switch {
	case p.m.NewKey == KeyUUID && k.affinity != affinityText:
		c.problem("new_key: uuid needs a text column, %q of table %q is %q", k.name, p.table.name, k.declared)
	case p.m.NewKey == KeyNext && k.affinity == affinityText:
		c.problem("new_key: max+1 needs an integer column, %q of table %q is %q", k.name, p.table.name, k.declared)
	case p.m.NewKey == KeyAuto && !k.assigned && !k.hasDefault:
		c.problem("new_key: auto needs a key that the POS assigns, %q of table %q is none: say max+1, uuid or field", k.name, p.table.name)
	}
}

// written lists the columns that creating an item gives a value.
func (c *compiler) written() []string {
	m := c.p.m
	out := slices.Concat(constantColumns(m.Filter), constantColumns(m.Defaults))
	if m.SoftDelete != nil {
		out = append(out, m.SoftDelete.Column)
	}
	if m.NewKey != KeyField {
		out = append(out, m.Key...)
	}
	for _, v := range c.p.values {
		if !v.readOnly {
			out = append(out, v.m.Columns...)
		}
	}
	return out
}

func (c *compiler) checkRequired(t *table, what string, written []string) {
	if c.p.m.UploadOnly {
		return
	}
	for _, col := range t.columns {
		if col.notNull && !col.hasDefault && !col.assigned && !col.generated && !slices.Contains(written, col.name) {
			c.advise("creating %s: column %q of table %q demands a value: map it, or give it one under defaults", what, col.name, t.name)
		}
	}
}
