package configs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"plait/shared/catalog"
	"plait/shared/item"
)

// kinds are those of the domain's table, by where they come from, and what they
// refer to.
var kinds = map[string][]string{
	"S1": {
		"service", "product", "series", "bundle", "discount", "sms_settings", "gift_voucher", "auto_discount", "service_credit",
		"account_code", "access_level", "employee", "product_order",
	},
	"S2": {"service", "bundle", "membership", "checkout_settings", "messaging_number"},
	"S3": {
		"service", "service_bundle", "add_on", "class", "membership", "package", "product", "product_bundle", "vendor", "discount",
		"checkout_settings", "access_level", "payroll_settings", "gift_card_image", "form_template", "shopping_cart",
	},
	"referred to": {"service_category", "class_category", "product_category", "resource"},
	"only go up":  {"customer", "sale", "sale_line", "ticket", "time_clock"},
}

func TestEveryKindIsShipped(t *testing.T) {
	c := shipped(t)
	known := map[string]bool{}
	for from, names := range kinds {
		for _, name := range names {
			known[name] = true
			k, ok := c.Kind(name)
			if !ok {
				t.Errorf("kind %s (%s) is missing", name, from)
			}
			if up := from == "only go up"; (k.Direction == catalog.UploadOnly) != up {
				t.Errorf("kind %s goes %s", name, k.Direction)
			}
		}
	}
	for _, k := range c.Kinds {
		if !known[k.Name] {
			t.Errorf("kind %s is shipped, and the domain does not know it", k.Name)
		}
	}
}

// Every kind is explained in one whole sentence (S1 describes each; S0 calls
// understanding them critical), and a title is not its help.
func TestEveryKindIsExplained(t *testing.T) {
	sentence := regexp.MustCompile(`^[A-Z][^.]{20,}\.$`)
	for _, k := range shipped(t).Kinds {
		if !sentence.MatchString(k.Help) || strings.Contains(k.Help, k.Title+".") {
			t.Errorf("kind %s: %q is not a sentence that explains it", k.Name, k.Help)
		}
		for _, f := range k.Fields {
			if f.Help != "" && !strings.HasSuffix(f.Help, ".") {
				t.Errorf("%s.%s: %q is not a sentence", k.Name, f.Name, f.Help)
			}
		}
	}
}

func TestMatchesAreThoseOfTheDomain(t *testing.T) {
	c := shipped(t)
	byName := catalog.Match{Name: "name"}
	byCategory := catalog.Match{Name: "name", Category: "category"}
	settings := catalog.Match{Singleton: true}
	for kind, want := range map[string]catalog.Match{
		"service": byCategory, "service_bundle": byCategory, "add_on": byCategory, "class": byCategory,
		"product":        {Code: []string{"barcode"}, Name: "name", Category: "category"},
		"product_bundle": {Code: []string{"barcode"}, Name: "name"}, "gift_card_image": {Code: []string{"image"}},
		"product_order": {Code: []string{"number"}}, "service_credit": {Code: []string{"service"}},
		"employee":     {Code: []string{"employee_number"}, Name: "name"},
		"account_code": {Code: []string{"number"}, Name: "name"}, "gift_voucher": {Code: []string{"voucher_code"}, Name: "name"},
		"package": byName, "membership": byName, "discount": byName, "vendor": byName, "access_level": byName, "form_template": byName,
		"series": byName, "bundle": byName, "auto_discount": byName, "resource": byName,
		"service_category": byName, "class_category": byName, "product_category": byName,
		"checkout_settings": settings, "payroll_settings": settings, "shopping_cart": settings, "sms_settings": settings, "messaging_number": settings,
	} {
		k, _ := c.Kind(kind)
		if m := k.Match; !slices.Equal(m.Code, want.Code) || m.Name != want.Name || m.Category != want.Category || m.Singleton != want.Singleton {
			t.Errorf("%s is matched by %+v, want %+v", kind, k.Match, want)
		}
		if k.Called() == "" && !k.Match.Singleton {
			t.Errorf("nobody knows what an item of %s is called", kind)
		}
		if stays := k.Match.Singleton || kind == "product_order" || kind == "service_credit"; (k.Active == "") != stays {
			t.Errorf("an item of %s is retired by %q", kind, k.Active)
		}
	}
}

// What S3 says in prose, and what S1 and S2 say of their kinds.
func TestFieldsThatNoTableHas(t *testing.T) {
	c := shipped(t)
	for path, want := range map[string]item.Policy{
		"service.category": item.Locked, "service_bundle.category": item.Locked, "add_on.category": item.Locked, "class.category": item.Locked, // "move": no
		"membership.active": item.Unlocked, "package.active": item.Unlocked, "discount.active": item.Unlocked, // activate, deactivate: yes
		"shopping_cart.active": item.Locked, "form_template.name": item.Locked, "gift_card_image.image": item.Locked, "gift_card_image.name": item.Locked,
		"product.stock": item.Never, "product_bundle.stock": item.Never, // change_inventory: yes
		"access_level.employees": item.Never, "access_level.permissions": item.Locked,
		"vendor.name": item.Unlocked, "vendor.phone": item.Unlocked, // every field of a vendor
		"product_order.lines": item.Locked, "product_order.lines.received": item.Never, "gift_voucher.active": item.Locked,
		"messaging_number.number": item.Never, "service_credit.credits": item.Locked, "employee.name": item.Unlocked,
	} {
		kind, field, _ := strings.Cut(path, ".")
		k, _ := c.Kind(kind)
		if f, ok := fieldOf(k, field); !ok || f.Policy != want {
			t.Errorf("%s is %q, want %q", path, f.Policy, want)
		}
	}
	k, _ := c.Kind("messaging_number")
	shared := func(name string) bool { return name == "shared_number" }
	if f, _ := k.Field("number"); f.Resolve(shared) != item.Locked {
		t.Error("a number that the network shares is not locked")
	}
}

// S1: employees are transferred, and orders sent, by somebody who means it.
func TestWhatIsSyncedByHand(t *testing.T) {
	for _, k := range shipped(t).Kinds {
		if byHand := k.Name == "employee" || k.Name == "product_order"; k.ByHand != byHand || k.OneReceiver != (k.Name == "employee") {
			t.Errorf("%s: by hand %v, to one receiver %v", k.Name, k.ByHand, k.OneReceiver)
		}
	}
}
