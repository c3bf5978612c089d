package catalog

import (
	"strings"

	"plait/shared/item"

	"gopkg.in/yaml.v3"
)

func (f *kindFile) readKind(root *yaml.Node) {
	k := &f.kind
	k.Direction = Sync
	f.mapping(root, "", "", map[string]reader{
		"kind":         func(n *yaml.Node) { k.Name = f.text(n, "") },
		"title":        func(n *yaml.Node) { k.Title = f.text(n, "") },
		"help":         func(n *yaml.Node) { k.Help = f.text(n, "") },
		"direction":    func(n *yaml.Node) { k.Direction = Direction(f.text(n, "")) },
		"match":        func(n *yaml.Node) { f.readMatch(n) },
		"label":        func(n *yaml.Node) { k.Label = f.text(n, "") },
		"active":       func(n *yaml.Node) { k.Active = f.text(n, "") },
		"fields":       func(n *yaml.Node) { k.Fields = f.fields(n, "fields", "fields", "field ") },
		"by_hand":      func(n *yaml.Node) { k.ByHand = f.flag(n, "") },
		"one_receiver": func(n *yaml.Node) { k.OneReceiver = f.flag(n, "") },
		"prices":       func(n *yaml.Node) { f.readPrices(n) },
		"restrictions": func(n *yaml.Node) { k.Restrictions = f.list(n, "restrictions") },
		"operations":   func(n *yaml.Node) { k.Operations = f.operations(n) },
	})
	if k.Direction == UploadOnly {
		for i := range k.Fields {
			neverLeaves(&k.Fields[i])
		}
	}
	for i := range k.Fields {
		inherit(&k.Fields[i])
	}
}

// neverLeaves: what only goes up comes to no other store.
func neverLeaves(f *Field) {
	if f.Policy == "" {
		f.Policy = item.Never
	}
}

func (f *kindFile) readMatch(n *yaml.Node) {
	m := &f.kind.Match
	f.mapping(n, "match", "match", map[string]reader{
		"singleton": func(n *yaml.Node) { m.Singleton = f.flag(n, "match") },
		"code":      func(n *yaml.Node) { m.Code = f.list(n, "match") },
		"name":      func(n *yaml.Node) { m.Name = f.text(n, "match") },
		"category":  func(n *yaml.Node) { m.Category = f.text(n, "match") },
	})
}

func (f *kindFile) readPrices(n *yaml.Node) {
	p := &Prices{}
	f.kind.Prices = p
	f.mapping(n, "prices", "prices", map[string]reader{
		"when":   func(n *yaml.Node) { p.When = f.text(n, "prices") },
		"fields": func(n *yaml.Node) { p.Fields = f.list(n, "prices") },
		"rows":   func(n *yaml.Node) { p.Rows = f.text(n, "prices") },
		"active": func(n *yaml.Node) { p.Active = f.text(n, "prices") },
	})
}

// fields reads fields or columns: names with their settings, in the file's
// order. list is the list in words, each what goes before a name.
func (f *kindFile) fields(n *yaml.Node, at, list, each string) []Field {
	var out []Field
	f.pairs(n, at, list, func(name string, value *yaml.Node, at string) {
		out = append(out, f.field(name, value, at, each+name))
	})
	return out
}

func (f *kindFile) field(name string, n *yaml.Node, at, where string) Field {
	out := Field{Name: name}
	set := func(to *string) reader { return func(n *yaml.Node) { *to = f.text(n, where) } }
	f.mapping(n, at, where, map[string]reader{
		"title":       set(&out.Title),
		"help":        set(&out.Help),
		"type":        set(&out.Type),
		"policy":      func(n *yaml.Node) { out.Policy = item.Policy(f.text(n, where)) },
		"locked_when": set(&out.LockedWhen),
		"group":       set(&out.Group),
		"ref":         set(&out.Ref),
		"by_name":     func(n *yaml.Node) { out.ByName = f.flag(n, where) },
		"other_end":   set(&out.OtherEnd),
		"allow_list":  func(n *yaml.Node) { out.AllowList = f.flag(n, where) },
		"key":         set(&out.Key),
		"source":      set(&out.Source),
		"columns":     func(n *yaml.Node) { out.Columns = f.columns(n, at, where, name) },
	})
	return out
}

func (f *kindFile) columns(n *yaml.Node, at, where, name string) []Field {
	if strings.HasPrefix(where, "column ") {
		f.report(at+".columns", where, "a column cannot have columns of its own")
		return nil
	}
	return f.fields(n, at+".columns", where, "column "+name+".")
}

func (f *kindFile) operations(n *yaml.Node) []Operation {
	var out []Operation
	f.pairs(n, "operations", "operations", func(name string, value *yaml.Node, at string) {
		op, where := Operation{Name: name}, "operation "+name
		f.mapping(value, at, where, map[string]reader{
			"allowed": func(n *yaml.Node) { op.Allowed = f.flag(n, where) },
			"note":    func(n *yaml.Node) { op.Note = f.text(n, where) },
		})
		if value.Kind == yaml.MappingNode && !f.has(at+".allowed") {
			f.report(at, where, "\"allowed: true\" or \"allowed: false\" is missing")
		}
		out = append(out, op)
	})
	return out
}
