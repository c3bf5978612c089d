package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// Network is the stores of one owner.
type Network struct {
	ID       string
	Name     string
	Switches map[string]bool // price_sync, shared_number
	Settings json.RawMessage // an object; the rooms that use it know its form
	Catalog  string          // digest; "" before the first
	Created  time.Time

	place int64
}

const networkColumns = `network, id, name, switches, settings, catalog, created_at`

func readNetwork(s scanner) (n Network, err error) {
	err = s.Scan(&n.place, &n.ID, &n.Name, jsonInto{&n.Switches}, jsonInto{&n.Settings}, &n.Catalog, msTime{&n.Created})
	return n, err
}

// Network returns a network by its id, or ErrNotFound.
func (v *View) Network(id string) (Network, error) { return v.network(id) }

func (v *View) network(id string) (Network, error) {
	n, err := one(v, readNetwork, `SELECT `+networkColumns+` FROM networks WHERE id = $1`, id)
	if err != nil {
		return n, fmt.Errorf("network %s: %w", id, err)
	}
	return n, nil
}

// Networks returns all networks by name.
func (v *View) Networks() ([]Network, error) {
	return many(v, readNetwork, `SELECT `+networkColumns+` FROM networks ORDER BY name`)
}

// AddNetwork makes a network with n's name, switches and settings. An empty ID
// is chosen. It fails with ErrConflict if the name is taken.
func (tx *HubTx) AddNetwork(n Network) (Network, error) {
	if n.ID == "" {
		n.ID = NewID()
	}
	if n.Switches == nil {
		n.Switches = map[string]bool{}
	}
	if len(n.Settings) == 0 {
		n.Settings = json.RawMessage("{}")
	}
	_, err := tx.exec(`INSERT INTO networks (network, id, name, switches, settings, created_at)
		SELECT coalesce(max(network), 0) + 1, $1, $2, $3, $4, $5 FROM networks`,
		n.ID, n.Name, toJSON(n.Switches), string(n.Settings), ms(tx.now))
	if err != nil {
		return n, fmt.Errorf("cannot add network %q: %w", n.Name, err)
	}
	return tx.network(n.ID)
}

// SetNetwork stores the network's name, switches and settings.
func (tx *NetworkTx) SetNetwork(n Network) error {
	_, err := tx.exec(`UPDATE networks SET name = $1, switches = $2, settings = $3 WHERE network = $4`,
		n.Name, toJSON(n.Switches), string(n.Settings), tx.Network.place)
	if err != nil {
		return fmt.Errorf("cannot change network %s: %w", tx.Network.ID, err)
	}
	tx.Network.Name, tx.Network.Switches, tx.Network.Settings = n.Name, n.Switches, n.Settings
	return nil
}

// SetCatalog stores a catalogue (the form that travels, and its digest) and
// makes it the network's. Older ones stay for agents that still ask for them.
func (tx *NetworkTx) SetCatalog(digest string, body []byte) error {
	_, err := tx.exec(`INSERT INTO catalogs (network, digest, body, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		tx.Network.place, digest, body, ms(tx.now))
	if err == nil {
		_, err = tx.exec(`UPDATE networks SET catalog = $1 WHERE network = $2`, digest, tx.Network.place)
	}
	if err != nil {
		return fmt.Errorf("cannot store the catalogue of network %s: %w", tx.Network.ID, err)
	}
	tx.Network.Catalog = digest
	return nil
}

// Catalog returns a catalogue of the network by digest, or ErrNotFound.
func (v *View) Catalog(network, digest string) ([]byte, error) {
	b, err := one(v, readBytes, `SELECT c.body FROM catalogs c JOIN networks n ON n.network = c.network
		WHERE n.id = $1 AND c.digest = $2`, network, digest)
	if err != nil {
		return nil, fmt.Errorf("catalogue %.12s of network %s: %w", digest, network, err)
	}
	return b, nil
}

func readBytes(s scanner) (b []byte, err error) { return b, s.Scan(&b) }
