package postest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"plait/agent/pos"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"

	"github.com/google/uuid"
)

var _ pos.Connector = (*Memory)(nil)

// Kinds are the mapped kinds.
func (m *Memory) Kinds() []pos.MappedKind { return slices.Clone(m.db.o.Kinds) }

// Profile describes the mapped kinds: every field of the catalogue is mapped.
func (m *Memory) Profile(context.Context) (wire.Profile, error) {
	if err := m.ask("Profile"); err != nil {
		return wire.Profile{}, err
	}
	out := wire.Profile{POS: "memory"}
	for _, mapped := range m.db.o.Kinds {
		kind, _ := m.db.o.Catalog.Kind(mapped.Kind)
		k := wire.ProfileKind{Kind: kind.Name, UploadOnly: mapped.UploadOnly, CanDelete: !mapped.UploadOnly, Paused: mapped.Paused}
		for _, f := range kind.Fields {
			k.Fields = append(k.Fields, wire.ProfileField{Name: f.Name, Columns: columnNames(f)})
		}
		out.Kinds = append(out.Kinds, k)
	}
	return out, nil
}

func columnNames(f catalog.Field) []string {
	var out []string
	for _, c := range f.Columns {
		out = append(out, c.Name)
	}
	return out
}

// Check finds nothing wrong but missing triggers.
func (m *Memory) Check(context.Context) ([]pos.Finding, error) {
	if err := m.ask("Check"); err != nil {
		return nil, err
	}
	ok := m.db.snapshot().triggers
	return []pos.Finding{{OK: ok, Subject: "triggers", Message: fmt.Sprintf("in place: %t", ok)}}, nil
}

// Install makes what is missing.
func (m *Memory) Install(_ context.Context, store string) (pos.Installed, error) {
	if err := m.ask("Install"); err != nil {
		return pos.Installed{}, err
	}
	var in pos.Installed
	err := m.db.change(func(st *memoryState) error {
		in.Fresh = st.meta.Store == ""
		if st.meta.Store != "" && st.meta.Store != store {
			in.Foreign = st.meta.Store
		}
		if in.Fresh || in.Foreign != "" {
			clear(st.links)
			clear(st.receipts)
			clear(st.changes)
			st.meta, st.removed = pos.Meta{Store: store, Epoch: uuid.NewString(), Schema: 1}, 0
		}
		if !st.triggers {
			for _, k := range m.db.o.Kinds {
				in.Triggers = append(in.Triggers, k.Table)
			}
			in.Triggers = slices.Compact(in.Triggers)
		}
		st.triggers = true
		in.Meta = st.meta
		return nil
	})
	return in, err
}

// Uninstall takes triggers and tables away.
func (m *Memory) Uninstall(context.Context) error {
	if err := m.ask("Uninstall"); err != nil {
		return err
	}
	return m.db.change(func(st *memoryState) error {
		clear(st.links)
		clear(st.receipts)
		clear(st.changes)
		st.meta, st.removed, st.triggers = pos.Meta{}, 0, false
		return nil
	})
}

// Pause takes the triggers away.
func (m *Memory) Pause(context.Context) error {
	if err := m.ask("Pause"); err != nil {
		return err
	}
	return m.db.change(func(st *memoryState) error {
		st.triggers = false
		return nil
	})
}

// Meta returns what Install wrote.
func (m *Memory) Meta(context.Context) (pos.Meta, error) {
	if err := m.ask("Meta"); err != nil {
		return pos.Meta{}, err
	}
	meta := m.db.snapshot().meta
	if meta.Store == "" {
		return meta, pos.ErrAbsent
	}
	return meta, nil
}

// NewEpoch starts a new history.
func (m *Memory) NewEpoch(_ context.Context, epoch string) error {
	if err := m.ask("NewEpoch"); err != nil {
		return err
	}
	return m.db.change(func(st *memoryState) error {
		if st.meta.Store == "" {
			return pos.ErrAbsent
		}
		st.meta.Epoch, st.removed = epoch, 0
		return nil
	})
}

// HasMark reports whether the mark's row is there, in this epoch, and nothing that
// came after it was taken away. A mark of no row stands before the first.
func (m *Memory) HasMark(_ context.Context, mark wire.Mark) (bool, error) {
	if err := m.ask("HasMark"); err != nil {
		return false, err
	}
	st := m.db.snapshot()
	return st.removed <= mark.Seq && st.holds(mark), nil
}

// Newest returns the mark of the newest change row.
func (m *Memory) Newest(context.Context) (wire.Mark, error) {
	if err := m.ask("Newest"); err != nil {
		return wire.Mark{}, err
	}
	return m.db.snapshot().mark(), nil
}

// Read returns one Record for each key.
func (m *Memory) Read(_ context.Context, kind string, keys []string) ([]pos.Record, error) {
	if err := m.ask("Read"); err != nil {
		return nil, err
	}
	return m.db.read(m.db.snapshot(), kind, keys)
}

func (db *memoryDB) read(st *memoryState, kind string, keys []string) ([]pos.Record, error) {
	i := slices.IndexFunc(db.o.Kinds, func(k pos.MappedKind) bool { return k.Kind == kind })
	if i < 0 {
		return nil, fmt.Errorf("cannot read kind %q: it is not mapped", kind)
	}
	if why := db.o.Kinds[i].Paused; why != "" {
		return nil, fmt.Errorf("cannot read kind %q: %w: %s", kind, pos.ErrPaused, why)
	}
	out := make([]pos.Record, len(keys))
	for n, key := range keys {
		out[n] = db.record(st, db.o.Kinds[i], key)
	}
	return out, nil
}

func (db *memoryDB) record(st *memoryState, k pos.MappedKind, key string) pos.Record {
	rec := pos.Record{Item: item.Item{ID: item.ID{Kind: k.Kind, Key: key, Gen: 1}}}
	if k.UploadOnly {
		rec.Item.Gen = 0
	}
	if row, ok := st.rows[k.Table][key]; ok && row.kind == k.Kind && !row.hidden {
		rec.Exists = true
		rec.Item.Fields = db.project(k.Kind, row.fields)
	}
	for id, row := range st.links {
		if id.Kind == k.Kind && id.Key == key && id.Gen >= rec.Row.Gen && !k.UploadOnly {
			rec.Row, rec.Item.Gen, rec.Item.Link = row, id.Gen, row.Link
		}
	}
	return rec
}

// project shows a row as its kind sees it: every field of the catalogue is there.
func (db *memoryDB) project(kind string, f item.Fields) item.Fields {
	k, _ := db.o.Catalog.Kind(kind)
	var out item.Fields
	for _, field := range k.Fields {
		v := f.Get(field.Name)
		if v.IsAbsent() {
			v = item.Null()
			if field.Type == "rows" {
				v, _ = item.Rows(nil)
			}
		}
		out = out.With(field.Name, v)
	}
	return out
}

// Scan returns the next records of a kind in the order of their keys.
func (m *Memory) Scan(_ context.Context, kind, after string, limit int) ([]item.Form, string, error) {
	if err := m.ask("Scan"); err != nil {
		return nil, "", err
	}
	st := m.db.snapshot()
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(st.rows[m.db.table(kind)])) {
		if row := st.rows[m.db.table(kind)][key]; key > after && row.kind == kind && !row.hidden {
			keys = append(keys, key)
		}
	}
	next := ""
	if limit = max(limit, 1); len(keys) > limit {
		keys = keys[:limit]
		next = keys[limit-1]
	}
	records, err := m.db.read(st, kind, keys)
	forms := make([]item.Form, len(records))
	for i := range records {
		forms[i] = records[i].Form(nil)
	}
	return forms, next, err
}

// Links returns rows after the given place.
func (m *Memory) Links(_ context.Context, after string, limit int) ([]pos.LinkRow, string, error) {
	if err := m.ask("Links"); err != nil {
		return nil, "", err
	}
	st := m.db.snapshot()
	place := func(id item.ID) string { return fmt.Sprintf("%s\x00%s\x00%020d", id.Kind, id.Key, id.Gen) }
	ids := slices.SortedFunc(maps.Keys(st.links), func(a, b item.ID) int { return strings.Compare(place(a), place(b)) })
	var out []pos.LinkRow
	for _, id := range ids {
		if place(id) > after && len(out) < max(limit, 1) {
			out = append(out, st.links[id])
		}
	}
	if len(out) < max(limit, 1) {
		return out, "", nil
	}
	return out, place(out[len(out)-1].ID), nil
}

// Receipt returns the job's receipt.
func (m *Memory) Receipt(_ context.Context, job string) (pos.Receipt, bool, error) {
	if err := m.ask("Receipt"); err != nil {
		return pos.Receipt{}, false, err
	}
	r, ok := m.db.snapshot().receipts[job]
	return r, ok, nil
}

// Head returns the receipt with the highest Order.
func (m *Memory) Head(context.Context) (pos.Receipt, bool, error) {
	if err := m.ask("Head"); err != nil {
		return pos.Receipt{}, false, err
	}
	r, ok := m.db.snapshot().head()
	return r, ok, nil
}

// Receipts returns the newest finished receipts, the newest first.
func (m *Memory) Receipts(_ context.Context, limit int) (list []pos.Receipt, err error) {
	if err := m.ask("Receipts"); err != nil {
		return nil, err
	}
	for _, r := range m.db.snapshot().receipts {
		if r.Done {
			r.Body = nil
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b pos.Receipt) int { return cmp.Compare(b.Order, a.Order) })
	return list[:min(limit, len(list))], nil
}

func (st *memoryState) head() (head pos.Receipt, ok bool) {
	for _, r := range st.receipts {
		if r.Order > head.Order {
			head, ok = r, true
		}
	}
	return head, ok
}

// Close does nothing: the database lives on for Reopen.
func (m *Memory) Close() error { return nil }
