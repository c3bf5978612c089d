// Package control is how the commands of this PC speak with the agent that runs
// on it: HTTP with JSON over a unix socket, or a named pipe on Windows, that only
// the agent's own user and the administrators can open.
//
//	GET  /status          Status     whether all is well, what waits, what comes next
//	GET  /queue?limit=N   Queue      what waits by kind, what is parked and why
//	GET  /doctor          Findings   every check, with the mend of what is not OK
//	POST /upload          UploadAsk → lines of JSON: Line{Step} …, then one with Report
//	POST /pause           (empty) → Status     take the triggers away for a POS upgrade
//	POST /resume          (empty) → Status     put them back; a comparison follows
//	POST /retry           ItemAsk → Status     queue a parked item again
//
// An answer that is not a success is Failure. Whoever hangs up while an upload
// runs does not end it: the agent's conversations are its own.
//
// Nothing of it listens on a network, and no message carries a credential.
package control
