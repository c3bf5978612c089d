package access

import (
	"context"
	"errors"
	"time"

	"plait/hub/store"
	"plait/shared/enrolcode"
	"plait/shared/wire"
)

// overlap is how long a PC's credential stays good after the same PC chose
// another one: for an agent that was restored to a moment before.
const overlap = 7 * 24 * time.Hour

// Code is a fresh enrolment code. It is shown once.
type Code struct {
	Text    string
	Expires time.Time
}

// NewCode makes a code for the store within the caller's transaction. Codes that
// were made before for it and not used are good no longer.
func (d *Door) NewCode(tx *store.StoreTx, by Who) (Code, error) {
	code, err := enrolcode.NewCode(d.pin)
	if err != nil {
		return Code{}, err
	}
	if err := tx.EndCodes(); err != nil {
		return Code{}, err
	}
	expires := tx.Now().Add(d.valid)
	err = tx.AddCode(store.Code{Hash: HashSecret(code.String()), By: by.Name, Expires: expires})
	return Code{Text: code.String(), Expires: expires}, err
}

// Redeem enrols a PC: from now on its credential is the store's. An answer that
// was lost is repeated for the same installation and credential.
//
// A PC that takes another's place ends the other's credential at once; the queue
// and the hub's copy stay the store's. The same PC that enrols again changes its
// credential, and the one before is good for another week.
//
// Errors are *wire.Error with a sentence for the technician.
func (d *Door) Redeem(ctx context.Context, e wire.Enroll) (wire.Enrolled, error) {
	code, err := enrolcode.ParseCode(e.Code)
	if err != nil {
		return wire.Enrolled{}, wire.Refuse(wire.CodeBadRequest, "%v", err)
	}
	if err := enrolcode.CheckSecret(enrolcode.CredentialPrefix, e.Credential); err != nil {
		return wire.Enrolled{}, wire.Refuse(wire.CodeBadRequest, "cannot enrol: %v", err)
	}
	hash := HashSecret(code.String())
	var kept store.Code
	err = d.db.View(ctx, func(v *store.View) error {
		kept, err = v.Code(hash)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return wire.Enrolled{}, wire.Refuse(wire.CodeUnauthorized, "this hub did not make the enrolment code, or it is long past: ask for a new one")
	}
	if err != nil {
		return wire.Enrolled{}, err
	}
	var s store.Store
	err = d.db.WithStore(ctx, kept.Store, func(tx *store.StoreTx) error {
		err := redeem(tx, hash, e)
		s = tx.Store
		return err
	})
	if err != nil {
		return wire.Enrolled{}, err
	}
	return wire.Enrolled{Network: s.Network, Store: s.ID, StoreName: s.Name, Role: s.Role, Catalog: s.Catalog}, nil
}

func redeem(tx *store.StoreTx, hash string, e wire.Enroll) error {
	code, err := tx.Code(hash) // again, now that the store is locked
	if err != nil {
		return err
	}
	credential := HashSecret(e.Credential)
	if code.UsedBy == e.Installation && e.Installation != "" {
		return repeated(tx, credential)
	}
	if !code.Used.IsZero() {
		return wire.Refuse(wire.CodeConflict, "the enrolment code was used by another PC: ask for a new one with `plait-hub store replace`")
	}
	if !tx.Now().Before(code.Expires) {
		return wire.Refuse(wire.CodeConflict, "the enrolment code has expired: ask for a new one")
	}
	if err := tx.UseCode(hash, e.Installation); err != nil {
		return err
	}
	return enrol(tx, code, credential, e)
}

// repeated answers a redemption whose answer was lost.
func repeated(tx *store.StoreTx, credential string) error {
	found, err := tx.ByCredential(credential)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && found.Store.ID != tx.Store.ID:
		return wire.Refuse(wire.CodeConflict, "the enrolment code was used with another credential: ask for a new one")
	case err != nil:
		return err
	case found.Revoked:
		return wire.Refuse(wire.CodeRevoked, "the store's credential was revoked since: ask for a new enrolment code")
	}
	return nil
}

// enrol makes the PC the store's.
func enrol(tx *store.StoreTx, code store.Code, credential string, e wire.Enroll) error {
	before := tx.Store.Installation
	var oldUntil time.Time
	if before == e.Installation && tx.Store.Revoked.IsZero() {
		oldUntil = tx.Now().Add(overlap)
	}
	if err := tx.SetCredential(credential, oldUntil); err != nil {
		if errors.Is(err, store.ErrConflict) {
			return wire.Refuse(wire.CodeConflict, "cannot enrol: the credential is in use: choose another")
		}
		return err
	}
	if err := tx.SetInstallation(e.Installation, e.Host); err != nil {
		return err
	}
	return tx.Audit("store "+tx.Store.Name, "store.enrol", map[string]string{
		"installation": e.Installation, "host": e.Host, "before": before, "code_by": code.By,
	})
}
