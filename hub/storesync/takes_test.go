package storesync_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// A branchPOS is the hub's copy of a store as its POS: what a branch applies a job to.
type branchPOS struct {
	*hub
	id    string
	items map[[2]string]item.Item
	next  int
}

func (h *hub) branchPOS(id string) *branchPOS {
	h.Helper()
	p := &branchPOS{hub: h, id: id, items: map[[2]string]item.Item{}, next: 100}
	err := h.db.ViewStore(context.Background(), id, func(v *store.StoreView) error {
		for _, k := range kinds().Kinds {
			rows, err := v.Items(k.Name, item.ID{}, 1000)
			if err != nil {
				return err
			}
			for _, row := range rows {
				it, err := row.Decode()
				if err != nil {
					return err
				}
				if n, _ := strconv.Atoi(it.Key); n >= p.next {
					p.next = n
				}
				if row.Live() {
					p.items[[2]string{k.Name, it.Key}] = it
				}
			}
		}
		return nil
	})
	if err != nil {
		h.Fatal(err)
	}
	return p
}

func (p *branchPOS) Item(kind, key string) (item.Item, bool, error) {
	it, ok := p.items[[2]string{kind, key}]
	return it, ok, nil
}

func (p *branchPOS) Referred(kind, key string) (string, error) {
	for at, it := range p.items {
		for _, f := range it.Fields {
			if f.Value.Equal(item.Ref(kind, key)) {
				return at[0], nil
			}
		}
	}
	return "", nil
}

// takesJob lets a store take its newest job: it changes the hub's copy as an
// upload would, and reports.
func (h *hub) takesJob(id string) wire.Result {
	h.Helper()
	j, payload, own := h.job(id)
	p := h.branchPOS(id)
	index := merge.NewIndex(id, payload.Kinds)
	for _, it := range p.items {
		index.Put(it)
	}
	planner := merge.NewPlanner(&payload, own, profile(), index, p)
	r := wire.Result{Job: j.ID, HubEpoch: j.EpochName, Number: j.Number, Order: 1, Done: true, POSEpoch: "p"}
	var images []byte
	for n := range planner.Len() {
		plan, err := planner.Plan(n)
		if err != nil {
			h.Fatal(err)
		}
		now := plan.Local
		if plan.Writes() {
			now = p.write(plan)
			planner.Applied(plan, now)
		}
		plan.Count(&r.Counts)
		r.Exceptions = append(r.Exceptions, plan.Exceptions()...)
		if m, ok := plan.Image(now); ok {
			images = wire.AppendImage(images, m)
		}
	}
	r.Before = wire.PackImages(images)
	h.reportsResult(id, r)
	return r
}

func (h *hub) reportsResult(id string, r wire.Result) {
	h.Helper()
	h.in(id, func(tx *store.StoreTx) error { return queue.Result(tx, r) })
}

func (p *branchPOS) write(plan merge.ItemPlan) item.Item {
	now := plan.Local
	if plan.Action == merge.Create {
		p.next++
		now.ID = item.ID{Kind: plan.Kind, Key: strconv.Itoa(p.next), Gen: 1}
		if plan.Restore.Key != "" {
			now.ID = plan.Restore
		}
	}
	at := [2]string{now.Kind, now.Key}
	if plan.Action == merge.Delete {
		delete(p.items, at)
		now.Deleted = true
		p.put(p.id, now)
		return now
	}
	for _, w := range plan.Write {
		now.Fields = now.Fields.With(w.Name, w.Value)
	}
	now.Link = plan.Link(now)
	p.items[at] = now
	p.put(p.id, now)
	return now
}

// state is all that the hub's copy of a store holds alive, and to what it is
// linked.
func (h *hub) state(id string) string {
	h.Helper()
	var out []string
	for at, it := range h.branchPOS(id).items {
		uid := "-"
		if it.Link != nil {
			uid = it.Link.UID
		}
		out = append(out, fmt.Sprintf("%s %s %s %s", at[0], at[1], item.AppendFields(nil, it.Fields), uid))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// syncs tests, runs and applies a sync.
func (h *hub) syncs(kinds []string, receivers ...string) string {
	h.Helper()
	y := h.run(h.test(request(all(kinds...), receivers...)))
	for _, id := range receivers {
		h.takesJob(id)
	}
	return y.ID
}
