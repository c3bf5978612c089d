// Package ingest accepts what stores upload: batches of a standard upload, the
// comparison of sums that heals a difference, and full uploads.
//
// A batch is taken in one transaction under the store's row lock, or not at all.
// Its bytes are decompressed, decoded and checked before the lock is taken, so
// that the lock is held for the writes alone. The same batch again is answered
// again; an item's (agent epoch, revision) never goes down; an item that cannot
// be read is refused by name and the rest goes on.
//
// The hub's copy of a store is kept with it: its revision, the sums of its
// kinds, and for kinds that are synced a second counter, sync_rev, that moves
// only when what can be synced changed (decision 6). What a restored POS
// database has forgotten is archived before it is overwritten (decision 16).
//
// A full upload stages what differs and lands in one step, refused while a job
// is open; the check stands in the transaction that lands it (rule 5).
//
// The package never ends or reorders a job (rule 4), never calls back to an
// agent, and does not know HTTP. Refusals that an agent acts on are *wire.Error.
package ingest
