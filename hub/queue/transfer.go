package queue

import (
	"plait/hub/store"
	"plait/shared/wire"
)

// arrived marks what a job transferred as moved from its source (S1: "the source
// record is marked as moved, not deleted"), or takes the mark back with the
// transfer. What the store refused, or left alone, did not move.
func arrived(tx *store.StoreTx, j store.Job, r wire.Result) error {
	list, err := tx.TransfersBy(j.ID)
	if err != nil || len(list) == 0 {
		return err
	}
	stayed := map[[2]string]bool{}
	for _, e := range r.Exceptions {
		if e.Action == "park" || e.Action == "skip" {
			stayed[[2]string{e.Kind, e.UID}] = true
		}
	}
	var moved []string
	for _, t := range list {
		switch {
		case stayed[[2]string{t.Kind, t.UID}]:
		case t.Back:
			err = tx.TakeBackTransfers(t.Kind, t.UID)
		case t.At.IsZero():
			err = tx.SetTransfer(t, true)
			moved = append(moved, t.Kind+" "+t.UID)
		}
		if err != nil {
			return err
		}
	}
	if len(moved) == 0 {
		return nil
	}
	return tx.Audit("store "+tx.Store.Name, "item.moved", map[string]any{"job": j.ID, "sync": j.Cause, "from": list[0].Source, "items": moved})
}

// recalled: a restored POS database has forgotten the job, and what it transferred.
func recalled(tx *store.StoreTx, j store.Job) error {
	list, err := tx.TransfersBy(j.ID)
	for _, t := range list {
		if err == nil && !t.Back {
			err = tx.SetTransfer(t, false)
		}
	}
	return err
}
