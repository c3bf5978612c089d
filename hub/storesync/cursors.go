package storesync

import (
	"errors"
	"slices"

	"plait/hub/store"
	"plait/shared/wire"
)

// A sync of a whole kind from its usual source is where a store's cursor begins:
// what the source changes afterwards can come by itself. A cursor that moves
// already is left alone; what the sync brings beside it is brought twice at worst.

// narrows reports whether a sync of a whole kind does not bring all of it.
func (o Options) narrows() bool {
	return o.OnlyNew || o.OnlyLinked || o.NoRestrictions || o.Prices == PricesNo
}

// reaches notes how far a kind of the plan goes, where it is whole.
func (t *test) reaches(v *store.View, at *PlanKind) error {
	whole := slices.ContainsFunc(t.request.Kinds, func(s Selection) bool { return s.Kind == at.Kind && s.whole() })
	if !whole || t.request.Options.narrows() || len(t.request.Fields) > 0 {
		return nil
	}
	all, err := v.Stores(t.network.ID)
	if err != nil {
		return err
	}
	if src, ok := t.settings.usual(at.Kind, all); !ok || src.ID != t.parties.source.ID {
		return nil
	}
	in, err := v.In(t.parties.source.ID)
	if err != nil {
		return err
	}
	at.SyncRev, err = in.SyncRev(at.Kind)
	return err
}

// begins are the cursors that a receiver lacks, or that are held until a sync
// like this one, and what of them is to rest upon its job. held are those that it
// has for the plan's source.
func (p Plan) begins(v *store.StoreView, at StorePlan, held []store.Cursor, profiles profiles) (kinds []PlanKind, reach store.Reach, err error) {
	if !at.whole() {
		return nil, "", nil
	}
	profile, err := profiles.of(v)
	if errors.Is(err, store.ErrNotFound) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	for _, k := range p.Kinds {
		if k.SyncRev < 0 || !syncs(profile, k.Kind) {
			continue
		}
		i := slices.IndexFunc(held, func(c store.Cursor) bool { return c.Kind == k.Kind })
		switch {
		case i < 0:
			reach = reach.Add(p.Source.ID, k.Kind, -1)
		case held[i].Held != "":
			reach = reach.Add(p.Source.ID, k.Kind, held[i].SyncRev)
		default:
			continue
		}
		kinds = append(kinds, k)
	}
	return kinds, reach, nil
}

// profiles are those that were read in one transaction, by digest: most stores of a
// network share one.
type profiles map[string]wire.Profile

func (ps profiles) of(v *store.StoreView) (wire.Profile, error) {
	if p, ok := ps[v.Store.Profile]; ok {
		return p, nil
	}
	p, err := v.Profile()
	if err == nil {
		ps[v.Store.Profile] = p
	}
	return p, err
}
