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
