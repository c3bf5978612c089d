// Package pos reaches into a salon's POS database: it captures changes by
// triggers, reads items, and applies jobs, through a mapping that says which
// tables and columns are which kinds and fields.
//
// A [Connector] is one POS database. The SQL connector in this package serves
// every engine; what differs between engines is a small dialect each, in a file
// of its own, and the session by which one is spoken to: SQLite's reads rows where they
// lie. The conformance suite in postest runs against every connector, and
// against an in-memory one that commits out of order, as MySQL and PostgreSQL do.
//
// # Tables in the POS database
//
// They live there so that they commit with the POS's own transactions, and with
// what a job writes (decisions 12, 16, 29):
//
//	plait_meta     k, v                         store, pos_epoch, schema version, newest change row removed
//	plait_changes  seq, nonce, tbl, op, key, new_key    written by triggers; op L by us, where none fires
//	plait_links    kind, key, gen, dead, uid, link      links, generations, tombstones
//	plait_receipts job, part, number, …         a row a job and one a slice, kept 400 days, the head always
//
// The package never changes the POS's journal mode, pragmas or schema beyond
// these tables and their triggers, never holds a read open longer than 20 ms,
// never makes a POS statement fail, and knows neither the outbox nor the hub.
package pos
