// Package scenario reads scripts that tell, in lines that an operator could read,
// what head office and its branches do and what must have become of it, and runs
// each against a hub and agents: real processes, real files, TLS.
//
// A script is a file of testdata in the form of testscript (a comment begins a
// part, "!" before a command expects it to fail, "stdout" checks what the last
// command said). Its own commands are:
//
//	open MAIN BRANCH …              a network; the first store is head office
//	put STORE KIND NAME field=v …   the POS makes an item of that name, or edits it
//	drop STORE KIND NAME            the POS deletes it
//	sql STORE STATEMENT             the POS does something else
//	has STORE KIND NAME field=v …   the POS has it, with these values
//	lacks STORE KIND NAME           the POS has none of that name
//	upload STORE …                  a conversation each, which must end equal
//	test KIND,KIND [flag …]         every store uploads; then a Test, in words on stdout
//	review STORE [flag …]           the same, of everything that comes to a store
//	policy FIELD POLICY [flag …]    the same, of other policies for one source's kinds
//	run                             the last Test is carried out; stores apply, and
//	                                the outcome must be what the Test said
//	queue                           it is carried out at the hub, and no store comes yet
//	sync KIND,KIND [flag …]         test and run
//	revert [flag …]                 a Test that takes the last sync back
//	again                           a Test that sends the last sync to those that missed it
//	says STORE KIND NAME[.FIELD] CODE   the last Test names that, for that reason
//	counts STORE WORD=N …           the last Test counts so at a store
//	hub WORD …                      a command at the hub, as an operator types it
//	agent STORE WORD …              a command at a store, as a technician types it
//	until PATTERN COMMAND WORD …    does a command until it succeeds and says so
//	overdue NAME                    a saved sync's time passed while the hub was down
//	replace STORE                   another PC takes the place of a store's
//	become STORE OTHER              a store's PC is enrolled anew and is another store's
//	settings STORE TEXT             a line more in the agent's configuration file
//	lock|unlock STORE               the POS keeps its database to itself
//	start|end|crash STORE|hub       processes
//	lose MESSAGE                    during the next command the hub's answer to the next
//	                                message of that sort is lost: batch, next, begin, bye,
//	                                full/commit …; it takes "open -between MAIN BRANCH …"
//	before MESSAGE COMMAND WORD …   during the next command, does that when such a message
//	                                has come, before the hub sees it
//	ask STORE METHOD PATH [BODY]    asks the hub with a store's credential, in its last
//	                                conversation
//	equal                           every POS file equals the hub's copy, item by item
//
// In the environment SYNC is the last sync's id, JOB its first job's, TEST the last
// Test's digest, PAYLOAD the hash of what it would bring, and SOON a time half a minute
// ahead.
//
// The POS is the sample salons' whole edition: every kind, with every field. A NAME
// is what an item is matched by, or its label.
//
// A value is text as the POS stores it; yes and no stand for a bool, the name of
// an item for a reference to it, null for NULL. rows are field[KEY]=, or
// field[KEY].column=v; -field[KEY] takes one away. The one item of a kind
// without names is called "-".
//
// The package plays the POS by SQL made from the store's mapping, past all that
// Plait reads and writes; it holds no rule of a merge.
package scenario
