package storesync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
)

// WhereAsk asks which stores have an item.
type WhereAsk struct {
	ItemRef
	StoresAsk
	Fields  []string // whose values are wanted; none: what it is called, and whether it is active
	Lacking bool     // asks for the stores that lack it instead
}

// WherePage tells which stores have an item, or lack it, by name.
type WherePage struct {
	Item   FoundItem `json:"item"`
	Stores []ItemAt  `json:"stores"`
	Next   string    `json:"next,omitempty"` // what to ask after for the rest
}

// How a store has an item.
const (
	HeldAsSource  = "source"  // the kind usually comes from it
	HeldAsOwn     = "own"     // its own, linked to nothing
	HeldAsCreated = "created" // a sync made it
	HeldAsAdopted = "adopted" // its own, which a sync linked
	HeldNot       = "none"
)

// ItemAt is an item at one store.
type ItemAt struct {
	Store  StoreName `json:"store"`
	How    string    `json:"how"` // one of those above
	Key    string    `json:"key,omitempty"`
	Values []ValueAt `json:"values,omitempty"`
	// Since is the job that brought its newest value; nil if it has none of a sync,
	// or the hub does not remember.
	Since *Since `json:"since,omitempty"`
	// Moved says where the store transferred it to; nil if it did not.
	Moved *Moved `json:"moved,omitempty"`
	Why   string `json:"why,omitempty"` // of a store that lacks it, in a sentence
}

// ValueAt is the value of one field.
type ValueAt struct {
	Field  string      `json:"field"`
	Title  string      `json:"title"`
	Value  *string     `json:"value"`            // nil: the store's POS has none
	Policy item.Policy `json:"policy,omitempty"` // as the last job carried it; "" if none did
}

// Where tells which stores have an item, with which value, since which sync.
func (s *Service) Where(ctx context.Context, network string, ask WhereAsk) (page WherePage, err error) {
	err = s.db.View(ctx, func(v *store.View) error {
		l, err := lookAt(v, network, ask.ItemRef)
		if err != nil {
			return err
		}
		fields, err := l.fields(ask.Fields)
		if err != nil {
			return err
		}
		page.Item, page.Stores = l.found, []ItemAt{}
		if err := l.holding(!ask.Lacking); err != nil {
			return err
		}
		c := l.carriers()
		page.Next, err = l.pageOfStores(ask.StoresAsk, func(in *store.StoreView) (bool, error) {
			at, err := l.itemAt(in, fields, c)
			if err != nil || (at.How == HeldNot) != ask.Lacking {
				return false, err
			}
			page.Stores = append(page.Stores, at)
			return true, nil
		})
		return err
	})
	if err != nil {
		return page, fmt.Errorf("cannot say which stores have %s: %w", ask.ItemRef.inWords(), err)
	}
	return page, nil
}

// fields resolves names of fields.
func (l *look) fields(names []string) (out []catalog.Field, err error) {
	if len(names) == 0 {
		names = slices.DeleteFunc([]string{l.kind.Called(), l.kind.Active}, func(n string) bool { return n == "" })
	}
	for _, name := range names {
		f, err := l.field(name)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (l *look) field(name string) (catalog.Field, error) {
	f, ok := l.kind.Field(name)
	if !ok {
		return f, refuse("%s has no field %.40q; it has %s", l.kind.Name, name, fieldList(l.kind))
	}
	return f, nil
}

func fieldList(k catalog.Kind) string {
	var names []string
	for _, f := range k.Fields {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

func (l *look) itemAt(in *store.StoreView, fields []catalog.Field, c *carriers) (at ItemAt, err error) {
	at = ItemAt{Store: StoreName{in.Store.ID, in.Store.Name}, How: HeldNot}
	it, ok, err := l.held(in)
	if err != nil {
		return at, err
	}
	if !ok {
		at.Why, err = l.whyLacking(in, c)
		return at, err
	}
	at.Key, at.How = it.Key, l.how(in, it)
	for _, f := range fields {
		value := ValueAt{Field: f.Name, Title: f.Title}
		if value.Value, err = l.shown(in, it.Fields.Get(f.Name)); err != nil {
			return at, err
		}
		if last, ok := it.Link.Field(f.Name); ok {
			value.Policy = last.Policy
		}
		at.Values = append(at.Values, value)
	}
	if l.kind.OneReceiver {
		if at.Moved, err = movedFrom(l.View, l.network.ID, l.kind.Name, l.uids, in.Store.ID); err != nil {
			return at, err
		}
	}
	if from, ok := newest(it.Link, fields); ok {
		at.Since, err = c.brought(in, from)
	}
	return at, err
}

func (l *look) how(in *store.StoreView, it item.Item) string {
	switch {
	case l.hasUsual && in.Store.ID == l.usual.ID:
		return HeldAsSource
	case it.Link == nil:
		return HeldAsOwn
	case it.Link.Adopted:
		return HeldAsAdopted
	default:
		return HeldAsCreated
	}
}

// newest is where the newest of some fields' values came from; of all fields, if
// a sync brought none of those.
func newest(link *item.Link, fields []catalog.Field) (from item.Origin, ok bool) {
	if link == nil {
		return from, false
	}
	take := func(wanted func(item.LinkField) bool) {
		for _, f := range link.Fields {
			if wanted(f) && (!ok || f.From.SyncRev > from.SyncRev) {
				from, ok = f.From, true
			}
		}
	}
	take(func(f item.LinkField) bool {
		return slices.ContainsFunc(fields, func(c catalog.Field) bool { return c.Name == f.Name })
	})
	if !ok {
		take(func(item.LinkField) bool { return true })
	}
	return from, ok
}

func (l *look) whyLacking(in *store.StoreView, c *carriers) (string, error) {
	if l.found.Gone && in.Store.ID == l.found.At.ID {
		return "it was deleted there, and its copies stay: a sync that deletes what is missing there takes them away", nil
	}
	st, err := standingOf(in)
	if err != nil {
		return "", err
	}
	if why := st.blocked(); why != "" {
		return why, nil
	}
	profile, err := in.Profile()
	if err != nil {
		return "", err
	}
	if !syncs(profile, l.kind.Name) {
		return fmt.Sprintf("its POS has no place for %s: map the kind there", l.kind.Name), nil
	}
	open, err := c.open(in)
	if err != nil {
		return "", err
	}
	if len(open) > 0 {
		return fmt.Sprintf("job %d, %s, brings it and is %s", open[0].Number, quoted(open[0].Label), open[0].State), nil
	}
	return "no sync has brought it, or the store's own was left alone: see a Test", nil
}

// maxShownValue bounds a value in an answer.
const maxShownValue = 500

// shown puts a store's value into words; nil if it is absent.
func (l *look) shown(in *store.StoreView, v item.Value) (*string, error) {
	if v.IsAbsent() {
		return nil, nil
	}
	text, err := l.text(in, v)
	if r := []rune(text); len(r) > maxShownValue {
		text = string(r[:maxShownValue-1]) + "…"
	}
	return &text, err
}

func (l *look) text(in *store.StoreView, v item.Value) (string, error) {
	switch v.Type() {
	case item.TypeRef:
		name, err := l.nameOf(in, v)
		if name == "" {
			name = v.Display()
		}
		return name, err
	case item.TypeRows:
		return l.rowsText(in, v.Rows())
	}
	return v.Display(), nil
}

// rowsText is "Mia: price 20, active yes; Jo: price 25", as far as it goes.
func (l *look) rowsText(in *store.StoreView, rows []item.Row) (string, error) {
	if len(rows) == 0 {
		return "(none)", nil
	}
	var parts []string
	for size := 0; len(rows) > 0 && size < maxShownValue; rows = rows[1:] {
		part, err := l.rowText(in, rows[0])
		if err != nil {
			return "", err
		}
		parts, size = append(parts, part), size+len(part)
	}
	return strings.Join(parts, "; "), nil
}

func (l *look) rowText(in *store.StoreView, r item.Row) (string, error) {
	name, err := l.text(in, r.Key)
	if err != nil || len(r.Cols) == 0 {
		return name, err
	}
	var cols []string
	for _, c := range r.Cols {
		value, err := l.text(in, c.Value)
		if err != nil {
			return "", err
		}
		cols = append(cols, c.Name+" "+value)
	}
	return name + ": " + strings.Join(cols, ", "), nil
}
