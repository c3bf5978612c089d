package storesync_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/store/storetest"
	"plait/hub/storesync"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// hub is a network "n" with head office "head" and branches "uptown" and
// "downtown", all of which have uploaded.
type hub struct {
	testing.TB
	db    *store.DB
	clock *storetest.Clock
	sync  *storesync.Service
	revs  map[string]int64 // by store: the copy's revision and the sync_revs
}

func newHub(t testing.TB) *hub {
	clock := storetest.NewClock()
	h := &hub{TB: t, db: storetest.Open(t, clock), clock: clock, revs: map[string]int64{}}
	h.sync = storesync.New(h.db)
	storetest.AddNetwork(t, h.db, "n", "head", "uptown", "downtown")
	storetest.AddNetwork(t, h.db, "other", "stranger")
	storetest.SetCatalog(t, h.db, "n", kinds())
	for _, id := range []string{"head", "uptown", "downtown"} {
		h.uploads(id)
	}
	return h
}

// kinds: services in categories, with vendors; a category may have a parent.
func kinds() *catalog.Catalog {
	text := func(name string, p item.Policy) catalog.Field {
		return catalog.Field{Name: name, Title: name, Type: "text", Policy: p}
	}
	ref := func(name, to string, p item.Policy) catalog.Field {
		return catalog.Field{Name: name, Title: name, Type: "reference", Ref: to, Policy: p}
	}
	return &catalog.Catalog{Kinds: []catalog.Kind{
		{Name: "category", Title: "Categories", Help: "h", Direction: catalog.Sync, Match: catalog.Match{Name: "name"},
			Fields: []catalog.Field{text("name", item.Locked), ref("parent", "category", item.Locked)}},
		{Name: "sale", Title: "Sales", Help: "h", Direction: catalog.UploadOnly,
			Fields: []catalog.Field{ref("service", "service", item.Never)}},
		{Name: "service", Title: "Services", Help: "h", Direction: catalog.Sync, Match: catalog.Match{Name: "name", Category: "category", Code: []string{"sku"}}, Active: "active",
			Fields: []catalog.Field{text("name", item.Locked), ref("category", "category", item.Locked), text("sku", item.Locked), text("note", item.Unlocked),
				{Name: "price", Title: "Price", Type: "decimal", Policy: item.Unlocked, LockedWhen: "price_sync"}, text("tax", item.Never),
				{Name: "active", Title: "Active", Type: "bool", Policy: item.Unlocked},
				{Name: "vendors", Title: "Vendors", Type: "rows", Key: "reference", Ref: "vendor", Policy: item.Unlocked, Columns: []catalog.Field{text("code", item.Unlocked)}}}},
		{Name: "vendor", Title: "Vendors", Help: "h", Direction: catalog.Sync, Match: catalog.Match{Name: "name"},
			Fields: []catalog.Field{text("name", item.Locked)}},
	}}
}

func profile() wire.Profile { return profileFor(kinds()) }

// profileFor maps every field of every kind.
func profileFor(c *catalog.Catalog) wire.Profile {
	p := wire.Profile{POS: "test"}
	for _, k := range c.Kinds {
		pk := wire.ProfileKind{Kind: k.Name, CanDelete: true, UploadOnly: k.Direction == catalog.UploadOnly}
		for _, f := range k.Fields {
			pf := wire.ProfileField{Name: f.Name}
			for _, c := range f.Columns {
				pf.Columns = append(pf.Columns, c.Name)
			}
			if f.Name == "name" {
				pf.MaxLen = 20
			}
			pk.Fields = append(pk.Fields, pf)
		}
		p.Kinds = append(p.Kinds, pk)
	}
	return p
}

// uploads makes the hub believe that the store's agent has just been here.
func (h *hub) uploads(id string) {
	h.Helper()
	h.in(id, hasUploaded)
}

// hasUploaded makes a store one whose PC has uploaded.
func hasUploaded(tx *store.StoreTx) error {
	c, err := tx.Contact()
	if err != nil {
		return err
	}
	epoch, err := tx.HubEpoch()
	if err != nil {
		return err
	}
	c.HelloAt, c.ByeAt, c.HubEpoch = tx.Now(), tx.Now(), epoch.Place
	if err := tx.SetContact(c); err != nil {
		return err
	}
	id := tx.Store.ID
	if err := tx.SetInstallation("pc-"+id, id); err != nil {
		return err
	}
	if err := tx.SetCredential("hash-"+id, time.Time{}); err != nil {
		return err
	}
	return tx.SetProfile("profile", profile())
}

func (h *hub) in(id string, fn func(*store.StoreTx) error) {
	h.Helper()
	if err := h.db.WithStore(context.Background(), id, fn); err != nil {
		h.Fatal(err)
	}
}

// put writes items into the hub's copy of a store.
func (h *hub) put(id string, items ...item.Item) {
	h.Helper()
	h.in(id, func(tx *store.StoreTx) error {
		at, err := tx.Copy()
		if err != nil {
			return err
		}
		defer func() {
			at.Revision = h.revs[id]
			if err := tx.SetCopy(at); err != nil {
				h.Fatal(err)
			}
		}()
		for _, it := range items {
			h.revs[id]++
			row := store.Item{ID: it.ID, Revision: h.revs[id], SyncRev: h.revs[id], SyncAt: tx.Now(), UID: it.UID(id), AgentEpoch: 1, AgentRev: h.revs[id], Body: item.Append(nil, it)}
			row.Digest = item.DigestOf(row.Body)
			if it.Link != nil {
				row.Birth, row.Adopted = it.Link.Birth, it.Link.Adopted
			}
			if it.Deleted {
				row.Deleted = tx.Now()
			}
			rows := []store.Item{row}
			held, err := tx.HeldOf(at.Live, rows)
			if err == nil && held[0].Any() {
				err = tx.ReplaceItems(held, rows)
			} else if err == nil {
				_, err = tx.InsertItems(at.Live, rows)
			}
			if err == nil {
				err = tx.SetSyncRev(it.Kind, row.SyncRev)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// thing makes an item of name and value pairs; a value may be a reference.
func thing(kind, key string, fields ...any) item.Item {
	it := item.Item{ID: item.ID{Kind: kind, Key: key, Gen: 1}}
	for i := 0; i < len(fields); i += 2 {
		v, ok := fields[i+1].(item.Value)
		if !ok {
			v = item.MustText(fields[i+1].(string))
		}
		it.Fields = it.Fields.With(fields[i].(string), v)
	}
	return it
}

func service(key, name, category string, more ...any) item.Item {
	return thing("service", key, append([]any{"name", name, "category", item.Ref("category", category)}, more...)...)
}

// linked gives an item a link to the source's, with a base for its name.
func linked(it, to item.Item, source string) item.Item {
	it.Link = &item.Link{UID: to.UID(source), Birth: item.BornNetwork, Fields: []item.LinkField{{
		Name: "name", Base: it.Fields.Get("name"), Sent: item.ShortDigestOf(it.Fields.Get("name")), Policy: item.Locked,
		From: item.Origin{Store: source, HubEpoch: "e", SyncRev: 1},
	}}}
	return it
}

func all(kinds ...string) (out []storesync.Selection) {
	for _, k := range kinds {
		out = append(out, storesync.Selection{Kind: k, All: true})
	}
	return out
}

func request(kinds []storesync.Selection, receivers ...string) storesync.Request {
	return storesync.Request{Network: "n", Source: "head", Kinds: kinds, Receivers: receivers, By: "ann", Label: "spring"}
}

func (h *hub) test(r storesync.Request) storesync.Plan {
	h.Helper()
	p, err := h.sync.Test(context.Background(), r, nil)
	if err != nil {
		h.Fatal(err)
	}
	return p
}

func (h *hub) run(p storesync.Plan) storesync.Sync {
	h.Helper()
	y, err := h.sync.Run(context.Background(), "n", p.Digest, storesync.Confirm{Deletes: p.Deletes, Resets: p.Resets, HeadOffice: p.HeadOffice}, "ann")
	if err != nil {
		h.Fatal(err)
	}
	return y
}

func (h *hub) detail(p storesync.Plan, id string) storesync.StoreDetail {
	h.Helper()
	d, err := h.sync.Detail(context.Background(), "n", p.Digest, id)
	if err != nil {
		h.Fatal(err)
	}
	return d
}

// job returns a store's newest job with its contents.
func (h *hub) job(id string) (j store.Job, payload wire.Payload, own wire.Own) {
	h.Helper()
	err := h.db.ViewStore(context.Background(), id, func(v *store.StoreView) error {
		jobs, err := v.Jobs(1)
		if err != nil || len(jobs) == 0 {
			return err
		}
		j = jobs[0]
		if payload, err = wire.DecodePayload(h.lines(v, j.Payload)); err == nil && j.Own != "" {
			own, err = wire.DecodeOwn(h.lines(v, j.Own))
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return j, payload, own
}

func (h *hub) lines(v *store.StoreView, hash string) []byte {
	h.Helper()
	p, err := v.Payload(hash)
	if err != nil {
		h.Fatal(err)
	}
	b, err := wire.Decompress(p.Body, wire.MaxPayloadBytes)
	if err != nil {
		h.Fatal(err)
	}
	if wire.Sum(b) != hash {
		h.Fatalf("the content kept as %s has another hash", hash)
	}
	return b
}

func (h *hub) turn(id, to string) {
	h.Helper()
	h.in(id, func(tx *store.StoreTx) error {
		_, err := queue.Switch(tx, "ann", to, true)
		return err
	})
}

func codes(list []storesync.Warning) map[string]int {
	out := map[string]int{}
	for _, w := range list {
		out[w.Code] += max(w.Count, 1)
	}
	return out
}

// salonList is a small list at head office: two categories, one in the other,
// and three services.
func (h *hub) salonList() {
	h.put("head",
		thing("category", "2", "name", "Hair", "parent", item.Ref("category", "10")),
		thing("category", "10", "name", "All", "parent", item.Null()),
		service("1", "Cut", "2", "sku", "c1", "note", "short", "tax", "7", "price", item.MustDecimal("20")),
		service("2", "Colour", "2", "sku", "c2"),
		service("3", "Wash", "2"),
	)
}

func many(n int) (out []item.Item) {
	for i := range n {
		s := strconv.Itoa(i)
		out = append(out, service(s, "Service "+s, "2", "sku", "s"+s, "note", "a note that says something about service "+s, "price", item.MustDecimal(s+".5")))
	}
	return out
}

func sorted(list []string) string {
	slices.Sort(list)
	return strings.Join(list, ", ")
}
