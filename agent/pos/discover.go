package pos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Discovery is what a POS database holds, for a technician who writes a mapping.
type Discovery struct {
	Engine  string
	Version string
	Path    string
	Journal string
	Tables  []TableFound // by name
}

// TableFound is one table.
type TableFound struct {
	Name       string
	Rows       int64
	Key        []string // the primary key; empty if there is none
	Columns    []ColumnFound
	References []ReferenceFound
	Unusual    string // why it cannot be mapped; "" if it can
}

// ColumnFound is one column.
type ColumnFound struct {
	Name     string
	Type     string // as declared
	Required bool   // NOT NULL without a default
}

// ReferenceFound is one foreign key.
type ReferenceFound struct {
	Columns []string
	Table   string
}

// Discover reads the schema of the SQLite database at path, and counts rows. It
// changes nothing. On a large database counting takes a while: each table is
// counted in a read of its own.
func Discover(ctx context.Context, path string) (d Discovery, err error) {
	dia := sqlite{}
	s, err := dia.reading(path)
	if err != nil {
		return d, fmt.Errorf("cannot look into %s: %w: %w", path, ErrUnreachable, err)
	}
	defer func() { err = errors.Join(err, s.close()) }()
	d = Discovery{Engine: "sqlite", Path: path}
	if err := d.read(ctx, dia, s); err != nil {
		if kind := dia.classify(err); kind != nil {
			err = fmt.Errorf("%w: %w", kind, err)
		}
		return d, fmt.Errorf("cannot look into %s: %w", path, err)
	}
	return d, nil
}

func (d *Discovery) read(ctx context.Context, dia dialect, s *session) error {
	sch, err := dia.loadSchema(ctx, s)
	if err != nil {
		return err
	}
	if d.Version, err = dia.version(ctx, s); err != nil {
		return err
	}
	j, err := dia.journal(ctx, s)
	if err != nil {
		return err
	}
	d.Journal = j.mode
	for _, name := range slices.Sorted(maps.Keys(sch.tables)) {
		found := describe(sch.tables[name])
		if found.Unusual == "" {
			if err := s.row(ctx, "SELECT count(*) FROM "+dia.quote(name), nil, &found.Rows); err != nil {
				return err
			}
		}
		d.Tables = append(d.Tables, found)
	}
	return nil
}

func describe(t *table) TableFound {
	found := TableFound{Name: t.name, Key: t.primaryKey(), Unusual: t.unusual}
	for _, c := range t.columns {
		found.Columns = append(found.Columns, ColumnFound{
			Name: c.name, Type: c.declared, Required: c.notNull && !c.hasDefault && !c.assigned && !c.generated,
		})
	}
	for _, f := range t.foreign {
		found.References = append(found.References, ReferenceFound{Columns: f.columns, Table: f.table})
	}
	return found
}

// Skeleton returns the text of a mapping file with one kind for each table that
// can be a kind, named after its table, and every column named as a field. It
// is read by [LoadMapping], but a person must rename kinds and fields to the
// catalogue's, and decide what the comments ask.
func (d Discovery) Skeleton() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Made by plait-agent discover from %s, %s.\n", comment(d.Version), comment(d.Path))
	b.WriteString("# Rename kinds and fields to those of the catalogue, delete what is not wanted,\n# then run plait-agent config check.\npos:\n")
	fmt.Fprintf(&b, "  engine: %s\n  path: %s\n", d.Engine, scalar(d.Path))
	b.WriteString("  busy_timeout: 0 # DECIDE: how long the POS itself waits for a lock, in ms\n")
	b.WriteString("  foreign_keys: true\nkinds:\n")
	kinds := 0
	for _, t := range d.Tables {
		if t.mappable() {
			t.skeleton(&b)
			kinds++
		} else {
			fmt.Fprintf(&b, "  # %s: %s\n", comment(t.Name), comment(t.whyNot()))
		}
	}
	if kinds == 0 {
		b.WriteString("  {} # no table can be a kind\n")
	}
	return b.String()
}

func (t TableFound) mappable() bool { return t.whyNot() == "" }

// whyNot: a table whose key is made of references alone joins others, and is a
// field of rows of one of them.
func (t TableFound) whyNot() string {
	switch {
	case t.Unusual != "":
		return t.Unusual
	case len(t.Key) == 0:
		return "it has no primary key"
	case len(t.Key) > 1 && t.joins():
		return "DECIDE: its key joins other tables; map it as rows of one of them"
	case len(t.plainColumns()) == 0:
		return "it has no columns but its key"
	}
	return ""
}

func (t TableFound) joins() bool {
	for _, k := range t.Key {
		if t.referenced(k) == "" {
			return false
		}
	}
	return true
}

// referenced returns the table that a column alone refers to.
func (t TableFound) referenced(column string) string {
	for _, r := range t.References {
		if len(r.Columns) == 1 && r.Columns[0] == column {
			return r.Table
		}
	}
	return ""
}

func (t TableFound) plainColumns() []ColumnFound {
	var out []ColumnFound
	for _, c := range t.Columns {
		if !slices.Contains(t.Key, c.Name) {
			out = append(out, c)
		}
	}
	return out
}

func (t TableFound) skeleton(b *strings.Builder) {
	fmt.Fprintf(b, "  %s: # DECIDE: which kind; %d rows\n    table: %s\n", scalar(fieldName(t.Name)), t.Rows, scalar(t.Name))
	keys := make([]string, len(t.Key))
	for i, k := range t.Key {
		keys[i] = scalar(k)
	}
	fmt.Fprintf(b, "    key: [%s]\n    new_key: auto # DECIDE: auto, uuid, max+1 or field\n    upload_only: false # DECIDE\n    fields:\n", strings.Join(keys, ", "))
	seen := map[string]bool{}
	for _, c := range t.plainColumns() {
		name := fieldName(c.Name)
		for seen[name] {
			name += "_2"
		}
		seen[name] = true
		note := comment(c.Type)
		if c.Required {
			note += ", demands a value"
		}
		if to := t.referenced(c.Name); to != "" {
			fmt.Fprintf(b, "      %s: {column: %s, ref: %s} # %s\n", scalar(name), scalar(c.Name), scalar(fieldName(to)), note)
			continue
		}
		fmt.Fprintf(b, "      %s: %s # %s\n", scalar(name), scalar(c.Name), note)
	}
}

// fieldName turns "UnitPrice" and "Unit Price" into "unit_price".
func fieldName(column string) string {
	var out []rune
	lower := false
	for _, r := range column {
		switch {
		case 'A' <= r && r <= 'Z':
			if lower {
				out = append(out, '_')
			}
			out = append(out, r+'a'-'A')
			lower = false
		case ('a' <= r && r <= 'z') || ('0' <= r && r <= '9'):
			out = append(out, r)
			lower = true
		case len(out) > 0 && out[len(out)-1] != '_':
			out = append(out, '_')
			lower = false
		}
	}
	if name := strings.Trim(string(out), "_"); name != "" {
		return name
	}
	return "unnamed"
}

// scalar writes a text so that YAML reads it back as that text.
func scalar(s string) string {
	out, err := yaml.Marshal(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle})
	if err != nil {
		return fmt.Sprintf("%q", s)
	}
	if text := strings.TrimSpace(string(out)); !strings.Contains(text, "\n") {
		return plainIfPossible(s, text)
	}
	return fmt.Sprintf("%q", s)
}

// plainIfPossible leaves the quotes out of an ordinary name.
func plainIfPossible(s, quoted string) string {
	var v any
	if yaml.Unmarshal([]byte(s), &v) == nil && v == s && !strings.ContainsAny(s, "#:,[]{}'\"\\\n\r\t&*!|>%@` ") {
		return s
	}
	return quoted
}

// comment keeps what the database says from ending a comment's line.
func comment(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
