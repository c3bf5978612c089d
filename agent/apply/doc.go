// Package apply carries out sync jobs in the POS database.
//
// A job is applied in slices, each one transaction of the POS database (decision
// 28): settle what the POS changed meanwhile, then item by item read, plan
// (package merge), write, read back, link; and the receipt, with the next item
// and the outcomes so far, commits with it. So a job is applied exactly once per
// history of the POS database, whenever the agent dies: what the receipt says is
// done is done, and the rest is not.
//
// The POS waits while a slice is written, so what needs no lock is done outside of it:
// the next items are read and planned before, which counts only if nobody has
// committed since (pos.Stand), and what a slice wrote is captured, from what it read
// back of it, while the next one is made ready. Where the engine, or a rollback
// journal, does not allow that, all is done within the slice.
//
// One bad item never holds back the rest: what the POS refuses is parked by name
// and cause, alone. A slice is short, so that the POS never waits long for us;
// when the POS keeps the database to itself, the job waits.
//
// A [Repairer] undoes drift with the same code, where the network asks for it: it
// needs no job, and so writes no receipt.
//
// The package never talks to the hub, never writes what a job brings outside a
// transaction that also holds the receipt, and drops no outcome: the job's result
// goes to the outbox like any other change.
package apply
