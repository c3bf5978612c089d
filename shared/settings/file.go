package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"plait/shared/suggest"
)

// maxFile bounds a configuration file, in bytes.
const maxFile = 64 << 10

// maxTypos is how far from a known name an unknown one may be to be taken for it.
const maxTypos = 3

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s has %d bytes, more than %d", path, info.Size(), maxFile)
	}
	return os.ReadFile(path)
}

// parseFile holds a configuration file to the table, notes the line of each
// setting, and returns their texts by path.
func (t Table) parseFile(path string, data []byte, from origins) (map[string]any, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	p := fileParser{table: t, path: path, from: from, values: map[string]any{}}
	if len(doc.Content) > 0 { // otherwise a file of comments alone
		p.group(doc.Content[0], "")
	}
	return p.values, errors.Join(p.errs...)
}

type fileParser struct {
	table  Table
	path   string
	from   origins
	values map[string]any
	errs   []error
}

func (p *fileParser) fail(n *yaml.Node, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.path, n.Line, fmt.Sprintf(format, args...)))
}

// group reads the settings below prefix ("" or "retry.").
func (p *fileParser) group(n *yaml.Node, prefix string) {
	if n.Kind != yaml.MappingNode {
		p.fail(n, "settings are written as \"key: value\"")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if seen[name.Value] {
			p.fail(name, "%s%s stands twice", prefix, name.Value)
			continue
		}
		seen[name.Value] = true
		p.setting(prefix+name.Value, name, value)
	}
}

func (p *fileParser) setting(path string, name, value *yaml.Node) {
	key, known := p.table.key(path, pathOf)
	switch {
	case value.Kind == yaml.AliasNode || value.Anchor != "":
		p.fail(value, "%s uses an anchor, which this file cannot", path)
	case p.table.isGroup(path):
		p.group(value, path+".")
	case !known:
		p.fail(name, "there is no setting %q%s", path, didYouMean(path, p.table.names(pathOf)))
	default:
		p.from[path] = fmt.Sprintf("%s:%d: %s", p.path, name.Line, path)
		p.values[path] = p.value(key, value)
	}
}

// value returns a setting's text; what it means is read later.
func (p *fileParser) value(key Key, n *yaml.Node) string {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		p.fail(n, "%s has no value: leave the line out for the default", key.Path)
	case key.Form == Texts && n.Kind == yaml.SequenceNode:
		return strings.Join(p.list(key, n), ",")
	case key.Form == Command && n.Kind == yaml.SequenceNode:
		return commandText(p.list(key, n))
	case n.Kind != yaml.ScalarNode:
		p.fail(n, "%s takes one value", key.Path)
	}
	if key.Form != FilePath || n.Value == "" || filepath.IsAbs(n.Value) {
		return n.Value
	}
	return filepath.Join(filepath.Dir(p.path), n.Value)
}

func (p *fileParser) list(key Key, n *yaml.Node) []string {
	texts := make([]string, len(n.Content))
	for i, e := range n.Content {
		if e.Kind != yaml.ScalarNode || e.Tag == "!!null" {
			p.fail(e, "%s is a list of texts", key.Path)
		}
		texts[i] = e.Value
	}
	return texts
}

// didYouMean ends an error with the nearest known name, or with all that are known.
func didYouMean(word string, known []string) string {
	if near := suggest.Nearest(word, known, maxTypos); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return "; known are " + strings.Join(known, ", ")
}
