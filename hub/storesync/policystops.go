package storesync

import (
	"context"
	"fmt"
	"strings"

	"plait/hub/store"
	"plait/shared/item"
)

// PolicyStop is a field, or a column of one, that is synced no more. What a store has in
// it stays, and is the store's own; what it was at the last sync is remembered, should
// the field be synced again.
type PolicyStop struct {
	Kind   string   `json:"kind"`
	Field  string   `json:"field"` // a column of a rows field is written field.column
	Stores []StopAt `json:"stores"`
}

// StopAt is what such a field is at a store.
type StopAt struct {
	Store  StoreName `json:"store"`
	Items  int       `json:"items"`  // in which it came from others
	Locked int       `json:"locked"` // those of them in which it was locked
}

// Stopped is in how many items, of all stores, a field stops being synced; each field
// counts.
func (t PolicyTest) Stopped() (n int) {
	for _, s := range t.Stops {
		for _, at := range s.Stores {
			n += at.Items
		}
	}
	return n
}

// stops finds what stops being synced, and where.
func (s *Service) stops(ctx context.Context, t *PolicyTest, stores []store.Store) error {
	t.Stops = []PolicyStop{}
	for _, c := range t.Changes {
		if c.stops() && !t.stopsWith(c) {
			t.Stops = append(t.Stops, PolicyStop{Kind: c.Kind, Field: c.Field, Stores: []StopAt{}})
		}
	}
	for _, st := range stores {
		if len(t.Stops) == 0 || st.Role == store.MasterList {
			continue
		}
		if err := s.db.ViewStore(ctx, st.ID, func(v *store.StoreView) error { return stopsAt(v, t.Stops) }); err != nil {
			return err
		}
	}
	return nil
}

// stops reports whether something stops being synced by the change.
func (c FieldChange) stops() bool {
	travels := func(p item.Policy) bool { return p != "" && p != item.Never }
	return travels(c.From) && !travels(c.To)
}

// stopsWith: a column whose field stops is told of with it.
func (t *PolicyTest) stopsWith(column FieldChange) bool {
	field, _, is := strings.Cut(column.Field, ".")
	for _, s := range t.Stops {
		if is && s.Kind == column.Kind && s.Field == field {
			return true
		}
	}
	return false
}

// stopsAt adds one store's items.
func stopsAt(v *store.StoreView, stops []PolicyStop) error {
	found := make([]StopAt, len(stops))
	read := map[string]bool{}
	for _, s := range stops {
		if read[s.Kind] {
			continue
		}
		read[s.Kind] = true
		err := eachLinked(v, s.Kind, func(it item.Item) {
			for i := range stops {
				if stops[i].Kind == it.Kind {
					found[i].add(it.Link, stops[i].Field)
				}
			}
		})
		if err != nil {
			return err
		}
	}
	for i, at := range found {
		if at.Items > 0 {
			at.Store = StoreName{v.Store.ID, v.Store.Name}
			stops[i].Stores = append(stops[i].Stores, at)
		}
	}
	return nil
}

func (at *StopAt) add(l *item.Link, field string) {
	name, column, _ := strings.Cut(field, ".")
	f, ok := l.Field(name)
	policy := f.Policy
	for _, c := range f.Cols {
		if c.Name == column {
			policy = c.Policy
		}
	}
	if !ok || policy == item.Never {
		return
	}
	if at.Items++; policy == item.Locked {
		at.Locked++
	}
}

// warning is what a Test says of it that does more than that.
func (s PolicyStop) warning() Warning {
	w := Warning{Code: WarnStops, Kind: s.Kind, Text: s.Kind + "." + s.Field + " is synced no more"}
	for _, at := range s.Stores {
		w.Count += at.Items
		if len(w.Names) < 5 {
			w.Names = append(w.Names, at.Store.Name)
		}
	}
	if w.Count > 0 {
		w.Text += fmt.Sprintf(": %s at %s keep what they have, as the stores' own", count(w.Count, "item"), count(len(s.Stores), "store"))
	}
	w.Mend = "give the field another policy, to sync it again"
	return w
}

// eachLinked visits the living items of a kind that came from others.
func eachLinked(v *store.StoreView, kind string, visit func(item.Item)) error {
	for at := (item.ID{Kind: kind}); ; {
		rows, err := v.Linked(at, readPage)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Kind != kind {
				return nil
			}
			at = row.ID
			if !row.Live() {
				continue
			}
			it, err := row.Decode()
			if err != nil {
				return err
			}
			if it.Link != nil {
				visit(it)
			}
		}
		if len(rows) < readPage {
			return nil
		}
	}
}
