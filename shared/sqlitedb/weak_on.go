//go:build plait_weak_sync

package sqlitedb

// weakSync is the power loss harness' control. No release is built so.
const weakSync = true
