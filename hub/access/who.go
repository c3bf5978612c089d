package access

import (
	"errors"
	"fmt"
	"slices"

	"plait/hub/store"
)

// Role is what an operator may do. Each may what those before it may.
type Role string

// The roles.
const (
	Viewer   Role = "viewer"   // reads
	Operator Role = "operator" // runs syncs, cancels jobs, switches stores, asks for uploads
	Admin    Role = "admin"    // networks, stores, enrolment, revoking, tokens
)

// Roles lists them, the least first.
var Roles = []Role{Viewer, Operator, Admin}

// Allows reports whether the role includes need. An unknown role allows nothing.
func (r Role) Allows(need Role) bool {
	have, want := slices.Index(Roles, r), slices.Index(Roles, need)
	return want >= 0 && have >= want
}

// ErrForbidden says that a role lacks the right.
var ErrForbidden = errors.New("the role does not allow it")

// Who is somebody who acts at the hub.
type Who struct {
	Name    string // as the audit log names them
	Token   string // its id
	Role    Role
	Network string // id; "" for the whole hub
}

// Act is one act, as the audit log tells it.
type Act struct {
	What   string // lower case with a dot: "store.revoke"
	Need   Role
	Detail any // encoded as JSON; never a secret
}

// Sees fails with store.ErrNotFound if the network (an id) is not theirs. The
// error is the same as for one that does not exist.
func (w Who) Sees(network string) error {
	if w.Network != "" && w.Network != network {
		return fmt.Errorf("network %s: %w", network, store.ErrNotFound)
	}
	return nil
}

// SeesStore is Sees for a store.
func (w Who) SeesStore(s store.Store) error {
	if w.Sees(s.Network) != nil {
		return fmt.Errorf("store %s: %w", s.ID, store.ErrNotFound)
	}
	return nil
}

// Needs fails with ErrForbidden if the role does not include need.
func (w Who) Needs(need Role) error {
	if !w.Role.Allows(need) {
		return fmt.Errorf("%w: it takes the role %s, and %s has %s", ErrForbidden, need, w.Name, w.Role)
	}
	return nil
}

// MayOnStore allows an act on one store whose room writes the audit entry
// itself: hub/queue's and hub/storesync's.
func (w Who) MayOnStore(s store.Store, need Role) error {
	if err := w.SeesStore(s); err != nil {
		return err
	}
	return w.Needs(need)
}

// OnStore allows and records an act on one store.
func (w Who) OnStore(tx *store.StoreTx, a Act) error {
	if err := w.MayOnStore(tx.Store, a.Need); err != nil {
		return err
	}
	return tx.Audit(w.Name, a.What, a.Detail)
}

// OnNetwork allows and records an act on a network, or on some of its stores
// (ids).
func (w Who) OnNetwork(tx *store.NetworkTx, a Act, stores ...string) error {
	if err := w.Sees(tx.Network.ID); err != nil {
		return err
	}
	if err := w.Needs(a.Need); err != nil {
		return err
	}
	return tx.Audit(w.Name, a.What, stores, a.Detail)
}

// OnHub allows and records an act on the hub itself. It takes somebody of the
// whole hub.
func (w Who) OnHub(tx *store.HubTx, a Act) error {
	if err := w.Needs(a.Need); err != nil {
		return err
	}
	if w.Network != "" {
		return fmt.Errorf("%w: %s belongs to one network, and this is the whole hub's", ErrForbidden, w.Name)
	}
	return tx.Audit(w.Name, a.What, a.Detail)
}
