package storesync

import "context"

// StepAfter takes the step of a sync that was due before something else happened.
func (s *Service) StepAfter(ctx context.Context, network, id string, meanwhile func()) error {
	at, err := s.look(ctx, network, id)
	if err != nil {
		return err
	}
	meanwhile()
	_, err = s.step(ctx, at)
	return err
}

// CatchUpItems bounds the jobs of continuous syncs to n items until the returned
// function is called.
func CatchUpItems(n int) (restore func()) {
	before := catchUpItems
	catchUpItems = n
	return func() { catchUpItems = before }
}
