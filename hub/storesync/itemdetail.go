package storesync

import (
	"context"
	"fmt"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// ItemsAsk says which items of a receiver's part of a Test are wanted.
type ItemsAsk struct {
	Kind   string // "": of all kinds
	Item   string // a name, a uid or the store's key; "": all
	Action string // a merge.Action; "": all
	After  int    // items with a lower number, and this one, are left out; -1 begins at the first
	Limit  int    // 1 to MaxItemsPage; 0 means DefaultItemsPage
}

// Limits of a page of items.
const (
	DefaultItemsPage = 50
	MaxItemsPage     = 200
	maxParts         = 200 // of one rows field
)

// ItemsPage is a part of what a Test said of a receiver, item by item and field
// by field.
type ItemsPage struct {
	Store StoreName    `json:"store"`
	Items []ItemDetail `json:"items"`
	// Matching is how many items are asked for in all, and Next what to ask after for
	// the rest; -1 if there is none.
	Matching int `json:"matching"`
	Next     int `json:"next"`
	// Moved says that the store has changed since the Test: what is shown is what
	// would happen by now.
	Moved bool `json:"moved"`
}

// ItemDetail is what would become of one item, and why.
type ItemDetail struct {
	N      int           `json:"n"` // its number in the job
	Kind   string        `json:"kind"`
	UID    string        `json:"uid"`
	Key    string        `json:"key,omitempty"` // at the store; "" if it is created
	Name   string        `json:"name"`
	Action string        `json:"action"`
	Code   string        `json:"code,omitempty"` // a merge.Reason
	Why    string        `json:"why"`            // a sentence
	Fields []FieldDetail `json:"fields,omitempty"`
}

// FieldDetail is what would become of one field, with the values that decide it.
// A value that is absent is nil, which is neither NULL nor empty.
type FieldDetail struct {
	Field  string  `json:"field"`
	Title  string  `json:"title"`
	Base   *string `json:"base,omitempty"`   // what the last sync left there
	Branch *string `json:"branch,omitempty"` // what stands there
	Source *string `json:"source,omitempty"`
	Result *string `json:"result,omitempty"` // what will stand there
	Write  bool    `json:"write"`
	Code   string  `json:"code"`
	Why    string  `json:"why"` // a sentence
	// Parts are the values inside a rows field that change, or that the two ends do
	// not agree on; More are not listed.
	Parts []PartDetail `json:"parts,omitempty"`
	More  int          `json:"more,omitempty"`
}

// PartDetail is a column of one element of a rows field, or ("") whether the
// element is there.
type PartDetail struct {
	Element string  `json:"element"`
	Column  string  `json:"column,omitempty"`
	Base    *string `json:"base,omitempty"`
	Branch  *string `json:"branch,omitempty"`
	Source  *string `json:"source,omitempty"`
	Result  *string `json:"result,omitempty"`
}

// Items returns what a Test says of a receiver's items. It runs the Test's frozen
// payload through the merge again, over the hub's copy as it is now, and keeps no
// more than a page: so the whole is there to look at, however large it is.
//
// Errors: store.ErrNotFound for a store that the Test does not have, ErrRequest
// for one that was blocked, ErrExpired.
func (s *Service) Items(ctx context.Context, network, digest, storeID string, ask ItemsAsk) (ItemsPage, error) {
	var page ItemsPage
	p, err := s.Plan(ctx, network, digest)
	if err != nil {
		return page, err
	}
	for _, at := range p.Stores {
		if at.ID != storeID {
			continue
		}
		if at.Blocked != "" {
			return page, fmt.Errorf("cannot show the Test %.12s at store %s: %w", digest, at.Name, refuse("it cannot receive: %s", at.Blocked))
		}
		page.Store = at.StoreName
		err := s.db.ViewStore(ctx, storeID, func(v *store.StoreView) error { return page.fill(v, p, at, ask) })
		if err != nil {
			return page, fmt.Errorf("cannot show the Test %.12s at store %s: %w", digest, at.Name, err)
		}
		return page, nil
	}
	return page, fmt.Errorf("store %s in the Test %.12s: %w", storeID, digest, store.ErrNotFound)
}

func (page *ItemsPage) fill(v *store.StoreView, p Plan, at StorePlan, ask ItemsAsk) error {
	payload, own, err := tested(v, p, at)
	if err != nil {
		return err
	}
	r, kinds, err := receiving(v, payload, own)
	if err != nil {
		return err
	}
	b := &paging{page: page, ask: ask, limit: pageLimit(ask.Limit), kinds: kinds, receiver: r, payload: &payload}
	page.Items, page.Next = []ItemDetail{}, -1
	now, err := r.predict(&payload, own, b.see)
	page.Moved = err == nil && now.Digest != at.Outcome
	return err
}

func pageLimit(asked int) int {
	if asked <= 0 {
		return DefaultItemsPage
	}
	return min(asked, MaxItemsPage)
}

// tested reads what a Test keeps of a receiver's job.
func tested(v *store.StoreView, p Plan, at StorePlan) (payload wire.Payload, own wire.Own, err error) {
	hash, _ := p.content(at)
	lines, err := keptLines(v, p.Network, hash)
	if err == nil {
		payload, err = wire.DecodePayload(lines)
	}
	if err == nil && at.Own != "" {
		if lines, err = keptLines(v, p.Network, at.Own); err == nil {
			own, err = wire.DecodeOwn(lines)
		}
	}
	return payload, own, err
}

func keptLines(v *store.StoreView, network, hash string) ([]byte, error) {
	piece, err := v.Plan(network, hash)
	if err != nil {
		return nil, err
	}
	return wire.Decompress(piece.Body, wire.MaxPayloadBytes)
}

// paging picks the items of one page as the merge goes by.
type paging struct {
	page     *ItemsPage
	ask      ItemsAsk
	limit    int
	kinds    *catalog.Catalog
	receiver *receiver
	payload  *wire.Payload
}

func (b *paging) see(p merge.ItemPlan) {
	if !b.asked(p) {
		return
	}
	b.page.Matching++
	switch {
	case p.N <= b.ask.After:
	case len(b.page.Items) < b.limit:
		b.page.Items = append(b.page.Items, b.detail(p))
	case b.page.Next < 0:
		b.page.Next = b.page.Items[len(b.page.Items)-1].N
	}
}

func (b *paging) asked(p merge.ItemPlan) bool {
	a := b.ask
	return (a.Kind == "" || a.Kind == p.Kind) && (a.Action == "" || a.Action == string(p.Action)) &&
		(a.Item == "" || a.Item == p.UID || (a.Item == p.Local.Key && p.Local.Key != "") || item.NormalName(a.Item) == item.NormalName(p.Name))
}

func (b *paging) detail(p merge.ItemPlan) ItemDetail {
	d := ItemDetail{
		N: p.N, Kind: p.Kind, UID: p.UID, Key: p.Local.Key, Name: p.Name, Action: string(p.Action), Code: string(p.Reason), Why: p.Sentence(),
	}
	kind, _ := b.kinds.Kind(p.Kind)
	show := shower{index: b.receiver.index}
	if p.N < len(b.payload.Items) {
		show.names = b.payload.Items[p.N].RefNames
	}
	for _, f := range p.Fields {
		if p.Action == merge.Park && f.Reason != merge.MissingRef {
			continue // nothing of the item is written: only what stands in its way matters
		}
		d.Fields = append(d.Fields, show.field(f, kind))
	}
	return d
}

// shower puts values into words: what they refer to by its name.
type shower struct {
	index *merge.Index
	names map[string]string // of the source's items, by uid
}

func (s shower) field(f merge.FieldPlan, kind catalog.Kind) FieldDetail {
	d := FieldDetail{
		Field: f.Name, Title: f.Title, Base: s.value(*f.Base), Branch: s.value(*f.Branch), Source: s.value(*f.Source), Result: s.value(*f.Result),
		Write: f.Write, Code: string(f.Reason), Why: f.Sentence(),
	}
	in, _ := kind.Field(f.Name)
	for _, p := range f.Parts(s.text) {
		if len(d.Parts) >= maxParts {
			d.More++
			continue
		}
		column := p.Column
		if c, ok := in.Column(column); ok {
			column = c.Title
		}
		d.Parts = append(d.Parts, PartDetail{p.Element, column, s.value(p.Base), s.value(p.Branch), s.value(p.Source), s.value(p.Result)})
	}
	return d
}

func (s shower) value(v item.Value) *string {
	if v.IsAbsent() {
		return nil
	}
	text := s.text(v)
	return &text
}

func (s shower) text(v item.Value) string {
	name := ""
	switch v.Type() {
	case item.TypeRef:
		name = s.index.NameOf(v.RefKind(), v.Str())
	case item.TypeUIDRef:
		name = s.names[v.Str()]
	}
	if name != "" {
		return name
	}
	return v.Display()
}
