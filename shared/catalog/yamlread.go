package catalog

import (
	"fmt"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// reader reads one key's value.
type reader func(n *yaml.Node)

// mapping reads a mapping whose keys are known, each at most once.
func (f *yamlFile) mapping(n *yaml.Node, at, where string, keys map[string]reader) {
	f.pairs(n, at, where, func(key string, value *yaml.Node, place string) {
		if read, ok := keys[key]; ok {
			read(value)
			return
		}
		f.malformed(f.lines[place], where, fmt.Sprintf("unknown key %s%s", quoted(key), didYouMean(key, keysOf(keys))))
	})
}

// pairs reads any mapping, keys each once, and remembers the lines.
func (f *yamlFile) pairs(n *yaml.Node, at, where string, each func(key string, value *yaml.Node, at string)) {
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
func (f *yamlFile) malformed(line int, where, what string) {
	*f.problems = append(*f.problems, Problem{File: f.name, Line: line, Where: where, What: what})
	f.spoilt[line] = true
}

func (f *yamlFile) text(n *yaml.Node, where string) string {
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

func (f *yamlFile) flag(n *yaml.Node, where string) bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		f.malformed(n.Line, where, fmt.Sprintf("true or false is needed here, not %s", kindOfNode(n)))
	}
	return n.Value == "true"
}

func (f *yamlFile) list(n *yaml.Node, where string) []string {
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
