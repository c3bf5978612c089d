package storesync

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"plait/hub/queue"
	"plait/hub/store"
	"plait/shared/item"
	"plait/shared/wire"
)

// catchUpItems is how many changed items one job of a continuous sync brings at
// most, beside what these need; more follow in the next. A variable for tests.
var catchUpItems = 10_000

// catchUp is what one store is to be sent from one source next.
type catchUp struct {
	service *Service
	store   *store.StoreView
	lags    []store.Lag // of that source
	source  store.Store
	snap    *snapshot
	profile wire.Profile

	// forgotten are the source's items of which the store has values from a time
	// that the hub has forgotten with a restore, by kind.
	forgotten map[string][]*row
	to        map[string]int64 // by kind: where the cursor moves
	chosen    chosen
	piece     *piece
	kept      store.Payload // zero if there is nothing to send
}

// Prepare makes Service a queue.Continuous: it cuts, without any lock, what the
// store is to be sent next.
func (s *Service) Prepare(ctx context.Context, storeID string) (queue.Cut, error) {
	var cut queue.Cut
	err := s.db.ViewStore(ctx, storeID, func(v *store.StoreView) error {
		c := &catchUp{service: s, store: v, forgotten: map[string][]*row{}, to: map[string]int64{}}
		cut = c.queue
		return c.prepare()
	})
	return cut, err
}

func (c *catchUp) prepare() error {
	all, err := waiting(c.store)
	if err != nil || len(all) == 0 {
		return err
	}
	for _, l := range all {
		if l.Source == all[0].Source {
			c.lags = append(c.lags, l)
		}
	}
	if c.profile, err = c.store.Profile(); err != nil {
		return err
	}
	if c.source, err = c.store.StoreByID(all[0].Source); err != nil {
		return err
	}
	if c.snap, err = c.service.snapshots.of(c.store.View, c.store.Store.Network, c.source.ID); err != nil {
		return fmt.Errorf("cannot read store %s: %w", c.source.Name, err)
	}
	c.snap.mu.Lock()
	defer c.snap.mu.Unlock()
	if err := c.lookBack(); err != nil {
		return err
	}
	for most := catchUpItems; ; most /= 2 {
		err := c.attempt(most)
		if !errors.Is(err, ErrRequest) || most <= 1 {
			return err
		}
	}
}

// attempt cuts at most so many changed items.
func (c *catchUp) attempt(most int) error {
	c.choose(most)
	if c.chosen.count() == 0 {
		return nil
	}
	if err := c.complete(); err != nil {
		return err
	}
	var err error
	c.kept, err = c.piece.encode()
	return err
}

// choose takes what changed at the source since the cursors, prerequisites first,
// and each kind in the order of its changes: where it must stop, the cursor stays
// at the last one taken. What was deleted at the source is not deleted here.
func (c *catchUp) choose(most int) {
	c.chosen = chosen{}
	lags := slices.Clone(c.lags)
	slices.SortFunc(lags, func(a, b store.Lag) int {
		return cmp.Compare(slices.Index(c.snap.order, a.Kind), slices.Index(c.snap.order, b.Kind))
	})
	for _, l := range lags {
		c.to[l.Kind] = l.To
		k := c.snap.src.kinds[l.Kind]
		if k == nil {
			continue
		}
		from := l.From
		if again := c.forgotten[l.Kind]; len(again) > most {
			from = 0 // too many to pick out
		} else {
			c.take(k, again)
		}
		rows := k.since(from)
		if len(rows) > most {
			rows = rows[:most]
			c.to[l.Kind] = from
			if most > 0 {
				c.to[l.Kind] = rows[most-1].syncRev
			}
		}
		most -= len(rows)
		c.take(k, rows)
	}
}

func (c *catchUp) take(k *sourceKind, rows []*row) {
	for _, r := range rows {
		c.chosen.add(k.Name, k.byUID[r.uid].Key)
	}
}

// since are the live items that changed after a sync_rev, in that order.
func (k *sourceKind) since(rev int64) (out []*row) {
	for _, r := range slices.Concat(k.rows, k.twice) {
		if r.syncRev > rev {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *row) int { return cmp.Compare(a.syncRev, b.syncRev) })
	return out
}

// lookBack looks through the store's items for values that came from a time that
// the hub has forgotten with a restore: what the source has now goes out again,
// even where the restored hub sees no change.
func (c *catchUp) lookBack() error {
	for _, l := range c.lags {
		k := c.snap.src.kinds[l.Kind]
		if !l.Old || k == nil {
			continue
		}
		err := eachItem(copyOf{c.store}, l.Kind, func(at store.Item, it item.Item) error {
			if at.Live() && it.Link != nil && c.isForgotten(l, it.Link) {
				if r := k.byUID[c.snap.src.aliases.canonical(l.Kind, it.Link.UID)]; r != nil {
					c.forgotten[l.Kind] = append(c.forgotten[l.Kind], r)
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("cannot look through %s of store %s: %w", l.Kind, c.store.Store.Name, err)
		}
	}
	return nil
}

func (c *catchUp) isForgotten(l store.Lag, link *item.Link) bool {
	return slices.ContainsFunc(link.Fields, func(f item.LinkField) bool {
		return f.From.Store == l.Source && f.From.HubEpoch != c.snap.epoch.Epoch && f.From.SyncRev > l.From
	})
}

// complete adds what the chosen items need and the store lacks; and, of what it
// is to get for the first time, the items that refer to it: without it they
// arrived in part, or not at all.
func (c *catchUp) complete() error {
	looked := map[need]bool{}
	for {
		c.piece = c.snap.cut(c.chosen)
		before := c.chosen.count()
		if err := c.addNeeds(looked); err != nil {
			return err
		}
		if err := c.addReferrers(looked); err != nil {
			return err
		}
		if c.chosen.count() == before {
			return nil
		}
	}
}

func (c *catchUp) addNeeds(looked map[need]bool) error {
	for n := range c.piece.needs {
		r := c.snap.src.kinds[n.kind].live(n.uid)
		if r == nil || !syncs(c.profile, n.kind) {
			continue
		}
		lacks, err := c.lacks(n, looked)
		if err != nil {
			return err
		}
		if lacks {
			c.chosen.add(n.kind, r.Key)
		}
	}
	return nil
}

func (c *catchUp) addReferrers(looked map[need]bool) error {
	for _, it := range c.piece.payload.Items {
		lacks, err := c.lacks(need{it.Kind, it.UID}, looked)
		if err != nil {
			return err
		}
		if !lacks {
			continue
		}
		for _, r := range c.snap.referrers(it.Kind, c.snap.src.kinds[it.Kind].byUID[it.UID].Key) {
			has, err := c.follows(r.Kind)
			if err != nil {
				return err
			}
			if has {
				c.chosen.add(r.Kind, r.Key)
			}
		}
	}
	return nil
}

// follows reports whether the store gets that kind of this source continuously.
func (c *catchUp) follows(kind string) (bool, error) {
	at, ok, err := c.store.Cursor(c.source.ID, kind)
	return ok && at.Held == "" && takes(c.profile, kind), err
}

// lacks reports whether the store has no item of that uid, or one that means the
// same.
func (c *catchUp) lacks(n need, looked map[need]bool) (bool, error) {
	if known, ok := looked[n]; ok {
		return known, nil
	}
	for _, uid := range append([]string{n.uid}, c.snap.src.aliases.others(n.kind, n.uid)...) {
		items, err := c.store.ItemsByUID(n.kind, uid)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(items, store.Item.Live) {
			looked[n] = false
			return false, nil
		}
	}
	looked[n] = true
	return true, nil
}

// queue makes the store's job of what was prepared and moves the cursors, in one
// transaction: a job that is lost with it has moved nothing.
func (c *catchUp) queue(tx *store.StoreTx, pending store.Job) (store.Job, error) {
	j := pending
	for _, l := range c.lags {
		now, ok, err := tx.Cursor(l.Source, l.Kind)
		if err != nil {
			return j, err
		}
		if !ok || now.Held != "" || now.SyncRev != l.From {
			return j, fmt.Errorf("what store %s waits for has changed meanwhile: %w", tx.Store.Name, store.ErrConflict)
		}
		if err := tx.SetCursor(l.Source, l.Kind, c.to[l.Kind]); err != nil {
			return j, err
		}
		j.Reach = j.Reach.Add(l.Source, l.Kind, l.From)
	}
	if c.kept.Hash == "" {
		return pending, nil
	}
	j.Label, j.Cause, j.Payload, j.Items, j.Plan = c.label(), continuousCause, c.kept.Hash, c.kept.Items, c.digest(j.Reach)
	return j, tx.AddPayload(c.kept)
}

// label says in a line what the job brings.
func (c *catchUp) label() string {
	var parts []string
	for _, kind := range c.snap.order {
		if n := len(c.chosen[kind]); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	text := fmt.Sprintf("%s from %s: %s", continuousLabel, c.source.Name, strings.Join(parts, ", "))
	if len(text) > maxLabel {
		text = clip(text, maxLabel)
	}
	return text
}

// digest names what was cut, and from where to where.
func (c *catchUp) digest(reach store.Reach) string {
	h := sha256.New()
	fmt.Fprintf(h, "plait continuous\x00%s\x00%s\x00%s\n", c.snap.epoch.Epoch, reach, c.kept.Hash)
	for _, l := range c.lags {
		fmt.Fprintf(h, "%s %d %d\n", l.Kind, l.From, c.to[l.Kind])
	}
	return hex.EncodeToString(h.Sum(nil))
}
