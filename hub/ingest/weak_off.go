//go:build !plait_weak_swap

package ingest

// weakSwap is off. The kill harness builds a hub with the tag plait_weak_swap,
// in which full uploads land over open jobs, and must catch it.
const weakSwap = false

func weaken() {}
