package storetest

import (
	"errors"
	"testing"
	"time"

	"plait/hub/store"
)

// Engine opens an empty hub of the engine under test.
type Engine func(t testing.TB, clock *Clock) *store.DB

// suite is what each test of it begins with: network "n" with stores "head" and
// "branch", network "other" with store "stranger".
type suite struct {
	*testing.T
	db    *store.DB
	clock *Clock
}

// Run runs the suite.
func Run(t *testing.T, open Engine) {
	for name, test := range map[string]func(suite){
		"networks":    networks,
		"stores":      stores,
		"credentials": credentials,
		"epochs":      epochs,
		"contact":     contact,
		"copy":        copies,
		"items":       items,
		"item forms":  itemForms,
		"archive":     archive,
		"jobs":        jobs,
		"results":     results,
		"payloads":    payloads,
		"uploads":     uploads,
		"codes":       codes,
		"tokens":      tokens,
		"audit":       audit,
		"aliases":     aliases,
		"cursors":     cursors,
		"reach":       reach,
		"lags":        lags,
		"syncs":       syncs,
		"given":       given,
		"saved":       saved,
		"parked":      parked,
		"repairs":     repairs,
		"transfers":   transfers,
		"several":     several,
		"rollback":    rollback,
	} {
		t.Run(name, func(t *testing.T) {
			clock := NewClock()
			db := open(t, clock)
			AddNetwork(t, db, "n", "head", "branch")
			AddNetwork(t, db, "other", "stranger")
			test(suite{t, db, clock})
		})
	}
}

// in runs fn in a transaction of a store and fails the test if it fails.
func (s suite) in(id string, fn func(*store.StoreTx) error) {
	s.Helper()
	if err := s.db.WithStore(s.Context(), id, fn); err != nil {
		s.Fatal(err)
	}
}

func (s suite) network(id string, fn func(*store.NetworkTx) error) {
	s.Helper()
	if err := s.db.WithNetwork(s.Context(), id, fn); err != nil {
		s.Fatal(err)
	}
}

func (s suite) hub(fn func(*store.HubTx) error) {
	s.Helper()
	if err := s.db.WithHub(s.Context(), fn); err != nil {
		s.Fatal(err)
	}
}

func (s suite) view(id string, fn func(*store.StoreView) error) {
	s.Helper()
	if err := s.db.ViewStore(s.Context(), id, fn); err != nil {
		s.Fatal(err)
	}
}

func (s suite) is(err, want error, what string) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("%s: got %v, want %v", what, err, want)
	}
}

// same compares two values of a comparable type.
func same[T comparable](s suite, got, want T, what string) {
	s.Helper()
	if got != want {
		s.Errorf("%s: got %v, want %v", what, got, want)
	}
}

const hour = time.Hour
