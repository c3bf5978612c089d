package masterlist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"plait/shared/catalog"
	"plait/shared/item"
)

// object keeps numbers as they are written: money never passes through a float.
type object map[string]any

func (r *reader) readJSON(sheet []byte) {
	in := json.NewDecoder(bytes.NewReader(sheet))
	in.UseNumber()
	if t, err := in.Token(); err != nil || t != json.Delim('[') {
		r.problem(1, "", "a JSON sheet is a list of objects: it begins with [")
		return
	}
	n := 0
	for in.More() {
		n++
		var o object
		if err := in.Decode(&o); err != nil {
			r.problem(n, "", "it is not an object: %v", err)
			return
		}
		r.jsonRow(n, o)
	}
	if _, err := in.Token(); err != nil {
		r.problem(n, "", "the list does not end: %v", err)
		return
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		r.problem(n, "", "something follows the list")
	}
}

func (r *reader) jsonRow(n int, o object) {
	before := len(r.wrong.Problems) + r.wrong.More
	b := newBuilder()
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if err := r.member(b, name, o[name]); err != nil {
			r.problem(n, name, "%v", err)
		}
	}
	if len(r.wrong.Problems)+r.wrong.More > before {
		return
	}
	fields, err := b.fields()
	if err != nil {
		r.problem(n, "", "%v", err)
		return
	}
	r.add(n, b.key, fields)
}

func (r *reader) member(b *builder, name string, v any) error {
	if name == keyColumn {
		text, ok := v.(string)
		if !ok {
			return fmt.Errorf("a key is text")
		}
		b.key = text
		return nil
	}
	f, ok := fieldCalled(r.kind.Fields, name)
	switch {
	case !ok:
		return fmt.Errorf("%s has no field of that name", r.kind.Name)
	case f.OtherEnd != "":
		return fmt.Errorf("the field stands at the other end, in %s", f.Ref)
	case f.Type == "rows":
		return r.jsonRows(b, f, v)
	}
	value, err := r.scalar(f, v)
	if err == nil {
		b.plain = append(b.plain, item.Field{Name: f.Name, Value: value})
	}
	return err
}

// scalar reads what JSON says of a plain field.
func (r *reader) scalar(f catalog.Field, v any) (item.Value, error) {
	switch v := v.(type) {
	case nil:
		return item.Null(), nil
	case bool:
		if f.Type == "bool" {
			return item.Bool(v), nil
		}
	case json.Number:
		if f.Type == "integer" || f.Type == "decimal" {
			return r.plain(f, v.String())
		}
	case string:
		return r.plain(f, v)
	}
	return item.Value{}, fmt.Errorf("it does not fit a field of type %s", f.Type)
}

func (r *reader) jsonRows(b *builder, f catalog.Field, v any) error {
	elements, ok := v.(map[string]any)
	if v == nil {
		b.plain = append(b.plain, item.Field{Name: f.Name, Value: item.Null()})
		return nil
	}
	if !ok {
		return fmt.Errorf("rows are an object of elements by their key")
	}
	if len(elements) == 0 {
		b.rows = append(b.rows, rowsField{name: f.Name})
	}
	for _, text := range slices.Sorted(maps.Keys(elements)) {
		key, err := r.rowKey(f, text)
		if err != nil {
			return fmt.Errorf("element %.80q: %w", text, err)
		}
		cols, ok := elements[text].(map[string]any)
		if !ok {
			return fmt.Errorf("element %.80q is not an object of columns", text)
		}
		b.element(f.Name, key)
		for _, name := range slices.Sorted(maps.Keys(cols)) {
			if err := r.jsonColumn(b, f, key, name, cols[name]); err != nil {
				return fmt.Errorf("element %.80q, column %s: %w", text, strings.ToValidUTF8(name, "?"), err)
			}
		}
	}
	return nil
}

func (r *reader) jsonColumn(b *builder, f catalog.Field, key item.Value, name string, v any) error {
	c, ok := fieldCalled(f.Columns, name)
	if !ok {
		return fmt.Errorf("%s has no such column", f.Name)
	}
	value, err := r.scalar(c, v)
	if err == nil {
		b.set(f.Name, key, item.Field{Name: c.Name, Value: value})
	}
	return err
}
