package pos

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Referred reports whether rows of other tables refer to the item: by the
// mapping's references, or by a foreign key of any table of the POS.
func (t *sqlTx) Referred(ctx context.Context, kind, key string) (by string, err error) {
	r, err := newReader(t.w.c.dialect, t.w.s, t.w.st, kind)
	if err != nil {
		return "", err
	}
	at, ok := bindKey(key, r.p.key)
	if !ok {
		return "", nil
	}
	err = t.plain("read", func() error {
		for _, ref := range t.w.st.referrers(r.p) {
			found, err := ref.refers(ctx, r, at)
			if err != nil {
				return err
			}
			if found {
				by = ref.name
				return nil
			}
		}
		return nil
	})
	return by, err
}

// referrer is one set of columns that may hold an item's key.
type referrer struct {
	name    string
	table   *table
	columns []string
	skip    []string // columns that hold the item's own key in rows that are part of it
}

// referrers lists what may refer to a kind's items, each set of columns once.
func (st *state) referrers(p *kindPlan) []referrer {
	var out []referrer
	add := func(r referrer) {
		own := slices.ContainsFunc(p.children, func(ch *childPlan) bool {
			return ch.table == r.table && slices.Equal(ch.m.Parent, r.columns)
		})
		same := func(o referrer) bool { return o.table == r.table && slices.Equal(o.columns, r.columns) }
		if !own && !slices.ContainsFunc(out, same) {
			out = append(out, r)
		}
	}
	for _, q := range st.plans {
		if q.table == nil || len(q.problems) > 0 {
			continue
		}
		for _, v := range q.values {
			if v.ref == p.m.Kind {
				add(referrer{name: q.m.Kind, table: q.table, columns: v.m.Columns, skip: p.ownKey(q.table)})
			}
		}
		for _, ch := range q.children {
			for _, v := range append([]*valuePlan{ch.key}, ch.values...) {
				if v.ref == p.m.Kind {
					add(referrer{name: q.m.Kind, table: ch.table, columns: v.m.Columns, skip: p.parentIn(ch)})
				}
			}
		}
	}
	for _, r := range st.foreign(p) {
		add(r)
	}
	return out
}

// ownKey: an item that refers to itself is not referred to by another.
func (p *kindPlan) ownKey(t *table) []string {
	if t == p.table {
		return p.m.Key
	}
	return nil
}

func (p *kindPlan) parentIn(ch *childPlan) []string {
	if slices.Contains(p.children, ch) {
		return ch.m.Parent
	}
	return nil
}

// foreign lists the foreign keys that lead to the kind's key, in the order of
// the tables' names.
func (st *state) foreign(p *kindPlan) []referrer {
	var out []referrer
	for _, t := range st.schema.tables {
		for _, f := range t.foreign {
			to := f.toColumns
			if len(to) == 0 {
				to = p.table.primaryKey()
			}
			if !strings.EqualFold(f.table, p.table.name) || len(to) != len(p.m.Key) {
				continue
			}
			if columns := inOrder(p.m.Key, to, f.columns); columns != nil {
				out = append(out, referrer{name: fmt.Sprintf("table %q", t.name), table: t, columns: columns, skip: p.ownKey(t)})
			}
		}
	}
	slices.SortFunc(out, func(a, b referrer) int { return compareText(a.name, b.name) })
	return out
}

// inOrder returns the referring columns in the order of the key; nil if the
// foreign key leads elsewhere.
func inOrder(key, to, from []string) []string {
	out := make([]string, len(key))
	for i, k := range key {
		at := slices.IndexFunc(to, func(c string) bool { return strings.EqualFold(c, k) })
		if at < 0 {
			return nil
		}
		out[i] = from[at]
	}
	return out
}

func (ref referrer) refers(ctx context.Context, r *reader, at []any) (bool, error) {
	equal := func(columns []string) string {
		parts := make([]string, len(columns))
		for i, c := range columns {
			parts[i] = r.d.quote(c) + " = ?"
		}
		return strings.Join(parts, " AND ")
	}
	where, args := equal(ref.columns), at
	if ref.skip != nil {
		where += " AND NOT (" + equal(ref.skip) + ")"
		args = slices.Concat(at, at)
	}
	var n int
	err := r.s.row(ctx, "SELECT count(*) FROM (SELECT 1 FROM "+r.d.quote(ref.table.name)+" WHERE "+where+" LIMIT 1)", args, &n)
	return n > 0, err
}
