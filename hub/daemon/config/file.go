package config

import (
	"errors"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// checkFile holds a configuration file to the table of keys and notes the line
// of each setting.
func checkFile(path string, data []byte, from origins) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return fmt.Errorf("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return nil // a file of comments alone
	}
	c := fileCheck{path: path, from: from}
	c.mapping(doc.Content[0], "")
	return errors.Join(c.errs...)
}

type fileCheck struct {
	path string
	from origins
	errs []error
}

func (c *fileCheck) fail(n *yaml.Node, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s:%d: %s", c.path, n.Line, fmt.Sprintf(format, args...)))
}

// mapping checks the keys below prefix ("" or "tls.").
func (c *fileCheck) mapping(n *yaml.Node, prefix string) {
	if n.Kind != yaml.MappingNode {
		c.fail(n, "settings are written as \"key: value\"")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if seen[name.Value] {
			c.fail(name, "%s%s stands twice", prefix, name.Value)
			continue
		}
		seen[name.Value] = true
		c.setting(prefix+name.Value, name, value)
	}
}

func (c *fileCheck) setting(path string, name, value *yaml.Node) {
	if value.Kind == yaml.AliasNode || value.Anchor != "" {
		c.fail(value, "%s uses an anchor, which this file cannot", path)
		return
	}
	if isGroup(path) {
		c.mapping(value, path+".")
		return
	}
	key, ok := keyAt(path)
	if !ok {
		c.fail(name, "there is no setting %q%s", path, didYouMean(path, paths()))
		return
	}
	c.from[path] = fmt.Sprintf("%s:%d: %s", c.path, name.Line, path)
	c.value(key, value)
}

// value checks the form of a value; what it means is Config.validate's.
func (c *fileCheck) value(key Key, n *yaml.Node) {
	switch _, list := key.Default.([]string); {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		c.fail(n, "%s has no value: leave the line out for the default", key.Path)
	case list && n.Kind == yaml.SequenceNode:
		for _, e := range n.Content {
			if e.Kind != yaml.ScalarNode {
				c.fail(e, "%s is a list of texts", key.Path)
			}
		}
	case n.Kind != yaml.ScalarNode:
		c.fail(n, "%s takes one value", key.Path)
	}
}

// isGroup reports whether path is the beginning of settings ("tls").
func isGroup(path string) bool {
	for _, k := range Keys {
		if strings.HasPrefix(k.Path, path+".") {
			return true
		}
	}
	return false
}

func paths() (all []string) {
	for _, k := range Keys {
		all = append(all, k.Path)
	}
	return all
}

// didYouMean returns "; did you mean …?" for the nearest known name, or "".
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
