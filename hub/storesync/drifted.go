package storesync

import (
	"slices"
	"strings"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/merge"
)

// drifts looks through one store.
type drifts struct {
	*look
	in    *store.StoreView
	kinds map[string]*driftKind
	own   map[string]map[string]bool // of a kind, how the store's own items are called
}

// driftKind is a kind as it is held at the store.
type driftKind struct {
	catalog.Kind
	held    bool   // locks and forbidden operations apply to it here
	fixed   string // the field of the category, where items may not be moved
	to      []string
	aliases aliases
}

func driftsOf(v *store.StoreView) (*drifts, error) {
	d := &drifts{look: &look{View: v.View}, in: v, kinds: map[string]*driftKind{}, own: map[string]map[string]bool{}}
	var err error
	if d.network, err = v.Network(v.Store.Network); err != nil {
		return nil, err
	}
	if d.settings, err = SettingsOf(d.network); err != nil {
		return nil, err
	}
	if d.catalog, err = catalogOf(v.View, d.network); err != nil {
		return nil, err
	}
	d.stores, err = v.Stores(v.Store.Network)
	return d, err
}

// knows refuses a kind that the catalogue has not; "" is every kind.
func (d *drifts) knows(kind string) error {
	if _, ok := d.catalog.Kind(kind); kind != "" && !ok {
		return refuse("the network's catalogue has no kind %.40q", kind)
	}
	return nil
}

// walk calls visit with what drifted, at most limit (below 0: all), and returns
// where it stopped; "" at the end.
func (d *drifts) walk(kind, after string, limit int, visit func(DriftItem)) (next string, err error) {
	at, err := placeOf(after)
	if err != nil {
		return "", err
	}
	if at.Kind < kind {
		at = item.ID{Kind: kind}
	}
	for {
		rows, err := d.in.Linked(at, readPage)
		if err != nil {
			return "", err
		}
		for _, row := range rows {
			if kind != "" && row.Kind != kind {
				return "", nil
			}
			it, some, err := d.drifted(row)
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

// kindOf reads once what there is to know of a kind. In the store that a kind
// usually comes from nothing of it is locked (decision 9).
func (d *drifts) kindOf(name string) (*driftKind, error) {
	if k := d.kinds[name]; k != nil {
		return k, nil
	}
	found, ok := d.catalog.Kind(name)
	k := &driftKind{Kind: found, fixed: found.Fixed()}
	usual, some := d.settings.usual(name, d.stores)
	k.held = ok && found.Direction == catalog.Sync && !(some && usual.ID == d.in.Store.ID)
	for _, o := range found.Operations {
		if to, converts := strings.CutPrefix(o.Name, "convert_to_"); converts && !o.Allowed {
			k.to = append(k.to, to)
		}
	}
	known, err := d.Aliases(d.network.ID, name)
	k.aliases = newAliases(known)
	d.kinds[name] = k
	return k, err
}

func (d *drifts) drifted(row store.Item) (out DriftItem, some bool, err error) {
	if row.Birth == "" {
		return out, false, nil
	}
	k, err := d.kindOf(row.Kind)
	if err != nil || !k.held {
		return out, false, err
	}
	it, err := row.Decode()
	if err != nil {
		return out, false, err
	}
	out = DriftItem{Kind: row.Kind, Key: row.Key, UID: row.UID}
	if row.Live() {
		some, err = d.changed(k, it, &out)
	} else {
		some, err = d.gone(k, row, it, &out)
	}
	if err == nil && some {
		d.kind = k.Kind
		if out.Name, err = d.called(d.in, it); out.Name == "" {
			out.Name = it.Kind + " " + it.Key
		}
	}
	return out, some, err
}

// left reports whether a field is the store's own by now: it is not synced any more, and
// what its link remembers of a time when it was locks nothing.
func (d *drifts) left(k *driftKind, field string) bool {
	f, ok := k.Field(field)
	return ok && policiesOf(d.network.Switches, Options{}).of(f) == item.Never
}

// changed tells which locked fields of a living item differ from their base.
func (d *drifts) changed(k *driftKind, it item.Item, out *DriftItem) (bool, error) {
	list := slices.DeleteFunc(merge.Drift(it, k.fixed), func(x merge.FieldDrift) bool { return d.left(k, x.Name) })
	for _, x := range list {
		f, _ := k.Field(x.Name)
		field := DriftField{Field: x.Name, Title: f.Title}
		var err error
		if field.Base, err = d.shown(d.in, x.Base); err != nil {
			return false, err
		}
		if field.Value, err = d.shown(d.in, x.Value); err != nil {
			return false, err
		}
		if x.Name == k.fixed {
			out.Operation = DriftMoved
		}
		out.Fields = append(out.Fields, field)
	}
	out.Why, out.Mend = "what is locked was changed here", "the next sync sets it back"
	if out.Operation == DriftMoved {
		out.Why, out.Mend = "it was moved to another category, which a store may not do with it", "the next sync moves it back"
	}
	if len(list) == 0 {
		return false, nil
	}
	var err error
	if out.Refused, err = d.unrepaired(it); out.Refused != "" {
		out.Why += "; the store was to undo that by itself, but " + out.Refused
	}
	return true, err
}

// gone tells whether a tombstone is of an item that the store may not delete: no
// sync deleted it, its source still has it, and it has not come back.
func (d *drifts) gone(k *driftKind, row store.Item, it item.Item, out *DriftItem) (bool, error) {
	if !k.Forbids("delete") && len(k.to) == 0 || !it.Link.Holds() {
		return false, nil
	}
	uids := append([]string{k.aliases.canonical(k.Name, row.UID)}, k.aliases.others(k.Name, k.aliases.canonical(k.Name, row.UID))...)
	if back, err := d.replaced(k, row, uids); err != nil || back {
		return false, err
	}
	if there, err := d.atSource(k, it, uids); err != nil || !there {
		return false, err
	}
	to, err := d.convertedTo(k, it)
	switch {
	case err != nil:
		return false, err
	case to != "":
		out.Operation, out.To = DriftConverted, to
		out.Why = "it was deleted here, and there is " + to + " of the same name instead; a store may not convert it"
		out.Mend = "the next sync brings it back; what became of it stays, the store's own"
		return true, nil
	case !k.Forbids("delete"):
		return false, nil
	}
	out.Operation, out.Why, out.Mend = DriftDeleted, "it was deleted here, which a store may not do with it", "the next sync brings it back"
	return true, nil
}

// replaced: the item lives again, or a later tombstone tells of it.
func (d *drifts) replaced(k *driftKind, row store.Item, uids []string) (bool, error) {
	for _, uid := range uids {
		rows, err := d.in.ItemsByUID(k.Name, uid)
		if err != nil {
			return false, err
		}
		later := func(o store.Item) bool { return o.Live() || o.Revision > row.Revision }
		if slices.ContainsFunc(rows, later) {
			return true, nil
		}
	}
	return false, nil
}

// atSource: what its source has deleted too is nobody's to hold.
func (d *drifts) atSource(k *driftKind, it item.Item, uids []string) (bool, error) {
	from, _ := newest(it.Link, nil)
	if !slices.ContainsFunc(d.stores, func(s store.Store) bool { return s.ID == from.Store }) {
		return false, nil
	}
	in, err := d.In(from.Store)
	if err != nil {
		return false, err
	}
	for _, uid := range uids {
		rows, err := in.ItemsByUID(k.Name, uid)
		if err != nil || slices.ContainsFunc(rows, store.Item.Live) {
			return err == nil, err
		}
	}
	return false, nil
}

// convertedTo is the kind that the store made of the item: it has one of its own by
// that name. "" if there is none.
func (d *drifts) convertedTo(k *driftKind, it item.Item) (string, error) {
	name := item.NormalName(it.Fields.Get(k.Called()).Str())
	for _, to := range k.to {
		names, err := d.ownNames(to)
		if err != nil {
			return "", err
		}
		if name != "" && names[name] {
			return to, nil
		}
	}
	return "", nil
}

func (d *drifts) ownNames(kind string) (map[string]bool, error) {
	if names := d.own[kind]; names != nil {
		return names, nil
	}
	k, _ := d.catalog.Kind(kind)
	names := map[string]bool{}
	err := eachItem(copyOf{d.in}, kind, func(row store.Item, it item.Item) error {
		if row.Live() && it.Link == nil {
			names[item.NormalName(it.Fields.Get(k.Called()).Str())] = true
		}
		return nil
	})
	d.own[kind] = names
	return names, err
}
