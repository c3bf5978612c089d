package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"plait/hub/store"
	"plait/shared/enrolcode"
)

var (
	// ErrUnknown says that a secret is nobody's: unknown, expired or taken back.
	ErrUnknown = errors.New("the credential is unknown, has expired or was taken back")
	// ErrRevoked says that a credential was a store's once.
	ErrRevoked = errors.New("the store's credential was revoked")
)

// A Door tells who comes, by the secret that they show. Its methods may be
// called from many goroutines.
type Door struct {
	db    *store.DB
	pin   enrolcode.Pin
	valid time.Duration
}

// NewDoor returns the door of a hub whose CA has this pin (enrolcode.SystemRoots
// for a certificate that the system's roots vouch for). Enrolment codes are good
// for the given time.
func NewDoor(db *store.DB, pin enrolcode.Pin, valid time.Duration) *Door {
	return &Door{db: db, pin: pin, valid: valid}
}

// Store returns the store whose credential it is: the only way in which the hub
// learns whom an agent speaks for. Errors: ErrUnknown, ErrRevoked.
func (d *Door) Store(ctx context.Context, credential string) (store.Store, error) {
	if err := enrolcode.CheckSecret(enrolcode.CredentialPrefix, credential); err != nil {
		return store.Store{}, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	var found store.Credential
	err := d.db.View(ctx, func(v *store.View) (err error) {
		found, err = v.ByCredential(HashSecret(credential))
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Store{}, ErrUnknown
	case err != nil:
		return store.Store{}, err
	case found.Revoked:
		return found.Store, ErrRevoked
	}
	return found.Store, nil
}
