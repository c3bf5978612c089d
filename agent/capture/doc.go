// Package capture moves what changed in the POS database into the agent's record
// (outbox), and proves the record against the POS by comparison.
//
// A change row says only that a key was touched. [Capturer.Drain] reads, as of one
// moment of the POS, the oldest rows that are not done, what stands under their keys
// and the newest row that there is; it decides each item's generation and link
// (identify, decisions 1 and 2), and writes all of it in the transaction of agent.db in
// which it learned what was known (outbox.Step); then the rows are done. Killed
// anywhere and run again it comes to the same: rows whose effect is in the record are
// remembered by number and nonce, and not judged twice.
//
// That newest row becomes capture's mark, which batches carry: an item never holds
// more than the mark says. So a POS restored to any moment before lacks the mark's
// row, however soon after the item was read its copy was made.
//
//	POS: change rows and items ─► Snapshot ─► Step: Known ─► identify ─► Put ─► Done ─► Prune
//	POS: all rows ─► Scan ─► outbox.Holds ─► what it does not hold: Read ─► Step
//
// [Capturer.Compare] walks every row of the POS within a budget, and the record's
// live keys where the counts do not agree. A row that the record holds byte for byte
// needs nothing more; the others are read again by their keys. It drains after each
// such read: a key that a change row named is left at that, for only Drain knows
// whether a deletion lies between (decision 15). Drain itself may read behind a
// deletion whose change row it has not seen, where more follow than it took: an item
// that seems to have become another one is read again once no change row speaks of it.
//
// The mark is looked for before every drain, and in every snapshot; if its row is
// gone, the file was restored: a new POS epoch begins, and until a comparison has
// ended every item that changed is judged as one that may be another under a reused
// key (decision 16).
//
// One bad row, or one kind that a POS upgrade broke, holds nothing back: the item
// is parked by name, the kind's keys are marked dirty and read again once it can
// be read.
//
// The package never writes business data to the POS and never speaks to the hub.
package capture
