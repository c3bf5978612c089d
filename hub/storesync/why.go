package storesync

import (
	"context"
	"fmt"
	"slices"
	"time"

	"plait/hub/store"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// WhyAsk asks why a field of an item stands as it does at a store.
type WhyAsk struct {
	ItemRef
	Store string // id
	Field string
}

// Why answers that: what the next sync would do and why, what the last ones did,
// and what stands in the way.
type Why struct {
	Item  FoundItem `json:"item"`
	Store StoreName `json:"store"`
	Field string    `json:"field"`
	Title string    `json:"title"`
	// Says are the sentences, the one that decides first.
	Says []string `json:"says"`
	// Policy is who owns the field by now, with the network's switches.
	Policy item.Policy  `json:"policy"`
	Action string       `json:"action"`         // of the item, if it were synced now
	Now    *FieldDetail `json:"now,omitempty"`  // of the field; nil if a sync would not bring it
	Link   *LinkAt      `json:"link,omitempty"` // nil if the item is not linked there
	Told   []Reported   `json:"told,omitempty"` // by the store, newest first
}

// LinkAt is what a link knows of the field.
type LinkAt struct {
	Birth   item.Birth  `json:"birth"`
	Adopted bool        `json:"adopted"`
	Base    *string     `json:"base,omitempty"` // nil: the field was never synced
	Policy  item.Policy `json:"policy,omitempty"`
	Source  string      `json:"source,omitempty"` // name of the store that it came from
	SyncRev int64       `json:"sync_rev,omitempty"`
	Newest  int64       `json:"newest,omitempty"` // the source's sync_rev of the item by now
	Since   *Since      `json:"since,omitempty"`
}

// Reported is what a store told of the item or the field after a job.
type Reported struct {
	Job    int64     `json:"job"` // number
	Label  string    `json:"label"`
	At     time.Time `json:"at"`
	Action string    `json:"action"`
	Code   string    `json:"code"`
	Why    string    `json:"why"`
}

// Why replays the merge of one item over the hub's copy of a store, from link,
// base and policy, and adds what the store told of it.
func (s *Service) Why(ctx context.Context, network string, ask WhyAsk) (out Why, err error) {
	err = s.db.View(ctx, func(v *store.View) error {
		l, err := lookAt(v, network, ask.ItemRef)
		if err != nil {
			return err
		}
		in, err := v.In(ask.Store)
		if err != nil {
			return err
		}
		if in.Store.Network != l.network.ID {
			return fmt.Errorf("store %s: %w", ask.Store, store.ErrNotFound)
		}
		w := &asking{look: l, in: in, carriers: l.carriers(), out: &out}
		if w.field, err = l.field(ask.Field); err != nil {
			return err
		}
		return w.answer()
	})
	if err != nil {
		return out, fmt.Errorf("cannot say why %s of %s stands as it does: %w", ask.Field, ask.ItemRef.inWords(), err)
	}
	return out, nil
}

// asking is one question on its way.
type asking struct {
	*look
	in       *store.StoreView
	carriers *carriers
	field    catalog.Field
	out      *Why
}

func (w *asking) say(format string, args ...any) {
	w.out.Says = append(w.out.Says, fmt.Sprintf(format, args...))
}

func (w *asking) answer() error {
	w.out.Item, w.out.Store = w.found, StoreName{w.in.Store.ID, w.in.Store.Name}
	w.out.Field, w.out.Title, w.out.Says = w.field.Name, w.field.Title, []string{}
	w.out.Policy = policiesOf(w.network.Switches, Options{}).of(w.field)
	switch {
	case w.hasUsual && w.usual.ID == w.in.Store.ID:
		w.say("%s usually comes from this very store: what it has is what the others get", w.kind.Name)
	case w.out.Policy == item.Never:
		w.say("%s never travels: it is each store's own", w.field.Title)
	default:
		if err := w.replay(); err != nil {
			return err
		}
	}
	if err := w.standing(); err != nil {
		return err
	}
	return w.told()
}

// replay runs the merge of the item at the store as it is now.
func (w *asking) replay() error {
	if w.in.Store.Profile == "" {
		return nil // it never came: its standing says so
	}
	a, err := w.alone()
	if err != nil {
		return err
	}
	profile, err := w.in.Profile()
	if err != nil {
		return err
	}
	r, err := readReceiver(copyOf{w.in}, w.in.Store.ID, profile, a.payload.Kinds)
	if err != nil {
		return err
	}
	plan, _, err := a.at(w.in, r)
	if err != nil {
		return err
	}
	w.out.Action = string(plan.Action)
	if err := w.link(plan.Local, a.row.syncRev); err != nil {
		return err
	}
	w.judge(plan, shower{index: r.index, names: a.payload.Items[0].RefNames})
	return nil
}

func (w *asking) judge(plan merge.ItemPlan, show shower) {
	i := slices.IndexFunc(plan.Fields, func(f merge.FieldPlan) bool { return f.Name == w.field.Name })
	item := plan.Sentence()
	switch {
	case plan.Action == merge.Park || plan.Action == merge.Skip:
		w.say("a sync could not bring the item: %s", item)
	case plan.Action == merge.Create || plan.Action == merge.Adopt:
		w.say("no sync has linked the item there yet: at the next one %s", item)
	}
	if i < 0 {
		if plan.Action != merge.Park && plan.Action != merge.Skip {
			w.say("%s is not among what a sync brings: the source has no value of it", w.field.Title)
		}
		return
	}
	f := plan.Fields[i]
	detail := show.field(f, w.kind)
	w.out.Now = &detail
	switch {
	case plan.Action == merge.Park || plan.Action == merge.Skip:
	case f.Write && plan.Action == merge.Update:
		w.say("nothing has brought it yet; the next sync would: %s", f.Sentence())
	default:
		w.say("%s", f.Sentence())
	}
}

func (w *asking) link(local item.Item, newest int64) error {
	if local.Link == nil {
		return nil
	}
	at := &LinkAt{Birth: local.Link.Birth, Adopted: local.Link.Adopted, Newest: newest}
	w.out.Link = at
	last, ok := local.Link.Field(w.field.Name)
	if !ok {
		return nil
	}
	at.Policy, at.SyncRev, at.Source = last.Policy, last.From.SyncRev, last.From.Store
	if src, err := w.In(last.From.Store); err == nil {
		at.Source = src.Store.Name
	}
	var err error
	if at.Base, err = w.shown(w.in, last.Base); err != nil {
		return err
	}
	at.Since, err = w.carriers.brought(w.in, last.From)
	return err
}

// standing says what else stands in the way: the store, and jobs that wait.
func (w *asking) standing() error {
	st, err := standingOf(w.in)
	if err != nil {
		return err
	}
	if why := st.blocked(); why != "" {
		w.say("the store can receive nothing now: %s", why)
	}
	open, err := w.carriers.open(w.in)
	if err != nil {
		return err
	}
	for _, j := range open {
		w.say("job %d, %s, brings the item and is %s: %s", j.Number, quoted(j.Label), j.State, "it is applied when the store comes")
	}
	return nil
}

// reportsLookedAt is how many of a store's jobs are searched for what it told.
const reportsLookedAt = 30

// told finds what the store told of the item or the field.
func (w *asking) told() error {
	jobs, err := w.in.NewestApplied(reportsLookedAt)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		results, err := w.in.Results(j.ID)
		if err != nil {
			return err
		}
		for _, r := range results {
			for _, e := range r.Exceptions {
				if w.about(e) {
					w.out.Told = append(w.out.Told, Reported{j.Number, j.Label, r.At, e.Action, e.Code, e.Why})
				}
			}
		}
	}
	return nil
}

func (w *asking) about(e wire.Exception) bool {
	return e.Kind == w.kind.Name && (e.Field == w.field.Name || e.Field == "") && slices.Contains(w.uids, e.UID)
}
