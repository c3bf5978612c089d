package store

import (
	"fmt"
	"time"

	"plait/shared/item"
)

// Item is a row of the hub's copy of a store.
type Item struct {
	item.ID
	Revision   int64       // of the copy, at the last change
	SyncRev    int64       // of the kind, at the last change that can be synced; 0 if the kind only goes up
	Digest     item.Digest // of Body
	SyncDigest item.Digest // of what can be synced; zero if the kind only goes up
	SyncAt     time.Time   // when the hub gave SyncRev, in its own time; zero if the kind only goes up
	AgentEpoch int64       // place; with AgentRev it never goes down
	AgentRev   int64
	POSEpoch   int64      // place; 0 if not known
	UID        string     // "" if the kind only goes up
	Birth      item.Birth // of the link; "" if not linked
	Adopted    bool
	Deleted    time.Time // zero: it lives
	Body       []byte    // canonical form
}

// Live reports whether the item is no tombstone.
func (i Item) Live() bool { return i.Deleted.IsZero() }

// Decode returns the item that the row holds.
func (i Item) Decode() (item.Item, error) { return item.Decode(i.Body) }

const itemColumns = `kind, key, gen, revision, sync_rev, sync_at, digest, sync_digest, agent_epoch, agent_rev, pos_epoch, uid, birth, adopted, deleted_at, body`

const itemColumnCount = 16

func readItem(s scanner) (i Item, err error) {
	return i, s.Scan(&i.Kind, &i.Key, &i.Gen, &i.Revision, &i.SyncRev, msTime{&i.SyncAt}, digestInto{&i.Digest}, digestInto{&i.SyncDigest}, &i.AgentEpoch,
		&i.AgentRev, &i.POSEpoch, &i.UID, &i.Birth, &i.Adopted, msTime{&i.Deleted}, &i.Body)
}

// values takes a pointer: what it returns points into the item.
func (i *Item) values(args []any) []any {
	return append(args, i.Kind, i.Key, i.Gen, i.Revision, i.SyncRev, ms(i.SyncAt), i.Digest[:], i.syncDigest(), i.AgentEpoch, i.AgentRev, i.POSEpoch, i.UID,
		string(i.Birth), flag(i.Adopted), ms(i.Deleted), i.Body)
}

func (i *Item) syncDigest() any {
	if i.SyncRev == 0 {
		return nil
	}
	return i.SyncDigest[:]
}

// Stroke is how many items one statement reads or adds: past that the engine gains no
// more from it.
const Stroke = 50

// InsertItems adds those of items whose identity the copy does not hold yet, and
// returns the places of the others, rising. Each Revision must be one that the
// copy has not given out before. After an error some may be added: give the
// transaction up.
func (tx *StoreTx) InsertItems(copy int64, items []Item) (present []int, err error) {
	for from := 0; from < len(items); from += Stroke {
		chunk := items[from:min(from+Stroke, len(items))]
		n, err := tx.insertItems(copy, chunk)
		if err != nil {
			return nil, fmt.Errorf("cannot add items to the copy of store %s: %w", tx.Store.Name, err)
		}
		if int(n) == len(chunk) {
			continue
		}
		there, err := tx.HeldOf(copy, chunk)
		if err != nil {
			return nil, err
		}
		for i := range chunk {
			if there[i].Revision != chunk[i].Revision { // not the one that was chosen for it
				present = append(present, from+i)
			}
		}
	}
	return present, nil
}

// insertItems is one statement.
func (tx *StoreTx) insertItems(copy int64, chunk []Item) (added int64, err error) {
	form := formOf(chunk)
	args := append(make([]any, 0, 3+len(chunk)*itemColumnCount), tx.at.network, tx.at.store, copy)
	return tx.execHot(insertTexts.of(form), form.insertArgs(args, chunk)...)
}

// RemoveItems removes at most limit rows of a copy that counts no more, and its
// sums once it has none left. It fails with ErrConflict for the live copy.
func (tx *StoreTx) RemoveItems(copy int64, limit int) (removed int64, err error) {
	c, err := tx.Copy()
	if err != nil {
		return 0, err
	}
	if copy == c.Live {
		return 0, fmt.Errorf("cannot remove the live copy of store %s: %w", tx.Store.Name, ErrConflict)
	}
	removed, err = tx.exec(`DELETE FROM items WHERE (network, store, copy, kind, key, gen) IN (SELECT network, store, copy, kind, key, gen
		FROM items WHERE network = $1 AND store = $2 AND copy = $3 LIMIT $4 + 0)`, tx.at.network, tx.at.store, copy, limit)
	if err == nil && removed == 0 {
		_, err = tx.exec(`DELETE FROM kind_sums WHERE network = $1 AND store = $2 AND copy = $3`, tx.at.network, tx.at.store, copy)
	}
	if err != nil {
		return 0, fmt.Errorf("cannot remove an old copy of store %s: %w", tx.Store.Name, err)
	}
	return removed, nil
}
