//go:build plait_weak_swap

package ingest

// weakSwap is the kill harness' control. No release is built so.
const weakSwap = true
