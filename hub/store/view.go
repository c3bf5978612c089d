package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"plait/shared/sqlitedb"
)

// View reads one snapshot of the hub. It lives as long as the function that it
// was given to, and belongs to one goroutine.
type View struct {
	ctx      context.Context
	tx       *sqlitedb.Tx
	now      time.Time
	hot      map[string]*sql.Stmt // statements prepared for this transaction
	hubEpoch *HubEpoch            // the current one, once read
}

// Now is the one time of the transaction, in UTC and whole milliseconds.
func (v *View) Now() time.Time { return v.now }

// NetworkTx writes what belongs to one network.
type NetworkTx struct {
	*View
	Network Network
}

// HubTx writes what belongs to no network.
type HubTx struct{ *View }

// StoreView reads one store.
type StoreView struct {
	*View
	Store Store
	at    place
	copy  *Copy    // once read
	last  *Contact // once read
}

// StoreTx writes for one store, whose row it has locked.
type StoreTx struct{ *StoreView }

// place is how rows of a store are found.
type place struct{ network, store int64 }

// In returns the reader of one store, or ErrNotFound.
func (v *View) In(store string) (*StoreView, error) {
	s, at, err := v.storeBy("s.id = $1", store)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", store, err)
	}
	return &StoreView{View: v, Store: s, at: at}, nil
}

func (v *View) close() {
	for _, s := range v.hot {
		_ = s.Close() // the transaction's end closes it in any case
	}
}

// unwatched is the transaction's context for one statement, which takes a moment at
// most: watching it meanwhile would cost a goroutine. The commit looks at it again.
func (v *View) unwatched() (context.Context, error) {
	return context.WithoutCancel(v.ctx), v.ctx.Err()
}

func (v *View) exec(query string, args ...any) (changed int64, err error) {
	ctx, err := v.unwatched()
	if err != nil {
		return 0, err
	}
	res, err := v.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, conflict(err)
	}
	return res.RowsAffected()
}

// prepared is exec and queries for statements that run thousands of times in a
// transaction, without its context.
func (v *View) prepared(query string) (*sql.Stmt, error) {
	if s := v.hot[query]; s != nil {
		return s, nil
	}
	s, err := v.tx.PrepareContext(v.ctx, query)
	if err != nil {
		return nil, err
	}
	if v.hot == nil {
		v.hot = map[string]*sql.Stmt{}
	}
	v.hot[query] = s
	return s, nil
}

func (v *View) execHot(query string, args ...any) (changed int64, err error) {
	s, err := v.prepared(query)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, conflict(err)
	}
	return res.RowsAffected()
}

// must1 turns "no row was changed" into ErrNotFound.
func must1(changed int64, err error) error {
	if err == nil && changed == 0 {
		return ErrNotFound
	}
	return err
}

// scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(...any) error }

// one reads a single row.
func one[T any](v *View, read func(scanner) (T, error), query string, args ...any) (T, error) {
	ctx, err := v.unwatched()
	if err != nil {
		var none T
		return none, err
	}
	t, err := read(v.tx.QueryRowContext(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return t, ErrNotFound
	}
	return t, err
}

// many reads all rows.
func many[T any](v *View, read func(scanner) (T, error), query string, args ...any) ([]T, error) {
	ctx, err := v.unwatched()
	if err != nil {
		return nil, err
	}
	rows, err := v.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		t, err := read(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// number reads one integer.
func (v *View) number(query string, args ...any) (int64, error) {
	return one(v, func(s scanner) (n int64, err error) { return n, s.Scan(&n) }, query, args...)
}

// conflict names the violation of a primary key or unique index.
func conflict(err error) error {
	if sqlitedb.IsUnique(err) {
		return fmt.Errorf("%w: it is there already: %w", ErrConflict, err)
	}
	return err
}

// Times are stored as Unix milliseconds, the zero time as 0.

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMS(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// msTime scans such a time.
type msTime struct{ t *time.Time }

func (m msTime) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("cannot read a time from %T", src)
	}
	*m.t = fromMS(n)
	return nil
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// toJSON is for values that cannot fail to be encoded: maps, lists and structs
// of strings and numbers.
func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// listInto scans a JSON list of names, most of which are empty.
type listInto struct{ to *[]string }

func (l listInto) Scan(src any) error {
	if src == "[]" {
		*l.to = []string{}
		return nil
	}
	return jsonInto{l.to}.Scan(src)
}

// jsonInto scans a JSON column.
type jsonInto struct{ to any }

func (j jsonInto) Scan(src any) error {
	switch s := src.(type) {
	case string:
		return json.Unmarshal([]byte(s), j.to)
	case []byte:
		return json.Unmarshal(s, j.to)
	default:
		return fmt.Errorf("cannot read JSON from %T", src)
	}
}
