package pos

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Mapping says which tables and columns of one POS are which kinds and fields.
// [LoadMapping] reads it from a YAML file:
//
//	pos:
//	  engine: sqlite
//	  path: C:/Salon/pos.db      # relative to the mapping's own folder
//	  busy_timeout: 5000         # ms that the POS itself waits for a lock; 0: not at all
//	  foreign_keys: true         # enforce them in what Plait writes (the default)
//	kinds:
//	  product:
//	    table: Item
//	    key: ItemId              # or a list, for a composite key
//	    new_key: auto            # auto (the POS assigns) | uuid | max+1 | field
//	    upload_only: false
//	    filter: {Type: P}        # so that several kinds share one table
//	    soft_delete: {column: Deleted, deleted: 1, live: 0}
//	    fields:
//	      name: Title
//	      category: {column: CategoryId, ref: category}
//	      active: {column: Active, "true": Y, "false": N}
//	      starts: {column: StartsAt, separator: T}
//	      vendors:               # rows, from a child table
//	        table: ItemVendor
//	        parent: ItemId
//	        key: {column: VendorId, ref: vendor}
//	        columns: {cost: Cost}
//	        defaults: {Preferred: 0}
//	    read_only: [starts]
//	    defaults: {TaxId: 1}     # by column, for rows that Plait creates
type Mapping struct {
	File        string        `json:"-"`
	Engine      string        `json:"engine"`
	Path        string        `json:"-"`
	BusyTimeout time.Duration `json:"-"` // that the POS itself sets
	ForeignKeys bool          `json:"foreign_keys"`
	Kinds       []KindMapping `json:"kinds"` // in the order of the file
}

// KindMapping is one kind's table.
type KindMapping struct {
	Kind       string         `json:"kind"`
	Table      string         `json:"table"`
	Key        []string       `json:"key"`
	NewKey     string         `json:"new_key"` // one of NewKeys
	UploadOnly bool           `json:"upload_only,omitempty"`
	Filter     []Constant     `json:"filter,omitempty"`
	SoftDelete *SoftDelete    `json:"soft_delete,omitempty"`
	Fields     []FieldMapping `json:"fields"`
	Defaults   []Constant     `json:"defaults,omitempty"`
	line       int
}

// The ways to give a new item its key.
const (
	KeyAuto  = "auto"  // the POS assigns it: an INTEGER PRIMARY KEY, or a column's default
	KeyUUID  = "uuid"  // a random UUID
	KeyNext  = "max+1" // the highest key plus one, integers only
	KeyField = "field" // the key columns are fields, or have defaults
)

// NewKeys are the values of new_key.
var NewKeys = []string{KeyAuto, KeyUUID, KeyNext, KeyField}

// Constant is a column with a fixed value: nil, int64 or string.
type Constant struct {
	Column string `json:"column"`
	Value  any    `json:"value"`
	line   int
}

// SoftDelete says how the POS marks a row as deleted instead of removing it.
type SoftDelete struct {
	Column  string `json:"column"`
	Deleted any    `json:"deleted"`
	Live    any    `json:"live"`
}

// FieldMapping is one field: a column, or a child table as rows.
type FieldMapping struct {
	Name     string         `json:"name"`
	Column   *ColumnMapping `json:"column,omitempty"`
	Rows     *RowsMapping   `json:"rows,omitempty"`
	ReadOnly bool           `json:"read_only,omitempty"` // read and uploaded, never written
	line     int
}

// ColumnMapping is where one value stands.
type ColumnMapping struct {
	Columns []string `json:"columns"`       // one, or the parts of a composite reference
	Ref     string   `json:"ref,omitempty"` // the kind that it refers to; must be the catalogue's
	// True and False are what the POS holds for a bool; nil means 1 and 0.
	True  any `json:"true,omitempty"`
	False any `json:"false,omitempty"`
	// Separator stands between date and time where Plait writes one: " " or "T".
	Separator string `json:"separator,omitempty"`
	line      int
}

// RowsMapping is a child table: its rows are the elements of one field.
type RowsMapping struct {
	Table    string         `json:"table"`
	Parent   []string       `json:"parent"` // in the order of the kind's key
	Key      ColumnMapping  `json:"key"`
	Columns  []FieldMapping `json:"columns,omitempty"`
	Defaults []Constant     `json:"defaults,omitempty"`
	line     int
}

// Kind returns the mapping of a kind; nil if it is not mapped.
func (m *Mapping) Kind(name string) *KindMapping {
	for i := range m.Kinds {
		if m.Kinds[i].Kind == name {
			return &m.Kinds[i]
		}
	}
	return nil
}

// Digest is the SHA-256, in hexadecimal, of what the mapping means: the file's
// comments and order of keys, the path and the busy timeout do not count.
func (m *Mapping) Digest() string {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // constants are nil, int64 and string: nothing that JSON lacks
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
