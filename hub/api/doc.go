// Package api serves the hub over HTTP: the agents' protocol below /agent/v1
// (package wire is its specification) and the operators' API below /api/v1
// (package operator has its messages and does its acts).
//
// The routes stand in one table, each with the access that it needs beside it
// (routes.go). One function runs every call (serve.go): it knows the caller by
// its bearer secret, bounds and decodes the body, calls the handler, and writes
// the answer or a wire.Error; so that no handler can forget any of it. Handlers
// (agents.go, operators.go) are a few lines each.
//
// A store is known from its credential alone, and no route takes a store's id
// from an agent. What is another store's, or another network's, is answered 404
// like what does not exist, and an agent's try is audited (rule 11, P16).
// Internal errors are logged under a reference and answered "Internal error.".
//
// The package holds no SQL and no rule of the domain, and logs neither secrets
// nor what items are called.
package api
