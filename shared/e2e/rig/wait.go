package rig

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// askEvery is how often a condition is looked at.
const askEvery = 25 * time.Millisecond

// hopeless is an error that waiting does not mend.
type hopeless struct{ error }

func (h hopeless) Unwrap() error { return h.error }

// Hopeless marks an error of a condition as one that waiting does not mend.
func Hopeless(err error) error { return hopeless{err} }

// Until asks again and again until there is no error, for as long as bound. It
// returns the last error.
func Until(ctx context.Context, bound time.Duration, ask func() error) error {
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	end := time.Now().Add(bound)
	for {
		err := ask()
		if err == nil {
			return nil
		}
		if errors.As(err, new(hopeless)) {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("waited %v: %w", bound, err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-ticker.C:
		}
	}
}
