//go:build plait_weak_receipt

package apply

import (
	"context"
	"time"
)

// weaken is the kill harness' control: what was applied is committed without its
// receipt, which follows in a transaction of its own. No release is built so.
func (s *slice) weaken(ctx context.Context) error {
	if err := s.tx.Commit(); err != nil {
		return err
	}
	time.Sleep(300 * time.Millisecond) // a kill must fall between, and few jobs create what a second applying would find
	tx, err := s.POS.Begin(ctx)
	s.tx, s.recv.tx = tx, tx
	return err
}
