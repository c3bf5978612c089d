package storesync

import (
	"errors"
	"fmt"
	"slices"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// maxReported bounds the items that jobs told of; the results have them all.
const maxReported = 1000

// reported lists what the newest jobs of the store could not bring, or not whole,
// and no later job brought.
func (n *setup) reported() ([]SetupItem, error) {
	jobs, err := n.in.NewestApplied(jobsLookedAt)
	if err != nil {
		return nil, err
	}
	told := make([][]wire.Exception, len(jobs))
	last := -1
	for i, j := range jobs {
		results, err := n.in.Results(j.ID)
		if err != nil {
			return nil, err
		}
		if len(results) > 0 {
			told[i] = slices.DeleteFunc(results[0].Exceptions, func(e wire.Exception) bool { return sortOf(e) == "" })
		}
		if len(told[i]) > 0 {
			last = i
		}
	}
	out := []SetupItem{}
	settled := map[[2]string]bool{}
	for i := 0; i <= last && len(out) < maxReported; i++ {
		list, err := n.unsettled(jobs[i], told[i], settled)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
		if i < last {
			if err := n.settles(jobs[i], settled); err != nil {
				return nil, err
			}
		}
	}
	return out[:min(len(out), maxReported)], nil
}

// sortOf says why an exception needs a person; "" if it does not.
func sortOf(e wire.Exception) string {
	switch {
	case e.UID == "":
		return ""
	case e.Action == string(merge.Park):
		return SetupParked
	case e.Code == string(merge.ReferenceAbsent) || e.Code == string(merge.MissingPart):
		return SetupReference
	}
	return ""
}

// unsettled are a job's exceptions that no later job, and nobody at the store,
// has settled: one entry for each item.
func (n *setup) unsettled(j store.Job, told []wire.Exception, settled map[[2]string]bool) (out []SetupItem, err error) {
	for _, e := range told {
		if settled[[2]string{e.Kind, e.UID}] {
			continue
		}
		it, there, err := n.item(e)
		if err != nil {
			return nil, err
		}
		if e.Code == string(merge.ReferenceAbsent) && there && !it.Fields.Get(e.Field).IsEmpty() {
			continue // somebody has chosen one
		}
		if e.Action != string(merge.Park) && !there {
			continue // it is gone
		}
		out = append(out, n.entry(j, e, it))
	}
	return out, nil
}

func (n *setup) item(e wire.Exception) (it item.Item, ok bool, err error) {
	rows, err := n.in.ItemsByUID(e.Kind, e.UID)
	if err != nil {
		return it, false, err
	}
	i := slices.IndexFunc(rows, store.Item.Live)
	if i < 0 {
		return it, false, nil
	}
	it, err = rows[i].Decode()
	return it, err == nil, err
}

func (n *setup) entry(j store.Job, e wire.Exception, it item.Item) SetupItem {
	out := SetupItem{Sort: sortOf(e), Kind: e.Kind, Key: it.Key, UID: e.UID, Name: e.Name, Why: e.Why, Job: j.Number}
	out.Mend = "mend the cause, then sync the item again"
	if out.Sort == SetupReference {
		out.Mend = "choose one at the store, or sync what is missing and then this item"
		k, _ := n.catalog.Kind(e.Kind)
		if f, ok := k.Field(e.Field); ok {
			out.Fields = []SetupField{{Field: f.Name, Title: f.Title, Why: fmt.Sprintf("job %d left it", j.Number)}}
		}
	}
	return out
}

// settles notes every item that a job brought: what earlier jobs told of it is
// settled, or told again by this one.
func (n *setup) settles(j store.Job, settled map[[2]string]bool) error {
	payload, own, err := contents(n.in, j)
	if errors.Is(err, store.ErrNotFound) {
		return nil // contents are kept for a time
	}
	if err != nil {
		return fmt.Errorf("cannot read job %d of store %s: %w", j.Number, n.in.Store.Name, err)
	}
	for _, it := range slices.Concat(payload.Items, own.Items) {
		settled[[2]string{it.Kind, it.UID}] = true
	}
	return nil
}
