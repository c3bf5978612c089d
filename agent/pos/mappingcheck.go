package pos

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"plait/shared/catalog"
)

func compareText(a, b string) int { return cmp.Compare(a, b) }

// Validate tests the mapping against the catalogue: its kinds and fields exist,
// references name the right kinds, nothing is written where it cannot be. The
// error joins everything that is wrong. The schema is tested by Connector.Check.
func (m *Mapping) Validate(cat *catalog.Catalog) error {
	v := &mappingValidator{m: m, cat: cat}
	for i := range m.Kinds {
		v.kind(&m.Kinds[i])
	}
	if len(v.errs) == 0 {
		return nil
	}
	return fmt.Errorf("cannot use mapping %s:\n%w", m.File, errors.Join(v.errs...))
}

type mappingValidator struct {
	m    *Mapping
	cat  *catalog.Catalog
	errs []error
}

func (v *mappingValidator) fail(line int, format string, args ...any) {
	if len(v.errs) < maxFileErrors {
		v.errs = append(v.errs, fmt.Errorf("%s:%d: %s", v.m.File, line, fmt.Sprintf(format, args...)))
	}
}

func (v *mappingValidator) kind(k *KindMapping) {
	kind, ok := v.cat.Kind(k.Kind)
	if !ok {
		v.fail(k.line, "the catalogue has no kind %q%s", k.Kind, didYouMean(k.Kind, kindNames(v.cat)))
		return
	}
	if kind.Direction == catalog.UploadOnly && !k.UploadOnly {
		v.fail(k.line, "kind %q only goes up: say upload_only: true", k.Kind)
	}
	for i := range k.Fields {
		v.field(k, kind, &k.Fields[i])
	}
	v.keyGiven(k)
}

func kindNames(cat *catalog.Catalog) []string {
	out := make([]string, len(cat.Kinds))
	for i, k := range cat.Kinds {
		out[i] = k.Name
	}
	return out
}

// keyGiven: with new_key: field every key column must come from somewhere.
func (v *mappingValidator) keyGiven(k *KindMapping) {
	if k.UploadOnly || k.NewKey == KeyAuto {
		return
	}
	if k.NewKey != KeyField {
		if len(k.Key) > 1 {
			v.fail(k.line, "kind %q has a key of %d columns: new_key can only be auto or field", k.Kind, len(k.Key))
		}
		return
	}
	for _, column := range k.Key {
		if !k.writes(column) {
			v.fail(k.line, "kind %q has new_key: field, but nothing gives the key column %q a value", k.Kind, column)
		}
	}
}

// writes reports whether a writable field or a default sets the column.
func (k *KindMapping) writes(column string) bool {
	for _, f := range k.Fields {
		if f.Column != nil && !f.ReadOnly && slices.Contains(f.Column.Columns, column) {
			return true
		}
	}
	return slices.ContainsFunc(slices.Concat(k.Defaults, k.Filter), func(c Constant) bool { return c.Column == column })
}

func (v *mappingValidator) field(k *KindMapping, kind catalog.Kind, f *FieldMapping) {
	at := fmt.Sprintf("kind %q, field %q:", k.Kind, f.Name)
	field, ok := kind.Field(f.Name)
	switch {
	case !ok:
		v.fail(f.line, "the catalogue's kind %q has no field %q%s", k.Kind, f.Name, didYouMean(f.Name, catalogNames(kind.Fields)))
	case field.OtherEnd != "":
		v.fail(f.line, "%s no item holds it: map field %q of kind %q, which carries the relation", at, field.OtherEnd, field.Ref)
	case field.Type == "rows" && f.Rows == nil:
		v.fail(f.line, "%s it holds rows: name a child table, its parent and its key", at)
	case field.Type != "rows" && f.Rows != nil:
		v.fail(f.line, "%s it is a %s, not rows", at, field.Type)
	case f.Rows != nil:
		v.rows(k, field, f, at)
	default:
		v.column(k, field.Type, field.Ref, f.Column, at)
	}
}

func catalogNames(fields []catalog.Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

// rows checks a child table.
func (v *mappingValidator) rows(k *KindMapping, field catalog.Field, f *FieldMapping, at string) {
	t := f.Rows
	if len(t.Parent) != len(k.Key) {
		v.fail(t.line, "%s parent has %d columns, the key of kind %q has %d", at, len(t.Parent), k.Kind, len(k.Key))
	}
	v.column(k, field.Key, field.Ref, &t.Key, at+" key:")
	for i := range t.Columns {
		c := &t.Columns[i]
		column, ok := field.Column(c.Name)
		if !ok {
			v.fail(c.line, "%s it has no column %q%s", at, c.Name, didYouMean(c.Name, catalogNames(field.Columns)))
			continue
		}
		v.column(k, column.Type, column.Ref, c.Column, fmt.Sprintf("%s column %q:", at, c.Name))
	}
}

// column checks one value's place. A reference to a kind that is not mapped, or
// only goes up, could never be brought to another store (decision 31), so the
// mapping must not claim it.
func (v *mappingValidator) column(k *KindMapping, typ, ref string, c *ColumnMapping, at string) {
	if typ != "reference" {
		if c.Ref != "" {
			v.fail(c.line, "%s it is a %s, not a reference", at, typ)
		}
		if len(c.Columns) != 1 {
			v.fail(c.line, "%s a %s stands in one column, not in %s", at, typ, strings.Join(c.Columns, ", "))
		}
		if c.True != nil && typ != "bool" {
			v.fail(c.line, "%s it is a %s: true and false are for a bool", at, typ)
		}
		if c.Separator != "" && typ != "time" {
			v.fail(c.line, "%s it is a %s: separator is for a time", at, typ)
		}
		return
	}
	if c.Ref != "" && c.Ref != ref {
		v.fail(c.line, "%s it refers to kind %q in the catalogue, not %q", at, ref, c.Ref)
		return
	}
	target := v.m.Kind(ref)
	switch {
	case target == nil && !k.UploadOnly:
		v.fail(c.line, "%s it refers to kind %q, which is not mapped: map that kind too, or leave the field out", at, ref)
	case target == nil:
	case target.UploadOnly && !k.UploadOnly:
		v.fail(c.line, "%s it refers to kind %q, which only goes up: leave the field out", at, ref)
	case len(target.Key) != len(c.Columns):
		v.fail(c.line, "%s it has %d columns, the key of kind %q has %d", at, len(c.Columns), ref, len(target.Key))
	}
}
