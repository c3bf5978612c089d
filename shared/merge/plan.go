package merge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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
	Write  item.Fields
	origin item.Origin
}

// Planner plans the items of one job for one store, in their order. It is not
// safe for concurrent use.
type Planner struct {
	payload *wire.Payload
	own     wire.Own
	index   *Index
	recv    Receiver
	mapped  map[string]wire.ProfileKind
	kinds   map[string]wire.PayloadKind
	// unmapped counts, by kind and field, what the receiver has no place for: said
	// once for a job, not once an item.
	unmapped map[[2]string]int
}

// NewPlanner returns a planner. The index holds the receiver's items of the
// payload's kinds and of the kinds that these refer to.
func NewPlanner(payload *wire.Payload, own wire.Own, profile wire.Profile, index *Index, recv Receiver) *Planner {
	p := &Planner{
		payload: payload, own: own, index: index, recv: recv,
		mapped: map[string]wire.ProfileKind{}, kinds: map[string]wire.PayloadKind{}, unmapped: map[[2]string]int{},
	}
	for _, k := range profile.Kinds {
		p.mapped[k.Kind] = k
	}
	for _, k := range payload.Kinds {
		p.kinds[k.Name] = k
	}
	return p
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
	kind, mapped := p.mapped[pi.Kind]
	switch {
	case !mapped || kind.UploadOnly:
		return out.end(Skip, KindNotMapped, "this store's POS has no place for %s", pi.Kind), nil
	case kind.Paused != "":
		return out.end(Park, KindPaused, "%s cannot be applied at present: %s", pi.Kind, kind.Paused), nil
	case pi.Op == wire.OpDelete:
		return p.planDelete(out, pi, kind)
	case pi.Op == wire.OpRevert:
		return p.planRevert(out, pi)
	default:
		return p.planPut(out, pi)
	}
}

func (out ItemPlan) end(a Action, r Reason, format string, args ...any) ItemPlan {
	out.Action, out.Reason, out.Why = a, r, fmt.Sprintf(format, args...)
	return out
}

func (p *Planner) planPut(out ItemPlan, pi wire.PayloadItem) (ItemPlan, error) {
	kind := p.kinds[pi.Kind]
	m := p.match(pi, kind, p.category(pi, kind))
	switch {
	case m.refuse != "":
		return out.end(Park, m.refuse, "%s", m.why), nil
	case m.found && m.adopt && p.payload.Options.NoAdopt:
		return out.end(Skip, NotAdopted, "the store has its own %s %s under the same name or code, and this sync links none; it was left alone", pi.Kind, quote(pi.Name)), nil
	case m.found && p.payload.Options.OnlyNew:
		return out.end(Skip, OnlyNewItems, "this sync only creates what is missing"), nil
	}
	out.Reason, out.Why = m.warning, m.why
	if m.found {
		local, ok, err := p.recv.Item(pi.Kind, m.key)
		if err != nil {
			return out, fmt.Errorf("cannot read %s %s: %w", pi.Kind, m.key, err)
		}
		if !ok {
			return out.end(Park, NotFound, "%s %s was there a moment ago and is gone; it will be tried again", pi.Kind, m.key), nil
		}
		out.Local = local
	}
	return p.mergeItem(out, pi, kind, m), nil
}

// category is the receiver's key of the item's category. One that the receiver
// lacks is no item's category here, so nothing matches by name.
func (p *Planner) category(pi wire.PayloadItem, kind wire.PayloadKind) string {
	t := p.translate(pi, pi.Fields.Get(kind.Match.Category))
	if len(t.missing) > 0 {
		return "\x00missing"
	}
	return t.value.Str()
}

func (p *Planner) mergeItem(out ItemPlan, pi wire.PayloadItem, kind wire.PayloadKind, m matched) ItemPlan {
	fields := map[string]wire.ProfileField{}
	for _, f := range p.mapped[pi.Kind].Fields {
		fields[f.Name] = f
	}
	var missing []string
	for _, f := range kind.Fields {
		source := pi.Fields.Get(f.Name)
		if source.IsAbsent() || f.Policy == item.Never {
			continue
		}
		mapped, ok := fields[f.Name]
		plan, lacks := p.planField(out, pi, f, mapped, ok && !mapped.ReadOnly, !m.found)
		missing = append(missing, lacks...)
		out.Fields = append(out.Fields, plan)
		if plan.Write {
			out.Write = out.Write.With(f.Name, plan.Result)
		}
	}
	if len(missing) > 0 {
		return out.end(Park, MissingRef, "this store lacks %s; add it to the sync", strings.Join(missing, ", "))
	}
	if !m.found {
		if lacks := p.lacksRequired(out, pi.Kind); lacks != "" {
			return out.end(Park, RequiredMissing, "this store's POS demands a value for %s, and neither the source nor the store's mapping has one; set a default in the mapping", lacks)
		}
	}
	out.Action = out.action(m)
	return out
}

func (out ItemPlan) action(m matched) Action {
	switch {
	case !m.found:
		return Create
	case m.adopt:
		return Adopt
	case len(out.Write) > 0:
		return Update
	}
	for _, f := range out.Fields {
		if f.Kept() {
			return Keep
		}
	}
	return Equal
}

// planField decides one field. lacks names references without which the whole
// item is parked.
func (p *Planner) planField(out ItemPlan, pi wire.PayloadItem, f wire.PayloadField, mapped wire.ProfileField, writable, create bool) (plan FieldPlan, lacks []string) {
	branch := out.Local.Fields.Get(f.Name)
	t := p.translate(pi, mappedColumns(pi.Fields.Get(f.Name), mapped))
	in := fieldInput{field: f, create: create, branch: branch, source: t.value, origin: out.origin, reset: p.resets(pi.UID, f.Name)}
	in.last, in.synced = out.Local.Link.Field(f.Name)
	switch {
	case !writable || t.unmapped:
		p.unmapped[[2]string{pi.Kind, f.Title}]++
		return in.left(FieldNotMapped, nil), nil
	case in.synced && in.last.From.Newer(out.origin):
		return in.left(NewerHere, nil), nil
	case len(t.missing) == 0:
		return mergeField(in), nil
	case t.value.IsAbsent() && f.Policy != item.Locked:
		return in.left(ReferenceAbsent, t.missing), nil
	case f.Policy != item.Unlocked && (t.value.IsAbsent() || !p.payload.Options.WithoutMissingParts):
		return in.left(MissingRef, t.missing), t.missing
	}
	plan = mergeField(in)
	plan.Missing = t.missing
	return plan, nil
}

// left is a field that this job does not touch: its base does not move.
func (in fieldInput) left(r Reason, missing []string) FieldPlan {
	out := in.plan()
	out.Reason, out.Missing, out.moves = r, missing, false
	return out
}

// mappedColumns drops the columns that the receiver's POS does not have.
func mappedColumns(v item.Value, mapped wire.ProfileField) item.Value {
	if v.Type() != item.TypeRows {
		return v
	}
	rows := make([]item.Row, len(v.Rows()))
	for i, r := range v.Rows() {
		rows[i] = item.Row{Key: r.Key}
		for _, c := range r.Cols {
			for _, name := range mapped.Columns {
				if name == c.Name {
					rows[i].Cols = rows[i].Cols.With(c.Name, c.Value)
				}
			}
		}
	}
	out, _ := item.Rows(rows) // the same keys: no twins
	return out
}

func (p *Planner) resets(uid, field string) bool {
	for _, f := range p.own.Reset[uid] {
		if f == field {
			return true
		}
	}
	return false
}

// lacksRequired names a field that the POS demands of a new row and nobody gives.
func (p *Planner) lacksRequired(out ItemPlan, kind string) string {
	for _, f := range p.mapped[kind].Fields {
		if v := out.Write.Get(f.Name); f.Required && !f.Default && !f.ReadOnly && (v.IsAbsent() || v.IsNull()) {
			return f.Name
		}
	}
	return ""
}

func (p *Planner) planDelete(out ItemPlan, pi wire.PayloadItem, mapped wire.ProfileKind) (ItemPlan, error) {
	m, ok := p.matchUID(pi)
	if !ok {
		return out.end(Equal, NotFound, "it is not there any more"), nil
	}
	local, ok, err := p.recv.Item(pi.Kind, m.key)
	if err != nil {
		return out, fmt.Errorf("cannot read %s %s: %w", pi.Kind, m.key, err)
	}
	if !ok {
		return out.end(Equal, NotFound, "it is not there any more"), nil
	}
	out.Local = local
	if local.Link != nil && local.Link.Adopted {
		return out.end(Unlink, WasAdopted, "it was the store's own before it was linked, so it stays, unlinked"), nil
	}
	by, err := p.recv.Referred(pi.Kind, m.key)
	if err != nil {
		return out, fmt.Errorf("cannot tell what refers to %s %s: %w", pi.Kind, m.key, err)
	}
	active := p.kinds[pi.Kind].Active
	switch {
	case by == "" && mapped.CanDelete:
		out.Action = Delete
		return out, nil
	case active != "" && !local.Fields.Get(active).IsAbsent():
		out.Write = item.Fields{{Name: active, Value: item.Bool(false)}}
		return out.end(Retire, Referred, "%s refers to it, so it was deactivated instead of deleted", by), nil
	default:
		return out.end(Unlink, Referred, "%s refers to it and it cannot be deactivated, so it stays, unlinked", by), nil
	}
}

// Unmapped lists the fields for which the receiver's POS has no place, once each.
func (p *Planner) Unmapped() []wire.Exception {
	var list []wire.Exception
	for k, n := range p.unmapped {
		list = append(list, wire.Exception{
			N: -1, Kind: k[0], Name: k[0], Action: string(Skip), Field: k[1], Code: string(FieldNotMapped),
			Why: fmt.Sprintf("%s has no place in this store's POS; %d items arrived without it", k[1], n),
		})
	}
	slices.SortFunc(list, func(a, b wire.Exception) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Field, b.Field))
	})
	return list
}

// Applied tells the planner what an item became, so that later items find and
// refer to it. A deleted one is a tombstone.
func (p *Planner) Applied(now item.Item) { p.index.Put(now) }
