package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"plait/shared/item"
	"plait/shared/wire"
)

// States of a full upload.
const (
	Staging = "staging"
	Landed  = "landed"
	Dropped = "dropped" // another one took its place
)

// Upload is a full upload of a store.
type Upload struct {
	ID           string
	Request      string // the operator's request that it answers; "" if none
	State        string
	AgentEpoch   int64 // place
	Revision     int64 // the record's, that is sent
	Rows         int64
	CopyRevision int64 // the copy's at the beginning: any change since refuses the landing
	Chunk        int64 // the last one held
	ChunkDigest  string
	Staged       int64
	Answer       *wire.FullState // once landed
	Began        time.Time
	At           time.Time
}

const uploadsOf = `SELECT id, request, state, agent_epoch, revision, rows, copy_revision, chunk, chunk_digest, staged,
	coalesce(answer, 'null'), began_at, at FROM uploads WHERE network = $1 AND store = $2 `

func readUpload(s scanner) (u Upload, err error) {
	return u, s.Scan(&u.ID, &u.Request, &u.State, &u.AgentEpoch, &u.Revision, &u.Rows, &u.CopyRevision, &u.Chunk, &u.ChunkDigest,
		&u.Staged, jsonInto{&u.Answer}, msTime{&u.Began}, msTime{&u.At})
}

// Upload returns a full upload by the id that its agent chose, or ErrNotFound.
func (v *StoreView) Upload(id string) (Upload, error) {
	u, err := one(v.View, readUpload, uploadsOf+`AND id = $3`, v.at.network, v.at.store, id)
	if err != nil {
		return u, fmt.Errorf("full upload %s of store %s: %w", id, v.Store.Name, err)
	}
	return u, nil
}

// StagingUpload returns the full upload that is under way; ok is false if there
// is none.
func (v *StoreView) StagingUpload() (u Upload, ok bool, err error) {
	u, err = one(v.View, readUpload, uploadsOf+`AND state = 'staging'`, v.at.network, v.at.store)
	if errors.Is(err, ErrNotFound) {
		return u, false, nil
	}
	return u, err == nil, err
}

// SetUpload adds or changes a full upload. Its ID, Request and Began stay.
func (tx *StoreTx) SetUpload(u Upload) error {
	var answer any
	if u.Answer != nil {
		b, err := json.Marshal(u.Answer)
		if err != nil {
			return fmt.Errorf("cannot store full upload %s: %w", u.ID, err)
		}
		answer = string(b)
	}
	_, err := tx.exec(`INSERT INTO uploads (network, store, id, request, state, agent_epoch, revision, rows, copy_revision, chunk,
		chunk_digest, staged, answer, began_at, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
		ON CONFLICT (network, store, id) DO UPDATE SET state = excluded.state, agent_epoch = excluded.agent_epoch,
		revision = excluded.revision, rows = excluded.rows, copy_revision = excluded.copy_revision, chunk = excluded.chunk,
		chunk_digest = excluded.chunk_digest, staged = excluded.staged, answer = excluded.answer, at = excluded.at`,
		tx.at.network, tx.at.store, u.ID, u.Request, u.State, u.AgentEpoch, u.Revision, u.Rows, u.CopyRevision, u.Chunk,
		u.ChunkDigest, u.Staged, answer, ms(tx.now))
	if err != nil {
		return fmt.Errorf("cannot store full upload %s of store %s: %w", u.ID, tx.Store.Name, err)
	}
	return nil
}

// StagedRow is a row that a full upload brings.
type StagedRow struct {
	item.ID
	AgentRev int64
	Gone     bool // found missing after a restore: the hub's row is archived
	Dead     bool // a tombstone
	Digest   item.Digest
	Body     []byte
}

// Stage adds rows to a full upload and returns how many are new to it; a row that
// was staged before is replaced.
func (tx *StoreTx) Stage(upload string, rows []StagedRow) (added int64, err error) {
	for _, r := range rows {
		n, err := tx.stageNew(upload, r)
		if err == nil && n == 0 {
			_, err = tx.execHot(`UPDATE upload_rows SET agent_rev = $1, gone = $2, dead = $3, digest = $4, body = $5
				WHERE network = $6 AND store = $7 AND upload = $8 AND kind = $9 AND key = $10 AND gen = $11`,
				r.AgentRev, flag(r.Gone), flag(r.Dead), r.Digest[:], r.Body, tx.at.network, tx.at.store, upload, r.Kind, r.Key, r.Gen)
		}
		if err != nil {
			return added, fmt.Errorf("cannot stage %s %s of store %s: %w", r.Kind, r.Key, tx.Store.Name, err)
		}
		added += n
	}
	return added, nil
}

func (tx *StoreTx) stageNew(upload string, r StagedRow) (added int64, err error) {
	return tx.execHot(`INSERT INTO upload_rows (network, store, upload, kind, key, gen, agent_rev, gone, dead, digest, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`, tx.at.network, tx.at.store, upload,
		r.Kind, r.Key, r.Gen, r.AgentRev, flag(r.Gone), flag(r.Dead), r.Digest[:], r.Body)
}

// StagedHeads returns staged rows of a kind without their bodies, in the order
// of key and gen, after the given one, at most limit.
func (v *StoreView) StagedHeads(upload, kind string, after item.ID, limit int) ([]StagedRow, error) {
	rows, err := many(v.View, func(s scanner) (StagedRow, error) {
		r := StagedRow{ID: item.ID{Kind: kind}}
		return r, s.Scan(&r.Key, &r.Gen, &r.Dead, digestInto{&r.Digest})
	}, `SELECT key, gen, dead, digest FROM upload_rows WHERE network = $1 AND store = $2 AND upload = $3 AND kind = $4
		AND (key, gen) > ($5, $6) ORDER BY key, gen LIMIT $7 + 0`,
		v.at.network, v.at.store, upload, kind, after.Key, afterGen(after), limit)
	if err != nil {
		return nil, fmt.Errorf("cannot read what store %s staged: %w", v.Store.Name, err)
	}
	return rows, nil
}

// StagedRows returns staged rows in the order of kind, key and gen, after the
// given identity, at most limit.
func (v *StoreView) StagedRows(upload string, after item.ID, limit int) ([]StagedRow, error) {
	rows, err := many(v.View, func(s scanner) (r StagedRow, err error) {
		return r, s.Scan(&r.Kind, &r.Key, &r.Gen, &r.AgentRev, &r.Gone, &r.Dead, digestInto{&r.Digest}, &r.Body)
	}, `SELECT kind, key, gen, agent_rev, gone, dead, digest, body FROM upload_rows WHERE network = $1 AND store = $2 AND upload = $3
		AND (kind, key, gen) > ($4, $5, $6) ORDER BY kind, key, gen LIMIT $7 + 0`,
		v.at.network, v.at.store, upload, after.Kind, after.Key, afterGen(after), limit)
	if err != nil {
		return nil, fmt.Errorf("cannot read what store %s staged: %w", v.Store.Name, err)
	}
	return rows, nil
}

// Unstage removes at most limit rows of full uploads of the store that are no
// longer staging.
func (tx *StoreTx) Unstage(limit int) (removed int64, err error) {
	return tx.exec(`DELETE FROM upload_rows WHERE (network, store, upload, kind, key, gen) IN (
		SELECT r.network, r.store, r.upload, r.kind, r.key, r.gen FROM upload_rows r
		JOIN uploads u ON u.network = r.network AND u.store = r.store AND u.id = r.upload
		WHERE r.network = $1 AND r.store = $2 AND u.state <> 'staging' LIMIT $3 + 0)`, tx.at.network, tx.at.store, limit)
}
