package merge

import (
	"cmp"
	"fmt"
	"slices"

	"plait/shared/item"
	"plait/shared/wire"
)

// Receiver is the store that a job goes to: the POS itself at the branch, the
// hub's copy of it in a Test.
type Receiver interface {
	// Item returns the live item with its link; ok is false if there is none.
	Item(kind, key string) (it item.Item, ok bool, err error)
	// Referred names an item that refers to this one; "" if none does.
	Referred(kind, key string) (by string, err error)
}

// ItemPlan is what a job does to one item.
type ItemPlan struct {
	N      int
	Kind   string
	UID    string
	Name   string
	Action Action
	Reason Reason    // of the action; "" where the fields tell
	Why    string    // a sentence, for Park, Skip and warnings
	Local  item.Item // as it stands before; zero if it is created
	Fields []FieldPlan
	// Write holds the fields to write, in the receiver's references.
	Write item.Fields
	// Restore is the identity under which a deleted item comes back; zero otherwise.
	// It keeps its generation where it gets its key back.
	Restore item.ID
	SameKey bool // Restore's key, or not at all
	origin  item.Origin
	called  string     // how the store called the item that is adopted
	undo    *wire.Undo // of a revert: what is taken back
	repair  bool       // bases stay
	relink  bool       // the link takes UID: it was found by an alias
}

// Planner plans the items of one job for one store, in their order. It is not
// safe for concurrent use.
type Planner struct {
	payload *wire.Payload
	own     wire.Own
	index   *Index
	recv    Receiver
	kinds   map[string]*kindPlan
	mapped  map[string]wire.ProfileKind
	// unmapped counts, by kind and field, what the receiver has no place for: said
	// once for a job, not once an item.
	unmapped map[[2]string]int
	claims   claims
	graves   map[[2]string]string // kind, old key → uid of what this job brings back
	moved    map[[2]string]string // kind, uid → the other key under which it came back
	after    []int                // of each item of the payload; nil until it is asked for
}

// kindPlan is a payload's kind as the receiver's POS has it.
type kindPlan struct {
	wire.PayloadKind
	mapped wire.ProfileKind
	fields []fieldPlace // as PayloadKind.Fields
}

// fieldPlace is a payload's field and its place in the receiver's POS.
type fieldPlace struct {
	*wire.PayloadField
	writable bool
	columns  []string // that the POS has
}

// NewPlanner returns a planner. The index holds the receiver's items of the
// payload's kinds and of the kinds that these refer to.
func NewPlanner(payload *wire.Payload, own wire.Own, profile wire.Profile, index *Index, recv Receiver) *Planner {
	p := &Planner{
		payload: payload, own: own, index: index, recv: recv,
		mapped: map[string]wire.ProfileKind{}, kinds: map[string]*kindPlan{}, unmapped: map[[2]string]int{},
	}
	for _, k := range profile.Kinds {
		p.mapped[k.Kind] = k
	}
	for _, k := range payload.Kinds {
		p.kinds[k.Name] = newKindPlan(k, p.mapped[k.Name])
	}
	p.claim()
	p.findGraves()
	return p
}

func newKindPlan(k wire.PayloadKind, mapped wire.ProfileKind) *kindPlan {
	out := &kindPlan{PayloadKind: k, mapped: mapped, fields: make([]fieldPlace, len(k.Fields))}
	for i := range k.Fields {
		out.fields[i].PayloadField = &k.Fields[i]
		for _, f := range mapped.Fields {
			if f.Name == k.Fields[i].Name {
				out.fields[i].writable, out.fields[i].columns = !f.ReadOnly, f.Columns
			}
		}
	}
	return out
}

// Len is the number of items of the job: the payload's, then the receiver's own.
func (p *Planner) Len() int { return len(p.payload.Items) + len(p.own.Items) }

// Item returns the job's n-th item.
func (p *Planner) Item(n int) wire.PayloadItem {
	if n < len(p.payload.Items) {
		return p.payload.Items[n]
	}
	return p.own.Items[n-len(p.payload.Items)]
}

// Plan decides what becomes of the n-th item, given the receiver as it is now
// and what Applied has told. Errors are the receiver's; whatever is wrong with
// the item itself is an ItemPlan with Action Park.
func (p *Planner) Plan(n int) (ItemPlan, error) {
	pi := p.Item(n)
	out := ItemPlan{
		N: n, Kind: pi.Kind, UID: pi.UID, Name: pi.Name,
		origin: item.Origin{Store: p.payload.Source, HubEpoch: p.payload.HubEpoch, SyncRev: pi.SyncRev},
	}
	kind := p.kinds[pi.Kind]
	switch {
	case kind == nil || !p.syncs(pi.Kind):
		return out.end(Skip, KindNotMapped, "this store's POS has no place for %s", pi.Kind), nil
	case kind.mapped.Paused != "":
		return out.end(Park, KindPaused, "%s cannot be applied at present: %s", pi.Kind, kind.mapped.Paused), nil
	case pi.Op == wire.OpDelete:
		return p.planDelete(out, pi, kind)
	case pi.Op == wire.OpRevert:
		return p.planRevert(out, pi, kind)
	case pi.Op == wire.OpRepair:
		return p.planRepair(out, pi, kind)
	default:
		return p.planPut(out, pi, kind)
	}
}

func (out ItemPlan) end(a Action, r Reason, format string, args ...any) ItemPlan {
	out.Action, out.Reason, out.Why = a, r, fmt.Sprintf(format, args...)
	return out
}

// Unmapped lists the fields for which the receiver's POS has no place, once each.
func (p *Planner) Unmapped() []wire.Exception {
	var list []wire.Exception
	for k, n := range p.unmapped {
		list = append(list, wire.Exception{
			N: -1, Kind: k[0], Name: k[0], Action: string(Skip), Field: k[1], Code: string(FieldNotMapped),
			Why: fmt.Sprintf("%s has no place in this store's POS; it was left out %d times", k[1], n),
		})
	}
	slices.SortFunc(list, func(a, b wire.Exception) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Field, b.Field))
	})
	return list
}

// Applied tells the planner what the item of a plan became, so that later items
// find and refer to it. A deleted one is a tombstone.
func (p *Planner) Applied(out ItemPlan, now item.Item) {
	p.index.Put(now)
	if out.Restore.Key != "" && now.Key != out.Restore.Key {
		p.moved[[2]string{out.Kind, out.UID}] = now.Key
	}
}
