package pos

import (
	"regexp"
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
