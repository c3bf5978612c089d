package rig

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"

	"plait/agent/pos"
	"plait/shared/item"

	_ "modernc.org/sqlite" // the hub's database
)

// pageRows is how many rows of the POS are read at a time.
const pageRows = 2000

// Comparison is what came of holding a POS file against the hub's copy.
type Comparison struct {
	Items  map[string]int // live items of the POS, by kind
	Differ []string       // one sentence for each item that differs
}

// Total is how many items were compared.
func (c Comparison) Total() (n int) {
	for _, k := range c.Items {
		n += k
	}
	return n
}

// Compare holds the store's POS file against the hub's copy of it, item by item:
// that the same items live in both, with the same fields, and that what
// plait_links says of their links is what the hub knows. It reads both files and
// believes neither program. Nothing may move meanwhile.
func (s *Store) Compare(ctx context.Context) (Comparison, error) {
	out := Comparison{Items: map[string]int{}}
	fail := func(err error) (Comparison, error) {
		return out, fmt.Errorf("cannot compare the POS of %s with the hub's copy: %w", s.Name, err)
	}
	conn, err := pos.Open(ctx, s.mapping, s.rig.Kinds, pos.Options{})
	if err != nil {
		return fail(err)
	}
	defer conn.Close()
	db, err := openReading(s.rig.Hub.Database())
	if err != nil {
		return fail(err)
	}
	defer db.Close()
	for _, k := range conn.Kinds() {
		held, err := hubCopy(ctx, db, s.ID, k.Kind)
		if err != nil {
			return fail(err)
		}
		there, err := posItems(ctx, conn, k.Kind)
		if err != nil {
			return fail(err)
		}
		out.Items[k.Kind] = len(there)
		out.Differ = append(out.Differ, compare(there, held, k.UploadOnly)...)
	}
	return out, nil
}

// Held counts the live items of a kind in the hub's copy of the store, in the
// hub's file itself.
func (s *Store) Held(ctx context.Context, kind string) (n int, err error) {
	db, err := openReading(s.rig.Hub.Database())
	if err != nil {
		return 0, fmt.Errorf("cannot count the hub's copy of %s: %w", s.Name, err)
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, "SELECT count(*)"+fromCopy, s.ID, kind).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("cannot count the hub's copy of %s: %w", s.Name, err)
	}
	return n, nil
}

// fromCopy names the live rows of one kind in the hub's copy of one store.
const fromCopy = ` FROM items i
	JOIN copies c ON c.network = i.network AND c.store = i.store AND c.live = i.copy
	JOIN stores s ON s.network = i.network AND s.store = i.store
	WHERE s.id = ? AND i.kind = ? AND i.deleted_at = 0`

// posItems reads every item of a kind from the POS.
func posItems(ctx context.Context, conn pos.Connector, kind string) (map[string]item.Item, error) {
	all := map[string]item.Item{}
	for after := ""; ; {
		forms, next, err := conn.Scan(ctx, kind, after, pageRows)
		if err != nil {
			return nil, err
		}
		keys := make([]string, len(forms))
		for i, f := range forms {
			keys[i] = f.Key
		}
		records, err := conn.Read(ctx, kind, keys)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if r.Trouble != nil {
				return nil, fmt.Errorf("%s %s: %w", kind, r.Item.Key, r.Trouble)
			}
			all[r.Item.Key] = r.Item
		}
		if next == "" {
			return all, nil
		}
		after = next
	}
}

// hubCopy reads every live item of a kind from the hub's copy of a store.
func hubCopy(ctx context.Context, db *sql.DB, store, kind string) (map[string]item.Item, error) {
	rows, err := db.QueryContext(ctx, "SELECT i.body"+fromCopy, store, kind)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]item.Item{}
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		it, err := item.Decode(body)
		if err != nil {
			return nil, err
		}
		if _, twice := all[it.Key]; twice {
			return nil, fmt.Errorf("the hub holds %s %s twice", kind, it.Key)
		}
		all[it.Key] = it
	}
	return all, rows.Err()
}

func compare(there, held map[string]item.Item, uploadOnly bool) (differ []string) {
	say := func(it item.Item, format string, args ...any) {
		differ = append(differ, fmt.Sprintf("%s %s: %s", it.Kind, it.Key, fmt.Sprintf(format, args...)))
	}
	for _, key := range slices.Sorted(maps.Keys(there)) {
		p := there[key]
		h, ok := held[key]
		switch {
		case !ok:
			say(p, "the hub lacks it")
		case !p.Fields.Equal(h.Fields):
			say(p, "the POS has %s, the hub %s", item.AppendFields(nil, p.Fields), item.AppendFields(nil, h.Fields))
		case !uploadOnly && (p.Gen != h.Gen || !bytes.Equal(linkBytes(p), linkBytes(h))):
			say(p, "the POS has generation %d with link %s, the hub %d with %s", p.Gen, linkBytes(p), h.Gen, linkBytes(h))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(held)) {
		if _, ok := there[key]; !ok {
			say(held[key], "the hub holds it, the POS does not")
		}
	}
	return differ
}

// linkBytes is an item's link in canonical form.
func linkBytes(it item.Item) []byte { return item.Append(nil, item.Item{Link: it.Link}) }

// openReading opens a database that another process writes.
func openReading(path string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Path: slashed(path), RawQuery: url.Values{"_pragma": {"busy_timeout(5000)", "query_only(1)"}}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	if err := db.Ping(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func slashed(path string) string {
	path = filepath.ToSlash(path)
	if path[0] != '/' {
		return "/" + path // C:/data becomes file:///C:/data
	}
	return path
}
