// Package operator is what people do at the hub: one method of [Desk] for each
// act and each question, and the messages that they take and give. The API
// serves them as JSON, the pages and the command line show them.
//
// Every act checks the right, does its work and writes the audit entry in one
// transaction (see access.Who), and says in its answer what was done. Networks,
// stores and jobs that somebody may not see do not exist for them. Where a
// person names a network or a store, its id and its name are both taken; a
// store's name that several networks have is written "network/store".
//
// The package knows nothing of HTTP and holds no SQL; the rules of jobs are
// hub/queue's, of conversations hub/contact's, of syncs hub/storesync's.
package operator
