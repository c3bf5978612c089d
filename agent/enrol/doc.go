// Package enrol makes this PC one of a network's stores: it redeems an enrolment
// code at the hub and keeps what came of it in credential.json.
//
// The agent chooses its installation's id and its credential itself and keeps
// them, durably, before the code is sent. So an answer that is lost costs
// nothing: the same command sends the same message again and gets the same
// answer. The hub's CA is pinned by the code before anything secret is said.
//
// credential.json lies outside agent.db, so that a damaged record does not cost
// the identity, and only the agent's own user can read it. It is replaced whole
// and never logged.
package enrol
