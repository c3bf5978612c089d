package store

import (
	"errors"
	"fmt"
	"time"
)

// Credential is what a request's credential was found to be.
type Credential struct {
	Store   Store
	Revoked bool // the store has been revoked since
	Old     bool // it was replaced, and still overlaps
}

// ByCredential returns the store whose credential has that hash, or ErrNotFound.
// The hash before a rotation is good until its overlap ends.
func (v *View) ByCredential(hash string) (Credential, error) {
	for _, c := range []struct {
		where string
		args  []any
		found Credential
	}{
		{`s.credential = $1 AND s.credential <> ''`, []any{hash}, Credential{}},
		{`s.credential_old = $1 AND s.credential_old <> '' AND s.credential_old_until > $2`, []any{hash, ms(v.now)}, Credential{Old: true}},
		{`(s.network, s.store) = (SELECT r.network, r.store FROM revoked r WHERE r.hash = $1)`, []any{hash}, Credential{Revoked: true}},
	} {
		s, _, err := v.storeBy(c.where, c.args...)
		if err == nil {
			c.found.Store = s
			return c.found, nil
		}
		if !errors.Is(err, ErrNotFound) {
			return Credential{}, fmt.Errorf("cannot look up a credential: %w", err)
		}
	}
	return Credential{}, fmt.Errorf("credential: %w", ErrNotFound)
}

// SetCredential makes hash the store's credential. The one before stays good
// until the given time; the zero time revokes it at once. A revoked store is let
// in again.
func (tx *StoreTx) SetCredential(hash string, oldUntil time.Time) error {
	var err error
	if oldUntil.IsZero() {
		err = tx.takeAway("credential", "credential_old")
	} else {
		err = tx.takeAway("credential_old") // the one before the one before
	}
	if err == nil {
		_, err = tx.exec(`UPDATE stores SET credential_old = CASE WHEN $1 = 0 THEN '' ELSE credential END,
			credential_old_until = $1, credential = $2, revoked_at = 0 WHERE network = $3 AND store = $4`,
			ms(oldUntil), hash, tx.at.network, tx.at.store)
	}
	if err != nil {
		return fmt.Errorf("cannot store the credential of store %s: %w", tx.Store.Name, err)
	}
	tx.Store.Revoked = time.Time{}
	return nil
}

// SetInstallation notes which PC the store's agent runs on.
func (tx *StoreTx) SetInstallation(installation, host string) error {
	_, err := tx.exec(`UPDATE stores SET installation = $1, host = $2 WHERE network = $3 AND store = $4`,
		installation, host, tx.at.network, tx.at.store)
	if err != nil {
		return fmt.Errorf("cannot note the PC of store %s: %w", tx.Store.Name, err)
	}
	tx.Store.Installation, tx.Store.Host = installation, host
	return nil
}

// Revoke takes the store's credentials away. It ends no job: queue.Revoke does
// both in one act.
func (tx *StoreTx) Revoke() error {
	err := tx.takeAway("credential", "credential_old")
	if err == nil {
		_, err = tx.exec(`UPDATE stores SET credential = '', credential_old = '', credential_old_until = 0, revoked_at = $1
			WHERE network = $2 AND store = $3`, ms(tx.now), tx.at.network, tx.at.store)
	}
	if err != nil {
		return fmt.Errorf("cannot revoke store %s: %w", tx.Store.Name, err)
	}
	tx.Store.Revoked = tx.now
	return nil
}

// takeAway remembers the hashes in the given columns as revoked.
func (tx *StoreTx) takeAway(columns ...string) error {
	for _, c := range columns {
		_, err := tx.exec(`INSERT INTO revoked (hash, network, store, at)
			SELECT `+c+`, network, store, $1 FROM stores WHERE network = $2 AND store = $3 AND `+c+` <> '' ON CONFLICT DO NOTHING`,
			ms(tx.now), tx.at.network, tx.at.store)
		if err != nil {
			return err
		}
	}
	return nil
}
