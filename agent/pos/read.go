package pos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"plait/shared/item"
)

// Read returns one Record for each key, in reads that are short enough for the
// POS not to notice.
func (c *sqlConnector) Read(ctx context.Context, kind string, keys []string) ([]Record, error) {
	out := make([]Record, 0, len(keys))
	for len(out) < len(keys) {
		var got []Record
		err := c.read(ctx, func(s *session, st *state) error {
			r, err := newReader(c.dialect, s, st, kind)
			if err != nil {
				return err
			}
			rest := keys[len(out):]
			start := c.opts.Now()
			n := min(len(rest), c.pace.size(kind))
			if got, err = r.read(ctx, rest[:n]); err == nil {
				_, err = c.done.look(ctx, s)
			}
			c.pace.took(kind, n, c.opts.Now().Sub(start))
			return err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

// reader reads records of one kind within a transaction.
type reader struct {
	d dialect
	s *session
	p *kindPlan
}

func newReader(d dialect, s *session, st *state, kind string) (*reader, error) {
	p := st.plan(kind)
	if p == nil {
		return nil, fmt.Errorf("cannot read kind %q: it is not mapped", kind)
	}
	if why := p.paused(); why != "" {
		return nil, fmt.Errorf("cannot read kind %q: %w: %s", kind, ErrPaused, why)
	}
	return &reader{d: d, s: s, p: p}, nil
}

// read returns the records of at most maxReadRows keys.
func (r *reader) read(ctx context.Context, keys []string) ([]Record, error) {
	found, err := r.rows(ctx, keys)
	if err != nil {
		return nil, err
	}
	if err := r.complete(ctx, found); err != nil {
		return nil, err
	}
	if standAs(found, keys) {
		return found, nil
	}
	at := places(found)
	out := make([]Record, len(keys))
	var gone []Record
	var goneAt []int
	for i, key := range keys {
		if j, ok := at[key]; ok {
			out[i] = found[j]
			continue
		}
		gone = append(gone, r.blank(key))
		goneAt = append(goneAt, i)
	}
	if err := r.links(ctx, gone); err != nil {
		return nil, err
	}
	at = places(gone)
	for _, i := range goneAt {
		out[i] = gone[at[keys[i]]]
	}
	return out, nil
}

func standAs(records []Record, keys []string) bool {
	return slices.EqualFunc(records, keys, func(rec Record, key string) bool { return rec.Item.Key == key })
}

// places are the places of records, by key.
func places(records []Record) map[string]int {
	at := make(map[string]int, len(records))
	for i := range records {
		at[records[i].Item.Key] = i
	}
	return at
}

// blank is a record of what is not there.
func (r *reader) blank(key string) Record {
	gen := int64(1)
	if r.p.m.UploadOnly {
		gen = 0
	}
	return Record{Item: item.Item{ID: item.ID{Kind: r.p.m.Kind, Key: key, Gen: gen}}}
}

// complete adds child rows and links to records that were found.
func (r *reader) complete(ctx context.Context, found []Record) error {
	if err := r.elementsOf(ctx, found); err != nil {
		return err
	}
	return r.links(ctx, found)
}

// rows reads the kind's own table. The same row is found once, whatever its
// column's collation makes equal; the caller compares keys byte by byte.
func (r *reader) rows(ctx context.Context, keys []string) ([]Record, error) {
	args, n := r.bindKeys(keys, r.p.key)
	if n == 0 {
		return nil, nil
	}
	text := r.selectList() + " WHERE " + r.among(r.p.key, padded(n)) + r.filter()
	args = append(r.pad(args, n, len(r.p.key)), r.filterArgs()...)
	records, _, err := r.records(ctx, text, args, len(keys))
	return records, err
}

// bindKeys flattens the keys' parts; keys that cannot be in the table are left out.
func (r *reader) bindKeys(keys []string, columns []*column) (args []any, n int) {
	args = make([]any, 0, len(keys)*len(columns))
	for _, k := range keys {
		if parts, ok := bindKey(k, columns); ok {
			args = append(args, parts...)
			n++
		}
	}
	return args, n
}

// padded rounds a number of keys up to a power of two, so that few statements
// are ever prepared; the last key fills the rest.
func padded(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

func (r *reader) pad(args []any, n, width int) []any {
	last := args[len(args)-width:]
	for ; n < padded(n); n++ {
		args = append(args, last...)
	}
	return args
}

// among spells "columns are one of n keys".
func (r *reader) among(columns []*column, n int) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = r.d.quote(c.name)
	}
	if len(names) == 1 {
		return names[0] + " IN (" + repeat("?", n) + ")"
	}
	one := "(" + repeat("?", len(names)) + ")"
	return "(" + strings.Join(names, ",") + ") IN (VALUES " + repeat(one, n) + ")"
}

func repeat(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }

// selectList begins a SELECT of key and fields.
func (r *reader) selectList() string { return r.selectColumns(r.selected(), r.p.table) }

// selected are the columns of key and fields, as [reader.eachRow] scans them.
func (r *reader) selected() []*column {
	columns := slices.Clone(r.p.key)
	for _, v := range r.p.values {
		columns = append(columns, v.columns...)
	}
	return columns
}

func (r *reader) selectColumns(columns []*column, from *table) string {
	return "SELECT " + r.columnList(columns) + " FROM " + r.d.quote(from.name)
}

// columnList spells columns to be read. The plus sign keeps the driver from guessing
// at what a column that was declared as DATETIME holds.
func (r *reader) columnList(columns []*column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = "+" + r.d.quote(c.name)
	}
	return strings.Join(names, ",")
}

// filter leaves out the rows of other kinds on the table, and deleted ones.
func (r *reader) filter() string {
	var b strings.Builder
	for _, f := range r.p.m.Filter {
		b.WriteString(" AND " + r.d.quote(f.Column) + " IS ?")
	}
	if d := r.p.m.SoftDelete; d != nil {
		b.WriteString(" AND " + r.d.quote(d.Column) + " IS NOT ?")
	}
	return b.String()
}

func (r *reader) filterArgs() []any {
	var out []any
	for _, f := range r.p.m.Filter {
		out = append(out, f.Value)
	}
	if d := r.p.m.SoftDelete; d != nil {
		out = append(out, d.Deleted)
	}
	return out
}

// lastRow says how many rows a SELECT gave, and where the last one stands.
type lastRow struct {
	n     int
	place string
}

// pass notes a row and returns its key; ok is false if no item can have it.
func (l *lastRow) pass(parts []cell) (key string, ok bool) {
	l.n++
	if key, ok = keyOf(parts); ok {
		l.place = key
	} else {
		l.place = placeOf(parts)
	}
	return key, ok
}

// records runs a SELECT of selectList.
func (r *reader) records(ctx context.Context, text string, args []any, size int) ([]Record, lastRow, error) {
	out := make([]Record, 0, size)
	last, err := r.eachRow(ctx, text, args, true, func(key string, row []cell) {
		out = append(out, r.record(key, row, make(item.Fields, 0, len(r.p.order))))
	})
	return out, last, err
}

// eachRow visits the rows of a SELECT of selectList. Rows without a usable key are no
// items. row is overwritten by the next; what it holds may be kept, or is gone with it,
// but for the key.
func (r *reader) eachRow(ctx context.Context, text string, args []any, kept bool, visit func(key string, row []cell)) (last lastRow, err error) {
	row := make([]cell, r.width())
	err = r.s.cells(ctx, text, args, row, kept, func() {
		if key, ok := last.pass(row[:len(r.p.key)]); ok {
			visit(key, row)
		}
	})
	return last, err
}

// width is how many columns selectList has.
func (r *reader) width() int { return len(r.p.key) + columnsOf(r.p.values) }

func columnsOf(values []*valuePlan) (n int) {
	for _, v := range values {
		n += len(v.columns)
	}
	return n
}

// record converts a row; its values are appended to fields.
func (r *reader) record(key string, row []cell, fields item.Fields) Record {
	rec := r.blank(key)
	rec.Exists = true
	rec.Item.Fields = fields
	for _, v := range r.p.values {
		value, err := v.read(row)
		if err != nil {
			rec.Trouble = errors.Join(rec.Trouble, trouble(r.p.table, v, key, err))
			continue
		}
		rec.Item.Fields = append(rec.Item.Fields, item.Field{Name: v.name, Value: value})
	}
	return rec
}

// trouble names table, column and key.
func trouble(t *table, v *valuePlan, key string, err error) error {
	return fmt.Errorf("cannot read field %q from table %q, column %q, key %q: %w", v.name, t.name, v.columns[0].name, key, err)
}
