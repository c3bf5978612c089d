//go:build !plait_weak_sync

package sqlitedb

// weakSync is off. The power loss harness builds programs with the tag
// plait_weak_sync, whose commits are not durable, and must catch it.
const weakSync = false
