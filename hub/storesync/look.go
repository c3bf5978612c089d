package storesync

import (
	"fmt"
	"slices"
	"strings"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"

	"github.com/google/uuid"
)

// ItemRef names one item of a network for a question about it.
type ItemRef struct {
	Kind string
	// Item is a uid, or the key or name that the item has at the store At; "-" is a
	// store's only item of settings.
	Item string
	At   string // id; "": the store that the kind usually comes from
}

// inWords is how the item was named, for an error.
func (r ItemRef) inWords() string { return r.Kind + " " + quoted(r.Item) }

// FoundItem is the item that a question is about.
type FoundItem struct {
	Kind string    `json:"kind"`
	UID  string    `json:"uid"`
	Name string    `json:"name"`
	Key  string    `json:"key"` // at the store At
	At   StoreName `json:"at"`
	// Gone: the store At has deleted it, and others have copies of it still.
	Gone bool `json:"gone,omitempty"`
}

// look is a question about one item of a network, within one snapshot.
type look struct {
	*store.View
	network  store.Network
	settings Settings
	catalog  *catalog.Catalog
	kind     catalog.Kind
	stores   []store.Store // by name
	aliases  aliases
	usual    store.Store // that the kind comes from
	hasUsual bool
	found    FoundItem
	uids     []string // that mean the item
}

// lookAt finds the item. It fails with ErrRequest if the name does not tell which
// is meant, or nothing has it.
func lookAt(v *store.View, network string, ref ItemRef) (*look, error) {
	l := &look{View: v}
	if err := l.read(network, ref.Kind); err != nil {
		return nil, err
	}
	if ref.Item == "" {
		return nil, refuse("no item is named; give its name, key or uid")
	}
	if err := l.find(ref); err != nil {
		return nil, err
	}
	canonical := l.aliases.canonical(l.kind.Name, l.found.UID)
	l.found.UID, l.uids = canonical, append([]string{canonical}, l.aliases.others(l.kind.Name, canonical)...)
	return l, nil
}

func (l *look) read(network, kind string) (err error) {
	if l.network, err = l.Network(network); err != nil {
		return err
	}
	if l.settings, err = SettingsOf(l.network); err != nil {
		return err
	}
	if l.catalog, err = catalogOf(l.View, l.network); err != nil {
		return err
	}
	var ok bool
	if l.kind, ok = l.catalog.Kind(kind); !ok {
		return refuse("the network's catalogue has no kind %.40q", kind)
	}
	if l.kind.Direction == catalog.UploadOnly {
		return refuse("%s only goes up from the stores: an item of it is one store's alone", kind)
	}
	if l.stores, err = l.Stores(l.network.ID); err != nil {
		return err
	}
	known, err := l.Aliases(l.network.ID, kind)
	if err != nil {
		return err
	}
	l.aliases = newAliases(known)
	l.usual, l.hasUsual = l.settings.usual(kind, l.stores)
	return nil
}

// find looks for a uid in every store, and for a key or name in one.
func (l *look) find(ref ItemRef) error {
	if _, err := uuid.Parse(ref.Item); err == nil && ref.At == "" {
		found, err := l.findUID(ref.Item)
		if err != nil || found {
			return err
		}
	}
	at := ref.At
	if at == "" && l.hasUsual {
		at = l.usual.ID
	}
	if at == "" {
		return refuse("%s comes from no store of this network: name the one whose item it is (--at)", l.kind.Name)
	}
	in, err := l.In(at)
	if err != nil {
		return err
	}
	if in.Store.Network != l.network.ID {
		return fmt.Errorf("store %s: %w", at, store.ErrNotFound)
	}
	return l.findIn(in, ref.Item)
}

func (l *look) findUID(uid string) (bool, error) {
	has, err := l.StoresWith(l.network.ID, l.kind.Name, []string{uid})
	if err != nil {
		return false, err
	}
	for _, s := range l.stores {
		if !has[s.ID] {
			continue
		}
		in, err := l.In(s.ID)
		if err != nil {
			return false, err
		}
		rows, err := in.ItemsByUID(l.kind.Name, uid)
		if err != nil {
			return false, err
		}
		if i := slices.IndexFunc(rows, store.Item.Live); i >= 0 {
			return true, l.settle(in, rows[i])
		}
	}
	return false, nil
}

// findIn finds the item of that key, else the one of that name.
func (l *look) findIn(in *store.StoreView, text string) error {
	gens, err := in.Gens(l.kind.Name, text)
	if err != nil {
		return err
	}
	if len(gens) > 0 && gens[0].Live() {
		return l.settle(in, gens[0])
	}
	var named, gone []store.Item
	err = eachItem(copyOf{in}, l.kind.Name, func(at store.Item, it item.Item) error {
		switch {
		case !(l.kind.Match.Singleton && text == "-") && !l.isCalled(in, it, text) && (at.Live() || it.Key != text):
		case at.Live():
			named = append(named, at)
		default:
			gone = append(gone, at)
		}
		return nil
	})
	if err == nil && len(named) == 0 {
		named, err = l.copied(in, gone)
	}
	switch {
	case err != nil:
		return err
	case len(named) == 0:
		return refuse("store %s has no %s of the key or name %s; name the store that has it (--at)", in.Store.Name, l.kind.Name, quoted(text))
	case len(named) > 1:
		return refuse("store %s has several of %s that are called %s: name one by its key (%s)", in.Store.Name, l.kind.Name, quoted(text), strings.Join(storedKeys(named), ", "))
	}
	return l.settle(in, named[0])
}

// copied are those of a store's deleted items that others have copies of.
func (l *look) copied(in *store.StoreView, gone []store.Item) (out []store.Item, err error) {
	for _, g := range gone {
		with, err := l.StoresWith(l.network.ID, l.kind.Name, []string{g.UID})
		if err != nil {
			return nil, err
		}
		if delete(with, in.Store.ID); len(with) > 0 {
			out = append(out, g)
		}
	}
	return out, nil
}

func storedKeys(rows []store.Item) (keys []string) {
	for _, r := range rows {
		keys = append(keys, r.Key)
	}
	return firstFew(keys, 10)
}

func (l *look) isCalled(in *store.StoreView, it item.Item, text string) bool {
	name, err := l.called(in, it)
	return err == nil && item.NormalName(name) == item.NormalName(text)
}

// called is what people call an item of the kind.
func (l *look) called(in *store.StoreView, it item.Item) (string, error) {
	v := it.Fields.Get(l.kind.Called())
	if v.RefKind() != "" {
		return l.nameOf(in, v)
	}
	return v.Str(), nil
}

// nameOf is what people call the item that a reference of a store refers to; ""
// if the store has none.
func (l *look) nameOf(in *store.StoreView, ref item.Value) (string, error) {
	rows, err := in.Gens(ref.RefKind(), ref.Str())
	if err != nil || len(rows) == 0 || !rows[0].Live() {
		return "", err
	}
	it, err := rows[0].Decode()
	if err != nil {
		return "", err
	}
	k, _ := l.catalog.Kind(ref.RefKind())
	return it.Fields.Get(k.Called()).Str(), nil
}

func (l *look) settle(in *store.StoreView, row store.Item) error {
	it, err := row.Decode()
	if err != nil {
		return err
	}
	l.found = FoundItem{Kind: l.kind.Name, UID: it.UID(in.Store.ID), Key: it.Key, At: StoreName{in.Store.ID, in.Store.Name}, Gone: !row.Live()}
	l.found.Name, err = l.called(in, it)
	if l.found.Name == "" {
		l.found.Name = l.kind.Name + " " + it.Key
	}
	return err
}

// held is the store's item that means the one looked for; ok is false if it has
// none.
func (l *look) held(in *store.StoreView) (it item.Item, ok bool, err error) {
	for _, uid := range l.uids {
		rows, err := in.ItemsByUID(l.kind.Name, uid)
		if err != nil {
			return it, false, err
		}
		if i := slices.IndexFunc(rows, store.Item.Live); i >= 0 {
			it, err := rows[i].Decode()
			return it, err == nil, err
		}
	}
	return it, false, nil
}

// Limits of a page of stores.
const (
	DefaultStoresPage = 50
	MaxStoresPage     = 200
)

// StoresAsk pages through the stores of a network, by name.
type StoresAsk struct {
	After string // stores up to that name are left out
	Limit int    // 1 to MaxStoresPage; 0 means DefaultStoresPage
}

// holding leaves out of the question stores that do not have the item, or those that
// do: thousands of stores are not looked into one by one for the few that are meant.
func (l *look) holding(has bool) error {
	with, err := l.StoresWith(l.network.ID, l.kind.Name, l.uids)
	if err == nil {
		l.stores = slices.DeleteFunc(l.stores, func(s store.Store) bool { return with[s.ID] != has })
	}
	return err
}

// pageOfStores calls visit with one store after the other until it has said yes
// as often as the page is long, and returns what to ask after for the rest; "" if
// there is none.
func (l *look) pageOfStores(ask StoresAsk, visit func(*store.StoreView) (taken bool, err error)) (next string, err error) {
	limit := ask.Limit
	if limit <= 0 {
		limit = DefaultStoresPage
	}
	limit = min(limit, MaxStoresPage)
	last := ""
	for _, s := range l.stores {
		if s.Name <= ask.After {
			continue
		}
		if limit == 0 {
			return last, nil
		}
		in, err := l.In(s.ID)
		if err != nil {
			return "", err
		}
		taken, err := visit(in)
		if err != nil {
			return "", fmt.Errorf("cannot look at store %s: %w", s.Name, err)
		}
		if taken {
			limit--
		}
		last = s.Name
	}
	return "", nil
}
