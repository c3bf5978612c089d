package catalog_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"plait/shared/catalog"
	"plait/shared/item"

	"github.com/google/go-cmp/cmp"
)

const category = `kind: category
title: Categories
help: What services are sorted by.
match: {name: name}
fields:
  name: {title: Name, type: text, policy: locked}
`

const service = `kind: service
title: Services
help: What the salon does for its clients.
match:
  code: [code]
  name: name
  category: category
active: active
fields:
  name: {title: Service Name, type: text, policy: locked, source: "S3: Service Name"}
  code: {title: Code, type: text, policy: locked}
  category: {title: Category, type: reference, ref: category, policy: locked}
  active: {title: Active, type: bool, policy: unlocked}
  cleanup_minutes: {title: Cleanup Time, type: integer, policy: unlocked, group: Cleanup Time}
  number: {title: Number, type: text, policy: never, locked_when: shared_number}
  prices:
    title: Service Details
    type: rows
    key: text
    policy: unlocked
    locked_when: price_sync
    columns:
      amount: {title: Price, type: decimal}
      note: {title: Note, type: text, policy: unlocked}
operations:
  delete: {allowed: false, note: "S3: Locations can't: Delete"}
  edit: {allowed: true}
`

func files(more ...string) fstest.MapFS {
	out := fstest.MapFS{"c/category.yaml": {Data: []byte(category)}, "c/service.yaml": {Data: []byte(service)}}
	for i := 0; i+1 < len(more); i += 2 {
		out["c/"+more[i]] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	return out
}

func TestLoad(t *testing.T) {
	c, err := catalog.Load(files("notes.txt", "not a kind"), "c")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Kinds) != 2 || c.Kinds[0].Name != "category" {
		t.Fatalf("%d kinds", len(c.Kinds))
	}
	got, _ := c.Kind("service")
	want := catalog.Kind{
		Name: "service", Title: "Services", Help: "What the salon does for its clients.", Direction: catalog.Sync, Active: "active",
		Match: catalog.Match{Code: []string{"code"}, Name: "name", Category: "category"},
		Fields: []catalog.Field{
			{Name: "name", Title: "Service Name", Type: "text", Policy: item.Locked, Source: "S3: Service Name"},
			{Name: "code", Title: "Code", Type: "text", Policy: item.Locked},
			{Name: "category", Title: "Category", Type: "reference", Ref: "category", Policy: item.Locked},
			{Name: "active", Title: "Active", Type: "bool", Policy: item.Unlocked},
			{Name: "cleanup_minutes", Title: "Cleanup Time", Type: "integer", Policy: item.Unlocked, Group: "Cleanup Time"},
			{Name: "number", Title: "Number", Type: "text", Policy: item.Never, LockedWhen: "shared_number"},
			{Name: "prices", Title: "Service Details", Type: "rows", Key: "text", Policy: item.Unlocked, LockedWhen: "price_sync", Columns: []catalog.Field{
				{Name: "amount", Title: "Price", Type: "decimal", Policy: item.Unlocked, LockedWhen: "price_sync"},
				{Name: "note", Title: "Note", Type: "text", Policy: item.Unlocked},
			}},
		},
		Operations: []catalog.Operation{{Name: "delete", Note: "S3: Locations can't: Delete"}, {Name: "edit", Allowed: true}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Each case changes one text of service.yaml and names the line and the words
// that must follow.
func TestLoadNamesLineAndCause(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key of a kind":       {"title: Services", "titel: Services", ":2: unknown key \"titel\", did you mean title?"},
		"unknown key of a field":      {"{title: Service Name, type: text, policy: locked,", "{title: Service Name, type: text, polcy: locked,", ":10: field name: unknown key \"polcy\", did you mean policy?"},
		"a missing kind":              {"kind: service\n", "", ":1: kind is missing"},
		"another kind's name":         {"kind: service", "kind: services", ":1: kind services must stand in a file named services.yaml"},
		"an upper-case kind":          {"kind: service", "kind: Service", ":1: name \"Service\""},
		"a missing title":             {"title: Services\n", "", ":1: title is missing"},
		"an empty title":              {"title: Services", "title:", ":2: text is needed here, not nothing"},
		"a missing help":              {"help: What the salon does for its clients.\n", "", ":1: help is missing"},
		"a number for text":           {"title: Services", "title: 12", ":2: text is needed here, not \"12\""},
		"a list for text":             {"title: Services", "title: [a]", ":2: text is needed here, not a list"},
		"an alias":                    {"title: Services", "title: &a Services\nactive: *a", ":3: text is needed here, not an alias"},
		"a merge key":                 {"match:\n", "<<: {}\nmatch:\n", ":4: a plain name is needed as key"},
		"a line break":                {"title: Services", "title: \"a\\nb\"", ":2: the text has a line break"},
		"an unknown direction":        {"active: active", "active: active\ndirection: down", ":9: unknown direction \"down\" (known: sync, upload)"},
		"match by a field not there":  {"code: [code]", "code: [barcode]", ":5: match: code names the field \"barcode\", which is not there"},
		"match, nearly there":         {"name: name\n  category", "name: nam\n  category", ":6: match: name names the field \"nam\", which is not there, did you mean name?"},
		"match by a number":           {"name: name\n  category", "name: cleanup_minutes\n  category", ":6: match: name names the field cleanup_minutes of type integer: it must be text"},
		"match by a field twice":      {"code: [code]", "code: [code, code]", ":5: match: field \"code\" stands twice in code"},
		"match by a never field":      {"code: [code]", "code: [number]", ":5: match: code names the field number, which never syncs"},
		"match by rows":               {"code: [code]", "code: [prices]", ":5: match: code names the field prices of type rows"},
		"code that is no list":        {"code: [code]", "code: code", ":5: match: a list is needed here"},
		"category that is text":       {"  category: category\n", "  category: name\n", ":7: match: category names the field name of type text: it must be reference"},
		"category without a name":     {"  name: name\n  category", "  category", ":6: match: category narrows a match by name"},
		"active not there":            {"active: active", "active: alive", ":8: active names the field \"alive\", which is not there"},
		"active that is text":         {"active: active", "active: name", ":8: active names the field name of type text: it must be bool"},
		"no fields":                   {"fields:\n", "fields: {}\nunused:\n", ":9: a kind needs at least one field"},
		"fields as a list":            {"fields:\n", "fields: []\nunused:\n", ":9: fields: \"key: value\" lines are needed here, not a list"},
		"a field twice":               {"  code: {title", "  name: {title", ":11: fields: \"name\" stands twice; the first is on line 10"},
		"a setting twice":             {"{title: Code,", "{title: Code, title: Code,", ":11: field code: \"title\" stands twice"},
		"a field with a hyphen":       {"cleanup_minutes:", "cleanup-minutes:", ":14: field cleanup-minutes: name \"cleanup-minutes\""},
		"a field without settings":    {"{title: Code, type: text, policy: locked}", "", ":11: field code: \"key: value\" lines are needed here, not nothing"},
		"a field without a title":     {"{title: Code, ", "{", ":11: field code: title is missing"},
		"a field without a type":      {"{title: Code, type: text,", "{title: Code,", ":11: field code: type is missing (known: text,"},
		"an unknown type":             {"{title: Code, type: text,", "{title: Code, type: txt,", ":11: field code: unknown type \"txt\", did you mean text?"},
		"a field without a policy":    {"{title: Code, type: text, policy: locked}", "{title: Code, type: text}", ":11: field code: policy is missing"},
		"an unknown policy":           {"{title: Code, type: text, policy: locked}", "{title: Code, type: text, policy: lock}", ":11: field code: unknown policy \"lock\", did you mean locked?"},
		"an additive text":            {"{title: Code, type: text, policy: locked}", "{title: Code, type: text, policy: additive}", ":11: field code: additive is for fields of type rows"},
		"an unknown switch":           {"locked_when: price_sync", "locked_when: price_synch", ":21: field prices: unknown switch \"price_synch\", did you mean price_sync?"},
		"a switch for a locked field": {"policy: locked, source", "policy: locked, locked_when: price_sync, source", ":10: field name: a locked field needs no switch"},
		"a never price":               {"policy: never, locked_when: shared_number", "policy: never, locked_when: price_sync", ":15: field number: a field that never syncs cannot be locked by price_sync"},
		"a reference to nothing":      {"type: reference, ref: category,", "type: reference,", ":12: field category: ref is missing"},
		"an unknown kind":             {"ref: category,", "ref: categry,", ":12: field category: unknown kind \"categry\", did you mean category?"},
		"a ref on text":               {"{title: Code, type: text,", "{title: Code, type: text, ref: category,", ":11: field code: only a reference"},
		"rows without a key":          {"    key: text\n", "", ":16: field prices: key is missing"},
		"rows keyed by rows":          {"    key: text\n", "    key: rows\n", ":19: field prices: unknown key \"rows\""},
		"rows keyed by reference":     {"    key: text\n", "    key: reference\n", ":16: field prices: ref is missing"},
		"a key on text":               {"{title: Code, type: text,", "{title: Code, type: text, key: text,", ":11: field code: only a field of type rows has a key"},
		"columns on text":             {"{title: Code, type: text,", "{title: Code, type: text, columns: {a: {title: A, type: text}},", ":11: field code: only a field of type rows has columns"},
		"columns of columns":          {"{title: Price, type: decimal}", "{title: Price, type: decimal, columns: {}}", ":23: column prices.amount: a column cannot have columns"},
		"a column of rows":            {"{title: Price, type: decimal}", "{title: Price, type: rows, key: text}", ":23: column prices.amount: a column cannot be rows"},
		"an additive column":          {"{title: Price, type: decimal}", "{title: Price, type: decimal, policy: additive}", ":23: column prices.amount: a column cannot be additive"},
		"a column of a never field":   {"    policy: unlocked\n    locked_when: price_sync\n", "    policy: never\n", ":23: column prices.note: a column of a field that never syncs"},
		"an unknown column type":      {"{title: Price, type: decimal}", "{title: Price, type: float}", ":23: column prices.amount: unknown type \"float\""},
		"operation without allowed":   {"edit: {allowed: true}", "edit: {note: x}", ":27: operation edit: \"allowed: true\" or"},
		"operation allowed: yes":      {"edit: {allowed: true}", "edit: {allowed: yes}", ":27: operation edit: true or false is needed here, not \"yes\""},
		"operation with a space":      {"  edit: {", "  edit it: {", ":27: operation edit it: name \"edit it\""},
		"no YAML":                     {"match:\n", "match: {\n", "not YAML"},
		"two documents":               {"operations:\n", "---\nkind: x\noperations:\n", ":1: more than one document"},
		"a list":                      {service, "- a\n", ":1: a kind is a list of"},
		"nothing":                     {service, "", ":1: the file is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(service, c.old) {
				t.Fatalf("service.yaml does not hold %q", c.old)
			}
			_, err := catalog.Load(files("service.yaml", strings.Replace(service, c.old, c.new, 1)), "c")
			var problems catalog.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("%v is not Problems", err)
			}
			if want := "c/service.yaml" + c.want; !strings.Contains("\n"+err.Error(), "\n"+want) && !(c.want[0] != ':' && strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v\nwant %s", err, want)
			}
		})
	}
}

const settings = `kind: settings
title: Settings
help: How a store is set up.
match: {singleton: true}
by_hand: true
one_receiver: true
fields:
  footer: {title: Footer, type: text, policy: locked}
  on: {title: On, type: bool, policy: locked}
  favourite: {title: Favourite, type: reference, ref: service, by_name: true, policy: locked}
`

const addOn = `kind: add_on
title: Add-ons
help: What may be added.
match: {code: [image]}
label: subject
fields:
  subject: {title: Subject, type: text, policy: locked}
  image: {title: Image, type: bytes, policy: locked}
  services: {title: Assigned to, type: rows, key: reference, ref: service, policy: locked, other_end: add_ons}
  colour: {title: Colour, type: text, policy: locked}
`

// serviceWithAddOns carries the relation whose other end is add_on.services.
var serviceWithAddOns = strings.Replace(service, "operations:", "  add_ons: {title: Add-Ons, type: rows, key: reference, ref: add_on, policy: locked}\noperations:", 1)

func TestUncommonKinds(t *testing.T) {
	c, err := catalog.Load(files("settings.yaml", settings, "add_on.yaml", addOn, "service.yaml", serviceWithAddOns), "c")
	if err != nil {
		t.Fatal(err)
	}
	only, _ := c.Kind("settings")
	if favourite, _ := only.Field("favourite"); !only.Match.Singleton || only.Called() != "" || !favourite.ByName || !only.ByHand || !only.OneReceiver {
		t.Errorf("%+v", only)
	}
	end, _ := c.Kind("add_on")
	if services, _ := end.Field("services"); end.Called() != "subject" || services.OtherEnd != "add_ons" {
		t.Errorf("%+v", end)
	}
	again, err := catalog.Decode(c.Encode())
	if diff := cmp.Diff(c, again); err != nil || diff != "" {
		t.Error(err, diff)
	}
	for _, x := range []struct{ old, new, want string }{
		{"{singleton: true}", "{singleton: true, name: footer}", "c/settings.yaml:4: match: a singleton is found by being the only one"},
		{"{singleton: true}", "{singleton: 1}", "c/settings.yaml:4: match: true or false is needed here"},
		{"{singleton: true}", "{singleton: true}\nactive: on", "c/settings.yaml:5: a singleton is never retired"},
		{"by_hand: true\n", "", "c/settings.yaml:5: what goes to one store at a time is synced by hand"},
		{"help: How", "direction: upload\nhelp: How", "c/settings.yaml:6: a kind that only goes up is not synced, by hand or otherwise"},
		{"type: text, policy", "type: text, by_name: true, policy", "c/settings.yaml:8: field footer: only a reference can be by name"},
		{"type: text, policy", "type: text, other_end: add_ons, policy", "c/settings.yaml:8: field footer: only a reference, or rows whose key is a reference, has another end"},
		{"by_name: true, policy", "other_end: add_ons, policy", "c/settings.yaml:10: field favourite: the other end service.add_ons does not refer to settings"},
		{"label: subject", "label: subjekt", "c/add_on.yaml:5: label names the field \"subjekt\", which is not there, did you mean subject?"},
		{"label: subject", "label: image", "c/add_on.yaml:5: label names the field image of type bytes"},
		{"{code: [image]}", "{name: subject}", "c/add_on.yaml:5: an item is called by the name that it is matched by"},
		{"{code: [image]}", "{name: colour, category: services}", "c/add_on.yaml:4: match: category names the field services, which no item holds: it is the other end of service.add_ons"},
		{"other_end: add_ons", "other_end: addons", "c/add_on.yaml:9: field services: the other end service.addons is not there, did you mean add_ons?"},
		{"other_end: add_ons", "other_end: add_ons, columns: {n: {title: N, type: text}}", "c/add_on.yaml:9: field services: columns belong to the end that carries the relation"},
		{"ref: service, policy: locked, other_end", "ref: service, policy: unlocked, other_end", "c/add_on.yaml:9: field services: it is unlocked and its other end service.add_ons is locked: a relation has one policy"},
		{", other_end: add_ons", "", "kinds that need each other first can never be created: add_on → service → add_on"},
	} {
		change := func(text string) string { return strings.Replace(text, x.old, x.new, 1) }
		_, err := catalog.Load(files("settings.yaml", change(settings), "add_on.yaml", change(addOn), "service.yaml", serviceWithAddOns), "c")
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v\nwant %s", x.new, err, x.want)
		}
	}
}

func TestLoadCollectsEveryProblem(t *testing.T) {
	bad := strings.NewReplacer("policy: locked, source", "policy: lockd, source", "price_sync", "prices", "allowed: true", "allowed: 1").Replace(service)
	_, err := catalog.Load(files("service.yaml", bad, "category.yaml", strings.Replace(category, "type: text", "type: words", 1)), "c")
	var problems catalog.Problems
	if !errors.As(err, &problems) || len(problems) == 0 {
		t.Fatalf("%v", err)
	}
	lines := make([]int, len(problems))
	for i, p := range problems {
		lines[i] = p.Line
	}
	if diff := cmp.Diff([]int{6, 10, 21, 27}, lines); diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

const sale = `kind: sale
title: Sales
help: What was sold.
direction: upload
fields:
  total: {title: Total, type: decimal}
`

func TestUploadOnlyKinds(t *testing.T) {
	c, err := catalog.Load(files("sale.yaml", sale), "c")
	if err != nil {
		t.Fatal(err)
	}
	k, _ := c.Kind("sale")
	if f, _ := k.Field("total"); k.Direction != catalog.UploadOnly || f.Policy != item.Never {
		t.Errorf("%+v", k)
	}
	for _, x := range []struct{ file, text, want string }{
		{"sale.yaml", strings.Replace(sale, "type: decimal", "type: decimal, policy: locked", 1), "c/sale.yaml:6: field total: a kind that only goes up"},
		{"sale.yaml", sale + "match: {name: total}\n", "c/sale.yaml:7: match: a kind that only goes up"},
		{"service.yaml", strings.Replace(service, "ref: category", "ref: sale", 1), "c/service.yaml:12: field category: it refers to sale, which only goes up"},
	} {
		if _, err := catalog.Load(files("sale.yaml", sale, x.file, x.text), "c"); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%v, want %s", err, x.want)
		}
	}
}

func TestLoadIsBounded(t *testing.T) {
	big := fstest.MapFS{"c/a.yaml": {Data: make([]byte, catalog.MaxFileBytes+1)}}
	if _, err := catalog.Load(big, "c"); err == nil || !strings.Contains(err.Error(), "c/a.yaml: the file has more than") {
		t.Errorf("a big file: %v", err)
	}
	var many strings.Builder
	for i := range catalog.MaxFields + 1 {
		many.WriteString("  a" + strings.Repeat("b", i%50) + strings.Repeat("c", i/50) + ": {}\n")
	}
	if _, err := catalog.Load(files("service.yaml", "kind: service\nfields:\n"+many.String()), "c"); err == nil || !strings.Contains(err.Error(), "more than 500 entries") {
		t.Errorf("many fields: %v", err)
	}
	if _, err := catalog.Load(fstest.MapFS{"c/x.txt": {}}, "c"); err == nil {
		t.Error("a folder without kinds was loaded")
	}
	if _, err := catalog.Load(fstest.MapFS{}, "c"); err == nil {
		t.Error("no folder was loaded")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(service))
	f.Add([]byte(category))
	f.Add([]byte(settings))
	f.Add([]byte(addOn))
	f.Add([]byte(priced))
	f.Add([]byte("a: &a [*a]\nb: !!binary x\n? [c]\n: d\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := catalog.Load(files("service.yaml", string(in)), "c")
		if err != nil {
			return
		}
		again, err := catalog.Decode(c.Encode())
		if err != nil || again.Digest() != c.Digest() {
			t.Errorf("%q was loaded, but %v", in, err)
		}
	})
}
