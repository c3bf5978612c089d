package storesync

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/wire"
)

// world is a source and a receiver with random items, under a catalogue with
// random policies.
type world struct {
	*rand.Rand
	catalog *catalog.Catalog
	kinds   []catalog.Kind
	policy  policies
	source  *salon
	branch  *salon
	aliases []store.Alias
	lost    int // values that a reset by name cost the branch
}

var kindNames = []string{"bundle", "category", "service", "vendor"}

func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 7))}
	w.catalog = w.randomCatalog()
	w.kinds = w.catalog.Kinds
	w.policy = w.randomPolicies()
	whole := wire.Profile{POS: "test"}
	for _, k := range w.kinds {
		whole.Kinds = append(whole.Kinds, profileOf(k))
	}
	w.source = newSalon("source", whole)
	w.branch = newSalon("branch", w.randomProfile(whole))
	w.branch.next = 5000
	for range 8 + w.IntN(20) {
		w.add(w.source)
		w.add(w.branch)
	}
	return w
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
		return catalog.Field{
			Name: name, Title: name, Type: "rows", Key: "reference", Ref: to, Policy: pick(w, item.Locked, item.Unlocked, item.Additive, item.Never),
			Columns: []catalog.Field{text("note", w.anyPolicy()), ref("from", "vendor", w.anyPolicy())},
		}
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
		service,
		{Name: "vendor", Title: "Vendors", Direction: catalog.Sync, Match: catalog.Match{Code: []string{"number"}, Name: "name"},
			Fields: []catalog.Field{text("name", w.anyPolicy()), text("number", item.Locked)}},
	}}
	return c
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
			return item.MustText(pick(w, "Cut", "cut ", "Colour", "Wash", "Style", "Perm "+strconv.Itoa(w.IntN(8))))
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
		key := w.ref(s, f.Ref)
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
		case len(keys) == 0:
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
	if src, err = readSource(w.source, "source", kinds, w.policy, keep, newAliases(w.aliases)); err != nil {
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
		NoAdopt: w.chance(6), OnlyNew: w.chance(8), WithoutMissingParts: w.chance(3),
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

// TestPredictionIsWhatHappens is rule 12: over random catalogues, stores,
// profiles, policies, options and edits, round after round, what the Test
// predicts from the hub's copy is what the branch reports.
func TestPredictionIsWhatHappens(t *testing.T) {
	worlds := 400
	if testing.Short() {
		worlds = 60
	}
	var total wire.Counts
	exceptions, lost := 0, 0
	for seed := range uint64(worlds) {
		w := newWorld(seed)
		for round := range 4 {
			result, listed := w.round(t, fmt.Sprintf("seed %d, round %d", seed, round))
			addCounts(&total, result.Counts)
			exceptions += listed
			if t.Failed() {
				return
			}
			w.edit(w.source)
			w.edit(w.branch)
			w.merge()
			if w.chance(3) {
				w.policy = w.randomPolicies()
			}
		}
		lost += w.lost
	}
	t.Logf("%d worlds of 4 rounds: %+v, %d exceptions, %d values reset by name", worlds, total, exceptions, lost)
	for name, n := range map[string]int{
		"created": total.Created, "adopted": total.Adopted, "updated": total.Updated, "equal": total.Equal, "kept": total.Kept, "deleted": total.Deleted,
		"retired": total.Retired, "unlinked": total.Unlinked, "skipped": total.Skipped, "parked": total.Parked, "reset by name": lost,
	} {
		if n < 20 {
			t.Errorf("only %d items were %s: the worlds are too tame to prove anything", n, name)
		}
	}
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
	from, to := b.UID("branch"), a.UID("source")
	if from != to && !slices.ContainsFunc(w.aliases, func(l store.Alias) bool { return l.Kind == kind && l.UID == from }) {
		w.aliases = append(w.aliases, store.Alias{Kind: kind, UID: from, SameAs: to})
	}
}

func (w *world) round(t *testing.T, at string) (wire.Result, int) {
	payload, src, _, whole := w.cut(t)
	r, err := readReceiver(salonCopy{w.branch}, "branch", w.branch.profile, payload.Kinds)
	if err != nil {
		t.Fatal(err)
	}
	own := w.own(t, r, payload, src, whole)
	if w.chance(4) {
		own.Reset = w.namedResets(t, at, payload, own)
	}
	predicted, err := r.predict(&payload, own, nil)
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	before := maps.Clone(w.branch.rows)
	result, created, err := w.branch.apply(payload, own)
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	w.ownItemsStay(t, at, before, payload, own)
	if predicted.Counts != result.Counts {
		t.Errorf("%s: predicted %+v, happened %+v", at, predicted.Counts, result.Counts)
	}
	want, got := comparableExceptions(result.Exceptions, created), comparableExceptions(predicted.Exceptions, nil)
	if !slices.Equal(got, want) {
		t.Errorf("%s: exceptions differ:\npredicted %q\nhappened  %q", at, missingFrom(got, want), missingFrom(want, got))
	}
	w.neverFieldsStay(t, at, payload)
	return result, len(want)
}

func missingFrom(a, b []string) (out []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

// ownItemsStay is rule 8: an item of the branch's own is deleted or changed only
// where it was adopted, or listed for deletion by name; and what is not linked
// stays so when it is only retired.
func (w *world) ownItemsStay(t *testing.T, at string, before map[item.ID]item.Item, p wire.Payload, own wire.Own) {
	listed := map[string]bool{}
	for _, it := range own.Items {
		listed[it.UID] = true
	}
	for id, was := range before {
		now := w.branch.rows[id]
		switch {
		case was.Deleted || was.Link != nil || listed[was.UID("branch")] && now.Deleted:
		case listed[was.UID("branch")] && now.Link != nil:
			t.Errorf("%s: %s %s was the branch's own, and a deletion linked it", at, id.Kind, id.Key)
		case now.Deleted || (!now.Fields.Equal(was.Fields) && now.Link == nil && !listed[was.UID("branch")]):
			t.Errorf("%s: %s %s is the branch's own, and was changed", at, id.Kind, id.Key)
		case now.Link != nil && p.Options.NoAdopt:
			t.Errorf("%s: %s %s was adopted, though the sync links none", at, id.Kind, id.Key)
		}
	}
}

// neverFieldsStay is rule 10, looked for in the bytes themselves.
func (w *world) neverFieldsStay(t *testing.T, at string, p wire.Payload) {
	for _, it := range p.Items {
		k, _ := w.catalog.Kind(it.Kind)
		for _, f := range k.Fields {
			if w.policy.of(f) == item.Never && !it.Fields.Get(f.Name).IsAbsent() {
				t.Errorf("%s: %s %s carries %s, which never travels", at, it.Kind, it.UID, f.Name)
			}
		}
	}
}

// TestPredictionControl: a Test that forgets one thing is caught.
func TestPredictionControl(t *testing.T) {
	for seed := range uint64(60) {
		w := newWorld(seed)
		payload, _, _, _ := w.cut(t)
		r, err := readReceiver(salonCopy{w.branch}, "branch", w.source.profile, payload.Kinds) // the wrong profile
		if err != nil {
			t.Fatal(err)
		}
		predicted, err := r.predict(&payload, wire.Own{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		result, _, err := w.branch.apply(payload, wire.Own{})
		if err != nil {
			t.Fatal(err)
		}
		if predicted.Counts != result.Counts {
			return
		}
	}
	t.Error("predictions with the wrong profile were all right: the comparison proves nothing")
}
