package catalog_test

import (
	"slices"
	"strings"
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

// Whatever a network stops syncing, and in whatever order that is read: its columns go
// with a field, and what is made of it is a catalogue, or is refused for what the field
// is needed for.
func TestWithFieldsThatAreNeverSynced(t *testing.T) {
	shipped, err := configs.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	stopped, refused := 0, 0
	for _, k := range shipped.Kinds {
		for _, f := range k.Fields {
			name := k.Name + "." + f.Name
			if _, ok := shipped.Policy(name); !ok {
				continue
			}
			policies := map[string]item.Policy{name: item.Never}
			for _, c := range f.Columns {
				policies[name+"."+c.Name] = item.Locked // its field goes before it
			}
			other := shipped.With(policies)
			now, _ := other.Kind(k.Name)
			is, _ := now.Field(f.Name)
			if is.Policy != item.Never || is.LockedWhen != "" || slices.Contains(now.Restrictions, f.Name) {
				t.Errorf("%s is %+v", name, is)
			}
			for _, c := range is.Columns {
				if c.Policy != item.Never {
					t.Errorf("%s.%s is %s", name, c.Name, c.Policy)
				}
			}
			_, err := catalog.Decode(other.Encode())
			if why := other.Hinders(name); (why != "") != (err != nil) {
				t.Errorf("%s, never synced: %v, and it is hindered by: %q", name, err, why)
			}
			if err != nil && strings.Contains(err.Error(), "a relation has one policy") {
				continue // its other end is to be stopped with it
			}
			needed := f.Name == k.Match.Name || f.Name == k.Match.Category || slices.Contains(k.Match.Code, f.Name) ||
				k.Prices != nil && (f.Name == k.Prices.Rows || slices.Contains(k.Prices.Fields, f.Name))
			if stopped++; err != nil {
				stopped, refused = stopped-1, refused+1
			}
			if (err != nil) != needed {
				t.Errorf("%s, never synced: %v", name, err)
			}
		}
	}
	if stopped < 100 || refused < 30 {
		t.Errorf("%d fields can be stopped, and %d cannot", stopped, refused)
	}
}

// Whoever typed a policy that cannot be reads what needs another, and what can be.
func TestWhatHindersAPolicy(t *testing.T) {
	shipped, err := configs.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	for asked, says := range map[string]string{
		"service.name never":                     "it is the name by which a first sync finds items of service",
		"service.category never":                 "it is the category by which",
		"product.barcode never":                  "it is the code by which",
		"service.price never":                    "the switch price_sync needs it, to copy prices",
		"service.price unlocked":                 "it can be locked, or default",
		"service.price additive":                 "only a list of elements can be additive",
		"service.price locked":                   "",
		"service.provider_prices locked":         "the switch price_sync needs it unlocked",
		"service.provider_prices.price never":    "the switch price_sync needs it, to copy prices",
		"service.provider_prices.price locked":   "",
		"service.provider_prices.price additive": "no column of it",
		"service.suggested_add_ons never":        "it is the other end of add_on.assigned_services, which is locked, and both have one policy; change them together: service.suggested_add_ons never add_on.assigned_services never",
		"add_on.assigned_classes unlocked":       "it is the other end of class.suggested_add_ons, which is locked",
		"service.description never":              "",
		"service.nothing never":                  "",
	} {
		name, policy, _ := strings.Cut(asked, " ")
		other := shipped.With(map[string]item.Policy{name: item.Policy(policy)})
		why := other.Hinders(name)
		if _, err := catalog.Decode(other.Encode()); (why == "") != (says == "") || !strings.Contains(why, says) || (err != nil) != (why != "") {
			t.Errorf("%s is hindered by %q, want %q; the catalogue: %v", asked, why, says, err)
		}
	}
	both := shipped.With(map[string]item.Policy{"service.suggested_add_ons": item.Never, "add_on.assigned_services": item.Never})
	if why := both.Hinders("service.suggested_add_ons") + both.Hinders("add_on.assigned_services"); why != "" {
		t.Errorf("both ends together are hindered by %q", why)
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
