package storesync

import (
	"math/rand/v2"
	"slices"
	"strconv"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// world is a network of salons with random items, under a catalogue with random
// policies, in which one syncs to another.
type world struct {
	*rand.Rand
	catalog *catalog.Catalog
	kinds   []catalog.Kind
	policy  policies
	salons  []*salon // head office first
	source  *salon
	branch  *salon
	aliases []store.Alias
	lost    int    // values that a reset by name cost the branch
	held    matrix // what was seen of S3's matrices
}

var kindNames = []string{"bundle", "category", "house", "service", "vendor"}

func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 7))}
	w.catalog = w.randomCatalog()
	w.kinds = w.catalog.Kinds
	w.policy = w.randomPolicies()
	whole := wire.Profile{POS: "test"}
	for _, k := range w.kinds {
		whole.Kinds = append(whole.Kinds, profileOf(k))
	}
	w.salons = []*salon{newSalon("head", whole)}
	for i, id := range []string{"uptown", "downtown"} {
		w.salons = append(w.salons, newSalon(id, w.randomProfile(whole)))
		w.salons[i+1].next = 4000 + 3000*i
	}
	for range 8 + w.IntN(20) {
		for _, s := range w.salons {
			w.add(s)
		}
	}
	w.source, w.branch = w.salons[0], w.salons[1]
	return w
}

// partners chooses who syncs to whom: head office to a branch, as a rule, and
// often the same as before.
func (w *world) partners() {
	if w.chance(2) {
		return
	}
	order := w.Perm(len(w.salons))
	if at := slices.Index(order, 0); at > 0 && !w.chance(5) {
		order[0], order[at] = order[at], order[0]
	}
	w.source, w.branch = w.salons[order[0]], w.salons[order[1]]
}

// randomPolicies are the network's switches and the options of a sync.
func (w *world) randomPolicies() policies {
	o := Options{Prices: pick(w, "", PricesAsNetwork, PricesYes, PricesNo), NoRestrictions: w.chance(4)}
	return policiesOf(map[string]bool{"price_sync": w.chance(2)}, o)
}

func (w *world) chance(of int) bool { return w.IntN(of) == 0 }

func pick[T any](w *world, of ...T) T { return of[w.IntN(len(of))] }

func (w *world) anyPolicy() item.Policy {
	return pick(w, item.Locked, item.Locked, item.Unlocked, item.Unlocked, item.Never)
}

func (w *world) randomCatalog() *catalog.Catalog {
	text := func(name string, p item.Policy) catalog.Field {
		return catalog.Field{Name: name, Title: name, Type: "text", Policy: p}
	}
	ref := func(name, to string, p item.Policy) catalog.Field {
		return catalog.Field{Name: name, Title: name, Type: "reference", Ref: to, Policy: p}
	}
	rows := func(name, to string) catalog.Field {
		f := catalog.Field{
			Name: name, Title: name, Type: "rows", Key: "reference", Ref: to, Policy: pick(w, item.Locked, item.Unlocked, item.Additive, item.Never),
			Columns: []catalog.Field{text("note", w.anyPolicy()), ref("from", "vendor", w.anyPolicy())},
		}
		for i := range f.Columns {
			if f.Policy == item.Never {
				f.Columns[i].Policy = item.Never
			}
		}
		return f
	}
	price := catalog.Field{Name: "price", Title: "Price", Type: "decimal", Policy: item.Unlocked, LockedWhen: "price_sync"}
	active := catalog.Field{Name: "active", Title: "Active", Type: "bool", Policy: item.Unlocked}
	service := catalog.Kind{
		Name: "service", Title: "Services", Direction: catalog.Sync, Match: catalog.Match{Name: "name", Category: "category"}, Active: "active",
		Fields: []catalog.Field{text("name", item.Locked), ref("category", "category", pick(w, item.Locked, item.Unlocked)), text("sku", item.Locked),
			text("note", w.anyPolicy()), price, active, rows("parts", pick(w, "service", "vendor", "bundle")), text("tax", item.Never), rates(price, active)},
		Prices: &catalog.Prices{When: "price_sync", Fields: []string{"price"}, Rows: "rates", Active: pick(w, "", "active")}, Restrictions: []string{"note", "parts"},
	}
	if w.chance(2) {
		service.Match.Code = pick(w, []string{"sku"}, []string{"sku", "category"})
	}
	c := &catalog.Catalog{Kinds: []catalog.Kind{
		{Name: "bundle", Title: "Bundles", Direction: catalog.Sync, Match: catalog.Match{Name: "name"},
			Fields: []catalog.Field{text("name", item.Locked), rows("services", "service"), ref("first", "service", w.anyPolicy())}},
		{Name: "category", Title: "Categories", Direction: catalog.Sync, Match: catalog.Match{Name: "name"}, Active: "active",
			Fields: []catalog.Field{text("name", item.Locked), ref("parent", "category", w.anyPolicy()), active}},
		{Name: "house", Title: "House rules", Direction: catalog.Sync, Match: catalog.Match{Singleton: true},
			Fields: []catalog.Field{text("greeting", w.anyPolicy()), text("number", item.Never), ref("favourite", "service", w.anyPolicy()),
				{Name: "addresses", Title: "Addresses", Type: "rows", Key: "text", Policy: pick(w, item.Locked, item.Additive, item.Additive), AllowList: true,
					Columns: []catalog.Field{text("note", w.anyPolicy())}}}},
		service,
		{Name: "vendor", Title: "Vendors", Direction: catalog.Sync, Match: catalog.Match{Code: []string{"number"}, Name: "name"},
			Fields: []catalog.Field{text("name", pick(w, item.Locked, item.Unlocked)), text("number", item.Locked)}},
	}}
	for i := range c.Kinds {
		c.Kinds[i].Help = "A kind."
	}
	return w.randomPreset().Over(c)
}

// randomPreset: most networks begin as the catalogue says; the others' fields are
// head office's, with or without the lists that a branch adds to.
func (w *world) randomPreset() catalog.Preset {
	switch w.IntN(5) {
	case 0:
		return catalog.Preset{Rules: []catalog.PresetRule{{Policies: []item.Policy{item.Unlocked}, Become: item.Locked}}}
	case 1:
		return catalog.Preset{Rules: []catalog.PresetRule{{RefersTo: []string{"vendor"}, Keep: true}, {Policies: []item.Policy{item.Unlocked, item.Additive}, Become: item.Locked}}}
	}
	return catalog.Preset{}
}

// rates are prices by vendor.
func rates(price, active catalog.Field) catalog.Field {
	return catalog.Field{Name: "rates", Title: "Rates", Type: "rows", Key: "reference", Ref: "vendor", Policy: item.Unlocked, Columns: []catalog.Field{price, active}}
}

func profileOf(k catalog.Kind) wire.ProfileKind {
	out := wire.ProfileKind{Kind: k.Name, CanDelete: true}
	for _, f := range k.Fields {
		pf := wire.ProfileField{Name: f.Name}
		for _, c := range f.Columns {
			pf.Columns = append(pf.Columns, c.Name)
		}
		out.Fields = append(out.Fields, pf)
	}
	return out
}

func (w *world) randomProfile(whole wire.Profile) wire.Profile {
	out := wire.Profile{POS: "test"}
	for _, k := range whole.Kinds {
		if w.chance(12) {
			continue
		}
		k.Fields = slices.Clone(k.Fields)
		k.Fields = slices.DeleteFunc(k.Fields, func(f wire.ProfileField) bool { return f.Name != "name" && w.chance(10) })
		for i := range k.Fields {
			k.Fields[i].ReadOnly = k.Fields[i].Name != "name" && w.chance(15)
			k.Fields[i].Required = w.chance(10)
			if len(k.Fields[i].Columns) > 0 && w.chance(5) {
				k.Fields[i].Columns = k.Fields[i].Columns[:1]
			}
		}
		k.CanDelete = !w.chance(5)
		if w.chance(20) {
			k.Paused = "its table is gone"
		}
		k.UploadOnly = w.chance(20)
		out.Kinds = append(out.Kinds, k)
	}
	return out
}

// add makes an item with values from so small a stock that matches, twins and
// clashes are common.
func (w *world) add(s *salon) {
	k := w.kinds[w.IntN(len(w.kinds))]
	i := slices.IndexFunc(s.profile.Kinds, func(p wire.ProfileKind) bool { return p.Kind == k.Name })
	if i < 0 {
		return
	}
	s.next++
	id := item.ID{Kind: k.Name, Key: strconv.Itoa(s.next), Gen: 1}
	if dead := w.deadKey(s, k.Name); dead != "" && w.chance(3) {
		id.Key = dead
		for _, old := range s.ids(k.Name) {
			if old.Key == dead {
				id.Gen = old.Gen + 1
			}
		}
	}
	s.put(item.Item{ID: id, Fields: w.fields(s, k, s.profile.Kinds[i])})
}

func (w *world) deadKey(s *salon, kind string) string {
	for _, id := range s.ids(kind) {
		if _, ok := s.live(kind, id.Key); !ok {
			return id.Key
		}
	}
	return ""
}

func (w *world) fields(s *salon, k catalog.Kind, mapped wire.ProfileKind) item.Fields {
	var out item.Fields
	for _, pf := range mapped.Fields {
		f, _ := k.Field(pf.Name)
		out = out.With(f.Name, w.value(s, f, pf.Columns))
	}
	return out
}

func (w *world) value(s *salon, f catalog.Field, columns []string) item.Value {
	switch f.Type {
	case "text":
		if f.Name == "name" {
			return item.MustText(pick(w, "Cut", "cut ", "Colour", "Wash", "Style", "Perm "+strconv.Itoa(w.IntN(8)), "Perm "+strconv.Itoa(w.IntN(8))))
		}
		return pick(w, item.Value{}, item.Null(), item.MustText(""), item.MustText("a"), item.MustText("b"), item.MustText(strconv.Itoa(w.IntN(30))))
	case "decimal":
		return item.MustDecimal(strconv.Itoa(w.IntN(4)))
	case "bool":
		return item.Bool(w.chance(2))
	case "reference":
		return w.ref(s, f.Ref)
	}
	var rows []item.Row
	for range w.IntN(4) {
		key := item.MustText(strconv.Itoa(w.IntN(5)))
		if f.Key == "reference" {
			key = w.ref(s, f.Ref)
		}
		if key.IsEmpty() || slices.ContainsFunc(rows, func(r item.Row) bool { return r.Key.Equal(key) }) {
			continue
		}
		var cols item.Fields
		for _, name := range columns {
			c, _ := f.Column(name)
			cols = cols.With(name, w.value(s, c, nil))
		}
		rows = append(rows, item.Row{Key: key, Cols: cols})
	}
	v, err := item.Rows(rows)
	if err != nil {
		panic(err)
	}
	return v
}

func (w *world) ref(s *salon, kind string) item.Value {
	keys := s.liveKeys(kind)
	if len(keys) == 0 || w.chance(6) {
		return pick(w, item.Null(), item.Null(), item.Ref(kind, "77"))
	}
	return item.Ref(kind, keys[w.IntN(len(keys))])
}

// edit changes something at a salon, as its staff would.
func (w *world) edit(s *salon) {
	for range w.IntN(8) {
		kind := w.kinds[w.IntN(len(w.kinds))]
		keys := s.liveKeys(kind.Name)
		switch i := slices.IndexFunc(s.profile.Kinds, func(p wire.ProfileKind) bool { return p.Kind == kind.Name }); {
		case i < 0 || w.chance(4):
			w.add(s)
		case len(keys) == 0 || len(s.profile.Kinds[i].Fields) == 0:
		case w.chance(5):
			s.kill(kind.Name, keys[w.IntN(len(keys))])
		default:
			it, _ := s.live(kind.Name, keys[w.IntN(len(keys))])
			mapped := s.profile.Kinds[i].Fields
			pf := mapped[w.IntN(len(mapped))]
			f, _ := kind.Field(pf.Name)
			it.Fields = it.Fields.With(f.Name, w.value(s, f, pf.Columns))
			s.put(it)
		}
	}
}

// failer ends a test: that of testing, or of rapid.
type failer interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// sync selects, cuts and returns a job's contents as they travel.
func (w *world) cut(t failer) (payload wire.Payload, src *source, c *cutting, whole []string) {
	var selected []Selection
	for _, k := range kindNames {
		if w.chance(4) {
			continue
		}
		s := Selection{Kind: k, All: true}
		if keys := w.source.liveKeys(k); w.chance(4) && len(keys) > 0 {
			s = Selection{Kind: k, Keys: keys[:1+w.IntN(len(keys))]}
		}
		if kind, _ := w.catalog.Kind(k); kind.Active != "" && w.chance(6) {
			s.Active = pick(w, OnlyActive, OnlyInactive)
		}
		selected = append(selected, s)
		if s.whole() {
			whole = append(whole, k)
		}
	}
	if len(selected) == 0 {
		selected, whole = []Selection{{Kind: "service", All: true}}, []string{"service"}
	}
	kinds, err := concerned(w.catalog, selected, w.policy, false)
	if err != nil {
		t.Fatal(err)
	}
	order, _ := kindOrder(kinds, w.policy)
	keep := func(kind string) bool {
		return slices.ContainsFunc(selected, func(s Selection) bool { return s.Kind == kind })
	}
	if src, err = readSource(w.source, w.source.id, kinds, w.policy, keep, newAliases(w.aliases)); err != nil {
		t.Fatal(err)
	}
	picked := chosen{}
	for _, s := range selected {
		if w.chance(6) {
			src.kinds[s.Kind].from = since{rev: int64(w.IntN(int(w.source.rev) + 1))}
			whole = slices.DeleteFunc(whole, func(k string) bool { return k == s.Kind })
		}
		if err := src.chooseKind(picked, s); err != nil {
			t.Fatal(err)
		}
	}
	c = &cutting{src: src, order: order, chosen: picked, epoch: "e1", options: wire.Options{
		NoAdopt: w.chance(6), OnlyNew: w.chance(8), OnlyLinked: w.chance(12), WithoutMissingParts: w.chance(3),
	}}
	c.cut()
	slices.SortFunc(whole, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
	return w.travel(t, c.payload), src, c, whole
}

func (w *world) travel(t failer, p wire.Payload) wire.Payload {
	lines, _, err := wire.EncodePayload(p)
	if err != nil {
		t.Fatal(err)
	}
	out, err := wire.DecodePayload(lines)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// own decides, resets and deletes at random.
func (w *world) own(t failer, r *receiver, payload wire.Payload, src *source, whole []string) (own wire.Own) {
	own.Decisions, own.Reset = map[string]string{}, map[string][]string{}
	for _, it := range payload.Items {
		if keys := w.branch.liveKeys(it.Kind); w.chance(12) && len(keys) > 0 {
			own.Decisions[it.UID] = pick(w, "", keys[w.IntN(len(keys))])
		}
		if w.chance(12) && len(it.Fields) > 0 {
			own.Reset[it.UID] = []string{it.Fields[w.IntN(len(it.Fields))].Name}
		}
	}
	if how := pick(w, DeleteNo, DeleteLinked, DeleteAll); how != DeleteNo {
		var targets []item.ID
		var err error
		own.Items, targets, err = newDeletes(src, how, whole).of(w.branch, r, own.Decisions)
		if err != nil {
			t.Fatal(err)
		}
		if r.refs, err = readReferrers(w.branch, w.catalog, w.branch.profile, targets); err != nil {
			t.Fatal(err)
		}
	}
	lines, _, err := wire.EncodeOwn(own)
	if err != nil {
		t.Fatal(err)
	}
	if own, err = wire.DecodeOwn(lines); err != nil {
		t.Fatal(err)
	}
	return own
}

// merge marks two items of the network as the same, now and then.
func (w *world) merge() {
	kind := kindNames[w.IntN(len(kindNames))]
	ours, theirs := w.source.liveKeys(kind), w.branch.liveKeys(kind)
	if !w.chance(4) || len(ours) == 0 || len(theirs) == 0 {
		return
	}
	a, _ := w.source.live(kind, ours[w.IntN(len(ours))])
	b, _ := w.branch.live(kind, theirs[w.IntN(len(theirs))])
	from, to := b.UID(w.branch.id), a.UID(w.source.id)
	if from != to && !slices.ContainsFunc(w.aliases, func(l store.Alias) bool { return l.Kind == kind && l.UID == from }) {
		w.aliases = append(w.aliases, store.Alias{Kind: kind, UID: from, SameAs: to})
	}
}
