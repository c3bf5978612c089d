package store

import "fmt"

// Flow is a kind that is synced continuously, and the store that it comes from.
type Flow struct {
	Kind   string
	Source string // id
}

// Continuous returns the kinds that the network syncs continuously, by name.
func (v *View) Continuous(network string) ([]Flow, error) {
	return many(v, func(s scanner) (f Flow, err error) { return f, s.Scan(&f.Kind, &f.Source) },
		`SELECT c.kind, s.id FROM continuous c JOIN stores s ON s.network = c.network AND s.store = c.source
		JOIN networks n ON n.network = c.network WHERE n.id = $1 ORDER BY c.kind`, network)
}

// SetContinuous stores the kinds that the network syncs continuously, in place
// of those before.
func (tx *NetworkTx) SetContinuous(flows []Flow) error {
	return tx.setContinuous(tx.Network.place, flows)
}

// SetContinuous is NetworkTx.SetContinuous for an act on a store that changes
// where kinds come from.
func (tx *StoreTx) SetContinuous(flows []Flow) error { return tx.setContinuous(tx.at.network, flows) }

func (v *View) setContinuous(network int64, flows []Flow) error {
	_, err := v.exec(`DELETE FROM continuous WHERE network = $1`, network)
	for _, f := range flows {
		if err == nil {
			err = must1(v.exec(`INSERT INTO continuous (network, kind, source) SELECT $1, $2, s.store FROM stores s
				WHERE s.network = $1 AND s.id = $3`, network, f.Kind, f.Source))
		}
	}
	if err != nil {
		return fmt.Errorf("cannot keep what is synced continuously: %w", err)
	}
	return nil
}

// Lag is a store's cursor for a kind that is synced continuously, beside what
// its source has.
type Lag struct {
	Store   string // id
	Profile string // digest of the store's
	Source  string // id
	Kind    string
	From    int64  // the cursor
	To      int64  // the source's newest sync_rev
	Held    string // why the cursor is held; "" if it is not
	// Old: the cursor was set before the hub was restored, so the store may hold
	// changes that this hub never saw.
	Old bool
	// Level: the source's copy was proven equal to the source since the hub's last
	// restore. Until then it may be behind what the store has already.
	Level bool
}

// Waits reports whether the store is to be sent something of the kind, or to be
// looked through, as far as the cursor goes.
func (l Lag) Waits() bool { return l.Held == "" && l.Level && (l.From < l.To || l.Old) }

// isLevel: what people keep at the hub is level with itself.
const isLevel = `(src.role = 'list' OR (k.hub_epoch = (SELECT max(place) FROM hub_epochs) AND p.reconcile = ''))`

const lags = `SELECT s.id, s.profile, src.id, c.kind, u.sync_rev, coalesce(r.last, 0), u.held,
		u.epoch < (SELECT max(place) FROM hub_epochs),
		` + isLevel + `
	FROM cursors u
	JOIN continuous c ON c.network = u.network AND c.kind = u.kind AND c.source = u.source
	JOIN stores s ON s.network = u.network AND s.store = u.store
	JOIN stores src ON src.network = u.network AND src.store = u.source
	JOIN contacts k ON k.network = u.network AND k.store = u.source
	JOIN copies p ON p.network = u.network AND p.store = u.source
	LEFT JOIN sync_revs r ON r.network = u.network AND r.store = u.source AND r.kind = u.kind
	WHERE u.source <> u.store AND `

func readLag(s scanner) (l Lag, err error) {
	return l, s.Scan(&l.Store, &l.Profile, &l.Source, &l.Kind, &l.From, &l.To, &l.Held, &l.Old, &l.Level)
}

// Lags returns the store's cursors for kinds that are synced continuously, by
// source and kind.
func (v *StoreView) Lags() ([]Lag, error) {
	all, err := many(v.View, readLag, lags+`u.network = $1 AND u.store = $2 ORDER BY u.source, c.kind`, v.at.network, v.at.store)
	if err != nil {
		return nil, fmt.Errorf("cannot tell what waits for store %s: %w", v.Store.Name, err)
	}
	return all, nil
}

// Behind returns, by store, source and kind, what waits for stores of the network
// that can receive and have no pending entry yet.
func (v *View) Behind(network string) ([]Lag, error) {
	all, err := many(v, readLag, lags+`u.network = (SELECT n.network FROM networks n WHERE n.id = $1)
		AND u.held = '' AND u.sync_rev < r.last AND `+isLevel+`
		AND s.switch = 'on' AND s.revoked_at = 0 AND s.role IN ('head_office', 'branch')
		AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.network = u.network AND j.store = u.store AND j.state = 'pending')
		ORDER BY s.id, u.source, c.kind`, network)
	if err != nil {
		return nil, fmt.Errorf("cannot tell what waits for the stores of network %s: %w", network, err)
	}
	return all, nil
}
