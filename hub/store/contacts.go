package store

import (
	"fmt"
	"time"

	"plait/shared/wire"
)

// Contact is the chain of a store's conversations (decision 17) and what the
// last one said. The rules are hub/contact's.
type Contact struct {
	AgentEpoch int64 // its place; 0 before the first contact
	POSEpoch   int64 // its place; 0 if not known
	HubEpoch   int64 // place of the hub epoch in which the chain was let in last
	Counter    int64
	Nonce      string
	// Conversation is the only one whose messages are taken: see InConversation.
	Conversation string
	Hello        wire.Hello // the last that was let in
	HelloAt      time.Time
	Due          time.Time // when the agent said that it would come again
	ByeAt        time.Time
	// Receipt is the newest receipt in the POS database, as a hello told last.
	Receipt wire.ReceiptHead
	// RestoreLinks: the last hello was told to fetch links and receipts.
	RestoreLinks bool
	// ListReceipts: something was restored, and no hello has listed its receipts
	// since.
	ListReceipts bool

	Held         HeldChain
	Release      string // hash of a technician's code; "" if there is none
	ReleaseUntil time.Time
}

// HeldChain is an older copy of the agent that waits to be let in.
type HeldChain struct {
	Hello wire.Hello
	First time.Time // zero: there is none
	Last  time.Time
	Until time.Time // let in after that, unless the newer chain comes before
}

// Contact returns where the store's chain stands.
func (v *StoreView) Contact() (Contact, error) {
	if v.last != nil {
		return *v.last, nil
	}
	c, err := one(v.View, readContact, `SELECT agent_epoch, pos_epoch, hub_epoch, counter, nonce, conversation, hello, hello_at, due_at, restore_links,
		list_receipts, receipt, bye_at, held, held_at, held_last, held_until, release, release_until
		FROM contacts WHERE network = $1 AND store = $2`, v.at.network, v.at.store)
	if err != nil {
		return c, fmt.Errorf("cannot read the last contact of store %s: %w", v.Store.Name, err)
	}
	v.last = &c
	return c, nil
}

func readContact(s scanner) (c Contact, err error) {
	held := "{}"
	err = s.Scan(&c.AgentEpoch, &c.POSEpoch, &c.HubEpoch, &c.Counter, &c.Nonce, &c.Conversation, jsonInto{&c.Hello}, msTime{&c.HelloAt}, msTime{&c.Due},
		&c.RestoreLinks, &c.ListReceipts, jsonInto{&c.Receipt}, msTime{&c.ByeAt}, &held, msTime{&c.Held.First}, msTime{&c.Held.Last}, msTime{&c.Held.Until},
		&c.Release, msTime{&c.ReleaseUntil})
	if err == nil && held != "" {
		err = jsonInto{&c.Held.Hello}.Scan(held)
	}
	return c, err
}

// SetContact stores where the chain stands.
func (tx *StoreTx) SetContact(c Contact) error {
	held := ""
	if !c.Held.First.IsZero() {
		held = toJSON(c.Held.Hello)
	}
	_, err := tx.exec(`UPDATE contacts SET agent_epoch = $1, pos_epoch = $2, hub_epoch = $3, counter = $4, nonce = $5, hello = $6,
		hello_at = $7, due_at = $8, restore_links = $9, receipt = $10, bye_at = $11, held = $12, held_at = $13, held_last = $14,
		held_until = $15, release = $16, release_until = $17, conversation = $18, list_receipts = $19 WHERE network = $20 AND store = $21`,
		c.AgentEpoch, c.POSEpoch, c.HubEpoch, c.Counter, c.Nonce, toJSON(c.Hello), ms(c.HelloAt), ms(c.Due), flag(c.RestoreLinks),
		toJSON(c.Receipt), ms(c.ByeAt), held, ms(c.Held.First), ms(c.Held.Last), ms(c.Held.Until), c.Release, ms(c.ReleaseUntil),
		c.Conversation, flag(c.ListReceipts), tx.at.network, tx.at.store)
	if err != nil {
		return fmt.Errorf("cannot store the contact of store %s: %w", tx.Store.Name, err)
	}
	tx.last = &c
	return nil
}

// Sorts of epochs.
const (
	AgentEpoch = "agent" // of agent.db
	POSEpoch   = "pos"   // of the POS database
)

// Epoch returns the place of a store's epoch, 0 if the hub never met it.
func (v *StoreView) Epoch(sort, epoch string) (int64, error) {
	if epoch == "" {
		return 0, nil
	}
	return v.number(`SELECT coalesce(max(place), 0) FROM epochs WHERE network = $1 AND store = $2 AND sort = $3 AND epoch = $4`,
		v.at.network, v.at.store, sort, epoch)
}

// EpochName returns the epoch at a place, "" for place 0.
func (v *StoreView) EpochName(sort string, place int64) (string, error) {
	if place == 0 {
		return "", nil
	}
	return one(v.View, func(s scanner) (e string, err error) { return e, s.Scan(&e) },
		`SELECT epoch FROM epochs WHERE network = $1 AND store = $2 AND sort = $3 AND place = $4`, v.at.network, v.at.store, sort, place)
}

// AddEpoch returns the place of an epoch, giving it the next one if it is new.
// The empty epoch, of a POS that was never seen, has place 0.
func (tx *StoreTx) AddEpoch(sort, epoch string) (int64, error) {
	n, err := tx.Epoch(sort, epoch)
	if err != nil || n > 0 || epoch == "" {
		return n, err
	}
	_, err = tx.exec(`INSERT INTO epochs (network, store, sort, place, epoch, at)
		SELECT $1, $2, $3, coalesce(max(place), 0) + 1, $4, $5 FROM epochs WHERE network = $1 AND store = $2 AND sort = $3`,
		tx.at.network, tx.at.store, sort, epoch, ms(tx.now))
	if err != nil {
		return 0, fmt.Errorf("cannot store the %s epoch of store %s: %w", sort, tx.Store.Name, err)
	}
	return tx.Epoch(sort, epoch)
}
