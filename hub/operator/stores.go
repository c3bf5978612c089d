package operator

import (
	"context"
	"errors"
	"slices"
	"time"

	"plait/hub/access"
	"plait/hub/queue"
	"plait/hub/store"
	"plait/hub/storesync"
)

var storeRoles = []string{store.HeadOffice, store.Branch, store.Single}

// AddStore makes a store in a network, with a code to enrol its PC.
func (d *Desk) AddStore(ctx context.Context, who access.Who, network string, in NewStore) (out Enrolment, err error) {
	if err := checkStore(in); err != nil {
		return out, err
	}
	var n store.Network
	if err := d.DB.View(ctx, func(v *store.View) (err error) { n, err = d.network(v, who, network); return err }); err != nil {
		return out, err
	}
	var s store.Store
	err = d.DB.WithNetwork(ctx, n.ID, func(tx *store.NetworkTx) error {
		if err := apart(tx.View, n.ID, "", in.Name, in.Labels); err != nil {
			return err
		}
		s, err = tx.AddStore(store.Store{Name: in.Name, Role: in.Role, Labels: in.Labels})
		if errors.Is(err, store.ErrConflict) {
			return conflict("network %s has a store called %q already", n.Name, in.Name)
		}
		if err != nil {
			return err
		}
		return who.OnNetwork(tx, access.Act{What: "store.add", Need: access.Admin, Detail: in}, s.ID)
	})
	if err != nil {
		return out, err
	}
	return d.Code(ctx, who, s.ID)
}

func checkStore(in NewStore) error {
	return errors.Join(checkName("a store", in.Name), checkLabels(in.Labels), checkRole(in.Role))
}

func checkRole(role string) error {
	if !slices.Contains(storeRoles, role) {
		return refuse("there is no role %q of a store; there are head_office, branch and single", role)
	}
	return nil
}

// Code makes a new enrolment code for a store: for its first PC, or for one that
// takes another's place. The queue and the hub's copy are the store's and stay.
// Codes made before and not used end.
func (d *Desk) Code(ctx context.Context, who access.Who, ref string) (out Enrolment, err error) {
	act := access.Act{What: "store.code", Need: access.Admin}
	err = d.onStore(ctx, who, ref, act, func(tx *store.StoreTx) error {
		code, err := d.Door.NewCode(tx, who)
		if err != nil {
			return err
		}
		out.Code, out.Expires = code.Text, code.Expires
		out.Store, err = d.showStore(tx.StoreView)
		return err
	})
	return out, err
}

// Stores lists the stores that somebody may see, of one network or ("") of all.
func (d *Desk) Stores(ctx context.Context, who access.Who, network string) (out []Store, err error) {
	out = []Store{}
	err = d.DB.View(ctx, func(v *store.View) error {
		return d.eachStore(v, who, network, func(s *store.StoreView) error {
			shown, err := d.showStore(s)
			out = append(out, shown)
			return err
		})
	})
	return out, err
}

func (d *Desk) eachStore(v *store.View, who access.Who, network string, visit func(*store.StoreView) error) error {
	networks, err := d.networks(v, who)
	if network != "" && err == nil {
		var n store.Network
		n, err = d.network(v, who, network)
		networks = []store.Network{n}
	}
	if err != nil {
		return err
	}
	for _, n := range networks {
		stores, err := v.Stores(n.ID)
		if err != nil {
			return err
		}
		for _, s := range stores {
			if s.Role == store.MasterList {
				continue
			}
			view, err := v.In(s.ID)
			if err == nil {
				err = visit(view)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Store shows how a store stands.
func (d *Desk) Store(ctx context.Context, who access.Who, ref string) (out StoreDetail, err error) {
	err = d.DB.View(ctx, func(v *store.View) error {
		s, err := d.store(v, who, ref)
		if err != nil {
			return err
		}
		view, err := v.In(s.ID)
		if err == nil {
			out, err = d.detail(view)
		}
		return err
	})
	return out, err
}

func (d *Desk) showStore(v *store.StoreView) (Store, error) {
	contact, err := v.Contact()
	if err != nil {
		return Store{}, err
	}
	held, err := v.Copy()
	if err != nil {
		return Store{}, err
	}
	open, err := v.CountOpen()
	s := v.Store
	return Store{
		ID: s.ID, Network: s.NetworkName, Name: s.Name, Role: s.Role, Switch: s.Switch, Labels: s.Labels,
		State: d.state(s, contact, v.Now()), Host: s.Host, Version: contact.Hello.Version,
		Contact: contact.HelloAt, Due: contact.Due, OpenJobs: open, EqualAt: held.EqualAt, Parked: held.Parked,
	}, err
}

func (d *Desk) state(s store.Store, c store.Contact, now time.Time) string {
	switch {
	case !s.Revoked.IsZero():
		return StateRevoked
	case s.Installation == "":
		return StateNew
	case !c.Held.First.IsZero():
		return StateHeld
	case c.HelloAt.IsZero():
		return StateEnrolled
	case !c.Due.IsZero() && now.After(c.Due.Add(d.Grace)):
		return StateOverdue
	}
	return StateOK
}

func (d *Desk) detail(v *store.StoreView) (StoreDetail, error) {
	shown, err := d.showStore(v)
	if err != nil {
		return StoreDetail{}, err
	}
	contact, err := v.Contact()
	if err != nil {
		return StoreDetail{}, err
	}
	held, err := v.Copy()
	if err != nil {
		return StoreDetail{}, err
	}
	out := StoreDetail{
		Store: shown, Created: v.Store.Created, Installation: v.Store.Installation, Revoked: v.Store.Revoked,
		POSTrouble: contact.Hello.POSTrouble, Reason: contact.Hello.Reason, Bye: contact.ByeAt,
		Reconcile: held.Reconcile, Compared: held.Compared, Held: heldOf(contact),
	}
	return out, d.addDetail(v, held, &out)
}

func heldOf(c store.Contact) *Held {
	if c.Held.First.IsZero() {
		return nil
	}
	return &Held{Installation: c.Held.Hello.Installation, Since: c.Held.First, Last: c.Held.Last, Until: c.Held.Until}
}

// addDetail adds what stands in other tables.
func (d *Desk) addDetail(v *store.StoreView, held store.Copy, out *StoreDetail) error {
	sums, err := v.KindSums(held.Live)
	if err != nil {
		return err
	}
	out.Kinds = []KindHeld{}
	for _, k := range sums {
		out.Kinds = append(out.Kinds, KindHeld{Kind: k.Kind, Items: k.Count})
	}
	profile, err := v.Profile()
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	out.POS = profile.POS
	if v.Store.Catalog != "" {
		drift, err := storesync.CountDrift(v)
		if err != nil {
			return err
		}
		out.Drift = drift.Items()
	}
	if full := v.Store.Full; full.ID != "" {
		staging, _, err := v.StagingUpload()
		if err != nil {
			return err
		}
		out.Full = &Full{By: full.By, At: full.At, Staged: staging.Staged}
	}
	if out.Coming, err = storesync.ComesTo(v); err != nil {
		return err
	}
	out.Queue, err = openJobs(v)
	return err
}

// mayOnStore is onStore for acts that the room which does them audits.
func (d *Desk) mayOnStore(ctx context.Context, who access.Who, ref string, need access.Role, do func(*store.StoreTx) error) error {
	s, err := d.find(ctx, who, ref)
	if err != nil {
		return err
	}
	return d.DB.WithStore(ctx, s.ID, func(tx *store.StoreTx) error {
		if err := errors.Join(salon(tx.Store), who.MayOnStore(tx.Store, need)); err != nil {
			return err
		}
		return do(tx)
	})
}

// Link gives a store its part in the network: a single store becomes a branch or
// head office, and the other way round.
func (d *Desk) Link(ctx context.Context, who access.Who, ref string, in LinkStore) (out Store, err error) {
	if err := checkRole(in.Role); err != nil {
		return out, err
	}
	err = d.onStore(ctx, who, ref, access.Act{What: "store.link", Need: access.Admin, Detail: in}, func(tx *store.StoreTx) error {
		if in.Role == store.HeadOffice && tx.Store.Role != store.HeadOffice {
			if err := noOtherHeadOffice(tx); err != nil {
				return err
			}
		}
		s := tx.Store
		s.Role = in.Role
		if err := errors.Join(held(tx, in.Role), tx.SetStore(s)); err != nil {
			return err
		}
		if err := storesync.Settle(tx.View, s.Network, tx.SetContinuous); err != nil {
			return err
		}
		out, err = d.showStore(tx.StoreView)
		return err
	})
	return out, err
}

// held: nothing comes by itself to a store that is linked, nor from one that
// becomes head office, before it was reviewed.
func held(tx *store.StoreTx, role string) error {
	switch {
	case role == tx.Store.Role || role == store.Single:
		return nil
	case role == store.HeadOffice:
		return errors.Join(tx.HoldCursors(store.HeldLinked), tx.HoldCursorsFrom(store.HeldLinked))
	default:
		return tx.HoldCursors(store.HeldLinked)
	}
}

func noOtherHeadOffice(tx *store.StoreTx) error {
	all, err := tx.Stores(tx.Store.Network)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Role == store.HeadOffice && s.ID != tx.Store.ID {
			return conflict("%s is head office of %s: make it a branch first", s.Name, s.NetworkName)
		}
	}
	return nil
}

// Revoke takes a store's credential away and cancels its open jobs, by name, in
// the same act. Its code too ends; the hub's copy stays.
func (d *Desk) Revoke(ctx context.Context, who access.Who, ref string, in RevokeStore) (out Revoked, err error) {
	err = d.mayOnStore(ctx, who, ref, access.Admin, func(tx *store.StoreTx) error {
		if out.Cancelled, err = openJobs(tx.StoreView); err != nil {
			return err
		}
		if len(out.Cancelled) != in.Jobs {
			return conflict("revoking store %s cancels %d open jobs, and %d were confirmed: look at its queue, and confirm the number",
				tx.Store.Name, len(out.Cancelled), in.Jobs)
		}
		if err := tx.EndCodes(); err != nil {
			return err
		}
		if err := queue.Revoke(tx, who.Name); err != nil {
			return err
		}
		out.Store, err = d.showStore(tx.StoreView)
		return err
	})
	return out, err
}

// Release makes a code by which a technician lets an older copy of the store's
// agent in.
func (d *Desk) Release(ctx context.Context, who access.Who, ref string) (Release, error) {
	s, err := d.find(ctx, who, ref)
	if err != nil {
		return Release{}, err
	}
	if err := who.MayOnStore(s, access.Operator); err != nil {
		return Release{}, err
	}
	code, expires, err := d.Contact.Release(ctx, s.ID, who.Name)
	return Release{Code: code, Expires: expires}, err
}
