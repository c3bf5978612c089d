package masterlist

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"

	"plait/shared/catalog"
	"plait/shared/item"
)

// writer writes one sheet.
type writer struct {
	kind  catalog.Kind
	names Names
}

// Write writes items of a kind as Read reads them. It fails for a value that no
// sheet can hold, which it names.
func Write(format string, items []item.Item, kind catalog.Kind, names Names) ([]byte, error) {
	w := &writer{kind, names}
	switch format {
	case CSV:
		return w.csv(items)
	case JSON:
		return w.json(items)
	}
	return nil, fmt.Errorf("cannot write a sheet as %.20q: it is csv or json", format)
}

// column of a written sheet: a field, or a column of an element of rows.
type outColumn struct {
	field   string
	element item.Value // absent for a plain field
	col     string
}

func (w *writer) csv(items []item.Item) ([]byte, error) {
	columns := w.used(items)
	head := []string{keyColumn}
	for _, c := range columns {
		title, err := w.title(c)
		if err != nil {
			return nil, err
		}
		head = append(head, title)
	}
	var out bytes.Buffer
	to := csv.NewWriter(&out)
	if err := to.Write(head); err != nil {
		return nil, err
	}
	for _, it := range items {
		cells := []string{guard(it.Key)}
		for _, c := range columns {
			cell, err := w.csvCell(it, c)
			if err != nil {
				return nil, err
			}
			cells = append(cells, cell)
		}
		if err := to.Write(cells); err != nil {
			return nil, err
		}
	}
	to.Flush()
	return out.Bytes(), to.Error()
}

// used are the columns that some item fills, in the order of the catalogue.
func (w *writer) used(items []item.Item) (out []outColumn) {
	for _, f := range w.kind.Fields {
		if f.Type != "rows" {
			if slices.ContainsFunc(items, func(it item.Item) bool { return !it.Fields.Get(f.Name).IsAbsent() }) {
				out = append(out, outColumn{field: f.Name})
			}
			continue
		}
		var keys []item.Value
		without := false
		for _, it := range items {
			v := it.Fields.Get(f.Name)
			without = without || v.IsNull() || (!v.IsAbsent() && len(v.Rows()) == 0)
			for _, r := range v.Rows() {
				if !slices.ContainsFunc(keys, r.Key.Equal) {
					keys = append(keys, r.Key)
				}
			}
		}
		if without {
			out = append(out, outColumn{field: f.Name})
		}
		for _, k := range keys {
			out = append(out, outColumn{field: f.Name, element: k})
			for _, c := range f.Columns {
				out = append(out, outColumn{field: f.Name, element: k, col: c.Name})
			}
		}
	}
	return out
}

func (w *writer) title(c outColumn) (string, error) {
	if c.element.IsAbsent() {
		return c.field, nil
	}
	key, ok := w.text(c.element)
	if !ok {
		return "", fmt.Errorf("cannot write the sheet: an element of %s refers to what the list does not have", c.field)
	}
	title := c.field + "[" + key + "]"
	if c.col != "" {
		title += "." + c.col
	}
	return title, nil
}

func (w *writer) csvCell(it item.Item, c outColumn) (string, error) {
	v := it.Fields.Get(c.field)
	if !c.element.IsAbsent() {
		i := slices.IndexFunc(v.Rows(), func(r item.Row) bool { return r.Key.Equal(c.element) })
		switch {
		case i < 0:
			return "", nil
		case c.col == "":
			return yes[0], nil
		}
		v = v.Rows()[i].Cols.Get(c.col)
	}
	switch {
	case v.IsAbsent():
		return "", nil
	case v.IsNull():
		return null, nil
	case v.Type() == item.TypeRows && len(v.Rows()) == 0:
		return none, nil
	case v.Type() == item.TypeRows:
		return "", nil // its elements have columns of their own
	}
	text, ok := w.text(v)
	if !ok {
		return "", fmt.Errorf("cannot write the sheet: %s of %s %q is nothing that a sheet can hold", c.field, it.Kind, it.Key)
	}
	if number(v) {
		return text, nil
	}
	return guard(text), nil
}

func (w *writer) json(items []item.Item) ([]byte, error) {
	list := make([]object, len(items))
	for i, it := range items {
		o := object{keyColumn: it.Key}
		for _, f := range it.Fields {
			v, err := w.member(f.Value)
			if err != nil {
				return nil, fmt.Errorf("cannot write the sheet: %s of %s %q: %w", f.Name, it.Kind, it.Key, err)
			}
			o[f.Name] = v
		}
		list[i] = o
	}
	out, err := json.MarshalIndent(list, "", "  ")
	return append(out, '\n'), err
}

func (w *writer) member(v item.Value) (any, error) {
	switch v.Type() {
	case item.TypeNull:
		return nil, nil
	case item.TypeBool:
		return v.True(), nil
	case item.TypeInteger, item.TypeDecimal:
		return json.Number(v.Display()), nil
	case item.TypeRows:
		return w.rows(v)
	}
	text, ok := w.text(v)
	if !ok {
		return nil, fmt.Errorf("it is nothing that a sheet can hold")
	}
	return text, nil
}

func (w *writer) rows(v item.Value) (any, error) {
	out := object{}
	for _, r := range v.Rows() {
		key, ok := w.text(r.Key)
		if !ok {
			return nil, fmt.Errorf("an element refers to what the list does not have")
		}
		cols := object{}
		for _, c := range r.Cols {
			m, err := w.member(c.Value)
			if err != nil {
				return nil, err
			}
			cols[c.Name] = m
		}
		out[key] = cols
	}
	return out, nil
}
