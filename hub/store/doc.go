// Package store keeps everything that the hub knows: networks, stores, the
// copies of their items, jobs, uploads, access and the audit log. It holds all
// the SQL of the hub, and no rule of the protocol: those are ingest's, queue's
// and contact's, which call it.
//
// A [DB] is entered in five ways. [DB.View] reads one snapshot. [DB.WithStore]
// takes the store's row lock and is the only way to write for a store, so that
// every check made inside it still holds when it commits (rule 5).
// [DB.WithStores] does so for many stores at once, as a [StoresTx].
// [DB.WithNetwork] and [DB.WithHub] write what belongs to no store.
// Each transaction has one [View.Now], from the clock passed to [Open].
//
// Inside, a row leads with two small integers for network and store; callers
// know only the ids. What crosses the boundary are the structs of this package,
// never types of database/sql.
//
// The engine is SQLite, through shared/sqlitedb. Statements are written with $1
// placeholders and plain SQL, so that PostgreSQL can stand behind the same
// methods; storetest is the suite that any engine must pass. A LIMIT reads "$n + 0":
// SQLite plans for the value of one that is a bare parameter, and compiles the
// statement again each time it is given one, for more than it takes to run it.
package store
