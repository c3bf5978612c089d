package store

import (
	"encoding/json"
	"fmt"
	"time"

	"plait/shared/wire"
)

// Result is what a job did in one history of a store's POS database.
type Result struct {
	wire.Result
	At time.Time
}

// AddResult keeps a result; one that comes again for the same history of the POS
// database takes the place of the first, whose before-images stay where the new
// one has none. again says that the job had a result before, of this history or
// another. Exceptions are compressed.
func (tx *StoreTx) AddResult(r wire.Result) (again bool, err error) {
	n, err := tx.number(`SELECT count(*) FROM results WHERE network = $1 AND store = $2 AND job = $3`, tx.at.network, tx.at.store, r.Job)
	if err == nil {
		err = tx.putResult(r)
	}
	if err != nil {
		return false, fmt.Errorf("cannot store the result of job %s: %w", r.Job, err)
	}
	return n > 0, nil
}

func (tx *StoreTx) putResult(r wire.Result) error {
	exceptions := []byte{}
	if len(r.Exceptions) > 0 {
		b, err := json.Marshal(r.Exceptions)
		if err != nil {
			return err
		}
		exceptions = wire.Compress(nil, b)
	}
	before := append([]byte{}, r.Before...)
	_, err := tx.exec(`INSERT INTO results (network, store, job, pos_epoch, done, counts, exceptions, more, parked, before, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (network, store, job, pos_epoch) DO UPDATE SET done = excluded.done, counts = excluded.counts,
		exceptions = excluded.exceptions, more = excluded.more, parked = excluded.parked,
		before = CASE WHEN length(excluded.before) > 0 THEN excluded.before ELSE results.before END`,
		tx.at.network, tx.at.store, r.Job, r.POSEpoch, flag(r.Done), toJSON(r.Counts), exceptions, r.More, r.Counts.Parked, before, ms(tx.now))
	return err
}

// Results returns a job's results, the newest first.
func (v *StoreView) Results(job string) ([]Result, error) {
	all, err := many(v.View, readResult, `SELECT job, pos_epoch, done, counts, exceptions, more, before, at FROM results
		WHERE network = $1 AND store = $2 AND job = $3 ORDER BY at DESC`, v.at.network, v.at.store, job)
	if err != nil {
		return nil, fmt.Errorf("cannot read the results of job %s: %w", job, err)
	}
	return all, nil
}

func readResult(s scanner) (r Result, err error) {
	var exceptions []byte
	err = s.Scan(&r.Job, &r.POSEpoch, &r.Done, jsonInto{&r.Counts}, &exceptions, &r.More, &r.Before, msTime{&r.At})
	if err == nil && len(exceptions) > 0 {
		var b []byte
		if b, err = wire.Decompress(exceptions, wire.MaxPayloadBytes); err == nil {
			err = json.Unmarshal(b, &r.Exceptions)
		}
	}
	return r, err
}

// Outcome is a result without its lists.
type Outcome struct {
	Store  string // id
	Job    string
	Done   bool
	Counts wire.Counts
	At     time.Time
}

// OutcomesByCause returns the newest outcome of each job that a sync was cut into.
func (v *View) OutcomesByCause(network, cause string) ([]Outcome, error) {
	return many(v, func(s scanner) (o Outcome, err error) {
		return o, s.Scan(&o.Store, &o.Job, &o.Done, jsonInto{&o.Counts}, msTime{&o.At})
	}, `SELECT s.id, r.job, r.done, r.counts, r.at FROM jobs j JOIN networks n ON n.network = j.network
		JOIN stores s ON s.network = j.network AND s.store = j.store
		JOIN results r ON r.network = j.network AND r.store = j.store AND r.job = j.id
		WHERE n.id = $1 AND j.cause = $2
		AND r.at = (SELECT max(x.at) FROM results x WHERE x.network = j.network AND x.store = j.store AND x.job = j.id)
		ORDER BY s.name, j.epoch, j.number`, network, cause)
}

// PruneResults takes the before-images of results older than the given time
// away, and returns of how many.
func (tx *NetworkTx) PruneResults(before time.Time) (int64, error) {
	return tx.exec(`UPDATE results SET before = $1 WHERE network = $2 AND at < $3 AND length(before) > 0`,
		[]byte{}, tx.Network.place, ms(before))
}

// Payload is the content of a job as it is kept and served: compressed once.
type Payload struct {
	Hash  string // hex SHA-256 of the lines
	Body  []byte // the lines, zstd
	Items int
}

// AddPayload keeps a content; the same content once for the network. It belongs
// into the transaction that queues the first job with it.
func (tx *StoreTx) AddPayload(p Payload) error {
	_, err := tx.exec(`INSERT INTO payloads (network, hash, body, items, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (network, hash) DO UPDATE SET at = excluded.at WHERE excluded.at > payloads.at`,
		tx.at.network, p.Hash, p.Body, p.Items, ms(tx.now))
	if err != nil {
		return fmt.Errorf("cannot store payload %.12s: %w", p.Hash, err)
	}
	return nil
}

// MayRead fails with ErrNotFound if no job with the content was ever queued for the
// store: another store's contents are none of its business. Its newest jobs are looked
// at first.
func (v *StoreView) MayRead(hash string) error {
	_, err := v.number(`SELECT 1 FROM jobs WHERE network = $1 AND store = $2 AND (payload = $3 OR own = $3)
		ORDER BY epoch DESC, number DESC LIMIT 1`, v.at.network, v.at.store, hash)
	if err != nil {
		return fmt.Errorf("payload %.12s for store %s: %w", hash, v.Store.Name, err)
	}
	return nil
}

// Payload returns a content that the store may read, or ErrNotFound.
func (v *StoreView) Payload(hash string) (Payload, error) {
	if err := v.MayRead(hash); err != nil {
		return Payload{}, err
	}
	p, err := one(v.View, func(s scanner) (p Payload, err error) { return p, s.Scan(&p.Hash, &p.Body, &p.Items) },
		`SELECT hash, body, items FROM payloads WHERE network = $1 AND hash = $2`, v.at.network, hash)
	if err != nil {
		return p, fmt.Errorf("payload %.12s for store %s: %w", hash, v.Store.Name, err)
	}
	return p, nil
}

// PayloadSize returns the size of a content, compressed; 0 if it is not held.
func (v *StoreView) PayloadSize(hash string) (int64, error) {
	return v.number(`SELECT coalesce(max(length(body)), 0) FROM payloads WHERE network = $1 AND hash = $2`, v.at.network, hash)
}

// PrunePayloads removes contents older than the given time that no open job
// names, and returns how many.
func (tx *NetworkTx) PrunePayloads(before time.Time) (int64, error) {
	return tx.exec(`DELETE FROM payloads WHERE network = $1 AND at < $2 AND hash NOT IN
		(SELECT payload FROM jobs WHERE network = $1 AND `+isOpen+` UNION SELECT own FROM jobs WHERE network = $1 AND `+isOpen+`)`,
		tx.Network.place, ms(before))
}

// Plan is a Test as it is kept for the sync that names its digest.
type Plan struct {
	Digest  string
	Body    []byte // JSON; hub/storesync knows its form
	By      string
	At      time.Time
	Expires time.Time
}

// AddPlan keeps a Test, and drops those that have expired.
func (tx *NetworkTx) AddPlan(p Plan) error {
	_, err := tx.exec(`DELETE FROM plans WHERE network = $1 AND expires_at < $2`, tx.Network.place, ms(tx.now))
	if err == nil {
		_, err = tx.exec(`INSERT INTO plans (network, digest, body, made_by, at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (network, digest) DO UPDATE SET expires_at = excluded.expires_at, made_by = excluded.made_by, at = excluded.at
			WHERE excluded.expires_at > plans.expires_at`,
			tx.Network.place, p.Digest, p.Body, p.By, ms(tx.now), ms(p.Expires))
	}
	if err != nil {
		return fmt.Errorf("cannot keep the Test %.12s: %w", p.Digest, err)
	}
	return nil
}

// KeepPlan lets a Test, or a part of one, live until a time at least. It fails
// with ErrNotFound if it has expired.
func (tx *NetworkTx) KeepPlan(digest string, until time.Time) error {
	n, err := tx.execHot(`UPDATE plans SET expires_at = CASE WHEN expires_at < ? THEN ? ELSE expires_at END
		WHERE network = ? AND digest = ? AND expires_at >= ?`, ms(until), ms(until), tx.Network.place, digest, ms(tx.now))
	if err := must1(n, err); err != nil {
		return fmt.Errorf("cannot keep the Test %.12s: %w", digest, err)
	}
	return nil
}

// Plan returns a Test that has not expired, or ErrNotFound.
func (v *View) Plan(network, digest string) (Plan, error) {
	p, err := one(v, func(s scanner) (p Plan, err error) {
		return p, s.Scan(&p.Digest, &p.Body, &p.By, msTime{&p.At}, msTime{&p.Expires})
	}, `SELECT p.digest, p.body, p.made_by, p.at, p.expires_at FROM plans p JOIN networks n ON n.network = p.network
		WHERE n.id = $1 AND p.digest = $2 AND p.expires_at >= $3`, network, digest, ms(v.now))
	if err != nil {
		return p, fmt.Errorf("the Test %.12s: %w", digest, err)
	}
	return p, nil
}
