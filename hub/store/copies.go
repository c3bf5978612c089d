package store

import (
	"fmt"
	"time"

	"plait/shared/item"
	"plait/shared/wire"
)

// Copy is where the hub's copy of a store stands.
type Copy struct {
	Live     int64 // items of this number count
	Building int64 // items of this number are being put together by a full upload; 0 if none
	Revision int64 // rises with every change
	Mark     wire.Mark
	// Reconcile says why copy and record must be compared; "" if they were proven
	// equal since.
	Reconcile     string
	EqualAt       time.Time
	EqualRevision int64
	Compared      time.Time // the record's last proof against the POS
	Parked        int       // items that wait for a person, by the last bye
}

// Copy returns where the hub's copy of the store stands.
func (v *StoreView) Copy() (Copy, error) {
	if v.copy != nil {
		return *v.copy, nil
	}
	c, err := one(v.View, readCopy, `SELECT live, building, revision, mark_epoch, mark_seq, mark_nonce, reconcile, equal_at, equal_revision,
		compared_at, parked FROM copies WHERE network = $1 AND store = $2`, v.at.network, v.at.store)
	if err != nil {
		return c, fmt.Errorf("cannot read where the copy of store %s stands: %w", v.Store.Name, err)
	}
	v.copy = &c
	return c, nil
}

func readCopy(s scanner) (c Copy, err error) {
	return c, s.Scan(&c.Live, &c.Building, &c.Revision, &c.Mark.POSEpoch, &c.Mark.Seq, &c.Mark.Nonce, &c.Reconcile, msTime{&c.EqualAt},
		&c.EqualRevision, msTime{&c.Compared}, &c.Parked)
}

// SetCopy stores where the copy stands. It fails with ErrConflict if that would
// lower the copy's revision.
func (tx *StoreTx) SetCopy(c Copy) error {
	n, err := tx.exec(`UPDATE copies SET live = $1, building = $2, revision = $3, mark_epoch = $4, mark_seq = $5, mark_nonce = $6,
		reconcile = $7, equal_at = $8, equal_revision = $9, compared_at = $10, parked = $11
		WHERE network = $12 AND store = $13 AND revision <= $3`,
		c.Live, c.Building, c.Revision, c.Mark.POSEpoch, c.Mark.Seq, c.Mark.Nonce, c.Reconcile, ms(c.EqualAt), c.EqualRevision,
		ms(c.Compared), c.Parked, tx.at.network, tx.at.store)
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: its revision may not go down to %d", ErrConflict, c.Revision)
	}
	if err != nil {
		return fmt.Errorf("cannot store where the copy of store %s stands: %w", tx.Store.Name, err)
	}
	tx.copy = &c
	return nil
}

// KindSum is the number of live items of a kind and the XOR of their digests.
type KindSum struct {
	Kind  string
	Count int64
	Sum   item.Digest
}

// Wire returns the sum as it travels.
func (k KindSum) Wire() wire.KindSum {
	return wire.KindSum{Kind: k.Kind, Count: k.Count, Sum: k.Sum.String()}
}

// KindSums returns the sums of a copy, by kind; kinds without a live item are
// left out.
func (v *StoreView) KindSums(copy int64) ([]KindSum, error) {
	sums, err := many(v.View, readKindSum, `SELECT kind, count, sum FROM kind_sums
		WHERE network = $1 AND store = $2 AND copy = $3 AND count > 0 ORDER BY kind`, v.at.network, v.at.store, copy)
	if err != nil {
		return nil, fmt.Errorf("cannot read the sums of store %s: %w", v.Store.Name, err)
	}
	return sums, nil
}

func readKindSum(s scanner) (k KindSum, err error) {
	return k, s.Scan(&k.Kind, &k.Count, digestInto{&k.Sum})
}

// AddKindSum adds a change to the sum of a kind of a copy: Count to the number,
// Sum XORed to the digests.
func (tx *StoreTx) AddKindSum(copy int64, change KindSum) error {
	old, err := many(tx.View, readKindSum, `SELECT kind, count, sum FROM kind_sums
		WHERE network = $1 AND store = $2 AND copy = $3 AND kind = $4`, tx.at.network, tx.at.store, copy, change.Kind)
	if err == nil {
		for _, o := range old {
			change.Count += o.Count
			change.Sum = change.Sum.Xor(o.Sum)
		}
		_, err = tx.exec(`INSERT INTO kind_sums (network, store, copy, kind, count, sum) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (network, store, copy, kind) DO UPDATE SET count = excluded.count, sum = excluded.sum`,
			tx.at.network, tx.at.store, copy, change.Kind, change.Count, change.Sum[:])
	}
	if err != nil {
		return fmt.Errorf("cannot keep the sum of %s of store %s: %w", change.Kind, tx.Store.Name, err)
	}
	return nil
}

// SumDiff is a kind of which record and copy hold different items.
type SumDiff struct {
	Kind         string
	Hub, Records int64 // live items of each
}

// String names the kind with both numbers.
func (d SumDiff) String() string {
	return fmt.Sprintf("%s: %d at the hub, %d in the record", d.Kind, d.Hub, d.Records)
}

// Differing compares the sums of a copy with those of a record, both by kind. A
// kind without items is the same as one that is not listed.
func Differing(hub []KindSum, record []wire.KindSum) []SumDiff {
	held := make(map[string]wire.KindSum, len(hub))
	for _, h := range hub {
		held[h.Kind] = h.Wire()
	}
	var out []SumDiff
	for _, r := range record {
		h := held[r.Kind]
		delete(held, r.Kind)
		if r.Count != h.Count || (r.Count > 0 && r.Sum != h.Sum) {
			out = append(out, SumDiff{r.Kind, h.Count, r.Count})
		}
	}
	for _, h := range hub {
		if _, left := held[h.Kind]; left && h.Count > 0 {
			out = append(out, SumDiff{h.Kind, h.Count, 0})
		}
	}
	return out
}

// SyncRev returns the highest sync_rev given to an item of the kind, 0 if none.
func (v *StoreView) SyncRev(kind string) (int64, error) {
	return v.number(`SELECT coalesce(max(last), 0) FROM sync_revs WHERE network = $1 AND store = $2 AND kind = $3`,
		v.at.network, v.at.store, kind)
}

// SetSyncRev raises the highest sync_rev of a kind.
func (tx *StoreTx) SetSyncRev(kind string, last int64) error {
	_, err := tx.exec(`INSERT INTO sync_revs (network, store, kind, last) VALUES ($1, $2, $3, $4)
		ON CONFLICT (network, store, kind) DO UPDATE SET last = excluded.last WHERE excluded.last > sync_revs.last`,
		tx.at.network, tx.at.store, kind, last)
	if err != nil {
		return fmt.Errorf("cannot keep the sync revision of %s of store %s: %w", kind, tx.Store.Name, err)
	}
	return nil
}

// digestInto scans an item.Digest.
type digestInto struct{ to *item.Digest }

func (d digestInto) Scan(src any) error {
	b, ok := src.([]byte)
	if src == nil {
		return nil
	}
	if !ok || len(b) != len(d.to) {
		return fmt.Errorf("cannot read a digest from %T of %d bytes", src, len(b))
	}
	copy(d.to[:], b)
	return nil
}
