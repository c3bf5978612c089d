// Package merge decides what a job does to one store: the matching of items, the
// three-way merge of one item's fields, and the plan of a whole job. The hub's
// Test and the branch's applying run this code on the same data, which is why
// what the Test said is what happens (rule 12).
//
// For one item that a job brings (1-domain, "The merge"):
//
//	match    by uid or alias · else a decision of the Test · else, among unlinked
//	         items, by identity code · else by normalised name and category
//	         settings, of which a store has one: the only one
//	         what another item of the job means by its uid is not free
//	none     create it with every field that travels
//	found    per field:
//	           already newer from the same source        leave it
//	           taken back by a revert, and sent again     leave it until the source changes
//	           equal, or unchanged and truncated by us    nothing to do
//	           locked                                     overwrite
//	           unlocked, branch equals base               overwrite
//	           "reset to source" was chosen for it        overwrite
//	           unlocked, no base (first sync)             keep
//	           unlocked, branch changed it                keep
//	           rows                                       element by element, column by column
//
// While a job copies prices (price sync, S3) the source's lowest active price
// arrives as the item's price ([LowestPrice]) and goes to every active price that
// the receiver has, its own and those in its rows; nothing else of the rows moves.
//
// The base of a field afterwards is what was read back where we wrote or agreed,
// and the source's value where the branch's was kept. References travel as uids
// and are turned into the receiver's keys first; a locked one that the receiver
// lacks parks the item by name.
//
// The package is pure: it never opens a database or a connection, reads no
// clock, and gives the same plan for the same input.
package merge
