package wire

import (
	"plait/shared/item"
)

// Payload is the immutable content of a sync job, stored once for all its
// receivers under the SHA-256 of its encoded form. It carries everything that
// the merge needs (policies resolved, matching rules, items with references as
// uids), so that a receiver applies it as it was planned (decision 8).
type Payload struct {
	Source   string  `json:"source"`    // the source store's id
	HubEpoch string  `json:"hub_epoch"` // in which the items' sync_revs were counted
	Options  Options `json:"options"`
	// Kinds stand in the order in which they are applied: prerequisites first.
	Kinds []PayloadKind `json:"kinds"`
	// Items are numbered from 0 by their place; kinds in the order of Kinds, and
	// within a kind, items that others refer to first.
	Items []PayloadItem `json:"items"`
}

// Options are an operator's choices for one sync, as carried in the payload.
type Options struct {
	// NoAdopt leaves unlinked items with an equal code or name alone and reports
	// them, instead of linking them (rule 8).
	NoAdopt bool `json:"no_adopt,omitempty"`
	// OnlyNew creates what is missing and changes nothing that is linked.
	OnlyNew bool `json:"only_new,omitempty"`
	// OnlyLinked changes what is linked already, and neither creates nor links
	// anything; nothing is said of the rest.
	OnlyLinked bool `json:"only_linked,omitempty"`
	// WithoutMissingParts leaves out the elements of a locked rows field whose
	// reference the receiver lacks, and names them, instead of parking the item.
	WithoutMissingParts bool `json:"without_missing_parts,omitempty"`
}

// PayloadKind is what the merge needs to know of a kind.
type PayloadKind struct {
	Name     string         `json:"name"`
	Match    PayloadMatch   `json:"match"`
	Active   string         `json:"active,omitempty"`
	NoDelete bool           `json:"no_delete,omitempty"` // a branch may not delete a synced item
	NoMove   bool           `json:"no_move,omitempty"`   // nor put it into another category
	Fields   []PayloadField `json:"fields"`              // those that the payload may carry, sorted by name
	// Prices says where an item has its prices; nil unless this job copies them
	// (price sync, S3).
	Prices *PayloadPrices `json:"prices,omitempty"`
}

// PayloadPrices is catalog.Prices of a kind whose prices the job copies. Each of
// Fields brings the source's lowest active price and what belongs to it; Rows
// brings nothing, for its elements are the receiver's own: the receiver copies
// Fields into every one of them that has an active price.
type PayloadPrices struct {
	Fields []string `json:"fields"` // the price first
	Rows   string   `json:"rows"`   // listed as never, and its copied columns as locked
	Active string   `json:"active,omitempty"`
}

// PayloadMatch is catalog.Match as resolved when the job was cut.
type PayloadMatch struct {
	Singleton bool     `json:"singleton,omitempty"`
	Code      []string `json:"code,omitempty"`
	Name      string   `json:"name,omitempty"`
	Category  string   `json:"category,omitempty"`
}

// PayloadField is one field with the policy that the job carries for it.
type PayloadField struct {
	Name   string      `json:"name"`
	Title  string      `json:"title"`
	Policy item.Policy `json:"policy"`
	// LockedBy is the switch of the network that locks the field; "" if it is locked
	// or not of itself.
	LockedBy string `json:"locked_by,omitempty"`
	// Leave says where the sync leaves the receiver's value alone; "" nowhere.
	Leave Leave `json:"leave,omitempty"`
	// ByName lets an item of the receiver's own stand for the one referred to, if it
	// alone has its name.
	ByName bool `json:"by_name,omitempty"`
	// Columns are the columns of a rows field, each with its policy, sorted by name.
	Columns []PayloadColumn `json:"columns,omitempty"`
}

// Leave says of which items a sync leaves a field alone.
type Leave string

// The choices of Leave.
const (
	LeaveFound Leave = "found" // that the receiver has: the field travels with new ones only
	LeaveAll   Leave = "all"   // new ones too: they are created without it
)

// Valid reports whether l is one of the choices, or none.
func (l Leave) Valid() bool { return l == "" || l == LeaveFound || l == LeaveAll }

// PayloadColumn is one column of a rows field.
type PayloadColumn struct {
	Name   string      `json:"name"`
	Policy item.Policy `json:"policy"`
}

// Op is what a payload item asks for.
type Op string

// The operations of a payload item.
const (
	OpPut    Op = "put"    // create, adopt or update
	OpDelete Op = "delete" // of a linked item; adopted ones are unlinked, referred ones retired
	// OpRevert takes back what a job did to an item, as Undo says. Its references are
	// the store's own. It stands only in Own.
	OpRevert Op = "revert"
	// OpRepair sets the locked fields of a linked item that drifted back to their
	// base. An agent makes it for itself; it never travels.
	OpRepair Op = "repair"
)

// PayloadItem is one item that a job brings.
type PayloadItem struct {
	Op      Op       `json:"op"`
	Kind    string   `json:"kind"`
	UID     string   `json:"uid"`
	Aliases []string `json:"aliases,omitempty"` // uids that mean the same item
	SyncRev int64    `json:"sync_rev"`
	// Name is the item's name as a person reads it, for messages and for matching.
	Name string `json:"name"`
	// Code is the normalised identity code with reference parts looked up (see
	// merge.Code); "" if the item has none.
	Code string `json:"code,omitempty"`
	// CodeTwins and NameTwins say that the source itself has other items with this
	// code, or with this name and category: such an identity matches nothing. Of a
	// singleton NameTwins says that the source has several.
	CodeTwins bool `json:"code_twins,omitempty"`
	NameTwins bool `json:"name_twins,omitempty"`
	// NoPrice says that the source has no active price of the item, where the job
	// copies prices: the receiver keeps its own.
	NoPrice bool `json:"no_price,omitempty"`
	// Fields are the source's values, references as uids; never fields are left out.
	Fields item.Fields `json:"-"`
	// Undo is, of a revert, what is taken back; Fields are then the values before.
	Undo *Undo `json:"undo,omitempty"`
	// RefNames names the items that Fields refers to, by uid, for messages.
	RefNames map[string]string `json:"ref_names,omitempty"`
}

// Own is the part of a job that is one receiver's: content that only its Test
// could decide. It is stored by hash too; most jobs have none.
type Own struct {
	// Decisions settle ambiguous matches by name: uid to the receiver's key, or to
	// "" for "keep separate: create a new one".
	Decisions map[string]string `json:"decisions,omitempty"`
	// Reset lists fields to set to the source's value though the branch changed
	// them, per uid (rule 9).
	Reset map[string][]string `json:"reset,omitempty"`
	// Items come after the payload's own: deletes, named by the Test, and reverts.
	Items []PayloadItem `json:"items,omitempty"`
}
