package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"plait/agent/outbox"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"

	"github.com/google/uuid"
)

// Repairer undoes drift at once, where the network asks for it (1-domain, "Drift"):
// locked fields of linked items that the POS changed go back to their base, which
// needs no hub. It looks at what was captured since it looked last.
//
// Each item is repaired in one transaction of the POS, like an item of a job, and
// captured like any other change. What is about to be repaired is kept before that
// transaction commits, and what became of it after: killed in between, the POS is
// asked whether it was.
type Repairer struct {
	*Applier
	Log     RepairLog
	Catalog *catalog.Catalog
	// Refused, if set, is told of each item that the POS refuses to have repaired.
	Refused func(r outbox.Repair)

	turn sync.Mutex // one Run at a time
	rule []string   // what the Run under way repairs, as outbox.RepairRule.Kinds has it
}

// RepairLog is what repairing keeps in the agent's record; outbox.Box is one.
type RepairLog interface {
	RepairRule(ctx context.Context) (outbox.RepairRule, error)
	SetRepairRule(ctx context.Context, r outbox.RepairRule) error
	NextChanged(ctx context.Context, after int64, limit int) (items []item.Item, upTo int64, err error)
	Latest(ctx context.Context, kind, key string) (it item.Item, ok bool, err error)
	Judging(ctx context.Context) (bool, error)
	SetRepair(ctx context.Context, state int, r outbox.Repair) error
	Repairs(ctx context.Context, state, limit int) ([]outbox.Repair, error)
	RepairOf(ctx context.Context, id item.ID) (r outbox.Repair, ok bool, err error)
	DropRepair(ctx context.Context, id item.ID) error
}

const (
	repairPage  = 1000
	repairPages = 10_000 // of one Run: ten million items
	// repairTimes bounds how often one item is repaired before the hub was told: a
	// program that sets a value again and again is not outrun.
	repairTimes = 10
	// repairPatience is how long the POS may wait for a repair that waits for capture.
	repairPatience = 40 * time.Millisecond
)

// Run repairs what drifted. It does nothing where the network does not ask for it,
// or after a restore that is not compared yet. A POS that keeps its database to
// itself is ErrWaits: what is left is repaired at the next Run. It returns how many
// items were.
func (r *Repairer) Run(ctx context.Context) (repaired int, err error) {
	r.turn.Lock()
	defer r.turn.Unlock()
	rule, err := r.Log.RepairRule(ctx)
	if err != nil || len(rule.Kinds) == 0 {
		return 0, err
	}
	if judging, err := r.Log.Judging(ctx); err != nil || judging {
		return 0, err
	}
	r.rule = rule.Kinds
	if err := r.settleBegun(ctx); err != nil {
		return 0, err
	}
	for range repairPages {
		items, upTo, err := r.Log.NextChanged(ctx, rule.UpTo, repairPage)
		if err != nil || upTo == rule.UpTo {
			return repaired, err
		}
		n, err := r.page(ctx, rule, items)
		repaired += n
		if err != nil {
			return repaired, err
		}
		rule.UpTo = upTo
		if err := r.Log.SetRepairRule(ctx, rule); err != nil {
			return repaired, err
		}
	}
	return repaired, nil
}

// page looks at items that changed, and captures what it wrote.
func (r *Repairer) page(ctx context.Context, rule outbox.RepairRule, items []item.Item) (repaired int, err error) {
	for _, it := range items {
		done, err := r.look(ctx, rule, it)
		if done {
			repaired++
		}
		if err != nil {
			return repaired, fmt.Errorf("cannot undo the drift of %s %s: %w", it.Kind, it.Key, err)
		}
	}
	if repaired == 0 {
		return 0, nil
	}
	return repaired, r.Capture.Drain(ctx)
}

// settleBegun asks the record what became of repairs that a kill cut off. What
// drifts still is found again, for the place was not moved past it.
func (r *Repairer) settleBegun(ctx context.Context) error {
	begun, err := r.Log.Repairs(ctx, outbox.RepairBegun, repairPage)
	if err != nil || len(begun) == 0 {
		return err
	}
	if err := r.Capture.Drain(ctx); err != nil {
		return err
	}
	for _, b := range begun {
		it, ok, err := r.Log.Latest(ctx, b.Kind, b.Key)
		if err != nil {
			return err
		}
		if ok && it.Gen == b.Gen && !it.Deleted && len(r.drift(it)) == 0 {
			err = r.Log.SetRepair(ctx, outbox.RepairDone, b)
		} else {
			err = r.Log.DropRepair(ctx, b.Identity())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Repairer) drift(it item.Item) []merge.FieldDrift {
	k, _ := r.Catalog.Kind(it.Kind)
	return slices.DeleteFunc(merge.Drift(it, k.Fixed()), func(d merge.FieldDrift) bool { return r.left(k, d.Name) })
}

// left reports whether a field is the store's own by now, whatever links remember of it:
// it is synced no more, or a switch of the network leaves it to the store.
func (r *Repairer) left(k catalog.Kind, field string) bool {
	return k.Stopped(field) || slices.Contains(r.rule, k.Name+"."+field)
}

// look repairs an item if it drifted and that was not refused already.
func (r *Repairer) look(ctx context.Context, rule outbox.RepairRule, it item.Item) (repaired bool, err error) {
	if it.Link == nil || !slices.Contains(rule.Kinds, it.Kind) {
		return false, nil
	}
	list := r.drift(it)
	last, known, err := r.Log.RepairOf(ctx, it.ID)
	switch {
	case err != nil:
		return false, err
	case len(list) == 0 && known && last.Refused != "":
		return false, r.Log.DropRepair(ctx, it.ID) // a sync, or a person, has settled it
	case len(list) == 0:
		return false, nil
	}
	seen := fingerprint(list)
	if known && last.Refused != "" && last.Seen == seen {
		return false, nil
	}
	k, _ := r.Catalog.Kind(it.Kind)
	report := outbox.Repair{
		Repair: wire.Repair{ID: uuid.NewString(), Kind: it.Kind, Key: it.Key, UID: it.Link.UID, Name: inShort(it.Fields.Get(k.Called())), At: r.Now().Unix()},
		Gen:    it.Gen, Seen: seen, Times: 1,
	}
	if known && last.Refused == "" {
		report.Times = last.Times + 1
	}
	if report.Times > repairTimes {
		return false, r.refuse(ctx, report, fmt.Errorf("it was repaired %d times, and the POS changes it again and again", repairTimes))
	}
	return r.one(ctx, it, list, report)
}

// fingerprint stands for what drifted, and from what.
func fingerprint(list []merge.FieldDrift) string {
	var b strings.Builder
	for _, d := range list {
		b.WriteString(d.Name + " " + string(item.ShortDigestOf(d.Base)) + " " + string(item.ShortDigestOf(d.Value)) + "\n")
	}
	return wire.Sum([]byte(b.String()))
}
