// Package catalog holds the kinds of business element that a network syncs:
// their fields, who owns each field, how items are matched, what a branch may do
// to a synced item. Kinds are data: files in configs/catalog, one a kind, that a
// network can overlay; nothing in the code knows a kind by name.
//
// [Load] reads and validates a folder of files and names file, line and what is
// wrong. [Catalog.Encode] gives the one form that travels from hub to agents,
// and its digest.
//
// The package never opens a database, a connection or a clock.
package catalog
