package store

import (
	"fmt"
	"time"
)

// Transfer is one item on its way from one store to another, or there.
type Transfer struct {
	Kind   string
	UID    string
	Store  string // id of the receiver
	Source string // id of the store that it comes from
	Job    string
	Sync   string    // id
	Back   bool      // the job takes the transfer back
	At     time.Time // when the hub was told that it arrived; zero: it has not yet
}

const transfersOf = `SELECT t.kind, t.uid, r.id, s.id, t.job, t.sync, t.back, t.at FROM transfers t
	JOIN stores r ON r.network = t.network AND r.store = t.store JOIN stores s ON s.network = t.network AND s.store = t.source `

func readTransfer(s scanner) (t Transfer, err error) {
	return t, s.Scan(&t.Kind, &t.UID, &t.Store, &t.Source, &t.Job, &t.Sync, &t.Back, msTime{&t.At})
}

// Transfers returns where an item of a network was transferred to, the newest first,
// at most limit.
func (v *View) Transfers(network, kind, uid string, limit int) ([]Transfer, error) {
	all, err := many(v, readTransfer, transfersOf+`JOIN networks n ON n.network = t.network
		WHERE n.id = $1 AND t.kind = $2 AND t.uid = $3 AND t.at > 0 AND t.back = 0 ORDER BY t.at DESC, t.job DESC LIMIT $4 + 0`, network, kind, uid, limit)
	if err != nil {
		return nil, fmt.Errorf("cannot tell where %s %s was transferred to: %w", kind, uid, err)
	}
	return all, nil
}

// TransfersBy returns what a job of the store transfers.
func (v *StoreView) TransfersBy(job string) ([]Transfer, error) {
	return many(v.View, readTransfer, transfersOf+`WHERE t.network = $1 AND t.store = $2 AND t.job = $3 ORDER BY t.kind, t.uid`, v.at.network, v.at.store, job)
}

// AddTransfer notes what a job of the store is to transfer to it.
func (tx *StoreTx) AddTransfer(t Transfer) error {
	n, err := tx.exec(`INSERT INTO transfers (network, kind, uid, store, source, job, sync, back)
		SELECT $1, $2, $3, $4, s.store, $6, $7, $8 FROM stores s WHERE s.network = $1 AND s.id = $5 ON CONFLICT DO NOTHING`,
		tx.at.network, t.Kind, t.UID, tx.at.store, t.Source, t.Job, t.Sync, flag(t.Back))
	if err == nil && n > 1 {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("cannot note the transfer of %s %s to store %s: %w", t.Kind, t.UID, tx.Store.Name, err)
	}
	return nil
}

// SetTransfer says whether a transfer to the store has arrived.
func (tx *StoreTx) SetTransfer(t Transfer, arrived bool) error {
	at := time.Time{}
	if arrived {
		at = tx.now
	}
	_, err := tx.exec(`UPDATE transfers SET at = $1 WHERE network = $2 AND kind = $3 AND uid = $4 AND job = $5 AND store = $6`,
		ms(at), tx.at.network, t.Kind, t.UID, t.Job, tx.at.store)
	if err != nil {
		return fmt.Errorf("cannot keep that %s %s arrived at store %s: %w", t.Kind, t.UID, tx.Store.Name, err)
	}
	return nil
}

// TakeBackTransfers says that no transfer of an item to the store holds any more.
func (tx *StoreTx) TakeBackTransfers(kind, uid string) error {
	_, err := tx.exec(`UPDATE transfers SET at = 0 WHERE network = $1 AND kind = $2 AND uid = $3 AND store = $4`, tx.at.network, kind, uid, tx.at.store)
	if err != nil {
		return fmt.Errorf("cannot take back the transfer of %s %s to store %s: %w", kind, uid, tx.Store.Name, err)
	}
	return nil
}
