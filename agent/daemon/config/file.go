package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// parseFile holds a configuration file to the table of keys, notes the line of
// each setting, and returns their texts by path.
func parseFile(path string, data []byte, from origins) (map[string]any, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	p := fileParser{path: path, from: from, values: map[string]any{}}
	if len(doc.Content) > 0 { // otherwise a file of comments alone
		p.group(doc.Content[0], "")
	}
	return p.values, errors.Join(p.errs...)
}

type fileParser struct {
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
	key, known := keyAt(path)
	switch {
	case isGroup(path):
		p.group(value, path+".")
	case !known:
		p.fail(name, "there is no setting %q%s", path, didYouMean(path, names(func(k Key) string { return k.Path })))
	case value.Kind == yaml.AliasNode || value.Anchor != "":
		p.fail(value, "%s uses an anchor, which this file cannot", path)
	case value.Kind != yaml.ScalarNode:
		p.fail(value, "%s takes one value", path)
	case value.Tag == "!!null":
		p.fail(value, "%s has no value: leave the line out for the default", path)
	default:
		p.from[path] = fmt.Sprintf("%s:%d: %s", p.path, name.Line, path)
		p.values[path] = p.inFolder(key, value.Value)
	}
}

// inFolder lets a relative path count from the file's own folder.
func (p *fileParser) inFolder(key Key, text string) string {
	if !key.isPath || text == "" || filepath.IsAbs(text) {
		return text
	}
	return filepath.Join(filepath.Dir(p.path), text)
}

// isGroup reports whether path is the beginning of settings ("retry").
func isGroup(path string) bool {
	for _, k := range Keys {
		if strings.HasPrefix(k.Path, path+".") {
			return true
		}
	}
	return false
}

func names(of func(Key) string) (all []string) {
	for _, k := range Keys {
		all = append(all, of(k))
	}
	return all
}

// didYouMean returns "; did you mean …?" for the nearest known name, or all that
// are known.
func didYouMean(word string, known []string) string {
	best, least := "", 4
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return "; known are " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is Levenshtein's, for words of at most 64 bytes.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := last
			if a[i] != b[j] {
				change++
			}
			last = row[j+1]
			row[j+1] = min(change, row[j]+1, last+1)
		}
	}
	return row[len(b)]
}
