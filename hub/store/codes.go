package store

import (
	"fmt"
	"time"
)

// Code is an enrolment code. Only its hash is stored.
type Code struct {
	Hash    string
	Store   string // id
	By      string
	At      time.Time
	Expires time.Time
	Used    time.Time // zero: not yet
	UsedBy  string    // the installation that redeemed it
}

// AddCode keeps an enrolment code for the store.
func (tx *StoreTx) AddCode(c Code) error {
	_, err := tx.exec(`INSERT INTO codes (hash, network, store, made_by, at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.Hash, tx.at.network, tx.at.store, c.By, ms(tx.now), ms(c.Expires))
	if err != nil {
		return fmt.Errorf("cannot keep an enrolment code for store %s: %w", tx.Store.Name, err)
	}
	return nil
}

// Code returns an enrolment code by its hash, or ErrNotFound; expired and used
// ones too.
func (v *View) Code(hash string) (Code, error) {
	c, err := one(v, func(s scanner) (c Code, err error) {
		return c, s.Scan(&c.Hash, &c.Store, &c.By, msTime{&c.At}, msTime{&c.Expires}, msTime{&c.Used}, &c.UsedBy)
	}, `SELECT c.hash, s.id, c.made_by, c.at, c.expires_at, c.used_at, c.used_by FROM codes c
		JOIN stores s ON s.network = c.network AND s.store = c.store WHERE c.hash = $1`, hash)
	if err != nil {
		return c, fmt.Errorf("enrolment code: %w", err)
	}
	return c, nil
}

// UseCode redeems one of the store's codes for an installation. Repeating it for
// the same installation changes nothing; it fails with ErrConflict if another
// one redeemed the code, or it has expired.
func (tx *StoreTx) UseCode(hash, installation string) error {
	c, err := tx.Code(hash)
	if err != nil {
		return err
	}
	if c.Store == tx.Store.ID && c.UsedBy == installation && installation != "" {
		return nil
	}
	n, err := tx.exec(`UPDATE codes SET used_at = $1, used_by = $2
		WHERE hash = $3 AND network = $4 AND store = $5 AND used_at = 0 AND expires_at > $1`,
		ms(tx.now), installation, hash, tx.at.network, tx.at.store)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: it was used before, or has expired", ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("cannot redeem an enrolment code of store %s: %w", tx.Store.Name, err)
	}
	return nil
}

// EndCodes makes the store's codes that nobody used expire now.
func (tx *StoreTx) EndCodes() error {
	_, err := tx.exec(`UPDATE codes SET expires_at = $1 WHERE network = $2 AND store = $3 AND used_at = 0 AND expires_at > $1`,
		ms(tx.now), tx.at.network, tx.at.store)
	if err != nil {
		return fmt.Errorf("cannot end the enrolment codes of store %s: %w", tx.Store.Name, err)
	}
	return nil
}

// PruneCodes removes codes that expired before the given time.
func (tx *HubTx) PruneCodes(before time.Time) (int64, error) {
	return tx.exec(`DELETE FROM codes WHERE expires_at < $1`, ms(before))
}

// Token is an operator's or technician's access. Only its hash is stored.
type Token struct {
	ID      string
	Network string // id; "" for the whole hub
	Hash    string
	Role    string
	Name    string
	By      string
	At      time.Time
	Expires time.Time // zero: never
	Revoked time.Time
	Used    time.Time // last, to the minute
}

const tokensOf = `SELECT t.id, coalesce(n.id, ''), t.hash, t.role, t.name, t.made_by, t.at, t.expires_at, t.revoked_at, t.used_at
	FROM tokens t LEFT JOIN networks n ON n.network = t.network `

func readToken(s scanner) (t Token, err error) {
	return t, s.Scan(&t.ID, &t.Network, &t.Hash, &t.Role, &t.Name, &t.By, msTime{&t.At}, msTime{&t.Expires}, msTime{&t.Revoked}, msTime{&t.Used})
}

// AddToken keeps a token. An empty ID is chosen.
func (tx *HubTx) AddToken(t Token) (Token, error) {
	var network int64
	if t.Network != "" {
		n, err := tx.network(t.Network)
		if err != nil {
			return t, err
		}
		network = n.place
	}
	if t.ID == "" {
		t.ID = NewID()
	}
	t.At = tx.now
	_, err := tx.exec(`INSERT INTO tokens (id, network, hash, role, name, made_by, at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.ID, network, t.Hash, t.Role, t.Name, t.By, ms(t.At), ms(t.Expires))
	if err != nil {
		return t, fmt.Errorf("cannot keep token %q: %w", t.Name, err)
	}
	return t, nil
}

// TokenByHash returns a token, revoked and expired ones too, or ErrNotFound.
func (v *View) TokenByHash(hash string) (Token, error) {
	t, err := one(v, readToken, tokensOf+`WHERE t.hash = $1`, hash)
	if err != nil {
		return t, fmt.Errorf("token: %w", err)
	}
	return t, nil
}

// Tokens returns the tokens of a network, or with "" those of the whole hub, the
// newest first.
func (v *View) Tokens(network string) ([]Token, error) {
	return many(v, readToken, tokensOf+`WHERE coalesce(n.id, '') = $1 ORDER BY t.at DESC, t.id DESC`, network)
}

// RevokeToken ends a token; a revoked one stays so.
func (tx *HubTx) RevokeToken(id string) error {
	err := must1(tx.exec(`UPDATE tokens SET revoked_at = CASE WHEN revoked_at = 0 THEN $1 ELSE revoked_at END WHERE id = $2`, ms(tx.now), id))
	if err != nil {
		return fmt.Errorf("token %s: %w", id, err)
	}
	return nil
}

// TouchToken notes that a token was used.
func (tx *HubTx) TouchToken(id string) error {
	return must1(tx.exec(`UPDATE tokens SET used_at = $1 WHERE id = $2`, ms(tx.now), id))
}
