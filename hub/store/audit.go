package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// Entry is one act in the audit log (rule 15).
type Entry struct {
	N       int64 // rises with each entry of the hub
	Network string
	At      time.Time
	Who     string   // an operator, technician, or "store <name>"
	What    string   // "job.cancel", "store.revoke"; lower case with a dot
	Stores  []string // ids
	Detail  json.RawMessage
}

// Audit writes an act on the store into the log; detail is encoded as JSON.
func (tx *StoreTx) Audit(who, what string, detail any) error {
	return tx.audit(tx.at.network, who, what, []string{tx.Store.ID}, detail)
}

// Audit writes an act on the network, or on some of its stores, into the log.
func (tx *NetworkTx) Audit(who, what string, stores []string, detail any) error {
	return tx.audit(tx.Network.place, who, what, stores, detail)
}

// Audit writes an act on the hub itself into the log.
func (tx *HubTx) Audit(who, what string, detail any) error {
	return tx.audit(0, who, what, nil, detail)
}

func (v *View) audit(network int64, who, what string, stores []string, detail any) error {
	b, err := json.Marshal(detail)
	if err == nil {
		_, err = v.exec(`INSERT INTO audit (n, network, at, who, what, stores, detail)
			SELECT coalesce(max(n), 0) + 1, $1, $2, $3, $4, $5, $6 FROM audit`,
			network, ms(v.now), who, what, toJSON(nonNil(stores)), string(b))
	}
	if err != nil {
		return fmt.Errorf("cannot write %q into the audit log: %w", what, err)
	}
	return nil
}

// AuditLog returns entries of a network, or with "" those of the hub itself,
// older than entry n (0: from the newest on), the newest first, at most limit.
func (v *View) AuditLog(network string, n int64, limit int) ([]Entry, error) {
	if n <= 0 {
		n = 1 << 62
	}
	return many(v, func(s scanner) (e Entry, err error) {
		return e, s.Scan(&e.N, &e.Network, msTime{&e.At}, &e.Who, &e.What, jsonInto{&e.Stores}, jsonInto{&e.Detail})
	}, `SELECT a.n, coalesce(n.id, ''), a.at, a.who, a.what, a.stores, a.detail FROM audit a
		LEFT JOIN networks n ON n.network = a.network
		WHERE a.network = (SELECT coalesce(max(network), 0) FROM networks WHERE id = $1) AND a.n < $2 ORDER BY a.n DESC LIMIT $3 + 0`,
		network, n, limit)
}
