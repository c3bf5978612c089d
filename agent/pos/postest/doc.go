// Package postest holds the conformance suite that every connector to a POS
// database must pass, and [Memory], a connector without a database that commits
// out of order, as MySQL and PostgreSQL do.
//
// [Run] states what the interface of package pos promises: capture is complete,
// what is done stays done, applying is all or nothing and its data errors undo
// their own statement alone. [Capture] is the harness of promise P9: random
// statements of the POS, after which the record that capture kept equals the
// POS; with its triggers taken away it must fail.
//
// The package is for tests alone.
package postest
