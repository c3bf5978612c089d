package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"plait/agent/outbox"
	"plait/agent/pos"
	"plait/shared/catalog"
	"plait/shared/item"
	"plait/shared/merge"
	"plait/shared/wire"
)

// one repairs one item in one transaction.
func (r *Repairer) one(ctx context.Context, it item.Item, list []merge.FieldDrift, report outbox.Repair) (repaired bool, err error) {
	run, err := r.prepare(ctx, it, list)
	if err != nil {
		return false, err
	}
	tx, err := run.begin(ctx)
	if err != nil {
		return false, err
	}
	run.recv.tx = tx
	plan, err := r.write(ctx, run.slice(tx))
	switch {
	case isDataError(err) || errors.Is(err, pos.ErrAborted):
		return false, errors.Join(tx.Rollback(), r.refuse(ctx, report, err))
	case err != nil || plan.Action != merge.Update:
		return false, errors.Join(err, tx.Rollback())
	}
	report.Fields = told(plan)
	if err := r.Log.SetRepair(ctx, outbox.RepairBegun, report); err != nil {
		return false, errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		if errors.Is(err, pos.ErrAborted) || isDataError(err) {
			return false, r.refuse(ctx, report, err)
		}
		return false, err
	}
	return true, r.Log.SetRepair(ctx, outbox.RepairDone, report)
}

// write plans and writes the item, and holds what the POS made of it against its
// base. Where there is nothing to repair any more the plan is no update.
func (r *Repairer) write(ctx context.Context, s *slice) (merge.ItemPlan, error) {
	plan, err := s.planner.Plan(0)
	if err != nil {
		return plan, err
	}
	for _, f := range plan.Fields {
		if len(f.Missing) > 0 {
			return plan, fmt.Errorf("%w: %s referred to %s, which is gone", pos.ErrReference, f.Title, strings.Join(f.Missing, ", "))
		}
	}
	switch plan.Action {
	case merge.Park:
		return plan, fmt.Errorf("%w: %s", pos.ErrConstraint, plan.Why)
	case merge.Update:
	default:
		return plan, nil
	}
	if err := s.write(ctx, plan); err != nil {
		return plan, err
	}
	now, ok, err := s.recv.Item(plan.Kind, plan.Local.Key)
	if err == nil && (!ok || r.stands(now, plan.Write)) {
		err = fmt.Errorf("%w: it makes something else of what was written", pos.ErrConstraint)
	}
	return plan, err
}

// stands reports whether something that was written drifts all the same.
func (r *Repairer) stands(now item.Item, written item.Fields) bool {
	return slices.ContainsFunc(r.drift(now), func(d merge.FieldDrift) bool { return !written.Get(d.Name).IsAbsent() })
}

// told is what a repair wrote, in words.
func told(plan merge.ItemPlan) (out []wire.RepairField) {
	for _, f := range plan.Fields {
		if f.Write && len(out) < wire.MaxRepairFields {
			out = append(out, wire.RepairField{Field: f.Name, Base: inShort(*f.Result), Value: inShort(*f.Branch)})
		}
	}
	return out
}

func inShort(v item.Value) string { return wire.Line(v.Display(), wire.MaxNameBytes) }

// refuse keeps that the item cannot be repaired, and why: it is named, and not
// tried again while it stands as it does.
func (r *Repairer) refuse(ctx context.Context, report outbox.Repair, cause error) error {
	report.Refused = wire.Line(fmt.Sprintf("the POS refuses it: %v", cause), wire.MaxReasonBytes)
	if err := r.Log.SetRepair(ctx, outbox.RepairDone, report); err != nil {
		return err
	}
	if r.Refused != nil {
		r.Refused(report)
	}
	return nil
}

// prepare makes a run whose only item is this one. Its index holds the item and
// what its base refers to: a whole store's would take longer than the repair.
func (r *Repairer) prepare(ctx context.Context, it item.Item, list []merge.FieldDrift) (*run, error) {
	meta, err := r.POS.Meta(ctx)
	if err != nil {
		return nil, err
	}
	profile, err := r.POS.Profile(ctx)
	if err != nil {
		return nil, err
	}
	out := &run{Applier: r.Applier, meta: meta, profile: profile, patience: repairPatience, dead: graves{}, payload: wire.Payload{Kinds: r.kinds()}}
	out.own.Items = []wire.PayloadItem{{Op: wire.OpRepair, Kind: it.Kind, UID: it.Link.UID, Undo: &wire.Undo{Key: it.Key, Gen: it.Gen}}}
	if out.revision, err = r.Record.Revision(ctx); err != nil {
		return nil, err
	}
	out.index = merge.NewIndex(out.store(), out.payload.Kinds)
	out.index.Put(it)
	for _, d := range list {
		if err := r.referred(ctx, d.Restored, out.index); err != nil {
			return nil, err
		}
	}
	out.recv = &receiver{ctx: ctx, index: out.index}
	out.planner = merge.NewPlanner(&out.payload, out.own, profile, out.index, out.recv)
	return out, nil
}

// referred puts the living items that a value refers to into the index.
func (r *Repairer) referred(ctx context.Context, v item.Value, index *merge.Index) error {
	if v.RefKind() != "" {
		it, ok, err := r.Log.Latest(ctx, v.RefKind(), v.Str())
		if err == nil && ok && !it.Deleted {
			index.Put(it)
		}
		return err
	}
	for _, row := range v.Rows() {
		if err := r.referred(ctx, row.Key, index); err != nil {
			return err
		}
		for _, c := range row.Cols {
			if err := r.referred(ctx, c.Value, index); err != nil {
				return err
			}
		}
	}
	return nil
}

// kinds are the catalogue's as a payload has them, as far as a repair needs it.
func (r *Repairer) kinds() (out []wire.PayloadKind) {
	for _, k := range r.Catalog.Kinds {
		if k.Direction == catalog.UploadOnly {
			continue
		}
		kind := wire.PayloadKind{Name: k.Name, Active: k.Active, NoMove: k.Forbids("move"), Match: wire.PayloadMatch{Category: k.Match.Category, Name: k.Match.Name}}
		for _, f := range k.Fields {
			if r.left(k, f.Name) {
				continue
			}
			kind.Fields = append(kind.Fields, wire.PayloadField{Name: f.Name, Title: f.Title, Policy: f.Policy})
		}
		out = append(out, kind)
	}
	return out
}
