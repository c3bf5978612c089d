package store

import (
	"fmt"
	"time"
)

// Alias says that a uid means the same item as another.
type Alias struct {
	Kind   string
	UID    string
	SameAs string
	By     string
	At     time.Time
}

// AddAlias keeps an alias. It fails with ErrConflict if the uid stands for
// another item already.
func (tx *NetworkTx) AddAlias(a Alias) error {
	_, err := tx.exec(`INSERT INTO aliases (network, kind, uid, same_as, made_by, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		tx.Network.place, a.Kind, a.UID, a.SameAs, a.By, ms(tx.now))
	if err != nil {
		return fmt.Errorf("cannot keep that %s %s is %s: %w", a.Kind, a.UID, a.SameAs, err)
	}
	return nil
}

// DropAlias takes an alias back; ErrNotFound if there is none of that uid.
func (tx *NetworkTx) DropAlias(kind, uid string) error {
	n, err := tx.exec(`DELETE FROM aliases WHERE network = $1 AND kind = $2 AND uid = $3`, tx.Network.place, kind, uid)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("cannot take back what %s %s is: %w", kind, uid, err)
	}
	return nil
}

// Aliases returns a network's aliases of a kind.
func (v *View) Aliases(network, kind string) ([]Alias, error) {
	return many(v, func(s scanner) (a Alias, err error) {
		return a, s.Scan(&a.Kind, &a.UID, &a.SameAs, &a.By, msTime{&a.At})
	}, `SELECT a.kind, a.uid, a.same_as, a.made_by, a.at FROM aliases a JOIN networks n ON n.network = a.network
		WHERE n.id = $1 AND a.kind = $2 ORDER BY a.uid`, network, kind)
}
