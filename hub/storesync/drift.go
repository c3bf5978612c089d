package storesync

import (
	"cmp"
	"context"
	"fmt"

	"plait/hub/store"
)

// DriftAsk pages through the drift of one store.
type DriftAsk struct {
	Kind  string // of this kind alone; "" for all
	After string // DriftPage.Next of the page before; "": from the first
	Limit int    // 1 to MaxItemsPage; 0 means DefaultItemsPage
}

// DriftPage is what a store did to its linked items that it may not do, by kind
// and key.
type DriftPage struct {
	Store StoreName `json:"store"`
	// Lifted says in a sentence why nothing is held at the store; "" if its locks
	// are in force.
	Lifted string      `json:"lifted,omitempty"`
	Items  []DriftItem `json:"items"`
	Next   string      `json:"next,omitempty"` // what to ask after for the rest
}

// The forbidden operations. Another field than the category that differs is none.
const (
	DriftDeleted   = "deleted"
	DriftMoved     = "moved"     // to another category
	DriftConverted = "converted" // the store has an item of the other kind instead
)

// DriftItem is one linked item that drifted.
type DriftItem struct {
	Kind      string       `json:"kind"`
	Key       string       `json:"key"`
	UID       string       `json:"uid"`
	Name      string       `json:"name"`
	Operation string       `json:"operation,omitempty"` // one of those above; "" if fields alone differ
	To        string       `json:"to,omitempty"`        // the kind that it was converted to
	Fields    []DriftField `json:"fields,omitempty"`
	// Refused says why the store, which was to undo it by itself, could not; "" if
	// nothing is known of that.
	Refused string `json:"refused,omitempty"`
	Why     string `json:"why"`  // a sentence
	Mend    string `json:"mend"` // what undoes it
}

// DriftField is a locked field that the store changed.
type DriftField struct {
	Field string  `json:"field"`
	Title string  `json:"title"`
	Base  *string `json:"base"`  // what the last sync left there
	Value *string `json:"value"` // what stands there
}

// Drift lists a store's drift: in linked items, locked fields that differ from
// their base, and operations that a branch may not do.
func (s *Service) Drift(ctx context.Context, storeID string, ask DriftAsk) (page DriftPage, err error) {
	err = s.db.ViewStore(ctx, storeID, func(v *store.StoreView) error {
		page.Store, page.Items = StoreName{v.Store.ID, v.Store.Name}, []DriftItem{}
		d, err := driftsOf(v)
		if err == nil {
			err = d.knows(ask.Kind)
		}
		if err != nil {
			return err
		}
		if page.Lifted = liftedAt(v.Store); page.Lifted != "" {
			return nil
		}
		page.Next, err = d.walk(ask.Kind, ask.After, pageLimit(ask.Limit), func(it DriftItem) { page.Items = append(page.Items, it) })
		return err
	})
	if err != nil {
		return page, fmt.Errorf("cannot list the drift of store %s: %w", cmp.Or(page.Store.Name, storeID), err)
	}
	return page, nil
}

// DriftCounts are how many items drifted at each store of a network.
type DriftCounts struct {
	Stores []DriftCount `json:"stores"`
	Next   string       `json:"next,omitempty"` // what to ask after for the rest
}

// DriftCount is one store's.
type DriftCount struct {
	Store     StoreName `json:"store"`
	Fields    int       `json:"fields"` // items of which fields alone differ
	Deleted   int       `json:"deleted"`
	Moved     int       `json:"moved"`
	Converted int       `json:"converted"`
}

// Items is how many there are together.
func (c DriftCount) Items() int { return c.Fields + c.Deleted + c.Moved + c.Converted }

// DriftOfAll counts drift, store by store; stores that have none are left out.
func (s *Service) DriftOfAll(ctx context.Context, network string, ask StoresAsk) (out DriftCounts, err error) {
	err = s.db.View(ctx, func(v *store.View) error {
		stores, err := v.Stores(network)
		if err != nil {
			return err
		}
		l := &look{View: v, stores: stores}
		out.Stores = []DriftCount{}
		out.Next, err = l.pageOfStores(ask, func(in *store.StoreView) (bool, error) {
			n, err := CountDrift(in)
			if err != nil || n.Items() == 0 {
				return false, err
			}
			out.Stores = append(out.Stores, n)
			return true, nil
		})
		return err
	})
	return out, err
}

// CountDrift counts a store's drift.
func CountDrift(v *store.StoreView) (out DriftCount, err error) {
	out.Store = StoreName{v.Store.ID, v.Store.Name}
	if liftedAt(v.Store) != "" {
		return out, nil
	}
	d, err := driftsOf(v)
	if err != nil {
		return out, err
	}
	_, err = d.walk("", "", -1, func(it DriftItem) {
		switch it.Operation {
		case DriftDeleted:
			out.Deleted++
		case DriftMoved:
			out.Moved++
		case DriftConverted:
			out.Converted++
		default:
			out.Fields++
		}
	})
	return out, err
}

// liftedAt: locks hold where a store takes syncs (1-domain: "Switch off lifts locks
// and drift").
func liftedAt(s store.Store) string {
	switch {
	case s.Role == store.MasterList:
		return "it is a list, which nobody locks"
	case s.Role == store.Single:
		return "it is a single store, linked into no network"
	case s.Switch == store.Off:
		return "its sync switch is off, which lifts all locks"
	}
	return ""
}
