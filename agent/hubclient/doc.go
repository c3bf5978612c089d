// Package hubclient sends an agent's messages to the hub: all outbound HTTP of
// the agent is here. It pins the hub's CA, follows no redirect (a redirect would
// carry the credential elsewhere), takes an answer for an answer only if it
// carries the protocol's header (a captive portal's 200 is none), bounds what it
// reads, and tries again only what a fault of the network or a busy hub spoiled,
// an answer that breaks off among it; a hub that asks for a long wait is left to
// the next conversation. Every message of the protocol may be sent again, so a
// retry is always safe.
//
// A *wire.Error is a refusal that the hub spoke: agents split and park what was
// refused as bad, so what cannot be read is never one.
//
// It knows neither the POS nor the outbox, and decides nothing: package upload
// knows the order of a conversation.
package hubclient
