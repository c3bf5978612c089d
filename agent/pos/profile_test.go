package pos_test

import (
	"testing"

	"plait/agent/pos"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// The profile says what a new row has in a field by the mapping's defaults, in
// the form in which an item holds it.
func TestProfileSaysTheDefaults(t *testing.T) {
	s := newSalon(t, "WAL")
	s.m = mapping(t, `
pos: {engine: sqlite, path: x, busy_timeout: 5000}
kinds:
  product:
    table: Item
    key: Id
    fields: {name: Name, price: Price, stock: Stock, active: {column: Active, "true": Y, "false": N}, since: Since}
    defaults: {Price: "9.50", Stock: 0, Active: N, Since: soon}
`)
	s.m.Path = s.path
	field := func(name, typ string) catalog.Field { return catalog.Field{Name: name, Type: typ, Policy: item.Locked} }
	cat := &catalog.Catalog{Kinds: []catalog.Kind{{Name: "product", Direction: catalog.Sync, Fields: []catalog.Field{
		field("name", "text"), field("price", "decimal"), field("stock", "integer"), field("active", "bool"), field("since", "time"),
	}}}}
	c, err := pos.Open(t.Context(), s.m, cat, pos.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	profile, err := c.Profile(t.Context())
	if err != nil || profile.Validate() != nil {
		t.Fatal(err, profile.Validate())
	}
	want := map[string]string{"name": "", "price": `{"d":"9.5"}`, "stock": "0", "active": "false", "since": ""} // "soon" is no time
	for _, f := range profile.Kinds[0].Fields {
		if f.DefaultValue != want[f.Name] || f.Default != (f.Name != "name") {
			t.Errorf("%s has the default %q (%t), want %q", f.Name, f.DefaultValue, f.Default, want[f.Name])
		}
	}
	long := wire.Profile{Kinds: []wire.ProfileKind{{Kind: "k", Fields: []wire.ProfileField{{Name: "f", DefaultValue: string(make([]byte, wire.MaxReasonBytes+1))}}}}}
	if long.Validate() == nil {
		t.Error("a default of any length is taken")
	}
}
