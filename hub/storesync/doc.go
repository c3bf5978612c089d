// Package storesync is the operator's side of a sync: what is selected, what a
// Test says would happen, and the jobs that carry it out.
//
// A [Request] names a source, items of some kinds, options and receivers.
// [Service.Test] cuts from the hub's copy of the source one payload for all
// receivers (referred kinds first, never fields left out, references as uids,
// policies resolved with the network's switches), and then, store by store, runs
// the very merge that the branch will run, over the hub's copy of that store
// (rule 12). What it finds is a [Plan]: counts, exceptions, warnings with their
// way out, and every deletion by name. A Plan stands for a day under its digest.
//
// [Service.Run] takes that digest and what the operator typed to confirm it, and
// queues one immutable job for each receiver through hub/queue. What travels is
// what was tested, whatever the source changed since; an agent skips a field
// that it holds a newer value of (decision 7).
//
// Continuous sync needs no Request: [Service.Prepare] cuts, when a store asks for
// its next job, what a kind's usual source changed since the store's cursor, with
// all that this needs. A cursor begins with a sync of the whole kind, which a
// person has seen as a Test. What the source deletes is not deleted elsewhere.
//
// [Service.TestRevert] makes a Test that takes a sync back, of all its receivers
// or some, and of everything or some items. It is made of the before-images that
// applying reported, in the reverse order of the job; Run carries it out like any
// other.
//
// [Service.Review] tests everything that comes to a store from its usual sources, as
// it is linked or switched on again, and takes what a person decides about single
// items; until such a Test is run, or [Service.Decline] is called, no continuous sync
// runs there. [Service.TestPolicy] tests other policies; [Service.RunAlso] changes them.
//
// The same copy, request and switches give the same payload, byte for byte. What
// a Test predicts is what happens where nothing moved in between; the POS may
// still refuse or cut a value, and then the outcome says so.
//
// The package never writes an item, never talks to an agent, opens no
// connection, and reads no clock but the database's. It does not ask who may do
// what: hub/operator does.
package storesync
