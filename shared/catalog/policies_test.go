package catalog_test

import (
	"testing"

	"plait/configs"
	"plait/shared/catalog"
	"plait/shared/item"
)

func TestWithOtherPolicies(t *testing.T) {
	shipped, err := configs.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	before := shipped.Digest()
	other := shipped.With(map[string]item.Policy{
		"service.price": item.Locked, "service.nothing": item.Locked, "nothing.price": item.Locked, "service": item.Locked, "service.price.x.y": item.Locked,
	})
	if p, ok := other.Policy("service.price"); !ok || p != item.Locked {
		t.Errorf("service.price is %s", p)
	}
	if k, _ := other.Kind("service"); !sameBut(t, shipped, other) || k.Name != "service" {
		t.Error("something else has changed")
	}
	if shipped.Digest() != before {
		t.Error("the kinds that it was made of have changed")
	}
	for _, name := range []string{"service", "service.nothing", "nothing.price", "sale.total", "service.price.x.y"} {
		if p, ok := shipped.Policy(name); ok {
			t.Errorf("%s has the policy %s", name, p)
		}
	}
	for _, k := range shipped.Kinds {
		for _, f := range k.Fields {
			name := k.Name + "." + f.Name
			p, ok := shipped.With(map[string]item.Policy{name: item.Locked}).Policy(name)
			if frozen := f.Policy == item.Never || k.Direction != catalog.Sync; ok == frozen || ok && p != item.Locked {
				t.Errorf("%s, %s as shipped, is %s", name, f.Policy, p)
			}
			for _, c := range f.Columns {
				name := name + "." + c.Name
				if p, ok := shipped.With(map[string]item.Policy{name: item.Unlocked}).Policy(name); ok && p != item.Unlocked {
					t.Errorf("%s is %s", name, p)
				}
			}
		}
	}
}

// sameBut reports whether two catalogues differ in service.price alone.
func sameBut(t *testing.T, a, b *catalog.Catalog) bool {
	t.Helper()
	k, _ := a.Kind("service")
	f, ok := k.Field("price")
	if !ok {
		t.Fatal("there is no service.price")
	}
	f.Policy, f.LockedWhen = item.Locked, ""
	back := b.With(nil)
	for i := range back.Kinds {
		for j := range back.Kinds[i].Fields {
			if back.Kinds[i].Name == "service" && back.Kinds[i].Fields[j].Name == "price" {
				fields := append([]catalog.Field{}, back.Kinds[i].Fields...)
				fields[j], _ = k.Field("price")
				back.Kinds[i].Fields = fields
			}
		}
	}
	return back.Digest() == a.Digest()
}
