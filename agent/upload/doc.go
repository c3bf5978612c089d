// Package upload holds one conversation with the hub: the standard upload, and
// within it the full upload when one was asked for. It is the only place that
// knows the order of the steps (wire's doc describes the messages):
//
//	recognise   is this the POS database, and the history of it, that we know?
//	repair      drift is undone where the network asks for it; the hub is told below
//	hello       present the chain; be let in, or learn what was restored
//	level       catalogue, profile; links back from the hub; digests compared
//	send        batches until the outbox is empty
//	jobs        the next job: begin, apply, send what it changed and its result
//	full        only if asked for, or under way: what differs into staging, then
//	            the swap; a refusal is answered here and now by taking the jobs in
//	            the way
//	bye         sums compared: record and copy are equal, and a digest proves it
//
// Every step may be cut off and the conversation started again: what was durable
// at either end is found again, and nothing is done twice. Steps and loops are
// bounded; what does not end within a bound is said in the report and goes on at
// the next contact.
//
// A POS that is in the way is no failure: what is in the record goes up, and jobs
// wait. The POS is never kept waiting for the hub.
//
// The package never touches SQL, never lands a full upload over an open job (the
// hub refuses it, and there is nothing here to ask otherwise), and keeps no state
// of its own: it stands in agent.db, in the POS database and at the hub.
package upload
