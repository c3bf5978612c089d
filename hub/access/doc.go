// Package access says who may do what at the hub: operators and their roles,
// tokens, enrolment codes, the stores' credentials, and the audit log of what
// each of them did.
//
// A [Who] is somebody who acts. Its methods OnStore, OnNetwork and OnHub check
// that it may and write the audit entry in the transaction of the act itself:
// nothing can be done without a trace, and no trace is left of what was not done
// (rule 15). What a Who may not see does not exist for it.
//
// A [Door] knows the secrets: it tells whose a token or a credential is, makes
// enrolment codes and redeems them. A store is known from its credential alone
// (rule 11).
//
// Of every secret only a hash is kept (see HashSecret). The hub's own CA is in
// the package pki below; the form of codes and credentials, which agents must
// know as well, is in shared/enrolcode. The package serves no request and holds
// no SQL.
package access
