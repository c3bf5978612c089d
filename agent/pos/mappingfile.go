package pos

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"gopkg.in/yaml.v3"
)

// Limits of a mapping file.
const (
	maxMappingBytes = 1 << 20
	maxBusyTimeout  = 10 * 60 * 1000 // ms
)

// LoadMapping reads a mapping file. Its error names file, line and key of
// everything that is wrong. The POS's path is made absolute, from the folder of
// the mapping file.
func LoadMapping(path string) (*Mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read mapping: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxMappingBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read mapping: %w", err)
	}
	m, err := ParseMapping(path, data)
	if err != nil {
		return nil, err
	}
	if !filepath.IsAbs(m.Path) {
		if m.Path, err = filepath.Abs(filepath.Join(filepath.Dir(path), m.Path)); err != nil {
			return nil, fmt.Errorf("cannot find the POS database named in %s: %w", path, err)
		}
	}
	return m, nil
}

// ParseMapping reads a mapping from the bytes of a file; name stands in errors.
func ParseMapping(name string, data []byte) (*Mapping, error) {
	if len(data) > maxMappingBytes {
		return nil, fmt.Errorf("cannot read mapping %s: it has more than %d bytes", name, maxMappingBytes)
	}
	r := &mappingReader{yamlReader{file: name}}
	m := &Mapping{File: name, ForeignKeys: true}
	if root := r.parse(data); root != nil {
		r.fixed(root, "a mapping", map[string]func(*yaml.Node){
			"pos":   func(n *yaml.Node) { r.pos(n, m) },
			"kinds": func(n *yaml.Node) { r.kinds(n, m) },
		})
		r.require(root.Line, "the mapping", map[string]bool{"pos.engine": m.Engine != "", "pos.path": m.Path != "", "kinds": len(m.Kinds) > 0})
	}
	if err := r.err(); err != nil {
		return nil, fmt.Errorf("cannot use mapping %s:\n%w", name, err)
	}
	return m, nil
}

type mappingReader struct{ yamlReader }

// require reports the keys that are false, sorted.
func (r *mappingReader) require(line int, what string, there map[string]bool) {
	var missing []string
	for name, ok := range there {
		if !ok {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	for _, name := range missing {
		r.fail(line, "%s lacks %s", what, name)
	}
}

func (r *mappingReader) pos(n *yaml.Node, m *Mapping) {
	var busy int64
	r.fixed(n, "pos", map[string]func(*yaml.Node){
		"engine":       r.oneOf(&m.Engine, engines()),
		"path":         r.text(&m.Path),
		"busy_timeout": r.integer(&busy, 0, maxBusyTimeout),
		"foreign_keys": r.bool(&m.ForeignKeys),
	})
	m.BusyTimeout = time.Duration(busy) * time.Millisecond
}

func (r *mappingReader) oneOf(dst *string, known []string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.text(dst)(n)
		if *dst != "" && !slices.Contains(known, *dst) {
			r.fail(n.Line, "%.40q is none of %v%s", *dst, known, didYouMean(*dst, known))
		}
	}
}

func (r *mappingReader) kinds(n *yaml.Node, m *Mapping) {
	r.entries(n, "kinds", func(kind string, line int, value *yaml.Node) {
		m.Kinds = append(m.Kinds, r.kind(kind, line, value))
	})
}

func (r *mappingReader) kind(kind string, line int, n *yaml.Node) KindMapping {
	k := KindMapping{Kind: kind, NewKey: KeyAuto, line: line}
	var readOnly []string
	readOnlyLine := line
	what := fmt.Sprintf("kind %q", kind)
	r.fixed(n, what, map[string]func(*yaml.Node){
		"table":       r.text(&k.Table),
		"key":         r.texts(&k.Key),
		"new_key":     r.oneOf(&k.NewKey, NewKeys),
		"upload_only": r.bool(&k.UploadOnly),
		"filter":      r.constants(&k.Filter, what+"'s filter"),
		"soft_delete": func(n *yaml.Node) { k.SoftDelete = r.softDelete(n, what) },
		"fields":      func(n *yaml.Node) { k.Fields = r.fields(n, what, true) },
		"read_only":   func(n *yaml.Node) { readOnlyLine = n.Line; r.texts(&readOnly)(n) },
		"defaults":    r.constants(&k.Defaults, what+"'s defaults"),
	})
	r.require(line, what, map[string]bool{"table": k.Table != "", "key": len(k.Key) > 0, "fields": len(k.Fields) > 0})
	for _, name := range readOnly {
		i := slices.IndexFunc(k.Fields, func(f FieldMapping) bool { return f.Name == name })
		if i < 0 {
			r.fail(readOnlyLine, "%s lists %q as read_only, which is none of its fields%s", what, name, didYouMean(name, fieldNames(k.Fields)))
			continue
		}
		k.Fields[i].ReadOnly = true
	}
	return k
}

func fieldNames(fields []FieldMapping) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

// constants reads column: value pairs, sorted by column so that their order in
// the file means nothing.
func (r *mappingReader) constants(dst *[]Constant, what string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.entries(n, what, func(column string, line int, value *yaml.Node) {
			c := Constant{Column: column, line: line}
			r.constant(&c.Value)(value)
			*dst = append(*dst, c)
		})
		slices.SortFunc(*dst, func(a, b Constant) int { return compareText(a.Column, b.Column) })
	}
}

func (r *mappingReader) softDelete(n *yaml.Node, what string) *SoftDelete {
	d := &SoftDelete{Deleted: int64(1), Live: int64(0)}
	r.fixed(n, what+"'s soft_delete", map[string]func(*yaml.Node){
		"column":  r.text(&d.Column),
		"deleted": r.constant(&d.Deleted),
		"live":    r.constant(&d.Live),
	})
	r.require(n.Line, what+"'s soft_delete", map[string]bool{"column": d.Column != ""})
	if d.Deleted == d.Live {
		r.fail(n.Line, "%s's soft_delete has one value for deleted and live", what)
	}
	return d
}

// fields reads a kind's fields, or a child table's columns (rows is false:
// grandchildren are refused), sorted by name.
func (r *mappingReader) fields(n *yaml.Node, what string, rows bool) []FieldMapping {
	var out []FieldMapping
	r.entries(n, what+"'s fields", func(name string, line int, value *yaml.Node) {
		f := FieldMapping{Name: name, line: line}
		at := fmt.Sprintf("%s, field %q,", what, name)
		switch {
		case !hasKey(value, "table"):
			f.Column = r.column(value, at)
		case rows:
			f.Rows = r.rows(value, at)
		default:
			r.fail(line, "%s is a child table of a child table: only one level of children is possible", at)
		}
		out = append(out, f)
	})
	slices.SortFunc(out, func(a, b FieldMapping) int { return compareText(a.Name, b.Name) })
	return out
}

func hasKey(n *yaml.Node, key string) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

// column reads "Name", or keys and values.
func (r *mappingReader) column(n *yaml.Node, what string) *ColumnMapping {
	c := &ColumnMapping{line: n.Line}
	if n.Kind == yaml.ScalarNode {
		r.texts(&c.Columns)(n)
		return c
	}
	r.fixed(n, what, map[string]func(*yaml.Node){
		"column":    r.texts(&c.Columns),
		"ref":       r.text(&c.Ref),
		"true":      r.constant(&c.True),
		"false":     r.constant(&c.False),
		"separator": r.oneOf(&c.Separator, []string{"T", " "}),
	})
	r.require(n.Line, what, map[string]bool{"column": len(c.Columns) > 0})
	if (c.True == nil) != (c.False == nil) || (c.True != nil && c.True == c.False) {
		r.fail(n.Line, "%s needs two different values for true and false", what)
	}
	return c
}

func (r *mappingReader) rows(n *yaml.Node, what string) *RowsMapping {
	t := &RowsMapping{line: n.Line}
	r.fixed(n, what, map[string]func(*yaml.Node){
		"table":    r.text(&t.Table),
		"parent":   r.texts(&t.Parent),
		"key":      func(n *yaml.Node) { t.Key = *r.column(n, what+" key,") },
		"columns":  func(n *yaml.Node) { t.Columns = r.fields(n, what, false) },
		"defaults": r.constants(&t.Defaults, what+" defaults"),
	})
	r.require(n.Line, what, map[string]bool{"table": t.Table != "", "parent": len(t.Parent) > 0, "key": len(t.Key.Columns) > 0})
	return t
}
