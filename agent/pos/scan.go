package pos

import (
	"context"
	"strings"

	"plait/shared/item"
)

// Scan returns the next items of a kind in the order of its key columns. It
// makes one short read, so it may return fewer than limit before the end.
func (c *sqlConnector) Scan(ctx context.Context, kind, after string, limit int) (forms []item.Form, next string, err error) {
	err = c.read(ctx, func(s *session, st *state) error {
		r, err := newReader(c.dialect, s, st, kind)
		if err != nil {
			return err
		}
		start := c.opts.Now()
		n := max(1, min(limit, c.pace.size(kind)))
		forms, next, err = r.scan(ctx, after, n)
		c.pace.took(kind, n, c.opts.Now().Sub(start))
		return err
	})
	return forms, next, err
}

// scan reads n rows after the given key. NULL keys sort before all others, and
// are no items.
func (r *reader) scan(ctx context.Context, after string, n int) ([]item.Form, string, error) {
	names := make([]string, len(r.p.key))
	for i, c := range r.p.key {
		names[i] = r.d.quote(c.name)
	}
	where, args := names[0]+" IS NOT NULL", []any(nil)
	if after != "" {
		parts, ok := bindKey(after, r.p.key)
		if !ok {
			return nil, "", nil // a key of a former mapping: nothing follows it
		}
		where, args = afterKey(names), parts
	}
	text := r.selectList() + " WHERE " + where + r.filter() + " ORDER BY " + strings.Join(names, ",") + " LIMIT ? + 0"
	args = append(append(args, r.filterArgs()...), n)
	forms, last, err := r.forms(ctx, text, args, n)
	if err != nil || last.n < n {
		return forms, "", err
	}
	return forms, last.place, nil
}

// placeOf spells a row's key as a place for the next read, though it is not usable.
func placeOf(key []cell) string {
	parts := make([]string, len(key))
	for i := range key {
		parts[i], _ = key[i].keyText()
	}
	if place := item.JoinKey(parts...); place != "" {
		return strings.Clone(place)
	}
	return "\x00" // an empty text as key: just behind it
}

func afterKey(names []string) string {
	if len(names) == 1 {
		return names[0] + " > ?"
	}
	return "(" + strings.Join(names, ",") + ") > (" + repeat("?", len(names)) + ")"
}

// Kinds are the mapped kinds in the order of the mapping, as the schema was when
// it was last looked at.
func (c *sqlConnector) Kinds() []MappedKind {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]MappedKind, len(c.mapping.Kinds))
	for i, k := range c.mapping.Kinds {
		out[i] = MappedKind{Kind: k.Kind, UploadOnly: k.UploadOnly, Table: k.Table}
		if c.state != nil {
			out[i].Paused = c.state.plans[i].paused()
		}
	}
	return out
}
