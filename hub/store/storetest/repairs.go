package storetest

import (
	"errors"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

// repairs: of each item the last that was told, once however often it arrives.
func repairs(s suite) {
	wax := wire.Repair{ID: "r1", Kind: "product", Key: "1", UID: "u", Name: "Wax", Fields: []wire.RepairField{{Field: "name", Base: "Wax", Value: "Ours"}}}
	again := wax
	again.ID, again.Refused = "r2", "the drawer is locked"
	gel := wire.Repair{ID: "r3", Kind: "product", Key: "2", UID: "v", Name: "Gel"}
	for _, c := range []struct {
		told  wire.Repair
		fresh bool
	}{{wax, true}, {wax, false}, {gel, true}, {again, true}, {again, false}} {
		s.in("branch", func(tx *store.StoreTx) error {
			fresh, err := tx.PutRepair(c.told)
			same(s, fresh, c.fresh, "whether repair "+c.told.ID+" is new")
			return err
		})
	}
	s.view("branch", func(v *store.StoreView) error {
		r, err := v.Repair("product", "1")
		same(s, r.ID+" "+r.Refused, "r2 the drawer is locked", "what was told last")
		same(s, r.Times, 2, "how often")
		_, none := v.Repair("product", "9")
		same(s, errors.Is(none, store.ErrNotFound), true, "of what nothing was told, ErrNotFound")
		first, err2 := v.Repairs(item.ID{}, 1)
		rest, err3 := v.Repairs(item.ID{Kind: "product", Key: "1"}, 10)
		same(s, len(first) == 1 && first[0].Key == "1" && len(rest) == 1 && rest[0].Name == "Gel", true, "page by page")
		return errors.Join(err, err2, err3)
	})
	s.view("stranger", func(v *store.StoreView) error {
		list, err := v.Repairs(item.ID{}, 10)
		same(s, len(list), 0, "of another store")
		return err
	})
}
