// Package access says who may do what at the hub: operators and their roles,
// tokens, enrolment codes, the stores' credentials, and the audit log of what
// each of them did.
//
// Of every secret only a hash is kept (see HashSecret). The hub's own CA is in
// the package pki below; the form of codes and credentials, which agents must
// know as well, is in shared/enrolcode. The package serves no request and holds
// no SQL.
package access
