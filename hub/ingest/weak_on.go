//go:build plait_weak_swap

package ingest

import "time"

// weakSwap is the kill harness' control. No release is built so.
const weakSwap = true

// weaken gives a job the time to be queued before a full upload lands over it.
func weaken() { time.Sleep(300 * time.Millisecond) }
