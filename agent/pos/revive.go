package pos

import (
	"context"

	"plait/shared/item"
)

// Revive brings an item back whose row the POS keeps, marked as deleted.
func (t *sqlTx) Revive(ctx context.Context, kind, uid string, fields item.Fields) (key string, ok bool, err error) {
	r, err := newReader(t.w.c.dialect, t.w.s, t.w.st, kind)
	if err != nil || r.p.m.SoftDelete == nil {
		return "", false, err
	}
	err = t.statement(ctx, "bring back a "+kind+" in", func() error {
		t.w.leaves.anything()
		keys, err := queryTexts(ctx, t.w.s, sqlKeysOf, kind, uid)
		for _, k := range keys {
			at, fits := bindKey(k, r.p.key)
			if err == nil && fits && !ok {
				key = k
				ok, err = (&rowWriter{r}).unhide(ctx, k, at, fields)
			}
		}
		return err
	})
	return key, ok && err == nil, err
}

// sqlKeysOf: of a key that holds another item by now, only the newest generation
// counts. The newest keys come first.
const sqlKeysOf = `SELECT l.key FROM plait_links l WHERE l.kind = ? AND l.uid = ?
	AND l.gen = (SELECT max(m.gen) FROM plait_links m WHERE m.kind = l.kind AND m.key = l.key) ORDER BY l.rowid DESC LIMIT 10`

// Revivable looks in plait_links.
func (t *sqlTx) Revivable(ctx context.Context, kind string, uids []string) (ok bool, err error) {
	err = t.plain("read", func() error {
		ok, err = revivable(ctx, t.w.c.dialect, t.w.s, t.w.st, kind, uids)
		return err
	})
	return ok, err
}

// Revivable looks in plait_links.
func (c *sqlConnector) Revivable(ctx context.Context, kind string, uids []string) (ok bool, err error) {
	err = c.read(ctx, func(s *session, st *state) error {
		ok, err = revivable(ctx, c.dialect, s, st, kind, uids)
		return err
	})
	return ok, err
}

// revivable reports whether plait_links knows one of the uids, in a kind of which the
// POS keeps rows that were deleted.
func revivable(ctx context.Context, d dialect, s *session, st *state, kind string, uids []string) (ok bool, err error) {
	r, err := newReader(d, s, st, kind)
	if err != nil || r.p.m.SoftDelete == nil || len(uids) == 0 {
		return false, err
	}
	args := []any{kind}
	for _, uid := range uids {
		args = append(args, uid)
	}
	n := len(uids)
	// The kind is spelled so that the uids lead, not a walk over all links of the kind.
	text := `SELECT EXISTS (SELECT 1 FROM plait_links WHERE kind || '' = ? AND uid IN (` + repeat("?", padded(n)) + `))`
	err = s.row(ctx, text, r.pad(args, n, 1), &ok)
	return ok, err
}
