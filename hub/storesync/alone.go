package storesync

import (
	"slices"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// alone is what a sync of one item alone, from the store that its kind usually
// comes from, would bring now.
type alone struct {
	*look
	payload wire.Payload
	row     *row
	byName  bool // some reference is matched by name
}

// alone cuts it. It fails with ErrRequest if no store is the kind's source, or it
// does not have the item.
func (l *look) alone() (*alone, error) {
	if !l.hasUsual {
		return nil, refuse("%s comes from no store of this network: make one its usual source (plait-hub network set --usual)", l.kind.Name)
	}
	in, err := l.In(l.usual.ID)
	if err != nil {
		return nil, err
	}
	p := policiesOf(l.network.Switches, Options{})
	kinds, err := concerned(l.catalog, []Selection{{Kind: l.kind.Name, All: true}}, p, false)
	if err != nil {
		return nil, err
	}
	var known []store.Alias
	for _, k := range kinds {
		list, err := l.Aliases(l.network.ID, k.Name)
		if err != nil {
			return nil, err
		}
		known = append(known, list...)
	}
	src, err := readSource(copyOf{in}, l.usual.ID, kinds, p, func(kind string) bool { return kind == l.kind.Name }, newAliases(known))
	if err != nil {
		return nil, err
	}
	a := &alone{look: l, row: src.kinds[l.kind.Name].byUID[l.found.UID]}
	if a.row == nil {
		return nil, refuse("store %s, from which %s usually comes, does not have it, so no sync brings it; plait-hub item where says who has it", l.usual.Name, l.kind.Name)
	}
	epoch, err := l.HubEpoch()
	if err != nil {
		return nil, err
	}
	order, _ := kindOrder(kinds, p)
	c := &cutting{src: src, order: order, chosen: chosen{}, options: wire.Options{NoAdopt: l.settings.NoAdopt}, epoch: epoch.Epoch}
	c.chosen.add(l.kind.Name, a.row.Key)
	c.cut()
	a.payload = c.payload
	for _, k := range a.payload.Kinds {
		a.byName = a.byName || slices.ContainsFunc(k.Fields, func(f wire.PayloadField) bool { return f.ByName })
	}
	return a, nil
}

// at runs the merge of the item over the hub's copy of a store.
func (a *alone) at(in *store.StoreView, r *receiver) (merge.ItemPlan, *merge.Planner, error) {
	planner := merge.NewPlanner(&a.payload, wire.Own{}, r.profile, r.index, r)
	plan, err := planner.Plan(0)
	return plan, planner, err
}

// linked reads of a store what merging an item needs that is linked there: the
// item, and what it and its payload refer to. ok is false if the store does not
// have it by its uid: then nothing less than all its items can tell what it
// matches.
func (a *alone) linked(in *store.StoreView) (r *receiver, local item.Item, ok bool, err error) {
	local, ok, err = a.held(in)
	if err != nil || !ok {
		return nil, local, false, err
	}
	profile, err := in.Profile()
	if err != nil {
		return nil, local, false, err
	}
	if a.byName {
		r, err = readReceiver(copyOf{in}, in.Store.ID, profile, a.payload.Kinds)
		return r, local, err == nil, err
	}
	r = &receiver{store: in.Store.ID, held: copyOf{in}, profile: profile, index: merge.NewIndex(in.Store.ID, a.payload.Kinds), over: map[[2]string]item.Item{}}
	r.index.Put(local)
	var refs []item.Value
	eachRef(local.Fields, func(ref item.Value) { refs = append(refs, ref) })
	eachRef(a.payload.Items[0].Fields, func(ref item.Value) { refs = append(refs, ref) })
	for _, ref := range refs {
		if err := a.put(in, r, ref); err != nil {
			return nil, local, false, err
		}
	}
	return r, local, true, nil
}

// put reads what a reference refers to: by key one of the store's, by uid one of
// a payload.
func (a *alone) put(in *store.StoreView, r *receiver, ref item.Value) error {
	rows, err := in.ItemsByUID(ref.RefKind(), ref.Str())
	if ref.Type() == item.TypeRef {
		rows, err = in.Gens(ref.RefKind(), ref.Str())
	}
	if err != nil {
		return err
	}
	for _, row := range rows {
		if !row.Live() {
			continue
		}
		it, err := row.Decode()
		if err != nil {
			return err
		}
		r.index.Put(it)
	}
	return nil
}
