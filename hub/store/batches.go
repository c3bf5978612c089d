package store

import (
	"encoding/json"
	"errors"
	"fmt"

	"plait/shared/item"
	"plait/shared/wire"
)

// Batch is the last batch held of an agent epoch.
type Batch struct {
	wire.BatchMark
	Ack []byte // JSON of the wire.BatchAck that answered it
}

// LastBatch returns the last batch of an agent epoch, by its place; a zero Batch
// if there is none.
func (v *StoreView) LastBatch(agentEpoch int64) (Batch, error) {
	b, err := one(v.View, func(s scanner) (b Batch, err error) { return b, s.Scan(&b.Number, &b.Digest, &b.Ack) },
		`SELECT number, digest, ack FROM batches WHERE network = $1 AND store = $2 AND agent_epoch = $3`,
		v.at.network, v.at.store, agentEpoch)
	if errors.Is(err, ErrNotFound) {
		return Batch{}, nil
	}
	if err != nil {
		return b, fmt.Errorf("cannot read the last batch of store %s: %w", v.Store.Name, err)
	}
	return b, nil
}

// SetLastBatch stores the last batch of an agent epoch.
func (tx *StoreTx) SetLastBatch(agentEpoch int64, b Batch) error {
	_, err := tx.exec(`INSERT INTO batches (network, store, agent_epoch, number, digest, ack, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (network, store, agent_epoch) DO UPDATE SET number = excluded.number, digest = excluded.digest,
		ack = excluded.ack, at = excluded.at`, tx.at.network, tx.at.store, agentEpoch, b.Number, b.Digest, b.Ack, ms(tx.now))
	if err != nil {
		return fmt.Errorf("cannot store the batch of store %s: %w", tx.Store.Name, err)
	}
	return nil
}

// Archived is a row of an older history of a POS database.
type Archived struct {
	item.ID
	POSEpoch int64 // place of the history that held it
	Digest   item.Digest
	UID      string
	Body     []byte
	Cause    string
}

// Archive keeps a row of an older history; the same row once.
func (tx *StoreTx) Archive(a Archived) error {
	_, err := tx.exec(`INSERT INTO archive (network, store, kind, key, gen, pos_epoch, digest, uid, body, cause, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
		tx.at.network, tx.at.store, a.Kind, a.Key, a.Gen, a.POSEpoch, a.Digest[:], a.UID, a.Body, a.Cause, ms(tx.now))
	if err != nil {
		return fmt.Errorf("cannot archive %s %s of store %s: %w", a.Kind, a.Key, tx.Store.Name, err)
	}
	return nil
}

// Archived returns archived rows of the store after the given identity, at most
// limit.
func (v *StoreView) Archived(after item.ID, limit int) ([]Archived, error) {
	return many(v.View, func(s scanner) (a Archived, err error) {
		return a, s.Scan(&a.Kind, &a.Key, &a.Gen, &a.POSEpoch, digestInto{&a.Digest}, &a.UID, &a.Body, &a.Cause)
	}, `SELECT kind, key, gen, pos_epoch, digest, uid, body, cause FROM archive WHERE network = $1 AND store = $2
		AND (kind, key, gen) > ($3, $4, $5) ORDER BY kind, key, gen, pos_epoch LIMIT $6 + 0`,
		v.at.network, v.at.store, after.Kind, after.Key, afterGen(after), limit)
}

// AddBody keeps the body of a blob, once for the network.
func (tx *StoreTx) AddBody(hash string, body []byte) error {
	_, err := tx.exec(`INSERT INTO bodies (network, hash, body, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		tx.at.network, hash, body, ms(tx.now))
	if err != nil {
		return fmt.Errorf("cannot store body %.12s: %w", hash, err)
	}
	return nil
}

// Body returns the body of a blob of the store's network, or ErrNotFound.
func (v *StoreView) Body(hash string) ([]byte, error) {
	return one(v.View, readBytes, `SELECT body FROM bodies WHERE network = $1 AND hash = $2`, v.at.network, hash)
}

// SetProfile stores what the hub must know of the store's mapping, and that it
// is the store's.
func (tx *StoreTx) SetProfile(digest string, p wire.Profile) error {
	body, err := json.Marshal(p)
	if err == nil {
		_, err = tx.exec(`INSERT INTO profiles (network, digest, body, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			tx.at.network, digest, body, ms(tx.now))
	}
	if err == nil {
		_, err = tx.exec(`UPDATE stores SET profile = $1 WHERE network = $2 AND store = $3`, digest, tx.at.network, tx.at.store)
	}
	if err != nil {
		return fmt.Errorf("cannot store the profile of store %s: %w", tx.Store.Name, err)
	}
	tx.Store.Profile = digest
	return nil
}

// UseProfile makes a profile that the network holds already the store's. It
// fails with ErrNotFound if the network lacks it.
func (tx *StoreTx) UseProfile(digest string) error {
	n, err := tx.exec(`UPDATE stores SET profile = $1 WHERE network = $2 AND store = $3
		AND EXISTS (SELECT 1 FROM profiles p WHERE p.network = $2 AND p.digest = $1)`, digest, tx.at.network, tx.at.store)
	if err := must1(n, err); err != nil {
		return fmt.Errorf("profile %.12s: %w", digest, err)
	}
	tx.Store.Profile = digest
	return nil
}

// Profile returns the store's profile, or ErrNotFound before the first.
func (v *StoreView) Profile() (wire.Profile, error) {
	p, err := one(v.View, func(s scanner) (p wire.Profile, err error) { return p, s.Scan(jsonInto{&p}) },
		`SELECT body FROM profiles WHERE network = $1 AND digest = $2`, v.at.network, v.Store.Profile)
	if err != nil {
		return p, fmt.Errorf("profile of store %s: %w", v.Store.Name, err)
	}
	return p, nil
}
