package storesync

import (
	"encoding/json"
	"fmt"
	"slices"

	"plait/hub/store"
)

// Some receivers may get some items alone of what is selected: those that they
// refused before. They have a payload of their own, and those with the same items
// share it. It deletes nothing, begins no cursor, and is no beginning for "since
// the last sync": it does not bring all of a kind.

// cutFor is the cutting whose payload a receiver gets.
func (t *test) cutFor(id string) *cutting {
	if c := t.only[id]; c != nil {
		return c
	}
	return t.cutting
}

// cutOnly cuts the payloads of receivers that get some items alone.
func (t *test) cutOnly(v *store.View) error {
	t.only = map[string]*cutting{}
	for _, stores := range t.sameOnly() {
		c := *t.cutting
		c.chosen = t.chooseOnly(t.request.Only[stores[0].ID])
		if err := t.addMissing(v, &c, stores); err != nil {
			return err
		}
		hash, _, err := t.keepPayload(&c)
		if err != nil {
			return err
		}
		for _, s := range stores {
			i := slices.IndexFunc(t.plan.Stores, func(at StorePlan) bool { return at.ID == s.ID })
			at := &t.plan.Stores[i]
			at.Payload, at.Brings, at.RetryOf = hash, len(c.payload.Items), t.request.RetryOf[at.ID]
			if at.Brings == 0 && at.Blocked == "" {
				at.Blocked = "the source does not have any more what it lacks: sync whatever took its place"
			}
			t.only[at.ID] = &c
		}
	}
	return nil
}

// sameOnly groups the receivers that get the same items alone.
func (t *test) sameOnly() (groups [][]StorePlan) {
	place := map[string]int{}
	for _, at := range t.plan.Stores {
		list, ok := t.request.Only[at.ID]
		if !ok {
			continue
		}
		key, err := json.Marshal(list)
		if err != nil {
			panic(err) // a map of texts
		}
		i, found := place[string(key)]
		if !found {
			i, place[string(key)] = len(groups), len(groups)
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], at)
	}
	return groups
}

// chooseOnly finds items of the source by uid. What is gone is left out.
func (t *test) chooseOnly(list map[string][]string) chosen {
	c := chosen{}
	for kind, uids := range list {
		k := t.src.kinds[kind]
		for _, uid := range uids {
			if r := k.live(t.src.aliases.canonical(kind, uid)); r != nil {
				c.add(kind, r.Key)
			}
		}
	}
	return c
}

// checkOnly holds what single stores get to the limits of a selection.
func (r Request) checkOnly() error {
	for id, list := range r.Only {
		for kind, uids := range list {
			if len(uids) > maxSelected {
				return refuse("store %.40q gets %d of %.40s alone, more than %d", id, len(uids), kind, maxSelected)
			}
		}
	}
	if len(r.Only) > maxReceivers {
		return refuse("%d stores get items alone, more than %d", len(r.Only), maxReceivers)
	}
	return nil
}

// whole reports whether a receiver gets all that is selected.
func (at StorePlan) whole() bool { return at.Payload == "" }

func (p Plan) sortAt(at StorePlan) string {
	if at.RetryOf != "" {
		return sortRetry
	}
	return p.sort()
}

// sortRetry is the sort of jobs that bring what a store refused before.
const sortRetry = "retry"

func retryLabel(label string) string { return fmt.Sprintf("Retry of %s", quoted(label)) }
