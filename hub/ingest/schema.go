package ingest

import (
	"context"
	"fmt"
	"strings"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
)

// schema is what ingest needs to know of a network's catalogue.
type schema struct{ kinds map[string]*kind }

// kind says which values of a kind's items can be synced.
type kind struct {
	upload bool                       // it only goes up
	fields map[string]map[string]bool // syncable field to the columns that are not; nil for none
}

func newSchema(c *catalog.Catalog) *schema {
	s := &schema{kinds: map[string]*kind{}}
	for _, k := range c.Kinds {
		out := &kind{upload: k.Direction == catalog.UploadOnly, fields: map[string]map[string]bool{}}
		for _, f := range k.Fields {
			if travels(f) {
				out.fields[f.Name] = neverColumns(f)
			}
		}
		s.kinds[k.Name] = out
	}
	return s
}

// travels: a never field that a switch can lock counts as syncable whatever the
// switch says, so that turning it needs no new digests.
func travels(f catalog.Field) bool { return f.Policy != item.Never || f.LockedWhen != "" }

func neverColumns(f catalog.Field) map[string]bool {
	var out map[string]bool
	for _, c := range f.Columns {
		if !travels(c) {
			if out == nil {
				out = map[string]bool{}
			}
			out[c.Name] = true
		}
	}
	return out
}

// schemaOf returns the compiled catalogue of a store's network.
func (in *Ingest) schemaOf(ctx context.Context, s store.Store) (*schema, error) {
	if known, ok := in.schemas.Get(s.Network + s.Catalog); ok {
		return known, nil
	}
	if s.Catalog == "" {
		return nil, fmt.Errorf("cannot take in items of store %s: network %s has no catalogue", s.Name, s.Network)
	}
	var body []byte
	err := in.db.View(ctx, func(v *store.View) (err error) {
		body, err = v.Catalog(s.Network, s.Catalog)
		return err
	})
	if err != nil {
		return nil, err
	}
	c, err := catalog.Decode(body)
	if err != nil {
		return nil, fmt.Errorf("cannot read the catalogue of network %s: %w", s.Network, err)
	}
	out := newSchema(c)
	in.schemas.Put(s.Network+s.Catalog, out)
	return out, nil
}

// syncDigest is over what can be synced of an item: existence and the values of
// the fields that travel; never links and bases (decision 6).
func (r *itemReader) syncDigest(k *kind, it item.Item) item.Digest {
	if it.Deleted {
		return item.DigestOf([]byte("deleted"))
	}
	form := append(r.form[:0], '{')
	for _, f := range it.Fields {
		never, ok := k.fields[f.Name]
		if !ok {
			continue
		}
		if never != nil && f.Value.Type() == item.TypeRows {
			f.Value = withoutColumns(f.Value, never)
		}
		form = item.AppendField(form, f.Name, f.Value)
	}
	r.form = append(form, '}')
	return item.DigestOf(r.form)
}

func withoutColumns(v item.Value, never map[string]bool) item.Value {
	rows := v.Rows()
	out := make([]item.Row, len(rows))
	for i, r := range rows {
		out[i] = item.Row{Key: r.Key, Cols: make(item.Fields, 0, len(r.Cols))}
		for _, c := range r.Cols {
			if !never[c.Name] {
				out[i].Cols = append(out[i].Cols, c)
			}
		}
	}
	same, err := item.Rows(out)
	if err != nil {
		return v // the keys are those of a rows value, so this cannot be
	}
	return same
}

// incoming is an item as it arrived.
type incoming struct {
	row  store.Item // without what only the copy knows: revisions, epochs
	gone bool
	dead bool
}

// itemReader reads the items of a store, one after the other in the same memory.
type itemReader struct {
	known   *schema
	storeID string
	decoder item.Decoder
	form    []byte // room for a sync digest's
}

func (s *schema) reader(storeID string) *itemReader { return &itemReader{known: s, storeID: storeID} }

// read reads an item; the error is a sentence for whoever must mend it.
func (r *itemReader) read(body []byte, revision int64, gone bool) (incoming, error) {
	it, err := r.decoder.Decode(body)
	if err != nil {
		return incoming{}, err
	}
	k := r.known.kinds[it.Kind]
	if k == nil {
		return incoming{}, fmt.Errorf("the network's catalogue has no kind %q: add it there, or take it out of the mapping", it.Kind)
	}
	if gone && !it.Deleted {
		return incoming{}, fmt.Errorf("it is said to be gone, but is no tombstone")
	}
	row := store.Item{ID: it.ID, AgentRev: revision, Digest: item.DigestOf(body), Body: body}
	if !k.upload {
		row.SyncRev = 1 // a real one is given when it is written
		row.SyncDigest = r.syncDigest(k, it)
		row.UID = it.UID(r.storeID)
		if it.Link != nil {
			row.Birth, row.Adopted = it.Link.Birth, it.Link.Adopted
		}
	}
	return incoming{row: row, gone: gone, dead: it.Deleted}, nil
}

// nameOf finds kind and key in bytes that are not canonical, as far as it can.
func nameOf(body []byte) (kind, key string) {
	return textAfter(body, `"k":"`), textAfter(body, `"i":"`)
}

// textAfter returns the text from the last place of mark to the next quote.
func textAfter(body []byte, mark string) string {
	s := string(body)
	_, rest, ok := strings.Cut(s[max(0, strings.LastIndex(s, mark)):], mark)
	if !ok {
		return ""
	}
	text, _, _ := strings.Cut(rest, `"`)
	return strings.ToValidUTF8(text[:min(len(text), item.MaxNameBytes)], "�")
}
