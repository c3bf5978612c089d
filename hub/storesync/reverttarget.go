package storesync

import (
	"cmp"
	"errors"
	"slices"

	"plait/hub/store"
	"plait/shared/wire"
)

// target is what a revert takes back: a sync, or one job.
type target struct {
	Reverted
	source StoreName
	stores []StorePlan
	jobs   map[string]store.Job // by store
}

// findTarget finds the sync or job, its stores and jobs, and the kinds that these
// brought.
func (t *revertTest) findTarget(v *store.View) error {
	found, err := t.targetSync(v)
	if errors.Is(err, store.ErrNotFound) {
		if found, err = t.targetJob(v); errors.Is(err, store.ErrNotFound) {
			return refuse("the network has no sync and no job %.40q: %w", t.asked.Sync, err)
		}
	}
	if err != nil {
		return err
	}
	epoch, err := v.HubEpoch()
	if err != nil {
		return err
	}
	found.Whole = len(t.asked.Items) == 0
	t.jobs = found.jobs
	t.plan = Plan{
		HubEpoch: epoch.Epoch, Network: t.network.ID, Source: found.source, Label: cmp.Or(t.asked.Label, "Revert of "+found.Label), By: t.asked.By,
		Made: v.Now(), Expires: v.Now().Add(keepTest), Request: t.request, Reverts: &found.Reverted,
	}
	t.payload = wire.Payload{Source: found.source.ID, HubEpoch: epoch.Epoch}
	if err := t.choose(found.stores); err != nil {
		return err
	}
	return t.readKinds(v)
}

func (t *revertTest) targetSync(v *store.View) (found target, err error) {
	y, err := v.Sync(t.network.ID, t.asked.Sync)
	if err != nil {
		return found, err
	}
	p, err := planOf(y)
	if err != nil {
		return found, err
	}
	found = target{Reverted: Reverted{Sync: y.ID, Label: y.Label, By: y.By, At: y.At}, source: p.Source, stores: p.Stores, jobs: map[string]store.Job{}}
	jobs, err := v.JobsByCause(t.network.ID, y.ID)
	for _, j := range jobs {
		found.jobs[j.Store] = j.Job
	}
	return found, err
}

func (t *revertTest) targetJob(v *store.View) (found target, err error) {
	j, err := v.FindJob(t.asked.Sync)
	if err != nil {
		return found, err
	}
	st, err := v.StoreByID(j.Store)
	if err == nil && st.Network != t.network.ID {
		err = store.ErrNotFound
	}
	if err != nil {
		return found, err
	}
	in, err := v.In(j.Store)
	if err != nil {
		return found, err
	}
	if j.State == store.Pending {
		return found, refuse("the changes that wait for store %s were not sent yet; there is nothing to take back", st.Name)
	}
	payload, _, err := t.contents(in, j.Job)
	if err != nil {
		return found, err
	}
	found = target{
		Reverted: Reverted{Job: j.ID, Label: j.Label, By: j.CreatedBy, At: j.Created}, source: StoreName{ID: payload.Source},
		stores: []StorePlan{{StoreName: StoreName{st.ID, st.Name}, Role: st.Role}}, jobs: map[string]store.Job{st.ID: j.Job},
	}
	if src, err := v.StoreByID(payload.Source); err == nil {
		found.source.Name = src.Name
	}
	return found, nil
}

// choose finds the stores that are asked for among the receivers.
func (t *revertTest) choose(receivers []StorePlan) error {
	for _, name := range t.asked.Stores {
		if !slices.ContainsFunc(receivers, func(s StorePlan) bool { return s.ID == name || s.Name == name }) {
			return refuse("store %q is none of the receivers of that sync", name)
		}
	}
	for _, s := range receivers {
		if len(t.asked.Stores) == 0 || slices.Contains(t.asked.Stores, s.ID) || slices.Contains(t.asked.Stores, s.Name) {
			t.plan.Stores = append(t.plan.Stores, StorePlan{StoreName: s.StoreName, Role: s.Role, Undoes: t.jobs[s.ID].ID})
		}
	}
	return nil
}

// readKinds gathers the kinds of the jobs' payloads, which are mostly one.
func (t *revertTest) readKinds(v *store.View) error {
	read := map[string]bool{}
	for _, at := range t.plan.Stores {
		j, ok := t.jobs[at.ID]
		if !ok || j.Payload == "" || read[j.Payload] {
			continue
		}
		read[j.Payload] = true
		in, err := v.In(at.ID)
		if err != nil {
			return err
		}
		p, _, err := t.contents(in, j)
		if err != nil {
			return err
		}
		for _, k := range p.Kinds {
			if !slices.ContainsFunc(t.payload.Kinds, func(o wire.PayloadKind) bool { return o.Name == k.Name }) {
				t.payload.Kinds = append(t.payload.Kinds, k)
			}
		}
	}
	return nil
}

// contents reads what a job of the sync carried; the payload once for all stores.
func (t *revertTest) contents(v *store.StoreView, j store.Job) (payload wire.Payload, own wire.Own, err error) {
	if t.last.hash == j.Payload {
		j.Payload = ""
		_, own, err = contents(v, j)
		return t.last.payload, own, err
	}
	if payload, own, err = contents(v, j); err == nil {
		t.last.hash, t.last.payload = j.Payload, payload
	}
	return payload, own, err
}

// hold keeps continuous sync from bringing back what a revert takes away whole:
// the cursors that rest upon the job move no more until a person has seen a Test.
// What only changed needs no such care, for links remember what was taken back.
func (q *queueing) hold(tx *store.StoreTx, at StorePlan) error {
	c := at.Counts
	if q.plan.Reverts == nil || !q.plan.Reverts.Whole || c.Deleted+c.Retired+c.Unlinked == 0 {
		return nil
	}
	j, err := tx.Job(at.Undoes)
	if err != nil {
		return err
	}
	return tx.HoldReach(j, store.HeldReverted)
}
