package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"plait/shared/item"

	"gopkg.in/yaml.v3"
)

// reader reads one key's value.
type reader func(n *yaml.Node)

// parse returns the file's one mapping, or nil after a report.
func (f *kindFile) parse(b []byte) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		f.syntax(err)
		return nil
	}
	switch err := dec.Decode(&more); {
	case err == nil:
		f.report("", "", "more than one document: a file holds one kind")
		return nil
	case !errors.Is(err, io.EOF):
		f.syntax(err)
		return nil
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		f.report("", "", "a kind is a list of \"key: value\" lines")
		return nil
	}
	return doc.Content[0]
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

// syntax reports an error of the YAML parser, which tells its line only in words.
func (f *kindFile) syntax(err error) {
	switch m := yamlLine.FindStringSubmatch(err.Error()); {
	case errors.Is(err, io.EOF):
		f.report("", "", "the file is empty")
	case m != nil:
		f.lines["!"], _ = strconv.Atoi(m[1])
		f.report("!", "", "not YAML: "+m[2])
	default:
		f.report("", "", "not YAML: "+strings.TrimPrefix(err.Error(), "yaml: "))
	}
}

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

// mapping reads a mapping whose keys are known, each at most once.
func (f *kindFile) mapping(n *yaml.Node, at, where string, keys map[string]reader) {
	f.pairs(n, at, where, func(key string, value *yaml.Node, place string) {
		if read, ok := keys[key]; ok {
			read(value)
			return
		}
		f.malformed(f.lines[place], where, fmt.Sprintf("unknown key %s%s", quoted(key), didYouMean(key, keysOf(keys))))
	})
}

// pairs reads any mapping, keys each once, and remembers the lines.
func (f *kindFile) pairs(n *yaml.Node, at, where string, each func(key string, value *yaml.Node, at string)) {
	if n.Kind != yaml.MappingNode {
		f.malformed(n.Line, where, "\"key: value\" lines are needed here, not "+kindOfNode(n))
		return
	}
	if len(n.Content)/2 > MaxFields {
		f.malformed(n.Line, where, fmt.Sprintf("more than %d entries", MaxFields))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch first, twice := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge":
			f.malformed(key.Line, where, "a plain name is needed as key, not "+kindOfNode(key))
			continue
		case twice:
			f.malformed(key.Line, where, fmt.Sprintf("%s stands twice; the first is on line %d", quoted(key.Value), first))
			continue
		}
		seen[key.Value] = key.Line
		place := strings.TrimPrefix(at+"."+key.Value, ".")
		f.lines[place] = key.Line
		each(key.Value, value, place)
	}
}

// malformed reports what the file's form got wrong. What the kind then means on
// that line is not judged any more.
func (f *kindFile) malformed(line int, where, what string) {
	f.problems = append(f.problems, Problem{File: f.name, Line: line, Where: where, What: what})
	f.spoilt[line] = true
}

func (f *kindFile) text(n *yaml.Node, where string) string {
	switch {
	case n.Kind != yaml.ScalarNode || n.Tag != "!!str":
		f.malformed(n.Line, where, fmt.Sprintf("text is needed here, not %s", kindOfNode(n)))
	case len(n.Value) > maxHelp:
		f.malformed(n.Line, where, fmt.Sprintf("the text has more than %d bytes", maxHelp))
	case strings.ContainsFunc(n.Value, unicode.IsControl):
		f.malformed(n.Line, where, "the text has a line break or a control character: write it on one line, or with \">-\"")
	default:
		return n.Value
	}
	return ""
}

func (f *kindFile) flag(n *yaml.Node, where string) bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		f.malformed(n.Line, where, fmt.Sprintf("true or false is needed here, not %s", kindOfNode(n)))
	}
	return n.Value == "true"
}

func (f *kindFile) list(n *yaml.Node, where string) []string {
	if n.Kind != yaml.SequenceNode {
		f.malformed(n.Line, where, "a list is needed here, as [barcode], not "+kindOfNode(n))
		return nil
	}
	var out []string
	for _, e := range n.Content {
		out = append(out, f.text(e, where))
	}
	return out
}

func kindOfNode(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "\"key: value\" lines"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias (*" + n.Value + "): write it out"
	}
	if n.Tag == "!!null" {
		return "nothing"
	}
	return quoted(n.Value)
}
