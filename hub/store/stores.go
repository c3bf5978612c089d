package store

import (
	"fmt"
	"time"
)

// Roles of a store.
const (
	HeadOffice = "head_office"
	Branch     = "branch"
	Single     = "single"
	// MasterList is no salon: a list that people keep at the hub, as a source. It
	// has a copy like any store, and neither PC, queue nor contacts.
	MasterList = "list"
)

// Positions of a store's sync switch (decision 27).
const (
	On       = "on"
	Draining = "draining" // delivers what is open and queues nothing more
	Off      = "off"      // has no open jobs
)

// Store is one salon.
type Store struct {
	ID           string
	Network      string // id
	NetworkName  string
	Catalog      string // digest of the network's catalogue
	Name         string
	Role         string
	Switch       string
	Labels       []string
	Created      time.Time
	Installation string // of the PC that was enrolled last; "" before the first
	Host         string // its name, for people
	Revoked      time.Time
	Profile      string // digest; "" before the first
	Full         FullRequest
	LastJob      int64 // the highest number given to a job
}

// FullRequest is a person's wish for a full upload at the next contact.
type FullRequest struct {
	ID string // "" if there is none
	By string
	At time.Time
}

const storeQuery = `SELECT s.network, s.store, s.id, n.id, n.name, n.catalog, s.name, s.role, s.switch, s.labels, s.created_at,
	s.installation, s.host, s.revoked_at, s.profile, s.full_request, s.full_by, s.full_at, s.last_job
	FROM stores s JOIN networks n ON n.network = s.network WHERE `

func readStore(r scanner) (s placedStore, err error) {
	err = r.Scan(&s.at.network, &s.at.store, &s.ID, &s.Network, &s.NetworkName, &s.Catalog, &s.Name, &s.Role, &s.Switch,
		listInto{&s.Labels}, msTime{&s.Created}, &s.Installation, &s.Host, msTime{&s.Revoked}, &s.Profile,
		&s.Full.ID, &s.Full.By, msTime{&s.Full.At}, &s.LastJob)
	return s, err
}

type placedStore struct {
	Store
	at place
}

func (v *View) storeBy(where string, args ...any) (Store, place, error) {
	s, err := one(v, readStore, storeQuery+where, args...)
	return s.Store, s.at, err
}

// StoreByID returns a store by its id, or ErrNotFound.
func (v *View) StoreByID(id string) (Store, error) {
	s, _, err := v.storeBy("s.id = $1", id)
	if err != nil {
		return s, fmt.Errorf("store %s: %w", id, err)
	}
	return s, nil
}

// Stores returns the stores of a network by name.
func (v *View) Stores(network string) ([]Store, error) {
	all, err := many(v, readStore, storeQuery+`n.id = $1 ORDER BY s.name`, network)
	if err != nil {
		return nil, fmt.Errorf("cannot list the stores of network %s: %w", network, err)
	}
	out := make([]Store, len(all))
	for i, s := range all {
		out[i] = s.Store
	}
	return out, nil
}

// StoresNamed returns the stores of that name, in any network.
func (v *View) StoresNamed(name string) ([]Store, error) {
	all, err := many(v, readStore, storeQuery+`s.name = $1 ORDER BY n.name`, name)
	if err != nil {
		return nil, fmt.Errorf("cannot look for store %q: %w", name, err)
	}
	out := make([]Store, len(all))
	for i, s := range all {
		out[i] = s.Store
	}
	return out, nil
}

// AddStore makes a store with s's name, role and labels, its switch on. An empty
// ID is chosen. It fails with ErrConflict if the name is taken.
func (tx *NetworkTx) AddStore(s Store) (Store, error) {
	if s.ID == "" {
		s.ID = NewID()
	}
	n, err := tx.number(`SELECT coalesce(max(store), 0) + 1 FROM stores WHERE network = $1`, tx.Network.place)
	if err == nil {
		_, err = tx.exec(`INSERT INTO stores (network, store, id, name, role, switch, labels, created_at)
			VALUES ($1, $2, $3, $4, $5, 'on', $6, $7)`,
			tx.Network.place, n, s.ID, s.Name, s.Role, toJSON(nonNil(s.Labels)), ms(tx.now))
	}
	for _, table := range []string{"contacts", "copies"} {
		if err == nil {
			_, err = tx.exec(`INSERT INTO `+table+` (network, store) VALUES ($1, $2)`, tx.Network.place, n)
		}
	}
	if err != nil {
		return s, fmt.Errorf("cannot add store %q: %w", s.Name, err)
	}
	return tx.StoreByID(s.ID)
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// SetStore stores s's name, role, switch and labels.
func (tx *StoreTx) SetStore(s Store) error {
	_, err := tx.exec(`UPDATE stores SET name = $1, role = $2, switch = $3, labels = $4 WHERE network = $5 AND store = $6`,
		s.Name, s.Role, s.Switch, toJSON(nonNil(s.Labels)), tx.at.network, tx.at.store)
	if err != nil {
		return fmt.Errorf("cannot change store %s: %w", tx.Store.Name, err)
	}
	tx.Store.Name, tx.Store.Role, tx.Store.Switch, tx.Store.Labels = s.Name, s.Role, s.Switch, s.Labels
	return nil
}

// RequestFull notes a person's wish for a full upload; a zero request clears it.
func (tx *StoreTx) RequestFull(r FullRequest) error {
	_, err := tx.exec(`UPDATE stores SET full_request = $1, full_by = $2, full_at = $3 WHERE network = $4 AND store = $5`,
		r.ID, r.By, ms(r.At), tx.at.network, tx.at.store)
	if err != nil {
		return fmt.Errorf("cannot note a full upload of store %s: %w", tx.Store.Name, err)
	}
	tx.Store.Full = r
	return nil
}
