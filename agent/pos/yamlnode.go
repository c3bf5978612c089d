package pos

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"plait/shared/suggest"
)

// yamlReader walks a YAML document's nodes and collects every error with its
// file and line, so that a technician mends a mapping in one round.
type yamlReader struct {
	file string
	errs []error
}

// maxFileErrors bounds what one bad file reports.
const maxFileErrors = 50

func (r *yamlReader) fail(line int, format string, args ...any) {
	if len(r.errs) < maxFileErrors {
		r.errs = append(r.errs, fmt.Errorf("%s:%d: %s", r.file, line, fmt.Sprintf(format, args...)))
	}
}

func (r *yamlReader) err() error { return errors.Join(r.errs...) }

// parse returns the document's root; nil, with an error collected, if it is
// not one mapping.
func (r *yamlReader) parse(data []byte) *yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		r.fail(1, "%s", strings.TrimPrefix(err.Error(), "yaml: "))
		return nil
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		r.fail(1, "the file is empty")
		return nil
	}
	return doc.Content[0]
}

// entries calls visit for each key of a mapping node, in the order of the file.
func (r *yamlReader) entries(n *yaml.Node, what string, visit func(key string, line int, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fail(n.Line, "%s must be keys and values", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode:
			r.fail(k.Line, "%s has a key that is not plain text", what)
		case seen[k.Value]:
			r.fail(k.Line, "%s has the key %q twice", what, k.Value)
		case v.Kind == yaml.AliasNode || v.Anchor != "":
			r.fail(v.Line, "%s uses an anchor, which mapping files cannot", what)
		default:
			seen[k.Value] = true
			visit(k.Value, k.Line, v)
		}
	}
}

// fixed is entries for a mapping whose keys are known.
func (r *yamlReader) fixed(n *yaml.Node, what string, known map[string]func(*yaml.Node)) {
	r.entries(n, what, func(key string, line int, value *yaml.Node) {
		if read, ok := known[key]; ok {
			read(value)
			return
		}
		names := slices.Collect(maps.Keys(known))
		r.fail(line, "%s has no key %q%s", what, key, didYouMean(key, names))
	})
}

// text reads a non-empty scalar into dst.
func (r *yamlReader) text(dst *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
			r.fail(n.Line, "a text is expected here")
			return
		}
		*dst = n.Value
	}
}

// texts reads a scalar, or a list of them, into dst.
func (r *yamlReader) texts(dst *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		list := []*yaml.Node{n}
		if n.Kind == yaml.SequenceNode {
			list = n.Content
		}
		for _, e := range list {
			var s string
			r.text(&s)(e)
			*dst = append(*dst, s)
		}
	}
}

func (r *yamlReader) bool(dst *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
			r.fail(n.Line, "true or false is expected here, not %.40q", n.Value)
			return
		}
		*dst = strings.EqualFold(n.Value, "true")
	}
}

func (r *yamlReader) integer(dst *int64, low, high int64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		v, err := strconv.ParseInt(n.Value, 10, 64)
		if n.Kind != yaml.ScalarNode || err != nil || v < low || v > high {
			r.fail(n.Line, "an integer from %d to %d is expected here, not %.40q", low, high, n.Value)
			return
		}
		*dst = v
	}
}

// constant reads a column's value: nil, int64 or string. Decimals stay text, so
// that none passes through a float.
func (r *yamlReader) constant(dst *any) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode {
			r.fail(n.Line, "a single value is expected here")
			return
		}
		switch n.Tag {
		case "!!null":
			*dst = nil
		case "!!bool":
			*dst = int64(0)
			if strings.EqualFold(n.Value, "true") {
				*dst = int64(1)
			}
		case "!!int":
			v, err := strconv.ParseInt(n.Value, 10, 64)
			if err != nil {
				r.fail(n.Line, "%.40q is not a decimal integer of 64 bits: quote it if it is a text", n.Value)
				return
			}
			*dst = v
		default:
			*dst = n.Value
		}
	}
}

// maxTypos is how far from a known word an unknown one may be to be taken for it.
const maxTypos = 2

// didYouMean ends an error with the known word nearest to the one that was
// written. Words may come in any order; of equals the first by alphabet is named.
func didYouMean(word string, known []string) string {
	near := suggest.Nearest(word, slices.Sorted(slices.Values(known)), maxTypos)
	if near == "" {
		return ""
	}
	return fmt.Sprintf(": did you mean %q?", near)
}
