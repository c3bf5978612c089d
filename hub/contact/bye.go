package contact

import (
	"context"
	"errors"
	"strings"
	"time"

	"plait/hub/store"
	"plait/shared/wire"
)

// Bye compares the sums of record and copy. Equal is a proof as of the record's
// revision and the copy's, kept with its time; a difference has the next hello
// ask for reconciliation. Items that wait for a person forbid "equal".
func (c *Contacts) Bye(ctx context.Context, storeID string, b wire.Bye) (a wire.ByeAnswer, err error) {
	err = c.db.WithStore(ctx, storeID, func(tx *store.StoreTx) (err error) {
		a, err = bye(tx, b)
		return err
	})
	return a, err
}

func bye(tx *store.StoreTx, b wire.Bye) (a wire.ByeAnswer, err error) {
	cp, err := tx.Copy()
	if err != nil {
		return a, err
	}
	sums, err := tx.KindSums(cp.Live)
	if err != nil {
		return a, err
	}
	if a.Pending, err = tx.CountOpen(); err != nil {
		return a, err
	}
	for _, d := range store.Differing(sums, b.Kinds) {
		a.Differ = append(a.Differ, d.Kind)
	}
	a.Equal = len(a.Differ) == 0 && b.Parked == 0
	cp.Parked, cp.Reconcile = b.Parked, ""
	if b.Compared > 0 {
		cp.Compared = time.Unix(b.Compared, 0)
	}
	if len(a.Differ) > 0 {
		cp.Reconcile = "record and copy differ in " + strings.Join(a.Differ, ", ")
	}
	if a.Equal {
		cp.EqualAt, cp.EqualRevision = tx.Now(), cp.Revision
	}
	if err := tx.SetCopy(cp); err != nil {
		return a, err
	}
	last, err := tx.Contact()
	if err != nil {
		return a, err
	}
	last.ByeAt = tx.Now()
	return a, tx.SetContact(last)
}

// Profile keeps the store's profile under the digest by which hellos name it:
// the SHA-256 of its control form.
func (c *Contacts) Profile(ctx context.Context, storeID string, p wire.Profile) error {
	return c.db.WithStore(ctx, storeID, func(tx *store.StoreTx) error {
		return tx.SetProfile(wire.Sum(wire.EncodeControl(p)), p)
	})
}

// Catalog returns a catalogue of the store's network, in the form that travels.
func (c *Contacts) Catalog(ctx context.Context, storeID, digest string) (body []byte, err error) {
	// An agent fetches the kinds right after it enrolled, before its first hello.
	err = c.db.ViewStore(store.OutOfConversation(ctx), storeID, func(v *store.StoreView) (err error) {
		body, err = v.Catalog(v.Store.Network, digest)
		if errors.Is(err, store.ErrNotFound) {
			err = wire.Refuse(wire.CodeNotFound, "network %s has no catalogue %s", v.Store.NetworkName, digest)
		}
		return err
	})
	return body, err
}
