// Package sqlitedb opens Plait's own SQLite files (agent.db, hub.db) the one
// way that keeps the promise "nothing is acknowledged before it is durable".
//
// A [DB] is one writing connection and a small pool of reading ones over the
// same file, in WAL mode with synchronous=FULL. Every pragma travels in the
// data source name, so a connection that the pool opens a month from now has
// it as well. [DB.Write] begins IMMEDIATE: a transaction holds the write lock
// from its first statement or waits for it, and never fails half-way because
// another one wrote in between. [DB.Read] sees one snapshot and can change
// nothing. [DB.Rows] is for walks over many rows. A connection keeps the statements that it compiled, so a statement is
// best written as one constant text with arguments.
//
// The schema grows by migrations, files named NNNN_name.sql that the program
// embeds. PRAGMA user_version holds the number of the newest one applied, and
// is written in that migration's own transaction. A file with a higher number
// than the program knows is refused before anything touches it.
//
// The package knows nothing of items, jobs or messages. It never opens a POS
// database: that one belongs to the POS, whose journal mode and pragmas stay
// as they are.
package sqlitedb
