// Package outbox keeps agent.db: the record of what the POS holds, and in the
// same rows the queue of what must still go up to the hub.
//
// The record has one row for each (kind, key): its newest generation, as the
// bytes that travel, with their digest. Tombstones of older generations stay
// until they have gone up. Changing a row queues it, and a row that changes again
// keeps its place: the outbox holds state, not operations, and is coalesced by
// construction (decision 20).
//
// A batch is frozen with its bytes and digest before its first byte leaves, and
// at most one is in flight. It is always a beginning of the queue, so that
// acknowledging it removes a range; an item that changed since it was frozen has
// moved behind that range and stays (decision 21). Results of jobs stand in the
// same queue, behind the entries that the job wrote.
//
//	Holds        capture asks which rows of the POS the record has just so
//	Step         capture learns what the record knows of some keys, and puts what it
//	             made of that, with its mark, in one transaction
//	Freeze       the oldest entries become the batch in flight
//	Acknowledge  the hub holds it: what did not change since leaves the queue
//	Thaw         the hub refused it whole: smaller ones follow, down to one item
//
// Every row carries a checksum and every body a digest, verified whenever the
// row is read to be sent or compared. A damaged row is never sent: it is dropped
// from the record and its key marked dirty, to be read from the POS again (P14).
// A file that is damaged as a whole is set aside and a fresh one is filled by
// comparison; what must survive it (credentials, links, receipts) lives elsewhere.
//
// The package never opens the POS database and never speaks to the hub.
package outbox
