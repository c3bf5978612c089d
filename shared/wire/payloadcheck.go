package wire

import (
	"cmp"
	"slices"
)

// Validate checks what a payload's form cannot say: kinds once each, with known
// policies and sorted fields; items in the order of the kinds, each uid once,
// with fields that its kind lists. Its errors are *Error and name the item.
func (p Payload) Validate() error {
	var c check
	c.name("source", p.Source)
	c.name("hub epoch", p.HubEpoch)
	c.atMost("items", len(p.Items), MaxPayloadItems)
	place := make(map[string]int, len(p.Kinds))
	for i, k := range p.Kinds {
		if _, twice := place[k.Name]; twice {
			c.fail("kind %s stands twice", k.Name)
		}
		place[k.Name] = i
		c.payloadKind(k)
	}
	if c.err == nil {
		c.payloadItems(p, place)
	}
	return c.result()
}

func (c *check) payloadKind(k PayloadKind) {
	c.name("kind", k.Name)
	for i, f := range k.Fields {
		c.name("field of "+k.Name, f.Name)
		c.require(f.Policy.Valid(), "kind %s, field %s: unknown policy %.20q", k.Name, f.Name, f.Policy)
		c.require(i == 0 || k.Fields[i-1].Name < f.Name, "kind %s: field %s is out of order", k.Name, f.Name)
		for j, col := range f.Columns {
			c.require(col.Policy.Valid(), "kind %s, column %s.%s: unknown policy %.20q", k.Name, f.Name, col.Name, col.Policy)
			c.require(j == 0 || f.Columns[j-1].Name < col.Name, "kind %s, field %s: column %s is out of order", k.Name, f.Name, col.Name)
		}
		c.require(f.Leave.Valid(), "kind %s, field %s: unknown leave %.20q", k.Name, f.Name, f.Leave)
	}
	c.payloadPrices(k)
}

// payloadPrices: what prices names is listed.
func (c *check) payloadPrices(k PayloadKind) {
	if k.Prices == nil {
		return
	}
	c.require(len(k.Prices.Fields) > 0, "kind %s: prices names no field", k.Name)
	for _, name := range append([]string{k.Prices.Rows}, k.Prices.Fields...) {
		_, ok := slices.BinarySearchFunc(k.Fields, name, byFieldName)
		c.require(ok, "kind %s: prices names the field %.40q, which is not listed", k.Name, name)
	}
}

func byFieldName(f PayloadField, name string) int { return cmp.Compare(f.Name, name) }

func (c *check) payloadItems(p Payload, place map[string]int) {
	seen := make(map[[2]string]struct{}, len(p.Items))
	last := 0
	for i := range p.Items {
		it := &p.Items[i]
		at, known := place[it.Kind]
		switch id := [2]string{it.Kind, it.UID}; {
		case !known:
			c.fail("item %d: kind %.40q is not listed", i, it.Kind)
		case it.Op == OpRevert:
			c.fail("item %d: a revert is one receiver's own", i)
		case at < last:
			c.fail("item %d: %s comes after a kind that is listed later", i, it.Kind)
		default:
			_, twice := seen[id]
			c.require(!twice, "item %d: %s %s stands twice", i, it.Kind, it.UID)
			seen[id] = struct{}{}
			last = at
			c.payloadItem(i, it)
			c.fieldsListed(i, it, p.Kinds[at].Fields)
		}
		if c.err != nil {
			return
		}
	}
}

func (c *check) payloadItem(i int, it *PayloadItem) {
	switch {
	case it.Op != OpPut && it.Op != OpDelete && it.Op != OpRevert:
		c.fail("item %d: unknown op %.20q", i, it.Op)
	case it.UID == "" || len(it.UID) > MaxNameBytes:
		c.fail("item %d: a uid has 1 to %d bytes", i, MaxNameBytes)
	case it.SyncRev < 0:
		c.fail("item %d: sync_rev %d", i, it.SyncRev)
	case (it.Op == OpRevert) != (it.Undo != nil):
		c.fail("item %d: a revert says what it takes back, and nothing else does", i)
	case it.Undo != nil && (!it.Undo.Did.Valid() || it.Undo.Key == ""):
		c.fail("item %d: nothing can have %.20q the item %.40q", i, it.Undo.Did, it.Undo.Key)
	}
}

// fieldsListed: a field without a policy could not be merged, and a payload
// drops none silently.
func (c *check) fieldsListed(i int, it *PayloadItem, listed []PayloadField) {
	for _, f := range it.Fields {
		_, ok := slices.BinarySearchFunc(listed, f.Name, byFieldName)
		c.require(ok, "item %d: kind %s does not list its field %s", i, it.Kind, f.Name)
	}
}

// Validate checks a receiver's part of a job.
func (o Own) Validate() error {
	var c check
	c.atMost("items", len(o.Items), MaxPayloadItems)
	c.atMost("decisions", len(o.Decisions), MaxPayloadItems)
	c.atMost("resets", len(o.Reset), MaxPayloadItems)
	for i := range o.Items {
		c.name("kind of an item", o.Items[i].Kind)
		c.payloadItem(i, &o.Items[i])
		if c.err != nil {
			break
		}
	}
	return c.result()
}
