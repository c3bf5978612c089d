package wire

import "plait/shared/item"

// Repairs tell of drift that a store undid by itself (Welcome.Repair), and of what
// its POS refused. An id that was told before changes nothing.
type Repairs struct {
	List []Repair `json:"list"` // at most MaxRepairs, each item once
}

// Repair is what became of one item that drifted.
type Repair struct {
	ID     string        `json:"id"`
	Kind   string        `json:"kind"`
	Key    string        `json:"key"`
	UID    string        `json:"uid"`
	Name   string        `json:"name"` // as a person reads it; may be ""
	Fields []RepairField `json:"fields,omitempty"`
	// Refused says in a sentence why the item still stands as it does; "" if what
	// drifted is as the last sync left it.
	Refused string `json:"refused,omitempty"`
	At      int64  `json:"at"` // by the PC's clock, Unix seconds, for people
}

// RepairField is one locked field, in words.
type RepairField struct {
	Field string `json:"field"`
	Base  string `json:"base"`  // what the last sync left there
	Value string `json:"value"` // what stood there
}

// Validate checks what a store tells of its repairs.
func (r Repairs) Validate() error {
	var c check
	c.atMost("repairs", len(r.List), MaxRepairs)
	for _, one := range r.List {
		c.id("id of the repair", one.ID)
		c.name("kind", one.Kind)
		c.require(len(one.Key) <= item.MaxKeyBytes, "the key of a repair has %d bytes, more than %d", len(one.Key), item.MaxKeyBytes)
		c.name("uid", one.UID)
		c.optional("name", one.Name)
		c.text("reason", one.Refused, MaxReasonBytes)
		c.atMost("fields of a repair", len(one.Fields), MaxRepairFields)
		for _, f := range one.Fields {
			c.name("field", f.Field)
			c.optional("base", f.Base)
			c.optional("value", f.Value)
		}
	}
	return c.result()
}
