package operator

import (
	"context"
	"errors"
	"fmt"

	"plait/hub/access"
	"plait/hub/ingest"
	"plait/hub/masterlist"
	"plait/hub/store"
	"plait/shared/catalog"
)

// NewList asks for a master list.
type NewList struct {
	Name string `json:"name"`
}

// List is a master list: a source that people keep at the hub.
type List struct {
	ID      string     `json:"id"`
	Network string     `json:"network"` // name
	Name    string     `json:"name"`
	Kinds   []KindHeld `json:"kinds"`
}

// Sheet asks for a sheet to be taken into a list.
type Sheet struct {
	Kind   string
	Format string // masterlist.CSV or JSON
	Body   []byte
	Add    bool // what the sheet does not have stays
	Test   bool // only say what would change
}

// Imported says what a sheet changed, or would.
type Imported struct {
	List string `json:"list"`
	Kind string `json:"kind"`
	Test bool   `json:"test,omitempty"`
	ingest.Kept
	// Problems are why the sheet was refused whole; then nothing changed.
	Problems []masterlist.Problem `json:"problems,omitempty"`
	More     int                  `json:"more,omitempty"` // problems that are not listed
}

// Exported is a list of one kind as a sheet.
type Exported struct {
	List  string `json:"list"`
	Kind  string `json:"kind"`
	Items int    `json:"items"`
	Sheet string `json:"sheet"`
}

// AddList makes a master list in a network.
func (d *Desk) AddList(ctx context.Context, who access.Who, network string, in NewList) (out List, err error) {
	var n store.Network
	if err := d.DB.View(ctx, func(v *store.View) (err error) { n, err = d.network(v, who, network); return err }); err != nil {
		return out, err
	}
	if err := checkName("a list", in.Name); err != nil {
		return out, err
	}
	err = d.DB.WithNetwork(ctx, n.ID, func(tx *store.NetworkTx) error {
		s, err := tx.AddStore(store.Store{Name: in.Name, Role: store.MasterList})
		if errors.Is(err, store.ErrConflict) {
			return conflict("network %s has a store or list called %q already", n.Name, in.Name)
		}
		if err != nil {
			return err
		}
		out = List{ID: s.ID, Network: s.NetworkName, Name: s.Name, Kinds: []KindHeld{}}
		return who.OnNetwork(tx, access.Act{What: "list.add", Need: access.Operator, Detail: in}, s.ID)
	})
	return out, err
}

// Lists returns a network's master lists by name.
func (d *Desk) Lists(ctx context.Context, who access.Who, network string) (out []List, err error) {
	out = []List{}
	err = d.DB.View(ctx, func(v *store.View) error {
		n, err := d.network(v, who, network)
		if err != nil {
			return err
		}
		all, err := v.Stores(n.ID)
		for _, s := range all {
			if err != nil || s.Role != store.MasterList {
				continue
			}
			var l List
			l, err = listOf(v, s)
			out = append(out, l)
		}
		return err
	})
	return out, err
}

func listOf(v *store.View, s store.Store) (List, error) {
	out := List{ID: s.ID, Network: s.NetworkName, Name: s.Name, Kinds: []KindHeld{}}
	in, err := v.In(s.ID)
	if err != nil {
		return out, err
	}
	held, err := in.Copy()
	if err != nil {
		return out, err
	}
	sums, err := in.KindSums(held.Live)
	for _, k := range sums {
		out.Kinds = append(out.Kinds, KindHeld{Kind: k.Kind, Items: k.Count})
	}
	return out, err
}

// errOnlyTested ends a transaction that must change nothing.
var errOnlyTested = errors.New("only tested")

// Import takes a sheet into a master list: whole, or not at all. What is wrong
// with it is in the answer.
func (d *Desk) Import(ctx context.Context, who access.Who, ref string, in Sheet) (out Imported, err error) {
	act := access.Act{What: "list.import", Need: access.Operator, Detail: map[string]any{"kind": in.Kind, "bytes": len(in.Body), "add": in.Add}}
	network := ""
	err = d.onList(ctx, who, ref, in.Kind, act, func(tx *store.StoreTx, cat *catalog.Catalog, kind catalog.Kind) error {
		network = tx.Store.Network
		out = Imported{List: tx.Store.Name, Kind: kind.Name, Test: in.Test}
		names, err := namesOf(tx.StoreView, cat, kind)
		if err != nil {
			return err
		}
		items, err := masterlist.Read(in.Format, in.Body, kind, names)
		var wrong *masterlist.Error
		if errors.As(err, &wrong) {
			out.Problems, out.More = wrong.Problems, wrong.More
			return errOnlyTested
		}
		if err != nil {
			return refuse("%v", err)
		}
		if out.Kept, err = ingest.KeepList(tx, cat, kind.Name, items, !in.Add); err == nil && in.Test {
			err = errOnlyTested
		}
		return err
	})
	switch {
	case errors.Is(err, errOnlyTested):
		err = nil
	case err == nil:
		err = d.Sync.Spread(ctx, network)
	}
	return out, err
}

// Export writes a list's items of a kind as a sheet.
func (d *Desk) Export(ctx context.Context, who access.Who, ref, kind, format string) (out Exported, err error) {
	err = d.DB.View(ctx, func(v *store.View) error {
		s, err := d.store(v, who, ref)
		if err != nil {
			return err
		}
		in, err := v.In(s.ID)
		if err != nil {
			return err
		}
		cat, k, err := listKind(in, kind)
		if err != nil {
			return err
		}
		names, err := namesOf(in, cat, k)
		if err != nil {
			return err
		}
		items, err := liveItems(in, kind)
		if err != nil {
			return err
		}
		sheet, err := masterlist.Write(format, items, k, names)
		if err != nil {
			return refuse("%v", err)
		}
		out = Exported{List: s.Name, Kind: kind, Items: len(items), Sheet: string(sheet)}
		return nil
	})
	return out, err
}

// onList is onStore for the master list that ref names, and one of its kinds.
func (d *Desk) onList(ctx context.Context, who access.Who, ref, kind string, act access.Act,
	do func(*store.StoreTx, *catalog.Catalog, catalog.Kind) error) error {
	s, err := d.find(ctx, who, ref)
	if err != nil {
		return err
	}
	return d.DB.WithStore(ctx, s.ID, func(tx *store.StoreTx) error {
		if err := who.OnStore(tx, act); err != nil {
			return err
		}
		cat, k, err := listKind(tx.StoreView, kind)
		if err != nil {
			return err
		}
		return do(tx, cat, k)
	})
}

// listKind is a kind of the network's catalogue that a master list can hold.
func listKind(v *store.StoreView, name string) (*catalog.Catalog, catalog.Kind, error) {
	if v.Store.Role != store.MasterList {
		return nil, catalog.Kind{}, refuse("%s is no master list: its items come from its POS", v.Store.Name)
	}
	body, err := v.Catalog(v.Store.Network, v.Store.Catalog)
	if err != nil {
		return nil, catalog.Kind{}, err
	}
	cat, err := catalog.Decode(body)
	if err != nil {
		return nil, catalog.Kind{}, fmt.Errorf("cannot read the catalogue of network %s: %w", v.Store.NetworkName, err)
	}
	k, ok := cat.Kind(name)
	switch {
	case !ok:
		return nil, k, refuse("the network has no kind %q", name)
	case k.Direction == catalog.UploadOnly:
		return nil, k, refuse("%s only goes up from the stores; a list cannot hold it", name)
	}
	return cat, k, nil
}
