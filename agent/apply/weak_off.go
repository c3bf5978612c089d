//go:build !plait_weak_receipt

package apply

import "context"

// weaken does nothing. The kill harness builds an agent with the tag
// plait_weak_receipt, in which the receipt is apart, and must catch it.
func (s *slice) weaken(context.Context) error { return nil }
