//go:build !plait_weak_sync

package pos

// ownSync makes a commit of ours durable before it returns, whatever the POS does
// with its own. FULL is not enough where the POS has a rollback journal: the
// commit is the journal's removal, and only EXTRA syncs the folder after it. A
// power loss brought the journal back, and with it the POS as it was before a job
// whose result the hub had (shown by the power loss harness, which also builds an
// agent with the tag plait_weak_sync, and must catch it).
const ownSync = "EXTRA"
