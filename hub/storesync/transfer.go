package storesync

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"plait/hub/store"
	"plait/shared/wire"
)

// Moved says that a store's item was transferred to another store. It is marked, not
// deleted (S1).
type Moved struct {
	To    StoreName `json:"to"`
	At    time.Time `json:"at"`
	Sync  string    `json:"sync"`            // id
	Label string    `json:"label,omitempty"` // of that sync
}

// transfersLookedAt bounds how many transfers of one item are held against each other.
const transfersLookedAt = 100

// movedFrom tells where a store's item was transferred to; nil if it was not, or came
// back since.
func movedFrom(v *store.View, network, kind string, uids []string, storeID string) (*Moved, error) {
	var last store.Transfer
	for _, uid := range uids {
		list, err := v.Transfers(network, kind, uid, transfersLookedAt)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(list, func(t store.Transfer) bool { return t.Source == storeID || t.Store == storeID })
		if i >= 0 && list[i].At.After(last.At) {
			last = list[i]
		}
	}
	if last.Source != storeID {
		return nil, nil
	}
	out := &Moved{To: StoreName{ID: last.Store}, At: last.At, Sync: last.Sync}
	to, err := v.StoreByID(last.Store)
	if err != nil {
		return nil, err
	}
	out.To.Name = to.Name
	y, err := v.Sync(network, last.Sync)
	if errors.Is(err, store.ErrNotFound) {
		return out, nil
	}
	out.Label = y.Label
	return out, err
}

// warnMoved names what the source has transferred to another store already.
func (t *test) warnMoved(v *store.View) error {
	var names []string
	for _, it := range t.cutting.payload.Items {
		if k, _ := t.catalog.Kind(it.Kind); !k.OneReceiver {
			continue
		}
		m, err := movedFrom(v, t.network.ID, it.Kind, append([]string{it.UID}, it.Aliases...), t.parties.source.ID)
		if err != nil {
			return err
		}
		if m != nil {
			names = append(names, fmt.Sprintf("%s (to %s on %s, by the sync %s)", quoted(it.Name), quoted(m.To.Name), m.At.In(t.service.Zone).Format(time.DateOnly), quoted(m.Label)))
		}
	}
	if len(names) > 0 {
		t.warn(Warning{Code: WarnMoved, Count: len(names), Names: names[:min(len(names), 5)],
			Text: named(names) + " moved to another store already", Mend: "take them from the store where they are now, or leave them out"})
	}
	return nil
}

// transfers notes what a receiver's job is to move there, or takes back.
func (q *queueing) transfers(tx *store.StoreTx, at StorePlan, job string) error {
	if q.plan.Reverts != nil {
		return q.transfersBack(tx, at, job)
	}
	if !q.plan.Transfers {
		return nil
	}
	payload, _, err := tested(tx.StoreView, q.plan, at)
	if err != nil {
		return err
	}
	n, err := tx.Network(tx.Store.Network)
	if err != nil {
		return err
	}
	kinds, err := catalogOf(tx.View, n)
	for _, it := range payload.Items {
		if k, _ := kinds.Kind(it.Kind); err == nil && k.OneReceiver {
			err = tx.AddTransfer(store.Transfer{Kind: it.Kind, UID: it.UID, Source: q.plan.Source.ID, Job: job, Sync: q.sync.ID})
		}
	}
	return err
}

// transfersBack: taking a transfer back takes the mark back, and taking that back in
// its turn sets it again.
func (q *queueing) transfersBack(tx *store.StoreTx, at StorePlan, job string) error {
	list, err := tx.TransfersBy(at.Undoes)
	if err != nil || len(list) == 0 {
		return err
	}
	_, own, err := tested(tx.StoreView, q.plan, at)
	for _, t := range list {
		set := slices.ContainsFunc(own.Items, func(it wire.PayloadItem) bool { return it.Kind == t.Kind && it.UID == t.UID })
		if err == nil && set {
			err = tx.AddTransfer(store.Transfer{Kind: t.Kind, UID: t.UID, Source: t.Source, Job: job, Sync: q.sync.ID, Back: !t.Back})
		}
	}
	return err
}
