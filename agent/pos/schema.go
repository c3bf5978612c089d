package pos

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// schema is what the mapping needs to know of a POS database.
type schema struct {
	version int64 // rises with each change of the schema
	tables  map[string]*table
}

// table is one table of the POS.
type table struct {
	name    string
	columns []column
	foreign []foreignKey
	trigger bool       // the POS has a trigger of its own on it
	ousts   bool       // a new row may take another one's place: ON CONFLICT REPLACE
	unique  [][]string // column sets of unique indexes, the primary key included
	indexed [][]string // the leading columns of every index
	unusual string     // why it cannot be mapped: a view, a virtual table; "" if it can
}

// column is one column of a table.
type column struct {
	name       string
	declared   string // the type as declared
	affinity   affinity
	notNull    bool
	hasDefault bool
	generated  bool // computed by the POS: can never be written
	key        int  // its place in the primary key, from 1; 0 if it has none
	assigned   bool // the POS gives it a value by itself: SQLite's INTEGER PRIMARY KEY
}

// foreignKey is one reference that the POS itself enforces.
type foreignKey struct {
	columns   []string // of the table that refers
	table     string   // that is referred to
	toColumns []string // empty: its primary key
	onUpdate  bool     // a change there changes or removes rows here
	onDelete  bool     // likewise
}

// keepsToOne reports whether a statement that writes one row changes no other.
func (t *table) keepsToOne() bool { return t != nil && !t.trigger && !t.ousts }

// apart reports whether to write an item changes no other one of its kind: its
// tables have no triggers of the POS's and replace no rows, and no foreign key carries
// on a new value of a column that others refer to, or that an element went. Where the
// connection enforces no foreign keys, they carry nothing on.
func (sch *schema) apart(p *kindPlan, foreignKeys bool) bool {
	if !p.table.keepsToOne() || slices.ContainsFunc(p.children, func(ch *childPlan) bool { return !ch.table.keepsToOne() }) {
		return false
	}
	if !foreignKeys {
		return true
	}
	for _, t := range sch.tables {
		if slices.ContainsFunc(t.foreign, p.carriesOn) {
			return false
		}
	}
	return true
}

// carriesOn reports whether writing an item may change what refers to it by this
// foreign key. An item's own key is never written. SQLite takes names that differ
// in case for one.
func (p *kindPlan) carriesOn(f foreignKey) bool {
	if strings.EqualFold(f.table, p.table.name) && f.onUpdate && !p.keyed(f) {
		return true
	}
	return slices.ContainsFunc(p.children, func(ch *childPlan) bool {
		return strings.EqualFold(f.table, ch.table.name) && (f.onUpdate || f.onDelete)
	})
}

// keyed reports whether a foreign key refers to the item by its own key.
func (p *kindPlan) keyed(f foreignKey) bool {
	to := f.toColumns
	if len(to) == 0 {
		to = p.table.primaryKey()
	}
	return sameSet(to, p.m.Key)
}

// affinity is how a column holds values, in SQLite's terms; other engines are
// strict about all of them.
type affinity byte

const (
	affinityNone affinity = iota
	affinityText
	affinityNumeric
	affinityInteger
	affinityReal
)

func (t *table) column(name string) *column {
	for i := range t.columns {
		if t.columns[i].name == name {
			return &t.columns[i]
		}
	}
	return nil
}

func (t *table) columnNames() []string {
	out := make([]string, len(t.columns))
	for i, c := range t.columns {
		out[i] = c.name
	}
	return out
}

// primaryKey returns the primary key's columns in order.
func (t *table) primaryKey() []string {
	var out []string
	for place := 1; place <= len(t.columns); place++ {
		for _, c := range t.columns {
			if c.key == place {
				out = append(out, c.name)
			}
		}
	}
	return out
}

var declaredLength = regexp.MustCompile(`(?i)char[^(]*\((\d{1,6})\)`)

// maxLen is the length in characters that the column was declared with; 0 if
// none. SQLite does not enforce it, but the POS's own forms expect it.
func (c *column) maxLen() int {
	m := declaredLength.FindStringSubmatch(c.declared)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

// affinityOf follows SQLite's rules for a declared type (Datatypes In SQLite, 3.1).
func affinityOf(declared string) affinity {
	d := strings.ToUpper(declared)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(d, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("INT"):
		return affinityInteger
	case has("CHAR", "CLOB", "TEXT"):
		return affinityText
	case d == "" || has("BLOB"):
		return affinityNone
	case has("REAL", "FLOA", "DOUB"):
		return affinityReal
	default:
		return affinityNumeric
	}
}
