package storesync

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// SetupAsk pages through what needs a person at one store.
type SetupAsk struct {
	After string // SetupPage.Next of the page before; "": from the first
	Limit int    // 1 to MaxItemsPage; 0 means DefaultItemsPage
}

// SetupPage is what needs a person at one store: first what its jobs could not
// bring, then items that syncs created, by kind and key.
type SetupPage struct {
	Store StoreName   `json:"store"`
	Items []SetupItem `json:"items"`
	Next  string      `json:"next,omitempty"` // what to ask after for the rest
}

// Why an item needs a person.
const (
	SetupParked    = "parked"    // a job could not bring it
	SetupReference = "reference" // it came without what it refers to
	SetupLocal     = "local"     // a sync created it, and what never travels is not set
)

// SetupItem is one item that needs a person.
type SetupItem struct {
	Sort   string       `json:"sort"` // one of those above
	Kind   string       `json:"kind"`
	Key    string       `json:"key,omitempty"` // "" if the store does not have it
	UID    string       `json:"uid"`
	Name   string       `json:"name"`
	Fields []SetupField `json:"fields,omitempty"`
	Why    string       `json:"why"`           // a sentence
	Mend   string       `json:"mend"`          // what to do about it
	Job    int64        `json:"job,omitempty"` // number of the job that told of it
}

// SetupField is one field that a person should look at.
type SetupField struct {
	Field string  `json:"field"`
	Title string  `json:"title"`
	Value *string `json:"value"` // what stands there; nil: nothing
	Why   string  `json:"why"`
}

// Setup tells what needs local setup at a store: created items whose fields that
// never travel are empty or have the mapping's default still, references that
// were left empty, and parked items.
func (s *Service) Setup(ctx context.Context, storeID string, ask SetupAsk) (page SetupPage, err error) {
	err = s.db.ViewStore(ctx, storeID, func(v *store.StoreView) error {
		page.Store, page.Items = StoreName{v.Store.ID, v.Store.Name}, []SetupItem{}
		n, err := settingUp(v)
		if err != nil {
			return err
		}
		if ask.After == "" {
			if page.Items, err = n.reported(); err != nil {
				return err
			}
		}
		page.Next, err = n.created(ask.After, pageLimit(ask.Limit), func(it SetupItem) { page.Items = append(page.Items, it) })
		return err
	})
	if err != nil {
		return page, fmt.Errorf("cannot say what needs local setup at store %s: %w", cmp.Or(page.Store.Name, storeID), err)
	}
	return page, nil
}

// SetupCounts are how many items of each store need a person.
type SetupCounts struct {
	Stores []SetupCount `json:"stores"`
	Next   string       `json:"next,omitempty"` // what to ask after for the rest
}

// SetupCount is one store's.
type SetupCount struct {
	Store      StoreName `json:"store"`
	Parked     int       `json:"parked"`
	References int       `json:"references"`
	Local      int       `json:"local"`
}

// SetupOfAll counts what needs local setup, store by store; stores where nothing
// does are left out.
func (s *Service) SetupOfAll(ctx context.Context, network string, ask StoresAsk) (out SetupCounts, err error) {
	err = s.db.View(ctx, func(v *store.View) error {
		stores, err := v.Stores(network)
		if err != nil {
			return err
		}
		l := &look{View: v, stores: stores}
		out.Stores = []SetupCount{}
		out.Next, err = l.pageOfStores(ask, func(in *store.StoreView) (bool, error) {
			n, err := s.countSetup(in)
			if some := n.Parked+n.References+n.Local > 0; err != nil || !some {
				return false, err
			}
			out.Stores = append(out.Stores, n)
			return true, nil
		})
		return err
	})
	return out, err
}

func (s *Service) countSetup(v *store.StoreView) (out SetupCount, err error) {
	out.Store = StoreName{v.Store.ID, v.Store.Name}
	if v.Store.Profile == "" {
		return out, nil // it never came
	}
	n, err := settingUp(v)
	if err != nil {
		return out, err
	}
	reported, err := n.reported()
	if err != nil {
		return out, err
	}
	for _, it := range reported {
		if it.Sort == SetupParked {
			out.Parked++
		} else {
			out.References++
		}
	}
	out.Local, err = s.counted.local(n)
	return out, err
}

// setup looks through one store.
type setup struct {
	*look
	in      *store.StoreView
	profile wire.Profile
	open    map[string][]openField // by kind: what never travels and the POS has
}

// openField is a field that a sync does not bring.
type openField struct {
	catalog.Field
	fallback string // what the mapping gives a new item, in canonical form; "" for nothing
}

func settingUp(v *store.StoreView) (*setup, error) {
	if v.Store.Profile == "" {
		return nil, refuse("it has not uploaded yet, so nobody knows what it lacks; let its agent upload")
	}
	n := &setup{look: &look{View: v.View}, in: v, open: map[string][]openField{}}
	var err error
	if n.network, err = v.Network(v.Store.Network); err != nil {
		return nil, err
	}
	if n.catalog, err = catalogOf(v.View, n.network); err != nil {
		return nil, err
	}
	if n.profile, err = v.Profile(); err != nil {
		return nil, err
	}
	p := policiesOf(n.network.Switches, Options{})
	for _, k := range n.profile.Kinds {
		kind, ok := n.catalog.Kind(k.Kind)
		if !ok || k.UploadOnly {
			continue
		}
		for _, f := range k.Fields {
			field, ok := kind.Field(f.Name)
			if ok && p.of(field) == item.Never && field.OtherEnd == "" && !f.ReadOnly {
				n.open[k.Kind] = append(n.open[k.Kind], openField{field, f.DefaultValue})
			}
		}
	}
	return n, nil
}

// created calls visit with items that a sync created and of which something is
// open, at most limit (below 0: all), and returns where it stopped; "" at the end.
func (n *setup) created(after string, limit int, visit func(SetupItem)) (next string, err error) {
	at, err := placeOf(after)
	if err != nil {
		return "", err
	}
	for {
		rows, err := n.in.Linked(at, readPage)
		if err != nil {
			return "", err
		}
		for _, row := range rows {
			it, some, err := n.needs(row)
			if err != nil {
				return "", err
			}
			if some && limit == 0 {
				return place(at), nil
			}
			if some {
				limit--
				visit(it)
			}
			at = row.ID
		}
		if len(rows) < readPage {
			return "", nil
		}
	}
}

// needs tells what is open of an item.
func (n *setup) needs(row store.Item) (out SetupItem, some bool, err error) {
	if !row.Live() || row.Birth != item.BornNetwork || row.Adopted || len(n.open[row.Kind]) == 0 {
		return out, false, nil
	}
	it, err := row.Decode()
	if err != nil {
		return out, false, err
	}
	out = SetupItem{
		Sort: SetupLocal, Kind: row.Kind, Key: row.Key, UID: row.UID, Why: "a sync created it, and what each store sets for itself is not set yet",
		Mend: "set it at the store",
	}
	for _, f := range n.open[row.Kind] {
		v := it.Fields.Get(f.Name)
		field := SetupField{Field: f.Name, Title: f.Title, Why: "it is empty"}
		switch {
		case v.IsEmpty():
		case f.fallback != "" && string(item.AppendValue(nil, v)) == f.fallback:
			field.Why = "it has what the store's mapping gives every new item"
		default:
			continue
		}
		if field.Value, err = n.shown(n.in, v); err != nil {
			return out, false, err
		}
		out.Fields = append(out.Fields, field)
	}
	out.Name = n.nameAt(it)
	return out, len(out.Fields) > 0, nil
}

func (n *setup) nameAt(it item.Item) string {
	k, _ := n.catalog.Kind(it.Kind)
	v := it.Fields.Get(k.Called())
	name := v.Str()
	if v.RefKind() != "" {
		name, _ = n.nameOf(n.in, v) // a name for people: its key will do
	}
	if name == "" {
		return it.Kind + " " + it.Key
	}
	return name
}

// place is where a list of items stopped, as a word that a URL can hold.
func place(id item.ID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(id.Kind + "\x00" + id.Key + "\x00" + strconv.FormatInt(id.Gen, 10)))
}

func placeOf(word string) (id item.ID, err error) {
	if word == "" {
		return id, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(word)
	parts := strings.Split(string(text), "\x00")
	if err == nil && len(parts) == 3 {
		if id.Gen, err = strconv.ParseInt(parts[2], 10, 64); err == nil {
			id.Kind, id.Key = parts[0], parts[1]
			return id, nil
		}
	}
	return item.ID{}, refuse("%.40q is no place in the list: ask without it for the first page", word)
}
