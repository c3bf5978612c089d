package queue

import (
	"fmt"
	"strconv"
	"strings"

	"plait/hub/store"
)

// Switch turns a store's sync switch. Turning it to draining queues nothing more
// and turns it off once the last open job has ended. Turning it off with open
// jobs fails with store.ErrConflict unless cancel is set; then they are
// cancelled by name of who, and what was begun already leaves the switch
// draining until it is settled. It returns where the switch stands then.
func Switch(tx *store.StoreTx, who, to string, cancel bool) (string, error) {
	if to != store.On && to != store.Draining && to != store.Off {
		return tx.Store.Switch, fmt.Errorf("cannot turn the switch of store %s to %q: it is on, draining or off", tx.Store.Name, to)
	}
	if to == store.Off {
		open, err := tx.OpenJobs(0)
		if err != nil {
			return tx.Store.Switch, err
		}
		if len(open) > 0 && !cancel {
			return tx.Store.Switch, fmt.Errorf("cannot switch store %s off: %w: %s: deliver them first (--deliver), or cancel them (--cancel)",
				tx.Store.Name, store.ErrConflict, listOpen(open))
		}
		if err := cancelAll(tx, who, open); err != nil {
			return tx.Store.Switch, err
		}
		to = store.Draining
	}
	if err := turn(tx, who, to); err != nil {
		return tx.Store.Switch, err
	}
	err := drained(tx)
	return tx.Store.Switch, err
}

// maxListed is how many jobs a sentence names.
const maxListed = 5

// listOpen names open jobs in the order of the queue.
func listOpen(open []store.Job) string {
	named := make([]string, 0, maxListed)
	for _, j := range open[:min(len(open), maxListed)] {
		named = append(named, strconv.Quote(j.Label))
	}
	more := ""
	if n := len(open) - len(named); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	if len(open) == 1 {
		return "a job is open, " + named[0]
	}
	return fmt.Sprintf("%d jobs are open, %s%s", len(open), strings.Join(named, ", "), more)
}

func turn(tx *store.StoreTx, who, to string) error {
	s := tx.Store
	from := s.Switch
	if from == to {
		return nil
	}
	s.Switch = to
	if err := tx.SetStore(s); err != nil {
		return err
	}
	if to == store.On {
		// What it missed is looked at before anything comes by itself again.
		if err := tx.HoldCursors(store.HeldSwitchedOn); err != nil {
			return err
		}
	}
	return tx.Audit(who, "store.switch", map[string]string{"from": from, "to": to})
}

// drained turns the switch off once a draining store has no open job.
func drained(tx *store.StoreTx) error {
	if tx.Store.Switch != store.Draining {
		return nil
	}
	n, err := tx.CountOpen()
	if err != nil || n > 0 {
		return err
	}
	return turn(tx, hubName, store.Off)
}

func cancelAll(tx *store.StoreTx, who string, open []store.Job) error {
	for _, j := range open {
		if _, err := Cancel(tx, who, j.ID); err != nil {
			return err
		}
	}
	return nil
}

// Revoke takes a store's credentials away and cancels its open jobs in the same
// act, those that were begun too: nobody is left who could settle them.
func Revoke(tx *store.StoreTx, who string) error {
	open, err := tx.OpenJobs(0)
	if err != nil {
		return err
	}
	for _, j := range open {
		if err := cancelled(tx, j, who, "the store was revoked"); err != nil {
			return err
		}
	}
	if err := tx.Revoke(); err != nil {
		return err
	}
	return tx.Audit(who, "store.revoke", map[string]int{"cancelled": len(open)})
}
