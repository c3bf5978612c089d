package catalog_test

import (
	"strings"
	"testing"

	"plait/shared/catalog"

	"github.com/google/go-cmp/cmp"
)

const priced = `kind: service
title: Services
help: What the salon does for its clients.
match: {name: name}
active: active
prices: {when: price_sync, fields: [price, duration], rows: rates, active: active}
restrictions: [minimum]
fields:
  name: {title: Service Name, type: text, policy: locked}
  active: {title: Active, type: bool, policy: unlocked}
  price: {title: Price, type: decimal, policy: unlocked, locked_when: price_sync}
  duration: {title: Duration, type: integer, policy: unlocked, locked_when: price_sync}
  minimum: {title: Minimum, type: decimal, policy: locked}
  tax: {title: Tax, type: decimal, policy: never}
  ips: {title: Safe IPs, type: rows, key: text, policy: additive, allow_list: true}
  rates:
    title: Prices by Provider
    type: rows
    key: text
    policy: unlocked
    columns:
      price: {title: Price, type: decimal, policy: unlocked, locked_when: price_sync}
      active: {title: Active, type: bool, policy: unlocked}
`

func TestPricesRestrictionsAndAllowLists(t *testing.T) {
	c, err := catalog.Load(files("service.yaml", priced), "c")
	if err != nil {
		t.Fatal(err)
	}
	k, _ := c.Kind("service")
	want := &catalog.Prices{When: "price_sync", Fields: []string{"price", "duration"}, Rows: "rates", Active: "active"}
	if ips, _ := k.Field("ips"); !ips.AllowList || cmp.Diff(want, k.Prices) != "" || cmp.Diff([]string{"minimum"}, k.Restrictions) != "" {
		t.Errorf("read as %+v, %v, %v", k.Prices, k.Restrictions, ips)
	}
	again, err := catalog.Decode(c.Encode())
	if diff := cmp.Diff(c, again); err != nil || diff != "" {
		t.Error(err, diff)
	}
	const at = "c/service.yaml"
	for name, x := range map[string]struct{ old, new, want string }{
		"an unknown key":             {"rows: rates", "row: rates", at + ":6: prices: unknown key \"row\", did you mean rows?"},
		"a list in its place":        {"{when: price_sync, fields: [price, duration], rows: rates, active: active}", "[price]", at + ":6: prices: \"key: value\" lines are needed here, not a list"},
		"no switch":                  {"when: price_sync, fields", "fields", at + ":6: prices: switch is missing"},
		"an unknown switch":          {"when: price_sync, fields", "when: prices, fields", at + ":6: prices: unknown switch \"prices\""},
		"no fields":                  {"fields: [price, duration], rows", "rows", at + ":6: prices: fields is missing"},
		"a field not there":          {"[price, duration]", "[prize, duration]", at + ":6: prices: fields names the field \"prize\", which is not there, did you mean price?"},
		"a field twice":              {"[price, duration]", "[price, price]", at + ":6: prices: the field price stands twice"},
		"a price that is no number":  {"[price, duration]", "[name, price]", at + ":6: prices: name comes first and is the price: it must be a number"},
		"a price without a column":   {"[price, duration]", "[duration, price]", at + ":6: prices: duration comes first and is the price: it must be a number, and a column of rates too"},
		"a field that stays open":    {"[price, duration]", "[price, duration, active]", at + ":6: prices: the field active is copied and not locked: give it locked_when: price_sync"},
		"a column that stays open":   {"type: decimal, policy: unlocked, locked_when: price_sync}\n      active", "type: decimal, policy: unlocked}\n      active", at + ":6: prices: the column rates.price is copied"},
		"a column of another type":   {"type: decimal, policy: unlocked, locked_when: price_sync}\n      active", "type: text, policy: unlocked, locked_when: price_sync}\n      active", at + ":6: prices: the column rates.price is copied"},
		"rows that are none":         {"rows: rates", "rows: price", at + ":6: prices: rows names \"price\": it must be the field of type rows"},
		"rows of the source":         {"key: text\n    policy: unlocked", "key: text\n    policy: locked", at + ":6: prices: the elements of rates are a location's own"},
		"active that is no column":   {"rows: rates, active: active", "rows: rates, active: alive", at + ":6: prices: active names \"alive\": it must be a bool column of rates"},
		"a restriction not there":    {"[minimum]", "[minimun]", at + ":7: restrictions: there is no field \"minimun\", did you mean minimum?"},
		"a restriction twice":        {"[minimum]", "[minimum, minimum]", at + ":7: restrictions: the field minimum stands twice"},
		"a restriction that stays":   {"[minimum]", "[tax]", at + ":7: restrictions: the field tax never syncs"},
		"a restriction that matches": {"[minimum]", "[name]", at + ":7: restrictions: the field name finds an item or retires it"},
		"a restriction that retires": {"[minimum]", "[active]", at + ":7: restrictions: the field active finds an item or retires it"},
		"restrictions that are text": {"[minimum]", "minimum", at + ":7: restrictions: a list is needed here"},
		"an allow list of text":      {"{title: Minimum, type: decimal, policy: locked}", "{title: Minimum, type: decimal, policy: locked, allow_list: true}", at + ":13: field minimum: allow_list is for a list that syncs"},
	} {
		if !strings.Contains(priced, x.old) {
			t.Fatalf("%s: the file does not hold %q", name, x.old)
		}
		_, err := catalog.Load(files("service.yaml", strings.Replace(priced, x.old, x.new, 1)), "c")
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v\nwant %s", name, err, x.want)
		}
	}
}
