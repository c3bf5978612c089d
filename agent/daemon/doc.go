// Package daemon is the agent as it runs on a salon's PC: the one place that
// wires the rooms together, and the clockwork that keeps them going.
//
//	capture     every few seconds what the POS changed goes into the record
//	compare     in the background, within a budget, record and POS are compared
//	prune       in quiet moments Plait's tables in the POS are tidied up
//	watch       mapping and triggers are held against the POS's schema
//	conductor   conversations with the hub, one at a time: when the schedule says
//	            so, at a technician's word, and by the retry timer after a failure
//	control     answers the commands of this PC
//
// What is missing is waited for and said, never given up: no enrolment yet, a
// mapping with an error, a POS that cannot be opened, a full disk. [Daemon.Start]
// returns once the control channel answers; [Daemon.Stop] returns once nothing
// runs any more.
//
// The package decides when things happen and never how: a conversation's steps
// are package upload's, a capture's are package capture's. It logs counts, keys
// and causes, and no field of any item.
package daemon
