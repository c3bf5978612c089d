package masterlist

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"plait/shared/catalog"
	"plait/shared/item"
)

// column is one column of a CSV sheet.
type column struct {
	title   string // as the sheet has it
	key     bool   // the item's own key
	field   catalog.Field
	element item.Value // of rows: the element; absent otherwise
	col     string     // of the element; "" for the element alone
}

func (r *reader) readCSV(sheet []byte) {
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(sheet, []byte("\xef\xbb\xbf")))) // as spreadsheets write it
	in.FieldsPerRecord = -1
	in.Comma = delimiter(sheet)
	head, err := in.Read()
	if err != nil {
		r.problem(1, "", "the sheet has no first row that names the columns")
		return
	}
	columns := r.columns(head)
	if len(r.wrong.Problems) > 0 {
		return
	}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			var at *csv.ParseError
			if errors.As(err, &at) {
				r.problem(at.StartLine, "", "it is not CSV from here on: %v", at.Err)
			} else {
				r.problem(0, "", "it cannot be read: %v", err)
			}
			return
		}
		line, _ := in.FieldPos(0)
		r.csvRow(line, columns, cells)
	}
}

// delimiter is a comma, or the semicolon that spreadsheets of many countries write.
func delimiter(sheet []byte) rune {
	first, _, _ := bytes.Cut(sheet, []byte("\n"))
	if bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		return ';'
	}
	return ','
}

func (r *reader) columns(head []string) (out []column) {
	if len(head) > maxColumns {
		r.problem(1, "", "it has %d columns, more than %d", len(head), maxColumns)
		return nil
	}
	for i, title := range head {
		c, err := r.column(strings.TrimSpace(title))
		switch {
		case err != nil:
			r.problem(1, title, "%v", err)
		case slices.ContainsFunc(out, c.same):
			r.problem(1, title, "it is there twice")
		}
		if i == 0 && strings.TrimSpace(title) == "" {
			r.problem(1, "", "the first column has no name")
		}
		out = append(out, c)
	}
	return out
}

func (c column) same(d column) bool {
	return c.key == d.key && c.field.Name == d.field.Name && c.element.Equal(d.element) && c.col == d.col
}

func (r *reader) column(title string) (c column, err error) {
	c = column{title: title, key: title == keyColumn}
	if c.key {
		return c, nil
	}
	name, rest, rows := strings.Cut(title, "[")
	var ok bool
	if c.field, ok = fieldCalled(r.kind.Fields, name); !ok {
		return c, fmt.Errorf("%s has no field of that name", r.kind.Name)
	}
	if c.field.OtherEnd != "" {
		return c, fmt.Errorf("the field stands at the other end, in %s", c.field.Ref)
	}
	if !rows {
		return c, nil
	}
	if c.field.Type != "rows" {
		return c, fmt.Errorf("only a field of rows has elements in brackets")
	}
	end := strings.LastIndexByte(rest, ']')
	if end < 0 {
		return c, fmt.Errorf("it has no ]")
	}
	text, col := rest[:end], rest[end+1:]
	if c.element, err = r.rowKey(c.field, text); err != nil {
		return c, err
	}
	if col == "" {
		return c, nil
	}
	f, ok := fieldCalled(c.field.Columns, strings.TrimPrefix(col, "."))
	if !ok {
		return c, fmt.Errorf("%s has no column %s", c.field.Name, strings.TrimPrefix(col, "."))
	}
	c.col = f.Name
	return c, nil
}

// fieldCalled finds a field by its name, or by its title in any case.
func fieldCalled(fields []catalog.Field, name string) (catalog.Field, bool) {
	for _, f := range fields {
		if f.Name == name || strings.EqualFold(f.Title, name) {
			return f, true
		}
	}
	return catalog.Field{}, false
}

func (r *reader) csvRow(line int, columns []column, cells []string) {
	if len(cells) > len(columns) {
		r.problem(line, "", "it has %d cells, the first row names %d columns", len(cells), len(columns))
		return
	}
	before := len(r.wrong.Problems) + r.wrong.More
	b := newBuilder()
	for i, text := range cells {
		cell := readCell(text)
		if cell.text == "" && !cell.literal {
			continue
		}
		if err := r.take(b, columns[i], cell); err != nil {
			r.problem(line, columns[i].title, "%v", err)
		}
	}
	if b.empty() || len(r.wrong.Problems)+r.wrong.More > before {
		return // a row of empty cells is no item
	}
	fields, err := b.fields()
	if err != nil {
		r.problem(line, "", "%v", err)
		return
	}
	r.add(line, b.key, fields)
}

// take puts one cell where its column belongs.
func (r *reader) take(b *builder, c column, cell cell) error {
	switch {
	case c.key:
		b.key = cell.text
		return nil
	case c.field.Type == "rows" && c.element.IsAbsent():
		return b.without(c.field.Name, cell)
	case c.field.Type != "rows":
		v, err := r.value(c.field, cell)
		if err == nil {
			b.plain = append(b.plain, item.Field{Name: c.field.Name, Value: v})
		}
		return err
	case c.col == "":
		v, err := boolOf(cell.text)
		if err == nil && v.True() {
			b.element(c.field.Name, c.element)
		}
		return err
	}
	f, _ := c.field.Column(c.col)
	v, err := r.value(f, cell)
	if err == nil {
		b.set(c.field.Name, c.element, item.Field{Name: c.col, Value: v})
	}
	return err
}
