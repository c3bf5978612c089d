package storesync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// RetryDue tries again by itself what stores refused, once something that it
// depends on has changed: a reference that the store lacked is there now, or the
// store's mapping is another. Each change is tried once; what is refused again
// waits for the next one, or for a person. So it ends, whatever a POS refuses.
func (s *Service) RetryDue(ctx context.Context, network string) error {
	d := &dueRetries{service: s, gathering: newGathering(network, hubName), seen: map[string]map[need]string{}, marks: map[string]lookedAt{}}
	if err := s.db.View(ctx, d.find); err != nil {
		return err
	}
	var failed error
	for _, r := range d.requests {
		failed = errors.Join(failed, d.try(ctx, *r))
	}
	if failed == nil {
		s.looked.set(d.marks)
	}
	return failed
}

// lookedAt is a store's state when its refused items were looked at last; the
// same again gives nothing new. It is forgotten with the process, which costs one
// more look.
type lookedAt struct {
	revision int64 // of the hub's copy
	report   time.Time
	profile  string
}

type lookedStores struct {
	mu sync.Mutex
	at map[string]lookedAt
}

func (l *lookedStores) same(id string, now lookedAt) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, ok := l.at[id]
	return ok && before == now
}

func (l *lookedStores) set(marks map[string]lookedAt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at == nil {
		l.at = map[string]lookedAt{}
	}
	for id, at := range marks {
		l.at[id] = at
	}
}

// dueRetries is one round.
type dueRetries struct {
	*gathering
	service *Service
	seen    map[string]map[need]string // what items depended on, by store
	marks   map[string]lookedAt
}

func (d *dueRetries) find(v *store.View) error {
	stores, err := v.ParkedStores(d.network, v.Now().Add(-keepRetrying))
	for id, report := range stores {
		if err == nil {
			err = d.look(v, id, report)
		}
	}
	return err
}

// look finds what of one store is to be tried again. While jobs are open they may
// bring what is missing.
func (d *dueRetries) look(v *store.View, id string, report time.Time) error {
	in, err := v.In(id)
	if err != nil {
		return err
	}
	at, err := in.Copy()
	if err != nil {
		return err
	}
	mark := lookedAt{at.Revision, report, in.Store.Profile}
	open, err := in.CountOpen()
	if err != nil || open > 0 || d.service.looked.same(id, mark) {
		return err
	}
	list, err := refusedBy(in, v.Now().Add(-keepRetrying), func(r refusals, it refusal) (bool, error) { return d.changed(in, r, it) })
	if err != nil {
		return err
	}
	d.marks[id] = mark
	return d.add(v, id, list)
}

// changed reports whether something that the item depends on is as it was not
// when it was tried last.
func (d *dueRetries) changed(in *store.StoreView, r refusals, it refusal) (bool, error) {
	ready, now, err := dependsOn(in, r, it)
	if err != nil || !ready {
		return false, err
	}
	before, err := in.Retried(it.Kind, it.UID)
	if err != nil || before == now {
		return false, err
	}
	if d.seen[in.Store.ID] == nil {
		d.seen[in.Store.ID] = map[need]string{}
	}
	d.seen[in.Store.ID][need{it.Kind, it.UID}] = now
	return true, nil
}

// dependsOn says whether what a refused item depends on is there, and what that
// is, as a digest.
func dependsOn(in *store.StoreView, r refusals, it refusal) (ready bool, seen string, err error) {
	switch it.reason {
	case merge.MissingRef:
		return lacksNothing(in, r.payload, it.PayloadItem)
	case merge.KindPaused, merge.RequiredMissing:
		return true, "profile " + in.Store.Profile, nil
	case merge.NotFound: // it vanished while the job was applied
		return true, "job " + r.job.ID, nil
	}
	return false, "", nil
}

// lacksNothing reports whether the store has all that the item cannot be without.
func lacksNothing(in *store.StoreView, p wire.Payload, it wire.PayloadItem) (bool, string, error) {
	sum := sha256.New()
	for _, n := range hardRefs(p, it) {
		rows, err := in.ItemsByUID(n.kind, n.uid)
		if err != nil {
			return false, "", err
		}
		i := slices.IndexFunc(rows, store.Item.Live)
		if i < 0 {
			return false, "", nil
		}
		fmt.Fprintf(sum, "%s\x00%s\x00%d\n", n.kind, n.uid, rows[i].SyncRev)
	}
	return true, "refs " + hex.EncodeToString(sum.Sum(nil)), nil
}

// hardRefs are what the item could not arrive without, in the order of its fields.
func hardRefs(p wire.Payload, it wire.PayloadItem) (out []need) {
	i := slices.IndexFunc(p.Kinds, func(k wire.PayloadKind) bool { return k.Name == it.Kind })
	if i < 0 {
		return nil
	}
	add := func(v item.Value) {
		if n := (need{v.RefKind(), v.Str()}); v.Type() == item.TypeUIDRef && n != (need{it.Kind, it.UID}) && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	for _, f := range p.Kinds[i].Fields {
		v := it.Fields.Get(f.Name)
		switch {
		case v.Type() == item.TypeUIDRef && f.Policy == item.Locked:
			add(v)
		case v.Type() == item.TypeRows && f.Policy != item.Unlocked && !p.Options.WithoutMissingParts:
			for _, row := range v.Rows() {
				add(row.Key)
				for _, c := range row.Cols {
					if columnPolicy(f, c.Name) != item.Unlocked {
						add(c.Value)
					}
				}
			}
		}
	}
	return out
}

// try tries a request, and keeps that it did. Killed in between, the job that it
// queued holds the next round back, and what was refused again is tried once more.
func (d *dueRetries) try(ctx context.Context, r Request) error {
	done, err := d.service.retry(ctx, r)
	if err != nil && !errors.Is(err, ErrRequest) {
		return err
	}
	why := done.Why
	if err != nil {
		why = explain(err)
	}
	for id := range r.Only {
		if i := slices.IndexFunc(done.Plan.Stores, func(at StorePlan) bool { return at.ID == id }); i >= 0 && done.Plan.Stores[i].Blocked != "" {
			delete(d.marks, id) // it is tried once the store can receive
			continue
		}
		if err := d.keep(ctx, id, r.Only[id], done, why); err != nil {
			return err
		}
	}
	return nil
}

// keep notes what the items depended on, and what a person is to know.
func (d *dueRetries) keep(ctx context.Context, id string, items map[string][]string, done Retried, why string) error {
	return d.service.db.WithStore(ctx, id, func(tx *store.StoreTx) error {
		for kind, uids := range items {
			for _, uid := range uids {
				if err := tx.SetRetried(kind, uid, d.seen[id][need{kind, uid}]); err != nil {
					return err
				}
			}
		}
		if why == "" || done.Plan.needs() == "" {
			return nil
		}
		return tx.Audit(hubName, "retry.waiting", map[string]any{"test": done.Plan.Digest, "why": why})
	})
}
