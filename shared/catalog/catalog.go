package catalog

import (
	"cmp"
	"slices"

	"plait/shared/item"
)

// Direction says which way a kind travels.
type Direction string

// The directions.
const (
	Sync       Direction = "sync"   // goes up, and comes down in jobs
	UploadOnly Direction = "upload" // goes up only: sales, tickets, clients
)

// Catalog is a network's kinds, sorted by name.
type Catalog struct {
	Kinds []Kind `json:"kinds"`
}

// Kind describes one kind of business element.
type Kind struct {
	Name      string    `json:"name"`  // as in 1-domain's table: lower case, digits, "_"
	Title     string    `json:"title"` // what an operator reads
	Help      string    `json:"help"`  // one sentence
	Direction Direction `json:"direction"`
	Match     Match     `json:"match"`
	// Label names the field that people call an item by where it is not matched by
	// name: text, or a reference, for what the other item is called. "" if there is
	// none.
	Label string `json:"label,omitempty"`
	// Active names the bool field that retires an item when it is set to false;
	// "" if the kind has none, and then an item that others refer to is kept.
	Active string  `json:"active,omitempty"`
	Fields []Field `json:"fields"`
	// ByHand: items are synced when an operator asks for it, never continuously (S1:
	// employees, product orders). OneReceiver: to one store at a time; what is
	// transferred is not spread.
	ByHand      bool `json:"by_hand,omitempty"`
	OneReceiver bool `json:"one_receiver,omitempty"`
	// Prices says how price sync copies the kind's prices where an item has several;
	// nil where it has one, which the field's own locked_when then says all of.
	Prices *Prices `json:"prices,omitempty"`
	// Restrictions names the fields that limit what an item is good for (S1:
	// "Discounts: restrictions"). A sync may leave them to the receiver.
	Restrictions []string `json:"restrictions,omitempty"`
	// Operations says what a branch may do to a synced item (s3-operations.tsv).
	// What is not listed is allowed.
	Operations []Operation `json:"operations,omitempty"`
}

// Match says how an unlinked item at the branch is found on a first sync.
type Match struct {
	// Singleton: a store has one item of the kind, its settings. It is found by
	// being the only one, and never deleted.
	Singleton bool `json:"singleton,omitempty"`
	// Code lists the fields that together are the identity code (barcode, SKU). A
	// code with an empty part does not exist for matching; a reference part
	// compares by the looked-up item's name (decision 31), a bytes part by its
	// SHA-256.
	Code []string `json:"code,omitempty"`
	// Name is the field that a person calls the item by; "" if there is none.
	Name string `json:"name,omitempty"`
	// Category is the reference field that must agree too for a match by name; ""
	// if the kind has no categories.
	Category string `json:"category,omitempty"`
}

// Prices names where a kind keeps its prices: one in fields of the item, and one
// in each element of a rows field. While the switch is on, the lowest active
// price of the source goes to every active price of a receiver, and what belongs
// to that price goes with it (S3, "Pricing").
type Prices struct {
	// When is the switch.
	When string `json:"when"`
	// Fields are the price, and then what is copied along with it: duration, points.
	Fields []string `json:"fields"`
	// Rows is the field whose elements have prices of their own, in columns that are
	// named as Fields are.
	Rows string `json:"rows"`
	// Active is the bool column that tells whether an element's price counts; "" if
	// every element that has a price does.
	Active string `json:"active,omitempty"`
}

// Field is one field of a kind, or one column of a rows field.
type Field struct {
	Name   string      `json:"name"`
	Title  string      `json:"title"`
	Help   string      `json:"help,omitempty"`
	Type   string      `json:"type"` // one of Types
	Policy item.Policy `json:"policy"`
	// LockedWhen names a switch of the network that makes the field locked while it
	// is on: price_sync, shared_number.
	LockedWhen string `json:"locked_when,omitempty"`
	// Group names the seed's row of which this field is one setting ("Show
	// Online"); the members merge one by one.
	Group string `json:"group,omitempty"`
	// Ref is the kind that a reference refers to; for rows whose elements are keyed
	// by a reference, the kind of that key.
	Ref string `json:"ref,omitempty"`
	// ByName lets a store's own item of the same name stand for the one referred
	// to, where the store has it but was never linked to it: S1 syncs what a
	// service is worth "without synchronizing the services themselves".
	ByName bool `json:"by_name,omitempty"`
	// AllowList: the elements are what is let in, and an empty list lets everything
	// in, so that the first element added to it shuts out all others (safe IP
	// addresses).
	AllowList bool `json:"allow_list,omitempty"`
	// OtherEnd names the field of the kind Ref that carries this relation. No item
	// holds the field itself: two kinds that each needed the other first could
	// never be created.
	OtherEnd string `json:"other_end,omitempty"`
	// Key is the type of a rows field's element keys; "" for other types.
	Key string `json:"key,omitempty"`
	// Columns are a rows field's columns beside the key; none make it a plain set.
	Columns []Field `json:"columns,omitempty"`
	// Source names where the policy comes from, as "S3: Cleanup Time".
	Source string `json:"source,omitempty"`
}

// Operation is one thing that a branch may or may not do to a synced item.
type Operation struct {
	Name    string `json:"name"`
	Allowed bool   `json:"allowed"`
	Note    string `json:"note,omitempty"`
}

// Types are the names of the field types.
var Types = []string{"text", "integer", "decimal", "bool", "time", "bytes", "reference", "rows"}

// Switches are the network's switches that a field's locked_when may name.
var Switches = []string{"price_sync", "shared_number"}

// Kind returns the kind of that name; ok is false if there is none.
func (c *Catalog) Kind(name string) (Kind, bool) {
	i := slices.IndexFunc(c.Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return c.Kinds[i], true
}

// Field returns the field of that name; ok is false if there is none.
func (k Kind) Field(name string) (Field, bool) { return fieldNamed(k.Fields, name) }

// Column returns the column of a rows field; ok is false if there is none.
func (f Field) Column(name string) (Field, bool) { return fieldNamed(f.Columns, name) }

func fieldNamed(fields []Field, name string) (Field, bool) {
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return fields[i], true
}

// Called returns the field that people call an item of the kind by; "" if it
// has none.
func (k Kind) Called() string { return cmp.Or(k.Match.Name, k.Label) }

// Stopped reports whether a field is synced in no position of any switch: what its link
// remembers of a time when it was locks nothing any more.
func (k Kind) Stopped(field string) bool {
	f, ok := k.Field(field)
	return ok && f.Policy == item.Never && f.LockedWhen == ""
}

// Forbids reports whether a branch may not do the operation to a synced item.
func (k Kind) Forbids(operation string) bool {
	return slices.ContainsFunc(k.Operations, func(o Operation) bool { return o.Name == operation && !o.Allowed })
}

// Fixed returns the field that a branch may not change of a synced item whatever its
// policy: the category, where it may not move the item; "" if there is none.
func (k Kind) Fixed() string {
	if k.Forbids("move") {
		return k.Match.Category
	}
	return ""
}

// Resolve returns the field's policy with the network's switches applied. A
// never field without a switch of its own stays never.
func (f Field) Resolve(on func(switchName string) bool) item.Policy {
	if f.LockedWhen != "" && on(f.LockedWhen) {
		return item.Locked
	}
	return f.Policy
}
