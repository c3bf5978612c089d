//go:build plait_weak_sync

package pos

// ownSync is the power loss harness' control. No release is built so.
const ownSync = "NORMAL"
